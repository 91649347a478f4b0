"""Where a live model of keras-hub keeps each weight of an ALBERT.

Source: models/albert and layers/modeling of https://github.com/keras-team/keras-hub. Its blocks
keep their parts under private names, which is why the version of keras-nlp is pinned.
"""

import keras

CLASSES = {
    "AlbertBackbone": "AlbertEncoder",
    "AlbertMaskedLM": "AlbertPretrainer",
    "AlbertTextClassifier": "AlbertClassifier",
}


def our_shape(name: str, shape: tuple[int, ...], hidden_size: int) -> tuple[int, ...]:
    """Returns a shape without keras-hub's axes of heads: `(hidden, heads, head_dim)` and so on.

    Args:
        name: str. This package's name of the weight.
        shape: tuple of int. The weight's shape in keras-hub.
        hidden_size: int.

    Example:

    >>> our_shape("attention_0/query/kernel", (28, 4, 7), 28)
    (28, 28)
    """
    if not name.startswith("attention_") or "layer_norm" in name:
        return shape
    return (hidden_size, hidden_size) if name.endswith("kernel") else (hidden_size,)


def weights_of(live: keras.Model) -> dict[str, keras.Variable]:
    """Returns a live model's variables under this package's names.

    Args:
        live: a model of keras-hub, of one of `CLASSES`.
    """
    backbone = getattr(live, "backbone", live)
    weights = {
        "embedding/word_embeddings": backbone.token_embedding.embeddings,
        "embedding/position_embeddings": backbone.position_embedding.position_embeddings,
        "embedding/type_embeddings": backbone.segment_embedding.embeddings,
        **_layer("embedding/layer_norm", backbone.embeddings_layer_norm),
        **_layer("embedding/projection", backbone.embeddings_projection),
        **_layer("pooler", backbone.pooled_dense),
    }
    blocks = [block for group in backbone.transformer_layers for block in group]
    for index, block in enumerate(blocks):
        weights |= _block(f"attention_{index}", f"feed_forward_{index}", block)
    if hasattr(live, "masked_lm_head"):
        head = live.masked_lm_head
        weights |= _layer("masked_lm_head/transform", head._intermediate_dense)
        weights |= _layer("masked_lm_head/layer_norm", head._intermediate_layer_norm)
        weights["masked_lm_head/output_bias"] = head._bias
    if hasattr(live, "output_dense"):
        weights |= _layer("head", live.output_dense)
    return weights


def _block(
    attention: str, feed_forward: str, block: keras.layers.Layer
) -> dict[str, keras.Variable]:
    heads = block._self_attention_layer
    return {
        **_layer(f"{attention}/query", heads._query_dense),
        **_layer(f"{attention}/key", heads._key_dense),
        **_layer(f"{attention}/value", heads._value_dense),
        **_layer(f"{attention}/output", heads._output_dense),
        **_layer(f"{attention}/layer_norm", block._self_attention_layer_norm),
        **_layer(f"{feed_forward}/intermediate", block._feedforward_intermediate_dense),
        **_layer(f"{feed_forward}/output", block._feedforward_output_dense),
        **_layer(f"{feed_forward}/layer_norm", block._feedforward_layer_norm),
    }


def _layer(name: str, layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    parts = ("kernel", "bias") if hasattr(layer, "kernel") else ("gamma", "beta")
    return {f"{name}/{part}": getattr(layer, part) for part in parts}
