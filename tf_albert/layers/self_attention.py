"""The first half of an encoder block: attention, then its residual and its normalization."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tf_albert.layers.parts import PartsLayer
from tf_albert.layers.tokens import FlatTokens, PaddedTokens
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class SelfAttention(PartsLayer):
    """Multi-head self-attention, its output projection, residual and layer normalization.

    Scores and softmax are computed in float32 whatever the precision of the layer. The halves of a
    block are layers of their own because ALBERT may share one of them alone.
    Paper: https://arxiv.org/abs/1909.11942, Table 4.

    Args:
        hidden_size: int. Width of the input and of the output; a multiple of
            `num_attention_heads`.
        num_attention_heads: int. Number of heads.
        attention_probs_dropout_prob: float in [0, 1). Dropout on attention probabilities.
        hidden_dropout_prob: float in [0, 1). Dropout before the residual.
        layer_norm_epsilon: float. Added to the variance in the layer normalization.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.
        attention_mask: bool tensor, or one of 1 and 0, of shape `(batch, length)`, where 0 is
            padding, or `(batch, query, key)`, where 0 is a key that a query must not see. None
            where all see all.
        tokens: `FlatTokens` or `PaddedTokens`, which hold a mask, in place of `attention_mask`.
            With `FlatTokens`, `hidden` is of shape `(tokens, hidden_size)`.
        first_only: bool. Whether the first token of each row alone asks the others.
        seeds: two int tensors of shape `(2,)`, the seeds of the two dropouts out of `draw_seeds`;
            None in place of one that is to draw its own.
        training: bool. Whether dropout acts.

    Output shape:
        That of `hidden`; with `first_only`, `(batch, hidden_size)`.

    Raises:
        ValueError: `hidden_size` is no multiple of `num_attention_heads`, a size below 1, or a mask
            of another number of axes.

    Example:

    >>> attention = SelfAttention(hidden_size=8, num_attention_heads=2)
    >>> hidden, mask = keras.ops.ones((2, 3, 8)), keras.ops.array([[1, 1, 0], [1, 1, 1]])
    >>> tuple(attention(hidden, attention_mask=mask).shape)
    (2, 3, 8)
    """

    def __init__(
        self,
        hidden_size: int,
        num_attention_heads: int,
        attention_probs_dropout_prob: float = 0.0,
        hidden_dropout_prob: float = 0.0,
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.num_attention_heads = num_attention_heads
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.hidden_dropout_prob = hidden_dropout_prob
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self._check_counts("hidden_size", "num_attention_heads")
        if hidden_size % num_attention_heads:
            raise ValueError(
                "`hidden_size` must be a multiple of `num_attention_heads`. Received: "
                f"hidden_size={hidden_size} and num_attention_heads={num_attention_heads}."
            )
        self.query = self._dense(hidden_size, "query")
        self.key = self._dense(hidden_size, "key")
        self.value = self._dense(hidden_size, "value")
        self.output_projection = self._dense(hidden_size, "output")
        self.probability_dropout = self._dropout(
            attention_probs_dropout_prob, "probability_dropout"
        )
        self.hidden_dropout = self._dropout(hidden_dropout_prob, "hidden_dropout")
        self.normalization = self._layer_norm()

    def draw_seeds(self, num_calls: int) -> list[Tensor | None]:
        """Returns for each dropout the seeds of some calls, `(num_calls, 2)`, or None at rate 0."""
        return [
            dropout.draw_seeds(num_calls)
            for dropout in (self.probability_dropout, self.hidden_dropout)
        ]

    def build(
        self, hidden_shape: Shape | None = None, attention_mask_shape: Shape | None = None
    ) -> None:
        shape = (None, None, self.hidden_size)
        for part in (self.query, self.key, self.value, self.output_projection, self.normalization):
            part.build(shape)
        self.built = True

    def call(
        self,
        hidden: Tensor,
        attention_mask: Tensor | None = None,
        tokens: PaddedTokens | FlatTokens | None = None,
        first_only: bool = False,
        seeds: Sequence[Tensor | None] = (None, None),
        training: bool = False,
    ) -> Tensor:
        tokens = tokens or PaddedTokens(attention_mask)
        asking = tokens.first(hidden) if first_only else hidden
        query = self.query(asking) * (self.hidden_size // self.num_attention_heads) ** -0.5
        query = self._split_heads(query[:, None] if first_only else tokens.pad(query))
        key = self._split_heads(tokens.pad(self.key(hidden)))
        value = self._split_heads(tokens.pad(self.value(hidden)))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))  # (batch, heads, from, to)
        scores, bias = ops.cast(scores, "float32"), tokens.attention_bias
        if bias is not None:
            scores = scores + (bias[:, :, :1] if first_only else bias)
        probabilities = ops.cast(ops.softmax(scores), value.dtype)
        probabilities = self.probability_dropout(probabilities, seed=seeds[0], training=training)
        context = ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3))
        context = ops.reshape(context, (*ops.shape(context)[:2], self.hidden_size))
        context = context[:, 0] if first_only else tokens.flatten(context)
        context = self.output_projection(context)
        context = self.hidden_dropout(context, seed=seeds[1], training=training)
        return self.normalization(asking + context)

    def _split_heads(self, x: Tensor) -> Tensor:
        head_dim = self.hidden_size // self.num_attention_heads
        x = ops.reshape(x, (*ops.shape(x)[:2], self.num_attention_heads, head_dim))
        return ops.transpose(x, (0, 2, 1, 3))  # (batch, heads, length, head_dim)

    def compute_output_spec(
        self, hidden: Tensor, *args: Any, first_only: bool = False, **kwargs: Any
    ) -> keras.KerasTensor:
        shape = (hidden.shape[0], self.hidden_size) if first_only else hidden.shape
        return keras.KerasTensor(shape, self.compute_dtype)

    def compute_output_shape(
        self, hidden_shape: Shape, attention_mask_shape: Shape | None = None
    ) -> tuple:
        return hidden_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "num_attention_heads": self.num_attention_heads,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }
