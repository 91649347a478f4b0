"""Where the tokens of a batch lie: in padded rows, or one below another without the padding."""

from collections.abc import Callable
from typing import TypeAlias

from keras import ops

from tf_albert.types import Tensor

# Added to the score of a masked key (Google's modeling.py, `dot_product_attention`).
MASKED_SCORE = -10000.0


def attention_bias(attention_mask: Tensor | None) -> Tensor | None:
    """Returns what is added to attention scores, `(batch, heads, query, key)`.

    Args:
        attention_mask: bool tensor, or one of 1 and 0, of shape `(batch, key)` or
            `(batch, query, key)`. None where all see all.

    Returns:
        float32 tensor of shape `(batch, 1, 1, key)` or `(batch, 1, query, key)`, or None.

    Raises:
        ValueError: a mask of another number of axes.
    """
    if attention_mask is None:
        return None
    bias = (1.0 - ops.cast(attention_mask, "float32")) * MASKED_SCORE
    if len(bias.shape) not in (2, 3):
        raise ValueError(
            "`attention_mask` must be of shape (batch, length) or (batch, query, key). Received: "
            f"{tuple(bias.shape)}."
        )
    return bias[:, None, None, :] if len(bias.shape) == 2 else bias[:, None, :, :]


class PaddedTokens:
    """Rows of equal length, `(batch, length, ...)`.

    Args:
        input_mask: tensor of shape `(batch, length)`, 1 for a token and 0 for padding; None where
            there is none. For attention alone, `(batch, query, key)` too.

    Attributes:
        input_mask: that mask.
        attention_bias: what attention adds to its scores, of `attention_bias`.
    """

    def __init__(self, input_mask: Tensor | None) -> None:
        self.input_mask = input_mask
        self.attention_bias = attention_bias(input_mask)

    def flatten(self, rows: Tensor) -> Tensor:
        """Returns the tokens of padded rows, as layers take them that look at one at a time."""
        return rows

    def pad(self, tokens: Tensor) -> Tensor:
        """Returns the padded rows of tokens, as attention takes them."""
        return tokens

    def columns(self) -> Tensor:
        """Returns the place of each token in its row; here it is the same in every row."""
        return ops.arange(ops.shape(self.input_mask)[1])

    def first(self, tokens: Tensor) -> Tensor:
        """Returns the first token of each row, `(batch, ...)`."""
        return tokens[:, 0]

    def take(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Returns the tokens at some places of their rows.

        Args:
            tokens: tensor of shape `(batch, length, width)`.
            positions: int tensor of shape `(batch, predictions)`; no place of padding.

        Returns:
            tensor of shape `(batch, predictions, width)`.
        """
        return gather_positions(tokens, positions)

    def restore(self, tokens: Tensor, fill: float) -> Tensor:
        """Returns the tokens in the rows of the batch, and a number in the places of padding.

        Args:
            tokens: tensor of shape `(batch, length, width)`.
            fill: float. What stands for padding. The first token of a row is none.

        Returns:
            tensor of shape `(batch, length, width)`.
        """
        return ops.where(_is_token(self.input_mask)[..., None], tokens, fill)


class FlatTokens:
    """The tokens that are no padding, one below another, `(tokens, ...)`.

    Layers that look at one token at a time do no work on padding then, and attention gets rows as
    long as the longest of the batch. The first token of each row counts also where the mask leaves
    it out, since the pooler takes it.

    The methods are those of `PaddedTokens`, with `(tokens, ...)` for `(batch, length, ...)`.

    Args:
        input_mask: tensor of shape `(batch, length)`; 1 for a token, 0 for padding.

    Attributes:
        input_mask: that mask, cut to the longest row.
        attention_bias: what attention adds to its scores, of `attention_bias`.
    """

    def __init__(self, input_mask: Tensor) -> None:
        columns = ops.arange(ops.shape(input_mask)[1])
        self._rows = is_token = _is_token(input_mask)
        # Without a row the largest of nothing would be the smallest number there is.
        self._length = ops.max(ops.where(is_token, columns, 0), initial=0) + 1
        self.input_mask = input_mask[:, : self._length]
        self.attention_bias = attention_bias(self.input_mask)
        self._is_token = ops.reshape(is_token[:, : self._length], (-1,))
        self._places = ops.cast(ops.nonzero(self._is_token)[0], "int32")
        # The token of each place; of padding the one before it, so that every place has one.
        self._tokens = ops.cumsum(ops.cast(self._is_token, "int32")) - 1

    def flatten(self, rows: Tensor) -> Tensor:
        rows = rows[:, : self._length]
        rows = ops.reshape(rows, (-1, *rows.shape[2:]))
        return _gather(rows, self._places, self._spread)

    def _spread(self, tokens: Tensor) -> Tensor:
        rows = ops.take(tokens, self._tokens, axis=0)
        shape = (-1, *(1 for _ in rows.shape[1:]))
        return ops.where(ops.reshape(self._is_token, shape), rows, ops.zeros_like(rows))

    def pad(self, tokens: Tensor) -> Tensor:
        # Padding is copied from a token, whose gradient it is none of: no result depends on it.
        rows = _gather(
            tokens, self._tokens, lambda gradient: ops.take(gradient, self._places, axis=0)
        )
        return ops.reshape(rows, (-1, self._length, *tokens.shape[1:]))

    def columns(self) -> Tensor:
        return self._places % self._length

    def first(self, tokens: Tensor) -> Tensor:
        rows = ops.reshape(self._tokens, (-1, self._length))
        return _gather_any(tokens, rows[:, 0])

    def take(self, tokens: Tensor, positions: Tensor) -> Tensor:
        rows = ops.reshape(self._tokens, (-1, self._length))
        return _gather_any(tokens, ops.take_along_axis(rows, positions, axis=1))

    def restore(self, tokens: Tensor, fill: float) -> Tensor:
        is_token = ops.reshape(self._rows, (-1,))
        places = ops.nonzero(is_token)[0]
        rows = _gather(
            tokens,
            ops.cumsum(ops.cast(is_token, "int32")) - 1,
            lambda gradient: ops.take(gradient, places, axis=0),
        )
        rows = ops.where(is_token[:, None], rows, fill)
        return ops.reshape(rows, (-1, ops.shape(self._rows)[1], tokens.shape[-1]))


# Either way for tokens to lie.
Tokens: TypeAlias = PaddedTokens | FlatTokens


def _is_token(input_mask: Tensor) -> Tensor:
    """Returns which places hold a token: those of the mask, and the first of each row."""
    first = ops.arange(ops.shape(input_mask)[1]) == 0
    return ops.logical_or(ops.cast(input_mask, "bool"), first)


def gather_positions(sequence: Tensor, positions: Tensor) -> Tensor:
    """Returns the vectors of `sequence` at `positions`.

    Args:
        sequence: tensor of shape `(batch, length, width)`.
        positions: int tensor of shape `(batch, predictions)`, in `[0, length)`.

    Returns:
        A tensor of shape `(batch, predictions, width)`.
    """
    batch, length = ops.shape(sequence)[:2]
    width = sequence.shape[-1]
    starts = ops.arange(batch, dtype="int32")[:, None] * length
    rows = ops.reshape(ops.cast(positions, "int32") + starts, (-1,))
    gathered = ops.take(ops.reshape(sequence, (-1, width)), rows, axis=0)
    return ops.reshape(gathered, (batch, ops.shape(positions)[1], width))


def _gather_any(x: Tensor, indices: Tensor) -> Tensor:
    """Returns rows of `x`; their gradient is dense, as a block that is recomputed wants it."""

    def scatter(gradient: Tensor) -> Tensor:
        rows = ops.reshape(gradient, (-1, x.shape[-1]))
        return ops.scatter(ops.reshape(indices, (-1, 1)), rows, ops.shape(x))

    return _gather(x, indices, scatter)


def _gather(x: Tensor, indices: Tensor, gradient_of: Callable[[Tensor], Tensor]) -> Tensor:
    """Returns rows of `x`; their gradient is a gather too, many times faster than a scatter."""

    @ops.custom_gradient
    def gather(x: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> Tensor:
            return gradient_of(arguments[0] if upstream is None else upstream)

        return ops.take(x, indices, axis=0), gradient

    return gather(x)
