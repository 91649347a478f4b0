"""Presets of keras-hub, written by the library itself."""

from pathlib import Path

import keras
import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Written
from tf_albert.convert.keras_hub.config import EPSILON, SIZES, head_epsilon_note
from tf_albert.convert.keras_hub.names import CLASSES, weights_of
from tf_albert.convert.names import weights_by_name
from tf_albert.modeling.model import AlbertModel
from tf_albert.text.pieces import PieceTokenizer


def write(model: AlbertModel, folder: Path, tokenizer: PieceTokenizer | None = None) -> Written:
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
        left_out["masked_lm_head epsilon"] = head_epsilon_note(model.config)
    reason = "the identity: keras-hub always has a projection"
    return Written(
        {key: weight.path for key, weight in weights.items() if key not in added},
        left_out,
        {weights[key].path: reason for key in added},
    )


def _their_class(model_class: str) -> str:
    theirs = {ours: name for name, ours in CLASSES.items()}
    if model_class not in theirs:
        raise ValueError(
            f"keras-hub has no counterpart of {model_class}. Convert the encoder alone "
            "(model_class AlbertEncoder), or write `huggingface`."
        )
    return theirs[model_class]


def _check_expressible(config: AlbertConfig) -> None:
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


def _build(model: AlbertModel, name: str) -> keras.Model:
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


def _identity(size: int) -> dict[str, np.ndarray]:
    return {
        "embedding/projection/kernel": np.eye(size, dtype="float32"),
        "embedding/projection/bias": np.zeros(size, "float32"),
    }


def _save(live: keras.Model, folder: Path, tokenizer: PieceTokenizer | None) -> None:
    import keras_hub

    if tokenizer is not None:
        assets = keras_hub.models.AlbertTokenizer(proto=tokenizer.model_proto)
        assets.save_to_preset(str(folder))
    live.save_to_preset(str(folder))
