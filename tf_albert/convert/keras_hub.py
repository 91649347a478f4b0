"""Presets of keras-hub, read and written by the library itself."""

import numpy as np

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, Written
from tf_albert.convert.keras_hub_names import our_shape, weights_of
from tf_albert.convert.names import weights_by_name
from tf_albert.text.normalizer import normalization_of
from tf_albert.text.pieces import PieceTokenizer

CONFIG_FILE, TASK_FILE = "config.json", "task.json"
WEIGHTS_FILE, TASK_WEIGHTS_FILE = "model.weights.h5", "task.weights.h5"
METADATA_FILE = "metadata.json"
VOCABULARY_FILE = "assets/tokenizer/vocabulary.spm"
CLASSES = {
    "AlbertBackbone": "AlbertEncoder",
    "AlbertMaskedLM": "AlbertPretrainer",
    "AlbertTextClassifier": "AlbertClassifier",
}
# Of `AlbertMaskedLM`'s head; it is no argument there, so a preset cannot hold another.
HEAD_EPSILON = 1e-5
DEFAULT_EPSILON, DEFAULT_INITIALIZER_RANGE = 1e-12, 0.02
SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "embedding_dim": "embedding_size",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "num_groups": "num_hidden_groups",
    "num_inner_repetitions": "inner_group_num",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",
}


def finds(where):
    """Whether `where` is a folder that keras-hub's `save_to_preset` wrote."""
    return (where / CONFIG_FILE).exists() and (where / METADATA_FILE).exists()


def read(where):
    """Returns what a preset holds.

    Args:
        where: path. What `save_to_preset` of an ALBERT class wrote.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged file, another kind of model, or weights that do not fit the config.
    """
    live = load(where)
    backbone = getattr(live, "backbone", live)
    config = _read_config(backbone)
    weights = weights_of(live)
    arrays = {
        name: np.asarray(weight).reshape(our_shape(name, weight.shape, config.hidden_size))
        for name, weight in weights.items()
    }
    names = {name: weight.path for name, weight in weights.items()}
    dropped = {} if config.has_embedding_projection else _drop_identity(arrays, names, where)
    if type(live).__name__ == "AlbertMaskedLM":
        dropped["mlm_head epsilon"] = _head_epsilon(config)
    tokenizer, note = _read_tokenizer(where)
    return Checkpoint(
        source=where,
        format="keras_hub",
        config=config,
        arrays=arrays,
        names=names,
        model_class=CLASSES[type(live).__name__],
        head_arguments={"dropout": live.dropout} if hasattr(live, "num_classes") else {},
        dropped=dropped | note,
        tokenizer=tokenizer,
        files=tuple(sorted(path for path in where.rglob("*") if path.suffix in (".h5", ".spm"))),
    )


def load(where):
    """Returns a preset's live keras-hub model, float32: a backbone, or a task without preprocessor.

    Args:
        where: path.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged file, another kind of model, or weights that do not fit the config.
    """
    import keras_hub

    is_task = (where / TASK_FILE).exists()
    name = _class_name(where / (TASK_FILE if is_task else CONFIG_FILE))
    needed = (WEIGHTS_FILE, TASK_WEIGHTS_FILE) if is_task else (WEIGHTS_FILE,)
    missing = [file for file in needed if not (where / file).exists()]
    if missing:
        raise FileNotFoundError(f"{where} lacks {', '.join(missing)}. Copy the preset again.")
    model_class = getattr(keras_hub.models, name)
    settings = {"preprocessor": None} if is_task else {}
    try:
        live = model_class.from_preset(str(where), dtype="float32", **settings)
        stored = sum(_num_parameters(where / file) for file in needed)
    except Exception as error:  # h5py, JSON and Keras share no base class of their errors
        raise ValueError(
            f"keras-hub cannot open {where}: {_first_line(error)} Take config and weights from one "
            "copy of the preset."
        ) from error
    # Keras loads a file that holds more layers than the model without a word.
    if stored != live.count_params():
        raise ValueError(
            f"{where} holds {stored:,} parameters, the {name} that its config describes has "
            f"{live.count_params():,}. Take config and weights from one copy of the preset."
        )
    return live


def _class_name(path):
    values = files.read_json(path)
    name = values.get("class_name") if isinstance(values, dict) else None
    if name not in CLASSES:
        raise ValueError(f"{path} is of the class {name!r}. Expected one of: {', '.join(CLASSES)}.")
    return name


def _num_parameters(path):
    """Returns the number of parameters in a weights file, the optimizer's left out."""
    import h5py

    sizes = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            sizes.append(item.size)

    with h5py.File(path) as file:
        file.visititems(visit)
    return sum(sizes)


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _read_config(backbone):
    values = backbone.get_config()
    ours = {name: values[theirs] for theirs, name in SIZES.items()}
    return AlbertConfig.from_dict(
        ours
        | {
            "attention_probs_dropout_prob": values["dropout"],
            "hidden_act": "gelu",
            "layer_norm_epsilon": DEFAULT_EPSILON,
            "initializer_range": DEFAULT_INITIALIZER_RANGE,
        }
    )


def _head_epsilon(config):
    return (
        f"keras-hub's head normalizes with an epsilon of {HEAD_EPSILON}, this package and the "
        f"original with {config.layer_norm_epsilon}: `mlm_logits` differ slightly"
    )


def _drop_identity(arrays, names, where):
    """Takes out the projection, which must be the identity; returns why, by keras-hub's name."""
    kernel, bias = (arrays.pop(f"embedding/projection/{part}") for part in ("kernel", "bias"))
    reason = "the identity: embedding_dim equals hidden_dim"
    if bias.any() or not np.array_equal(kernel, np.eye(len(bias))):
        raise ValueError(
            f"{where} has embedding_dim equal to hidden_dim, and a projection between the two that "
            "is not the identity. ALBERT has no projection there."
        )
    return {names.pop(f"embedding/projection/{part}"): reason for part in ("kernel", "bias")}


def _read_tokenizer(where):
    """Returns the tokenizer or None, and what is to be said of it, by file."""
    path = where / VOCABULARY_FILE
    if not path.exists():
        return None, {}
    lower_case = normalization_of(path.read_bytes())
    if lower_case is not None:
        return PieceTokenizer(path, lower_case), {}
    plain = PieceTokenizer(path, lower_case=False)
    special = set(plain.special_ids.values())
    pieces = (plain.id_to_piece(index) for index in range(plain.vocab_size) if index not in special)
    if any(piece != piece.lower() for piece in pieces):
        return plain, {}
    note = "has no capitals, so text is lower-cased here; keras-hub itself does not"
    return PieceTokenizer(path, lower_case=True), {VOCABULARY_FILE: note}


def write(model, folder, tokenizer=None):
    """Writes a preset; its vocabulary lower-cases by itself where the tokenizer does.

    Args:
        model: an `AlbertEncoder`, `AlbertPretrainer` or `AlbertClassifier` whose blocks are shared
            whole or not at all.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.

    Raises:
        ValueError: a model that keras-hub cannot express.
    """
    import keras_hub

    theirs = {ours: name for name, ours in CLASSES.items()}
    model_class = type(model).__name__
    _check_expressible(model.config, model_class, theirs)
    live = _build(model, theirs[model_class])
    weights = weights_of(live)
    ours = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    identity = {} if model.config.has_embedding_projection else _identity(model.config.hidden_size)
    for name, weight in weights.items():
        weight.assign((ours | identity)[name].reshape(weight.shape))
    if tokenizer is not None:
        assets = keras_hub.models.AlbertTokenizer(proto=tokenizer.model_proto)
        assets.save_to_preset(str(folder))
    live.save_to_preset(str(folder))
    left_out = dict.fromkeys(ours.keys() - weights.keys(), f"no place in {theirs[model_class]}")
    if model_class == "AlbertPretrainer":
        left_out["masked_lm_head epsilon"] = _head_epsilon(model.config)
    reason = "the identity: keras-hub always has a projection"
    return Written(
        {name: weight.path for name, weight in weights.items() if name not in identity},
        left_out,
        {weights[name].path: reason for name in identity},
    )


def _identity(size):
    return {
        "embedding/projection/kernel": np.eye(size, dtype="float32"),
        "embedding/projection/bias": np.zeros(size, "float32"),
    }


def _check_expressible(config, model_class, theirs):
    if model_class not in theirs:
        raise ValueError(
            f"keras-hub has no counterpart of {model_class}. Convert the encoder alone "
            "(model_class AlbertEncoder), or write `huggingface`."
        )
    if config.parameter_sharing not in ("all", "none"):
        raise ValueError(
            "keras-hub shares a block whole or not at all. Received: "
            f"parameter_sharing={config.parameter_sharing!r}."
        )
    if config.hidden_act not in ("gelu", "gelu_new"):
        raise ValueError(
            "keras-hub's ALBERT has the tanh form of gelu only. Received: "
            f"hidden_act={config.hidden_act!r}."
        )
    if config.layer_norm_epsilon != DEFAULT_EPSILON:
        raise ValueError(
            f"keras-hub's ALBERT has a layer-normalization epsilon of {DEFAULT_EPSILON}. Received: "
            f"layer_norm_epsilon={config.layer_norm_epsilon}."
        )
    if config.hidden_dropout_prob != config.attention_probs_dropout_prob:
        raise ValueError(
            "keras-hub has one dropout for hidden states and attention. Received: "
            f"hidden_dropout_prob={config.hidden_dropout_prob}, "
            f"attention_probs_dropout_prob={config.attention_probs_dropout_prob}."
        )


def _build(model, name):
    """Returns the live keras-hub model of a class and of the sizes of `model`."""
    import keras_hub

    config = model.config
    sizes = {theirs: getattr(config, ours) for theirs, ours in SIZES.items()}
    if config.parameter_sharing == "none":
        # A layer that shares nothing is a group of its own.
        sizes["num_groups"] = config.num_hidden_layers
    backbone = keras_hub.models.AlbertBackbone(**sizes, dtype="float32")
    if name == "AlbertBackbone":
        return backbone
    return getattr(keras_hub.models, name)(backbone=backbone, **model.head_arguments())
