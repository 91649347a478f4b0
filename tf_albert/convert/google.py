"""Checkpoints of Google's original implementation (TensorFlow 1), read and written."""

import numpy as np
import tensorflow as tf

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, Written, collect
from tf_albert.convert.google_names import places
from tf_albert.convert.names import weights_by_name
from tf_albert.modeling.saving import read_facts
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

CONFIG_FILE = "albert_config.json"
# What the released archives and TF Hub modules call the vocabulary, and what this package does.
VOCABULARY_FILES = ("30k-clean.model", VOCABULARY_FILE)
# What no weight tells, or what would only be found out by an error about a shape.
REQUIRED = (
    "vocab_size",
    "embedding_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
)
OPTIMIZER_VARIABLES = ("adam_m", "adam_v", "global_step")
CLASSIFIER_HEAD = "output_weights"
SPAN_HEAD = "cls/squad/output_weights"
# Google's `do_lower_case`, unless it is set, and the dropout of its classifiers, always.
LOWER_CASE, HEAD_DROPOUT = True, 0.1


def finds(where):
    """Whether `where` is the prefix of a checkpoint, or a folder with one in it."""
    return (where.parent / f"{where.name}.index").exists() or any(_prefixes(where))


def _prefixes(folder):
    """Returns the prefixes of a folder's checkpoints; a TF1 Hub module's lies one folder deeper."""
    found = [*folder.glob("*.ckpt*.index"), *folder.glob("variables/variables.index")]
    return [path.with_suffix("") for path in sorted(found)]


def read(where):
    """Returns what a checkpoint holds.

    Args:
        where: path. The checkpoint's prefix (`.../model.ckpt-best`), or the folder that holds one
            checkpoint; `albert_config.json` lies beside it, or in a Hub module's `assets`.

    Raises:
        FileNotFoundError: there is no checkpoint, or no config beside it.
        ValueError: a damaged file, several checkpoints, or variables that do not fit the config.
    """
    prefix = _prefix(where)
    stored, dropped = _read_arrays(prefix)
    config_file = _beside(prefix, (CONFIG_FILE,))
    if config_file is None:
        raise FileNotFoundError(
            f"{prefix} has no {CONFIG_FILE} beside it; the number of heads cannot be read off the "
            "weights. Put the file that was released with the checkpoint there."
        )
    config = read_config(config_file)
    facts = read_facts(prefix.parent)
    model_class, others = _model_class(stored, facts)
    arrays, names, unplaced = collect(places(config, model_class), stored)
    vocabulary = _beside(prefix, VOCABULARY_FILES)
    return Checkpoint(
        source=where,
        format="google",
        config=config,
        arrays=arrays,
        names=names,
        model_class=model_class,
        other_classes=others,
        head_arguments=_head_arguments(facts, model_class),
        dropped=dropped,
        unplaced=unplaced,
        tokenizer=vocabulary and PieceTokenizer(vocabulary, _lower_case(facts)),
        files=(config_file, *sorted(prefix.parent.glob(f"{prefix.name}.*")), *_given(vocabulary)),
    )


def read_config(path):
    """Returns the config in an `albert_config.json` that stands for a model's computation.

    Args:
        path: path. Google's file, or one that was put beside a TF Hub module.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a key that no weight tells is missing, or as `AlbertConfig.from_json` says.
    """
    values = files.read_json(path)
    missing = [name for name in REQUIRED if isinstance(values, dict) and name not in values]
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(missing)}, which weights alone do not tell. Take the file "
            "that was released with the model, or add what it was trained with."
        )
    return AlbertConfig.from_json(path)


def _head_arguments(facts, model_class):
    """Returns the head's dropout where `provenance.json` tells it; the format itself does not."""
    arguments = facts.get("head_arguments") if facts.get("model_class") == model_class else None
    dropout = (arguments or {}).get("dropout")
    return {"dropout": dropout} if isinstance(dropout, (int, float)) else {}


def _lower_case(facts):
    """Returns what `provenance.json` says of lower-casing, or Google's default."""
    stated = facts.get("conversion", {}).get("lower_case")
    return stated if isinstance(stated, bool) else LOWER_CASE


def _given(path):
    return () if path is None else (path,)


def _prefix(where):
    if not where.is_dir():
        return where
    found = _prefixes(where)
    if len(found) != 1:
        raise ValueError(
            f"{where} must hold one checkpoint. Found: {', '.join(path.name for path in found)}. "
            "Name the prefix of one."
        )
    return found[0]


def _beside(prefix, names):
    folders = [prefix.parent]
    if (prefix.parent.name, prefix.name) == ("variables", "variables"):
        # A TF1 Hub module; elsewhere, a neighbour's `assets` are of another model.
        folders.append(prefix.parent.parent / "assets")
    found = (folder / name for folder in folders for name in names)
    return next((path for path in found if path.is_file()), None)


def _read_arrays(prefix):
    """Returns a checkpoint's arrays by name, and why those of the optimizer are left out."""
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        names = sorted(reader.get_variable_to_shape_map())
        slots = [name for name in names if name.rsplit("/", 1)[-1] in OPTIMIZER_VARIABLES]
        arrays = {name: reader.get_tensor(name) for name in names if name not in slots}
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise ValueError(
            f"The checkpoint {prefix} cannot be read: {error}. Copy its .index and .data files "
            "again."
        ) from error
    if any(name.startswith("bert/encoder/layer_") for name in arrays):
        raise ValueError(
            f"{prefix} is a checkpoint of BERT, whose layers have weights of their own and whose "
            "embeddings are not factorized. Take a checkpoint of ALBERT."
        )
    return arrays, dict.fromkeys(slots, "the optimizer's")


def _model_class(stored, facts):
    """Returns the class that a checkpoint's heads belong to, and others that they fit."""
    if SPAN_HEAD in stored:
        return "AlbertSpanLabeler", ()
    if CLASSIFIER_HEAD in stored:
        fitting = ["AlbertClassifier"]
        if stored[CLASSIFIER_HEAD].shape[0] == 1:
            # A multiple-choice head looks like a regression's.
            fitting.append("AlbertMultipleChoice")
        fitting.sort(key=lambda name: name != facts.get("model_class"))
        return fitting[0], tuple(fitting[1:])
    if any(name.startswith("cls/") for name in stored):
        return "AlbertPretrainer", ()
    return "AlbertEncoder", ()


def write(model, folder, tokenizer=None):
    """Writes a checkpoint that the original implementation reads, its config and vocabulary.

    Args:
        model: an `AlbertModel` whose layers share all of a block, as Google's code shares it.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.

    Raises:
        ValueError: a model that Google's code has no names for.
    """
    weights = weights_by_name(model)
    named = places(model.config, type(model).__name__)
    arrays = {
        place.name: np.asarray(weights[ours]).T if place.transposed else np.asarray(weights[ours])
        for ours, place in named.items()
        if ours in weights
    }
    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(folder / "model.ckpt-best"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[np.ascontiguousarray(arrays[name]) for name in names],
    )
    # Google's code knows the tanh form under one name.
    config = model.config
    config = config.replace(hidden_act="gelu") if config.hidden_act == "gelu_new" else config
    config.to_json(folder / CONFIG_FILE)
    if tokenizer is not None:
        tokenizer.write_vocabulary(folder / VOCABULARY_FILES[0])
    return Written(
        {ours: place.name for ours, place in named.items() if ours in weights},
        _unsaid(model.head_arguments(), tokenizer),
    )


def _unsaid(head_arguments, tokenizer):
    """Returns what the format has no place for and differs from what Google's code then takes."""
    unsaid = {}
    if tokenizer is not None and tokenizer.lower_case != LOWER_CASE:
        unsaid["lower_case=False"] = "Google's scripts need --do_lower_case=False; see provenance"
    dropout = head_arguments.get("dropout", HEAD_DROPOUT)
    if dropout != HEAD_DROPOUT:
        unsaid[f"head dropout {dropout}"] = f"Google's code has {HEAD_DROPOUT}; see provenance"
    return unsaid
