"""Both halves of an encoder block in one layer."""

from typing import Any

import keras

from tf_albert.layers.feed_forward import FeedForward
from tf_albert.layers.self_attention import SelfAttention
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class EncoderBlock(keras.layers.Layer):
    """Self-attention and feed-forward part; called again and again, it is ALBERT's encoder.

    Each half ends with its residual and its layer normalization, as in the original BERT.
    Paper: https://arxiv.org/abs/1909.11942, section 3.1, "Cross-layer parameter sharing".

    Args:
        hidden_size: int. Width of the input and of the output; a multiple of
            `num_attention_heads`.
        num_attention_heads: int. Number of heads.
        intermediate_size: int. Width of the feed-forward part.
        hidden_act: str. `"gelu"` and `"gelu_new"` are the tanh form that Google's code uses under
            the name `"gelu"`; `"gelu_erf"` is the exact form; `"relu"`; `"tanh"`.
        hidden_dropout_prob: float in [0, 1). Dropout before each residual.
        attention_probs_dropout_prob: float in [0, 1). Dropout on attention probabilities.
        layer_norm_epsilon: float. Added to the variance in both layer normalizations.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.
        attention_mask: bool tensor, or one of 1 and 0, of shape `(batch, length)`, where 0 is
            padding, or `(batch, query, key)`, where 0 is a key that a query must not see. None
            where all see all.
        training: bool. Whether dropout acts.

    Output shape:
        That of `hidden`.

    Raises:
        ValueError: `hidden_size` is no multiple of `num_attention_heads`, a size below 1, an
            unknown activation, or a mask of another number of axes.

    Example, a masked language model of three layers that share their weights:

    >>> from tf_albert.layers import FactorizedEmbedding, MaskedLMHead
    >>> embedding = FactorizedEmbedding(vocab_size=50, embedding_size=6, hidden_size=8)
    >>> block = EncoderBlock(hidden_size=8, num_attention_heads=2, intermediate_size=32)
    >>> ids = keras.Input((None,), dtype="int32")
    >>> hidden = embedding(ids)
    >>> for _ in range(3):
    ...     hidden = block(hidden, attention_mask=ids != 0)
    >>> model = keras.Model(ids, MaskedLMHead(embedding)(hidden))
    >>> tuple(model(keras.ops.ones((2, 7), "int32")).shape)
    (2, 7, 50)
    """

    def __init__(
        self,
        hidden_size: int,
        num_attention_heads: int,
        intermediate_size: int,
        hidden_act: str = "gelu",
        hidden_dropout_prob: float = 0.0,
        attention_probs_dropout_prob: float = 0.0,
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        common = {
            "hidden_dropout_prob": hidden_dropout_prob,
            "layer_norm_epsilon": layer_norm_epsilon,
            "initializer_range": initializer_range,
            "dtype": self.dtype_policy,
        }
        self.self_attention = SelfAttention(
            hidden_size,
            num_attention_heads,
            attention_probs_dropout_prob,
            name="self_attention",
            **common,
        )
        self.feed_forward = FeedForward(
            hidden_size, intermediate_size, hidden_act, name="feed_forward", **common
        )

    def build(
        self, hidden_shape: Shape | None = None, attention_mask_shape: Shape | None = None
    ) -> None:
        self.self_attention.build()
        self.feed_forward.build()
        self.built = True

    def call(
        self, hidden: Tensor, attention_mask: Tensor | None = None, training: bool = False
    ) -> Tensor:
        hidden = self.self_attention(hidden, attention_mask, training=training)
        return self.feed_forward(hidden, training=training)

    def compute_output_shape(
        self, hidden_shape: Shape, attention_mask_shape: Shape | None = None
    ) -> tuple:
        return hidden_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "num_attention_heads": self.num_attention_heads,
            "intermediate_size": self.intermediate_size,
            "hidden_act": self.hidden_act,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }
