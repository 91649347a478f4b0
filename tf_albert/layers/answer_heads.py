"""What stands on the encoder where a question may have no answer: SQuAD 2.0."""

from typing import Any

import keras
from keras import ops

from tf_albert.layers.parts import HeadLayer
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class EndHead(HeadLayer):
    """The logit of each token to be the end, for each of some starts.

    Source: Google's squad_utils.py, `create_v2_model`. Its dense layer on a token joined with the
    start is the sum of two here, so a token is multiplied once however many starts there are.

    Args:
        hidden_size: int. Width of the input.
        layer_norm_epsilon: float. Added to the variance in the layer normalization.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.
        starts: float tensor of shape `(batch, starts, hidden_size)`: the vectors of the starts.

    Output shape:
        `(batch, starts, length)`, float32.

    Raises:
        ValueError: a size below 1.

    Example:

    >>> hidden = keras.ops.ones((2, 7, 8))
    >>> tuple(EndHead(hidden_size=8)(hidden, hidden[:, :3]).shape)
    (2, 3, 7)
    """

    def __init__(
        self,
        hidden_size: int,
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self._check_counts("hidden_size")
        self.of_token = self._dense(hidden_size, "of_token")
        self.of_start = self._dense(hidden_size, "of_start", use_bias=False)
        self.normalization = self._layer_norm()
        self.output_layer = self._dense(1, "output")

    def build(self, hidden_shape: Shape | None = None, starts_shape: Shape | None = None) -> None:
        for part in (self.of_token, self.of_start, self.normalization, self.output_layer):
            part.build((None, self.hidden_size))
        self.built = True

    def call(self, hidden: Tensor, starts: Tensor) -> Tensor:
        joined = self.of_token(hidden)[:, None] + self.of_start(starts)[:, :, None]
        logits = self.output_layer(self.normalization(ops.tanh(joined)))
        return ops.cast(logits[..., 0], "float32")

    def compute_output_shape(self, hidden_shape: Shape, starts_shape: Shape) -> tuple:
        return (*starts_shape[:2], hidden_shape[1])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }


@keras.saving.register_keras_serializable("tf_albert")
class NoAnswerHead(HeadLayer):
    """The logit that there is no answer, of the first token and of where an answer may start.

    Source: Google's squad_utils.py, `create_v2_model`, `answer_class`.

    Args:
        hidden_size: int. Width of the input.
        dropout: float in [0, 1). Dropout before the logit.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.
        start_probabilities: float tensor of shape `(batch, length)`.
        training: bool. Whether dropout acts.

    Output shape:
        `(batch,)`, float32.

    Raises:
        ValueError: a size below 1.

    Example:

    >>> hidden, start_probabilities = keras.ops.ones((2, 4, 8)), keras.ops.ones((2, 4)) / 4
    >>> tuple(NoAnswerHead(hidden_size=8)(hidden, start_probabilities).shape)
    (2,)
    """

    def __init__(
        self,
        hidden_size: int,
        dropout: float = 0.1,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.initializer_range = initializer_range
        self._check_counts("hidden_size")
        self.transform = self._dense(hidden_size, "transform")
        self.drop = self._dropout(dropout)
        self.output_layer = self._dense(1, "output", use_bias=False)

    def build(
        self, hidden_shape: Shape | None = None, start_probabilities_shape: Shape | None = None
    ) -> None:
        self.transform.build((None, 2 * self.hidden_size))
        self.output_layer.build((None, self.hidden_size))
        self.built = True

    def call(self, hidden: Tensor, start_probabilities: Tensor, training: bool = False) -> Tensor:
        probabilities = ops.cast(start_probabilities, hidden.dtype)
        start = ops.einsum("bl,blh->bh", probabilities, hidden)
        features = ops.tanh(self.transform(ops.concatenate([start, hidden[:, 0]], axis=-1)))
        logits = self.output_layer(self.drop(features, training=training))
        return ops.cast(logits[:, 0], "float32")

    def compute_output_shape(self, hidden_shape: Shape, start_probabilities_shape: Shape) -> tuple:
        return (hidden_shape[0],)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "dropout": self.dropout,
            "initializer_range": self.initializer_range,
        }
