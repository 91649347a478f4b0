"""Presets of keras-hub, read and written by the library itself."""

import logging

import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert import keras_hub_preset
from tf_albert.convert.checkpoint import Checkpoint, Written
from tf_albert.convert.keras_hub_names import our_shape, weights_of
from tf_albert.convert.keras_hub_preset import CLASSES, SIZES, load
from tf_albert.convert.names import weights_by_name

# Of `AlbertMaskedLM`'s head; it is no argument there, so a preset cannot hold another.
HEAD_EPSILON = 1e-5
# Those of the backbone, of which the initializer's is none of a preset's arguments either.
EPSILON, DEFAULT_INITIALIZER_RANGE = 1e-12, 0.02
LOGGER = logging.getLogger("tf_albert")


def finds(where):
    """Whether `where` is a folder that keras-hub's `save_to_preset` wrote."""
    names = (keras_hub_preset.CONFIG_FILE, keras_hub_preset.METADATA_FILE)
    return all((where / name).exists() for name in names)


def read(where):
    """Returns what a preset holds.

    Args:
        where: path. What `save_to_preset` of an ALBERT class wrote.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged file, another kind of model, or weights that do not fit the config.
    """
    live, unplaced = load(where)
    config = _read_config(getattr(live, "backbone", live))
    arrays, names = _read_arrays(live, config)
    dropped = {} if config.has_embedding_projection else _drop_identity(arrays, names, where)
    tokenizer, note = keras_hub_preset.read_tokenizer(where)
    return Checkpoint(
        source=where,
        format="keras_hub",
        config=config,
        arrays=arrays,
        names=names,
        model_class=CLASSES[type(live).__name__],
        head_arguments={"dropout": live.dropout} if hasattr(live, "num_classes") else {},
        dropped=dropped | _head_facts(live, config, where) | note,
        unplaced=unplaced,
        tokenizer=tokenizer,
        files=keras_hub_preset.paths(where),
    )


def _read_config(backbone):
    values = backbone.get_config()
    ours = {name: values[theirs] for theirs, name in SIZES.items()}
    return AlbertConfig.from_dict(
        ours
        | {
            "attention_probs_dropout_prob": values["dropout"],
            "hidden_act": "gelu",
            "layer_norm_epsilon": EPSILON,
            "initializer_range": DEFAULT_INITIALIZER_RANGE,
        }
    )


def _read_arrays(live, config):
    """Returns the weights, and keras-hub's names of them, by this package's names."""
    weights = weights_of(live)
    arrays = {
        name: np.asarray(weight).reshape(our_shape(name, weight.shape, config.hidden_size))
        for name, weight in weights.items()
    }
    return arrays, {name: weight.path for name, weight in weights.items()}


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


def _head_facts(live, config, where):
    """Returns what a head computes otherwise than the same one here, by the part of it."""
    if type(live).__name__ == "AlbertMaskedLM":
        return {"mlm_head epsilon": _head_epsilon(config)}
    activation = getattr(getattr(live, "activation", None), "__name__", "linear")
    if activation == "linear":
        return {}
    reason = (
        f"keras-hub applies {activation} to the outputs of this preset; an AlbertClassifier gives "
        "the logits, to which you apply it yourself"
    )
    LOGGER.warning("%s: %s.", where, reason)
    return {"logits activation": reason}


def _head_epsilon(config):
    return (
        f"keras-hub's head normalizes with an epsilon of {HEAD_EPSILON}, this package and the "
        f"original with {config.layer_norm_epsilon}: `mlm_logits` differ slightly"
    )


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
    name = _their_class(type(model).__name__)
    _check_expressible(model.config)
    live = _build(model, name)
    weights, ours = weights_of(live), weights_by_name(model)
    added = {} if model.config.has_embedding_projection else _identity(model.config.hidden_size)
    for key, weight in weights.items():
        weight.assign(np.reshape((ours | added)[key], weight.shape))
    _save(live, folder, tokenizer)
    left_out = dict.fromkeys(ours.keys() - weights.keys(), f"no place in {name}")
    if name == "AlbertMaskedLM":
        left_out["masked_lm_head epsilon"] = _head_epsilon(model.config)
    reason = "the identity: keras-hub always has a projection"
    return Written(
        {key: weight.path for key, weight in weights.items() if key not in added},
        left_out,
        {weights[key].path: reason for key in added},
    )


def _their_class(model_class):
    theirs = {ours: name for name, ours in CLASSES.items()}
    if model_class not in theirs:
        raise ValueError(
            f"keras-hub has no counterpart of {model_class}. Convert the encoder alone "
            "(model_class AlbertEncoder), or write `huggingface`."
        )
    return theirs[model_class]


def _check_expressible(config):
    same_dropout = config.hidden_dropout_prob == config.attention_probs_dropout_prob
    shares_blocks = config.parameter_sharing in ("all", "none")
    for name, is_known, known in (
        ("parameter_sharing", shares_blocks, "shares a block whole or not at all"),
        ("hidden_act", config.hidden_act in ("gelu", "gelu_new"), "has the tanh form of gelu only"),
        ("layer_norm_epsilon", config.layer_norm_epsilon == EPSILON, f"has {EPSILON} only"),
        ("attention_probs_dropout_prob", same_dropout, "has that of `hidden_dropout_prob` only"),
    ):
        if not is_known:
            raise ValueError(
                f"keras-hub's ALBERT {known}. Received: {name}={getattr(config, name)!r}. Keep the "
                "model in tf_albert's own format."
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


def _identity(size):
    return {
        "embedding/projection/kernel": np.eye(size, dtype="float32"),
        "embedding/projection/bias": np.zeros(size, "float32"),
    }


def _save(live, folder, tokenizer):
    import keras_hub

    if tokenizer is not None:
        assets = keras_hub.models.AlbertTokenizer(proto=tokenizer.model_proto)
        assets.save_to_preset(str(folder))
    live.save_to_preset(str(folder))
