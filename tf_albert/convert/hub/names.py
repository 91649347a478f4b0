"""The names of the weights in TF Hub modules: this package's own, and the Model Garden's.

Source: official/nlp/modeling/networks/albert_encoder.py and official/nlp/tools/export_tfhub_lib.py
of https://github.com/tensorflow/models.
"""

from collections.abc import Iterable

import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert.names import Place, weights_by_name
from tf_albert.modeling.encoder import AlbertEncoder

OUR_MARK = "embedding/word_embeddings"
ATTENTION = "transformer/self_attention"
# BERT's module of the Model Garden has the same names outside of its `transformer/layer_0` and so
# on; these, of which each tells a size, are all there in ALBERT's alone.
GARDEN_SIZES = {
    "words": "word_embeddings/embeddings",
    "positions": "position_embedding/embeddings",
    "types": "type_embeddings/embeddings",
    "heads": f"{ATTENTION}/query/kernel",
    "intermediate": "transformer/intermediate/bias",
}


def is_garden(names: Iterable[str]) -> bool:
    """Whether a module's variables are those of the Model Garden's ALBERT.

    Args:
        names: names of variables.
    """
    return set(names) >= set(GARDEN_SIZES.values())


def is_encoder(names: Iterable[str]) -> bool:
    """Whether a module's variables are those of an ALBERT, this package's or the Model Garden's.

    Args:
        names: names of variables.
    """
    return OUR_MARK in names or is_garden(names)


def places(config: AlbertConfig, stored: Iterable[str]) -> dict[str, Place]:
    """Returns where a module keeps each weight.

    Args:
        config: `AlbertConfig`.
        stored: names of the module's variables, which tell whose module it is.

    Returns:
        dict of this package's name to `Place`.
    """
    return _garden_places(config) if is_garden(stored) else _own_places(config)


def _own_places(config: AlbertConfig) -> dict[str, Place]:
    """A module of this package keeps a weight under the name that it has here."""
    return {name: Place(name) for name in weights_by_name(AlbertEncoder(config))}


def _garden_places(config: AlbertConfig) -> dict[str, Place]:
    found = {
        "embedding/word_embeddings": Place(GARDEN_SIZES["words"]),
        "embedding/position_embeddings": Place(GARDEN_SIZES["positions"]),
        "embedding/type_embeddings": Place(GARDEN_SIZES["types"]),
        **_parts("embedding/layer_norm", "embeddings/layer_norm", ("gamma", "beta")),
        **_parts("attention_0/query", f"{ATTENTION}/query"),
        **_parts("attention_0/key", f"{ATTENTION}/key"),
        **_parts("attention_0/value", f"{ATTENTION}/value"),
        **_parts("attention_0/output", f"{ATTENTION}/attention_output"),
        **_parts("attention_0/layer_norm", f"{ATTENTION}_layer_norm", ("gamma", "beta")),
        **_parts("feed_forward_0/intermediate", "transformer/intermediate"),
        **_parts("feed_forward_0/output", "transformer/output"),
        **_parts("feed_forward_0/layer_norm", "transformer/output_layer_norm", ("gamma", "beta")),
        **_parts("pooler", "pooler_transform"),
    }
    if config.has_embedding_projection:
        found |= _parts("embedding/projection", "embedding_projection")
    return found


def _parts(ours: str, theirs: str, parts: tuple[str, ...] = ("kernel", "bias")) -> dict[str, Place]:
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in parts}


def without_head_axes(stored: dict[str, np.ndarray], config: AlbertConfig) -> dict[str, np.ndarray]:
    """Returns a module's arrays, those of the Model Garden's attention without axes of heads.

    Args:
        stored: dict of name to array. In the Model Garden's modules, a kernel of attention is of
            shape `(hidden, heads, head_dim)`, and that of its output `(heads, head_dim, hidden)`.
        config: `AlbertConfig`.
    """
    if not is_garden(stored):
        return stored
    return {name: _without_head_axes(name, array, config) for name, array in stored.items()}


def _without_head_axes(name: str, array: np.ndarray, config: AlbertConfig) -> np.ndarray:
    if "/self_attention/" not in name:
        return array
    if name.endswith("bias"):
        return array.reshape(config.hidden_size)
    return array.reshape(config.hidden_size, config.hidden_size)
