"""Models of Hugging Face's `transformers`, read: `config.json` and `model.safetensors`."""

from pathlib import Path
from typing import Any

import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, collect
from tf_albert.convert.huggingface import safetensors_files
from tf_albert.convert.huggingface.config import CONFIG_FILE, facts, head_arguments, read_config
from tf_albert.convert.huggingface.names import CLASSES, places, prefix_of
from tf_albert.convert.huggingface.tokenizer import read_tokenizer


def finds(where: Path) -> bool:
    """Whether `where` is a folder with a config and weights of Hugging Face.

    Args:
        where: path.
    """
    return (where / CONFIG_FILE).exists() and safetensors_files.finds(where)


def read(where: Path) -> Checkpoint:
    """Returns what a folder holds.

    Args:
        where: path. A folder with `config.json` and `model.safetensors`, or the shards that
            `model.safetensors.index.json` names.

    Raises:
        FileNotFoundError: a file is missing.
        ModuleNotFoundError: safetensors is not installed.
        ValueError: a pickle, a damaged file, another kind of model, or arrays that do not fit the
            config.
    """
    path = where / CONFIG_FILE
    values, config, architecture = read_config(path)
    stored, weight_files = safetensors_files.read(where)
    model_class, prefix = CLASSES[architecture], prefix_of(architecture)
    _check_tied(values, stored, path)
    dropped = _drop_copies(stored, config, prefix, where)
    arrays, names, unplaced = collect(places(config, model_class, prefix), stored)
    num_stored = arrays["head/kernel"].shape[-1] if "head/kernel" in arrays else None
    tokenizer, tokenizer_files, unread = read_tokenizer(where)
    return Checkpoint(
        source=where,
        format="huggingface",
        config=config,
        arrays=arrays,
        names=names,
        model_class=model_class,
        head_arguments=head_arguments(values, model_class, path, num_stored),
        dropped=dropped | facts(values, model_class, path, num_stored) | unread,
        unplaced=unplaced,
        absent=_absent(architecture, arrays),
        tokenizer=tokenizer,
        files=(path, *weight_files, *tokenizer_files),
    )


def _absent(architecture: str, arrays: dict[str, np.ndarray]) -> dict[str, str]:
    """Returns the parts of our class that a class of transformers has not, and that are not there.

    The released weights are of `AlbertForMaskedLM`, with a pooler but no sentence order.
    """
    parts = ("pooler", "sentence_order_head") if architecture == "AlbertForMaskedLM" else ()
    is_there = {name.partition("/")[0] for name in arrays}
    return {part: f"{architecture} has none" for part in parts if part not in is_there}


def _check_tied(values: dict[str, Any], stored: dict[str, np.ndarray], path: Path) -> None:
    """Raises where the output layer should be one of its own, and is not stored."""
    is_tied = values.get("tie_word_embeddings", True)
    if "predictions.bias" in stored and not is_tied and "predictions.decoder.weight" not in stored:
        raise ValueError(
            f"{path} has tie_word_embeddings={is_tied!r}, and predictions.decoder.weight is not "
            "stored. Expected: true, as in every ALBERT."
        )


def _drop_copies(
    stored: dict[str, np.ndarray], config: AlbertConfig, prefix: str, where: Path
) -> dict[str, str]:
    """Takes out of `stored` what says nothing of its own; returns why, by name."""
    word_embeddings = stored.get(f"{prefix}embeddings.word_embeddings.weight")
    projection = f"{prefix}encoder.embedding_hidden_mapping_in"
    size = config.hidden_size
    copies = {
        "predictions.decoder.weight": (word_embeddings, "tied to the word embeddings"),
        "predictions.decoder.bias": (stored.get("predictions.bias"), "tied to predictions.bias"),
        f"{prefix}embeddings.position_ids": (
            np.arange(config.max_position_embeddings)[None],
            "the numbers of the positions",
        ),
    }
    if not config.has_embedding_projection:
        reason = "the identity: embedding_size equals hidden_size"
        copies[f"{projection}.weight"] = (np.eye(size, dtype="float32"), reason)
        copies[f"{projection}.bias"] = (np.zeros(size, "float32"), reason)
    dropped = {}
    for name, (expected, reason) in copies.items():
        if name in stored:
            if expected is None or not np.array_equal(stored.pop(name), expected):
                raise ValueError(
                    f"`{name}` in {where} should be {reason}, and is not. ALBERT has no place for "
                    "it as a weight of its own."
                )
            dropped[name] = reason
    return dropped
