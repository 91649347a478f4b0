"""The two halves of an encoder block; each ends with its residual and its normalization.

The halves are separate layers because ALBERT may share one of them alone (paper, Table 4).
"""

import keras
from keras import ops

from tf_albert.modeling.layers import ACTIVATIONS, AlbertLayer
from tf_albert.modeling.tokens import PaddedTokens

# Added to the score of a masked position (Google's modeling.py, `dot_product_attention`).
MASKED_SCORE = -10000.0


def attention_bias(input_mask):
    """Returns what is added to attention scores, float32, `(batch, 1, 1, length)`.

    Args:
        input_mask: tensor of shape `(batch, length)`; 1 for a token, 0 for padding.
    """
    bias = (1.0 - ops.cast(input_mask, "float32")) * MASKED_SCORE
    return bias[:, None, None, :]


@keras.saving.register_keras_serializable("tf_albert")
class SelfAttention(AlbertLayer):
    """Multi-head self-attention, its output projection, residual and layer normalization.

    Scores and softmax are computed in float32 whatever the precision of the layer.

    Args:
        config: `AlbertConfig`.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`, or `(tokens, hidden_size)`.
        bias: float32 tensor of shape `(batch, 1, 1, length)`, from `attention_bias`.
        tokens: `PaddedTokens` or `FlatTokens`: how `hidden` lies. None for padded rows.
        first_only: bool. Whether the first token of each row alone asks the others.
        seeds: one of `draw_seeds` for each dropout, or None where it is to draw one.
        training: bool. Whether dropout acts.

    Output shape:
        That of `hidden`; with `first_only`, `(batch, hidden_size)`.
    """

    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)
        hidden_size = self.config.hidden_size
        self.query = self.dense(hidden_size, "query")
        self.key = self.dense(hidden_size, "key")
        self.value = self.dense(hidden_size, "value")
        self.output_projection = self.dense(hidden_size, "output")
        self.probability_dropout = self.dropout(
            self.config.attention_probs_dropout_prob, "probability_dropout"
        )
        self.hidden_dropout = self.dropout(self.config.hidden_dropout_prob, "hidden_dropout")
        self.normalization = self.layer_norm()

    def draw_seeds(self, num_calls):
        """Returns for each dropout the seeds of some calls, `(num_calls, 2)`, or None at rate 0."""
        return [
            dropout.draw_seeds(num_calls)
            for dropout in (self.probability_dropout, self.hidden_dropout)
        ]

    def build(self, hidden_shape=None, bias_shape=None):
        shape = (None, None, self.config.hidden_size)
        for part in (self.query, self.key, self.value, self.output_projection, self.normalization):
            part.build(shape)
        self.built = True

    def call(self, hidden, bias, tokens=None, first_only=False, seeds=(None, None), training=False):
        tokens = tokens or PaddedTokens(None)
        asking = tokens.first(hidden) if first_only else hidden
        head_dim = self.config.hidden_size // self.config.num_attention_heads
        query = self.query(asking) * head_dim**-0.5
        query = query[:, None] if first_only else tokens.pad(query)
        query = self._split_heads(query)
        key = self._split_heads(tokens.pad(self.key(hidden)))
        value = self._split_heads(tokens.pad(self.value(hidden)))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))  # (batch, heads, from, to)
        probabilities = ops.softmax(ops.cast(scores, "float32") + ops.cast(bias, "float32"))
        probabilities = ops.cast(probabilities, value.dtype)
        probabilities = self.probability_dropout(probabilities, seed=seeds[0], training=training)
        context = ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3))
        context = ops.reshape(context, (*ops.shape(context)[:2], self.config.hidden_size))
        context = context[:, 0] if first_only else tokens.flatten(context)
        context = self.output_projection(context)
        context = self.hidden_dropout(context, seed=seeds[1], training=training)
        return self.normalization(asking + context)

    def _split_heads(self, x):
        heads = self.config.num_attention_heads
        head_dim = self.config.hidden_size // heads
        x = ops.reshape(x, (*ops.shape(x)[:2], heads, head_dim))
        return ops.transpose(x, (0, 2, 1, 3))  # (batch, heads, length, head_dim)

    def compute_output_shape(self, hidden_shape, bias_shape=None):
        return hidden_shape


@keras.saving.register_keras_serializable("tf_albert")
class FeedForward(AlbertLayer):
    """The two-layer feed-forward part, its residual and layer normalization.

    Args:
        config: `AlbertConfig`.

    Call arguments:
        hidden: float tensor of shape `(..., hidden_size)`.
        seeds: as for `SelfAttention`.
        training: bool. Whether dropout acts.

    Output shape:
        That of `hidden`.
    """

    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)
        self.intermediate = self.dense(self.config.intermediate_size, "intermediate")
        self.output_projection = self.dense(self.config.hidden_size, "output")
        self.hidden_dropout = self.dropout(self.config.hidden_dropout_prob, "hidden_dropout")
        self.normalization = self.layer_norm()

    def draw_seeds(self, num_calls):
        """Returns for the dropout the seeds of some calls, as `SelfAttention.draw_seeds`."""
        return [self.hidden_dropout.draw_seeds(num_calls)]

    def build(self, hidden_shape=None):
        self.intermediate.build((None, None, self.config.hidden_size))
        self.output_projection.build((None, None, self.config.intermediate_size))
        self.normalization.build((None, None, self.config.hidden_size))
        self.built = True

    def call(self, hidden, seeds=(None,), training=False):
        x = ACTIVATIONS[self.config.hidden_act](self.intermediate(hidden))
        x = self.hidden_dropout(self.output_projection(x), seed=seeds[0], training=training)
        return self.normalization(hidden + x)

    def compute_output_shape(self, hidden_shape):
        return hidden_shape
