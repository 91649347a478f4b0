"""Checkpoints of Google's original implementation (TensorFlow 1), read and written.

Source of the names: modeling.py, run_pretraining.py, classifier_utils.py, race_utils.py and
squad_utils.py of https://github.com/google-research/albert.
"""

import numpy as np
import tensorflow as tf

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, Written, collect
from tf_albert.convert.names import Place, weights_by_name
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

CONFIG_FILE = "albert_config.json"
# What the released archives and TF Hub modules call the vocabulary, and what this package does.
VOCABULARY_FILES = ("30k-clean.model", VOCABULARY_FILE)
OPTIMIZER_VARIABLES = ("adam_m", "adam_v", "global_step")
CLASSIFIER_HEAD = "output_weights"
SPAN_HEAD = "cls/squad/output_weights"


def finds(where):
    """Whether `where` is the prefix of a checkpoint, or a folder with one in it."""
    return where.with_name(f"{where.name}.index").exists() or any(_prefixes(where))


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
    config = AlbertConfig.from_json(config_file)
    model_class, others = _model_class(stored)
    arrays, names = collect(places(config, model_class), stored, prefix)
    vocabulary = _beside(prefix, VOCABULARY_FILES)
    return Checkpoint(
        source=where,
        format="google",
        config=config,
        arrays=arrays,
        names=names,
        model_class=model_class,
        other_classes=others,
        dropped=dropped,
        # The format does not say; Google's `do_lower_case` is true unless it is set.
        tokenizer=vocabulary and PieceTokenizer(vocabulary, lower_case=True),
        files=(config_file, *sorted(prefix.parent.glob(f"{prefix.name}.*")), *_given(vocabulary)),
    )


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
    folders = (prefix.parent, prefix.parent.parent / "assets")
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


def _model_class(stored):
    """Returns the class that a checkpoint's heads belong to, and others that they fit."""
    if SPAN_HEAD in stored:
        return "AlbertSpanLabeler", ()
    if CLASSIFIER_HEAD in stored:
        # A multiple-choice head looks like a regression's.
        one_output = stored[CLASSIFIER_HEAD].shape[0] == 1
        return "AlbertClassifier", ("AlbertMultipleChoice",) if one_output else ()
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
    return Written({ours: place.name for ours, place in named.items() if ours in weights})


def places(config, model_class):
    """Returns where Google's code keeps each weight.

    Args:
        config: `AlbertConfig`.
        model_class: str. The class that the heads belong to.

    Returns:
        dict of this package's name to `Place`.

    Raises:
        ValueError: the layers share less than Google's code can share, an activation that it has
            not, or a head that it has not.
    """
    _check_expressible(config, model_class)
    found = {
        "embedding/word_embeddings": Place("bert/embeddings/word_embeddings"),
        "embedding/position_embeddings": Place("bert/embeddings/position_embeddings"),
        "embedding/type_embeddings": Place("bert/embeddings/token_type_embeddings"),
        **_norm("embedding/layer_norm", "bert/embeddings/LayerNorm"),
        **_dense("pooler", "bert/pooler/dense"),
        **_dense("masked_lm_head/transform", "cls/predictions/transform/dense"),
        **_norm("masked_lm_head/layer_norm", "cls/predictions/transform/LayerNorm"),
        "masked_lm_head/output_bias": Place("cls/predictions/output_bias"),
        **_output("sentence_order_head", "cls/seq_relationship/"),
        **_output("head", "cls/squad/" if model_class == "AlbertSpanLabeler" else ""),
    }
    if config.has_embedding_projection:
        found |= _dense("embedding/projection", "bert/encoder/embedding_hidden_mapping_in")
    for index in range(config.num_hidden_groups * config.inner_group_num):
        group, inner = divmod(index, config.inner_group_num)
        found |= _block(index, f"bert/encoder/transformer/group_{group}/inner_group_{inner}")
    return found


def _check_expressible(config, model_class):
    if config.parameter_sharing != "all":
        raise ValueError(
            "Google's code shares all of a block. Received: "
            f"parameter_sharing={config.parameter_sharing!r}."
        )
    if config.hidden_act == "gelu_erf":
        raise ValueError(
            "Google's code has the tanh form of gelu only. Received: hidden_act='gelu_erf'."
        )
    if config.layer_norm_epsilon != 1e-12:
        raise ValueError(
            "Google's code has a layer-normalization epsilon of 1e-12. Received: "
            f"layer_norm_epsilon={config.layer_norm_epsilon}."
        )
    if model_class == "AlbertTokenClassifier":
        raise ValueError(
            "Google's code has no head for tokens. Convert the encoder alone, or write "
            "`huggingface`."
        )


def _block(index, scope):
    attention, feed_forward = f"attention_{index}", f"feed_forward_{index}"
    return {
        **_dense(f"{attention}/query", f"{scope}/attention_1/self/query"),
        **_dense(f"{attention}/key", f"{scope}/attention_1/self/key"),
        **_dense(f"{attention}/value", f"{scope}/attention_1/self/value"),
        **_dense(f"{attention}/output", f"{scope}/attention_1/output/dense"),
        **_norm(f"{attention}/layer_norm", f"{scope}/LayerNorm"),
        **_dense(f"{feed_forward}/intermediate", f"{scope}/ffn_1/intermediate/dense"),
        **_dense(f"{feed_forward}/output", f"{scope}/ffn_1/intermediate/output/dense"),
        **_norm(f"{feed_forward}/layer_norm", f"{scope}/LayerNorm_1"),
    }


def _dense(ours, theirs):
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in ("kernel", "bias")}


def _norm(ours, theirs):
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in ("gamma", "beta")}


def _output(ours, scope):
    """A head's matrix is stored as (outputs, inputs), the other way round than every other one."""
    return {
        f"{ours}/kernel": Place(f"{scope}output_weights", transposed=True),
        f"{ours}/bias": Place(f"{scope}output_bias"),
    }
