"""One name for each weight of a model, the same in every model class.

A format of other people then is a table from these names to theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import keras

    from tf_albert.modeling.model import AlbertModel

# The beginnings of the names of what a task model has on its encoder.
HEADS = ("head/", "end_head/", "no_answer_head/")
# Their outputs do not depend on the pooler, so other formats leave it out.
WITHOUT_POOLER = ("AlbertSpanLabeler", "AlbertAnswerableSpanLabeler", "AlbertTokenClassifier")


class Place(NamedTuple):
    """Where a format keeps a weight.

    Attributes:
        name: str. The format's name of the array.
        transposed: bool. Whether it is stored the other way round than here, where a matrix is of
            shape `(inputs, outputs)`.
    """

    name: str
    transposed: bool = False


def weights_by_name(model: AlbertModel) -> dict[str, keras.Variable]:
    """Returns a model's weights by their names in this package.

    Args:
        model: an `AlbertModel`.

    Returns:
        dict of str, such as `"attention_0/query/kernel"`, to Keras variable; the order is that of
        the data.
    """
    weights = _encoder_weights(model.encoder if hasattr(model, "encoder") else model)
    if hasattr(model, "masked_lm_head"):
        head = model.masked_lm_head
        weights |= _layer("masked_lm_head/transform", head.transform)
        weights |= _layer("masked_lm_head/layer_norm", head.normalization)
        weights["masked_lm_head/output_bias"] = head.output_bias
        weights |= _layer("sentence_order_head", model.sentence_order_head)
    if hasattr(model, "head"):
        weights |= _layer("head", model.head)
    if hasattr(model, "end_head"):
        weights |= _answer_weights(model.end_head, model.no_answer_head)
    return weights


def _answer_weights(
    end_head: keras.layers.Layer, no_answer_head: keras.layers.Layer
) -> dict[str, keras.Variable]:
    return {
        **_layer("end_head/of_token", end_head.of_token),
        **_layer("end_head/of_start", end_head.of_start),
        **_layer("end_head/layer_norm", end_head.normalization),
        **_layer("end_head/output", end_head.output_layer),
        **_layer("no_answer_head/transform", no_answer_head.transform),
        **_layer("no_answer_head/output", no_answer_head.output_layer),
    }


def _encoder_weights(encoder: AlbertModel) -> dict[str, keras.Variable]:
    embedding = encoder.embedding
    weights = {
        "embedding/word_embeddings": embedding.word_embeddings,
        "embedding/position_embeddings": embedding.position_embeddings,
        "embedding/type_embeddings": embedding.type_embeddings,
        **_layer("embedding/layer_norm", embedding.normalization),
    }
    if embedding.projection is not None:
        weights |= _layer("embedding/projection", embedding.projection)
    for index, part in enumerate(encoder.attentions):
        for name in ("query", "key", "value"):
            weights |= _layer(f"attention_{index}/{name}", getattr(part, name))
        weights |= _layer(f"attention_{index}/output", part.output_projection)
        weights |= _layer(f"attention_{index}/layer_norm", part.normalization)
    for index, part in enumerate(encoder.feed_forwards):
        weights |= _layer(f"feed_forward_{index}/intermediate", part.intermediate)
        weights |= _layer(f"feed_forward_{index}/output", part.output_projection)
        weights |= _layer(f"feed_forward_{index}/layer_norm", part.normalization)
    return weights | _layer("pooler", encoder.pooler)


def _layer(name: str, layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    parts = ("kernel", "bias") if hasattr(layer, "kernel") else ("gamma", "beta")
    weights = {f"{name}/{part}": getattr(layer, part) for part in parts}
    return {name: weight for name, weight in weights.items() if weight is not None}
