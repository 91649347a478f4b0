"""The second half of an encoder block: two dense layers, then their residual and normalization."""

from collections.abc import Sequence
from typing import Any

import keras

from tf_albert.layers.parts import ACTIVATIONS, PartsLayer, check_activation
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class FeedForward(PartsLayer):
    """The two-layer feed-forward part, its residual and layer normalization.

    Args:
        hidden_size: int. Width of the input and of the output.
        intermediate_size: int. Width between the two dense layers.
        hidden_act: str. `"gelu"` and `"gelu_new"` are the tanh form that Google's code uses under
            the name `"gelu"`; `"gelu_erf"` is the exact form; `"relu"`; `"tanh"`.
        hidden_dropout_prob: float in [0, 1). Dropout before the residual.
        layer_norm_epsilon: float. Added to the variance in the layer normalization.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(..., hidden_size)`.
        seeds: one int tensor of shape `(2,)` in a list, the seed of the dropout out of
            `draw_seeds`; None in its place where the dropout is to draw its own.
        training: bool. Whether dropout acts.

    Output shape:
        That of `hidden`.

    Raises:
        ValueError: a size below 1, or an unknown activation.

    Example:

    >>> feed_forward = FeedForward(hidden_size=8, intermediate_size=32)
    >>> tuple(feed_forward(keras.ops.ones((2, 3, 8))).shape)
    (2, 3, 8)
    """

    def __init__(
        self,
        hidden_size: int,
        intermediate_size: int,
        hidden_act: str = "gelu",
        hidden_dropout_prob: float = 0.0,
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self._check_counts("hidden_size", "intermediate_size")
        check_activation(hidden_act)
        self.intermediate = self._dense(intermediate_size, "intermediate")
        self.output_projection = self._dense(hidden_size, "output")
        self.hidden_dropout = self._dropout(hidden_dropout_prob, "hidden_dropout")
        self.normalization = self._layer_norm()

    def draw_seeds(self, num_calls: int) -> list[Tensor | None]:
        """Returns for the dropout the seeds of some calls, `(num_calls, 2)`, or None at rate 0."""
        return [self.hidden_dropout.draw_seeds(num_calls)]

    def build(self, hidden_shape: Shape | None = None) -> None:
        self.intermediate.build((None, None, self.hidden_size))
        self.output_projection.build((None, None, self.intermediate_size))
        self.normalization.build((None, None, self.hidden_size))
        self.built = True

    def call(
        self, hidden: Tensor, seeds: Sequence[Tensor | None] = (None,), training: bool = False
    ) -> Tensor:
        x = ACTIVATIONS[self.hidden_act](self.intermediate(hidden))
        x = self.hidden_dropout(self.output_projection(x), seed=seeds[0], training=training)
        return self.normalization(hidden + x)

    def compute_output_shape(self, hidden_shape: Shape) -> tuple:
        return hidden_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "hidden_act": self.hidden_act,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }
