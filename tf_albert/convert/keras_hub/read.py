"""Presets of keras-hub, opened by the library itself and read."""

import logging
from pathlib import Path

import keras
import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint
from tf_albert.convert.keras_hub import preset
from tf_albert.convert.keras_hub.config import (
    CONFIG_FILE,
    DEFAULT_INITIALIZER_RANGE,
    EPSILON,
    METADATA_FILE,
    SIZES,
    head_epsilon_note,
)
from tf_albert.convert.keras_hub.names import CLASSES, our_shape, weights_of
from tf_albert.convert.keras_hub.tokenizer import read_tokenizer

LOGGER = logging.getLogger("tf_albert")


def finds(where: Path) -> bool:
    """Whether `where` is a folder that keras-hub's `save_to_preset` wrote.

    Args:
        where: path.
    """
    return all((where / name).exists() for name in (CONFIG_FILE, METADATA_FILE))


def read(where: Path) -> Checkpoint:
    """Returns what a preset holds.

    Args:
        where: path. What `save_to_preset` of an ALBERT class wrote.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged file, another kind of model, or weights that do not fit the config.
    """
    live, unplaced = preset.load(where)
    config = _read_config(getattr(live, "backbone", live))
    arrays, names = _read_arrays(live, config)
    dropped = {} if config.has_embedding_projection else _drop_identity(arrays, names, where)
    tokenizer, note = read_tokenizer(where)
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
        files=preset.paths(where),
    )


def _read_config(backbone: keras.Model) -> AlbertConfig:
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


def _read_arrays(
    live: keras.Model, config: AlbertConfig
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns the weights, and keras-hub's names of them, by this package's names."""
    weights = weights_of(live)
    arrays = {
        name: np.asarray(weight).reshape(our_shape(name, weight.shape, config.hidden_size))
        for name, weight in weights.items()
    }
    return arrays, {name: weight.path for name, weight in weights.items()}


def _drop_identity(
    arrays: dict[str, np.ndarray], names: dict[str, str], where: Path
) -> dict[str, str]:
    """Takes out the projection, which must be the identity; returns why, by keras-hub's name."""
    kernel, bias = (arrays.pop(f"embedding/projection/{part}") for part in ("kernel", "bias"))
    reason = "the identity: embedding_dim equals hidden_dim"
    if bias.any() or not np.array_equal(kernel, np.eye(len(bias))):
        raise ValueError(
            f"{where} has embedding_dim equal to hidden_dim, and a projection between the two that "
            "is not the identity. ALBERT has no projection there."
        )
    return {names.pop(f"embedding/projection/{part}"): reason for part in ("kernel", "bias")}


def _head_facts(live: keras.Model, config: AlbertConfig, where: Path) -> dict[str, str]:
    """Returns what a head computes otherwise than the same one here, by the part of it."""
    if type(live).__name__ == "AlbertMaskedLM":
        return {"mlm_head epsilon": head_epsilon_note(config)}
    activation = getattr(getattr(live, "activation", None), "__name__", "linear")
    if activation == "linear":
        return {}
    reason = (
        f"keras-hub applies {activation} to the outputs of this preset; an AlbertClassifier gives "
        "the logits, to which you apply it yourself"
    )
    LOGGER.warning("%s: %s.", where, reason)
    return {"logits activation": reason}
