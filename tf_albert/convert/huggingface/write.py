"""Models of Hugging Face's `transformers`, written: `config.json`, weights, the tokenizer."""

from pathlib import Path

import numpy as np

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Written
from tf_albert.convert.huggingface import safetensors_files
from tf_albert.convert.huggingface.config import CONFIG_FILE, written_config
from tf_albert.convert.huggingface.names import ARCHITECTURES, CLASSES, places, prefix_of
from tf_albert.convert.huggingface.tokenizer import write_tokenizer
from tf_albert.convert.names import WITHOUT_POOLER, weights_by_name
from tf_albert.modeling.model import AlbertModel
from tf_albert.text.pieces import PieceTokenizer

# Of a tokenizer without a file.
DEFAULT_SPECIAL_IDS = {"pad": 0, "cls": 2, "sep": 3}


def write(model: AlbertModel, folder: Path, tokenizer: PieceTokenizer | None = None) -> Written:
    """Writes a folder that transformers opens: `config.json`, the weights, the tokenizer.

    Args:
        model: an `AlbertModel`; its blocks are shared whole or not at all.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
        ValueError: a model that transformers cannot express.
    """
    if model.config.parameter_sharing not in ("all", "none"):
        raise ValueError(
            "transformers shares a block whole or not at all. Received: "
            f"parameter_sharing={model.config.parameter_sharing!r}. No other format has it either; "
            "keep the model in tf_albert's own."
        )
    weights = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    architecture = _architecture(model, weights)
    left_out = _left_out(architecture, weights)
    prefix = prefix_of(architecture)
    named = places(model.config, type(model).__name__, prefix)
    kept = {name: named[name] for name in weights if name not in left_out}
    arrays = {
        place.name: weights[name].T if place.transposed else weights[name]
        for name, place in kept.items()
    }
    added = {} if model.config.has_embedding_projection else _identity(prefix, model.config)
    safetensors_files.write(folder, arrays | added)
    special_ids = tokenizer.special_ids if tokenizer else DEFAULT_SPECIAL_IDS
    values = written_config(model, architecture, special_ids)
    files.write_json(folder / CONFIG_FILE, values)
    if tokenizer is not None:
        write_tokenizer(tokenizer, model.config, folder)
    return Written(
        {name: place.name for name, place in kept.items()},
        left_out,
        dict.fromkeys(added, "the identity: transformers always has a projection"),
    )


def _architecture(model: AlbertModel, weights: dict[str, np.ndarray]) -> str:
    """Returns the class of transformers that has a place for all that was trained.

    Raises:
        ValueError: there is no such class.
    """
    model_class = type(model).__name__
    parts = ("pooler", "sentence_order_head")
    if model_class == "AlbertPretrainer" and not any(_is_trained(weights, part) for part in parts):
        return "AlbertForMaskedLM"
    if model_class not in ARCHITECTURES:
        raise ValueError(
            f"transformers has no counterpart of {model_class}. Convert the encoder alone "
            "(model_class AlbertEncoder)."
        )
    return ARCHITECTURES[model_class]


def _is_trained(weights: dict[str, np.ndarray], layer: str) -> bool:
    """Whether a layer was ever trained: its bias starts as zeros, which the first step ends."""
    return bool(weights[f"{layer}/bias"].any())


def _left_out(architecture: str, weights: dict[str, np.ndarray]) -> dict[str, str]:
    """Returns why each weight is left out that a class of transformers has no place for."""
    reason = f"{architecture} has no place for it"
    parts: tuple[str, ...] = ()
    if architecture == "AlbertForMaskedLM":
        parts = ("pooler/", "sentence_order_head/")
        reason += ", and it was never trained: the bias is zeros"
    elif CLASSES[architecture] in WITHOUT_POOLER:
        parts = ("pooler/",)
    return {name: reason for name in weights if name.startswith(parts)}


def _identity(prefix: str, config: AlbertConfig) -> dict[str, np.ndarray]:
    projection = f"{prefix}encoder.embedding_hidden_mapping_in"
    return {
        f"{projection}.weight": np.eye(config.hidden_size, dtype="float32"),
        f"{projection}.bias": np.zeros(config.hidden_size, "float32"),
    }
