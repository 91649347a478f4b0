"""What the task models share: an encoder, and one dense layer on one of its outputs."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from tf_albert.layers.parts import initializer
from tf_albert.modeling.encoder import EncoderLike, as_encoder
from tf_albert.modeling.string_model import StringModel
from tf_albert.types import Tensor


class TaskModel(StringModel):
    """An encoder with a dropout and a dense layer, `head`, on `pooled_output`.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        num_logits: int. Width of the dense layer.
        dropout: float in [0, 1). Dropout before the dense layer.
        **kwargs: what every Keras model takes (`name`, `dtype`, `trainable`), and `preprocessor`,
            an `AlbertPreprocessor` for strings.
    """

    def __init__(
        self, encoder: EncoderLike, num_logits: int, dropout: float, **kwargs: Any
    ) -> None:
        encoder = as_encoder(encoder, kwargs.get("dtype"))
        super().__init__(encoder.config, **{"dtype": encoder.dtype_policy, **kwargs})
        self.encoder = encoder
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="dropout")
        self.head = keras.layers.Dense(
            num_logits,
            kernel_initializer=initializer(self.config.initializer_range),
            dtype=self.dtype_policy,
            name="head",
        )
        self.head.build((None, self.config.hidden_size))
        self.built = True

    def logits(self, features: Tensor, training: bool) -> Tensor:
        """Returns the float32 logits of the head on an output of the encoder."""
        return ops.cast(self.head(self.dropout(features, training=training)), "float32")


class TokenTaskModel(TaskModel):
    """A task model whose head stands on `sequence_output`.

    The pooler then has no gradient, about which Keras would warn in every `fit`. So it is none of
    the trainable weights here, and stays trainable in the encoder, which another model may share.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        num_logits: int. Width of the dense layer.
        dropout: float in [0, 1). Dropout before the dense layer.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.
    """

    def token_logits(self, inputs: dict[str, Tensor], training: bool, fill: float) -> Tensor:
        """Returns the float32 logits of each token, `(batch, length, num_logits)`.

        Args:
            inputs: dict of the encoder's inputs.
            training: bool. Whether dropout acts.
            fill: float. The logit of padding, which is not computed.
        """
        return self.encoder.map_tokens(
            lambda hidden: self.logits(hidden, training), inputs, fill, training
        )

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        return self._without_pooler(super().trainable_variables)

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        return self._without_pooler(super().trainable_weights)

    @property
    def non_trainable_variables(self) -> list[keras.Variable]:
        return _without(self.trainable_variables, self.variables)

    @property
    def non_trainable_weights(self) -> list[keras.Variable]:
        return _without(self.trainable_weights, self.weights)

    def _without_pooler(self, variables: Sequence[keras.Variable]) -> list[keras.Variable]:
        return _without(self.encoder.pooler.variables, variables)


def _without(
    left_out: Iterable[keras.Variable], variables: Sequence[keras.Variable]
) -> list[keras.Variable]:
    ids = {id(variable) for variable in left_out}
    return [variable for variable in variables if id(variable) not in ids]


def require_classes(num_classes: int | None, labels: Sequence[str] | None) -> int:
    """Returns the number of classes that a number and names tell.

    Args:
        num_classes: int, or None for that of the labels.
        labels: list of str, or None.

    Raises:
        ValueError: neither, two that differ, a label twice, or not one class.
    """
    if labels is not None and (
        isinstance(labels, str) or not all(isinstance(label, str) for label in labels)
    ):
        raise ValueError(f"`labels` must be a list of strings. Received: {labels!r}.")
    if labels is not None and len(set(labels)) < len(labels):
        raise ValueError(f"`labels` must differ. Received: {', '.join(labels)}.")
    number = len(labels or ()) if num_classes is None else num_classes
    if labels is not None and number != len(labels):
        raise ValueError(
            f"`num_classes` is {number}, and there are {len(labels)} `labels`: "
            f"{', '.join(labels)}. Leave `num_classes` out, or give as many labels."
        )
    if number < 1:
        raise ValueError(
            "`num_classes` must be at least 1, or `labels` name the classes. Received: "
            f"{num_classes}."
        )
    return number
