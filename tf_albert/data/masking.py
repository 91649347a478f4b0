"""Whole-word n-gram masking, for a whole batch at once and without a loop."""

import dataclasses
from typing import Self

import numpy as np
import tensorflow as tf

from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import Tensor

MASKED_SHARE = 0.15
MASK_SHARE, RANDOM_SHARE = 0.8, 0.1  # of the masked tokens; the rest stays as it is
# Lengths 1, 2, 3 with probability proportional to 1/n (paper, section 4.1): 6/11, 3/11, 2/11.
NGRAM_LIMITS = (6 / 11, 9 / 11)


@dataclasses.dataclass(frozen=True)
class MaskingVocabulary:
    """What masking must know of a vocabulary.

    Args:
        word_starts: bool array `(vocab_size,)`. Which pieces begin a word.
        special: bool array `(vocab_size,)`. Which ids are never masked and never a random token.
        mask_id: int. The id of `[MASK]`.
    """

    word_starts: np.ndarray
    special: np.ndarray
    mask_id: int

    @classmethod
    def of(cls, tokenizer: PieceTokenizer) -> Self:
        """Returns what masking must know of a tokenizer's vocabulary.

        Args:
            tokenizer: `PieceTokenizer`.
        """
        return cls(tokenizer.word_starts(), tokenizer.special_mask(), tokenizer.special_ids["mask"])


def num_predictions(sequence_length: int) -> int:
    """Returns how many slots for masked tokens a row has.

    That is 15 % of the tokens and room for the last n-gram, which may overshoot: 88 at 512, where
    Google's flag had 20 and so masked 3.9 %.

    >>> num_predictions(128), num_predictions(512)
    (24, 88)
    """
    return 8 * int(np.ceil((MASKED_SHARE * sequence_length + 4) / 8))


def mask_tokens(
    input_word_ids: Tensor,
    input_type_ids: Tensor,
    seed: Tensor,
    vocabulary: MaskingVocabulary,
    rows: tuple[int, int] | None = None,
) -> dict[str, Tensor]:
    """Masks n-grams of whole words: 15 % of the tokens, of which 80/10/10 masked/random/kept.

    The words of each segment are divided from its start into n-grams of random length; n-grams are
    taken in random order until the budget is met. The one that meets it may overshoot, so the
    budget is lowered by the overshoot to be expected: leaving the last one out instead would favour
    short ones. An n-gram that the segment's end cuts short is not taken, for the same reason.

    Paper: https://arxiv.org/abs/1909.11942, section 4.1; shares of BERT, section 3.1.

    Args:
        input_word_ids: int32 tensor of shape `(batch, length)`.
        input_type_ids: int32 tensor of shape `(batch, length)`.
        seed: int tensor of shape `(2,)`. The same seed masks the same tokens.
        vocabulary: `MaskingVocabulary`.
        rows: tuple of (first row, rows of the whole batch), where the inputs are one replica's part
            of a larger batch; the parts together are what the whole would have been.

    Returns:
        A dict of tensors: `input_word_ids` with the masks; `masked_lm_positions`, `masked_lm_ids`
        (int32) and `masked_lm_weights` (float32), `(batch, num_predictions(length))`; and
        `ngram_lengths`, int32 `(batch, length)`: at the first token of each masked n-gram, how many
        words it has, else 0.
    """
    batch, length = input_word_ids.shape
    first_row, whole = rows or (0, batch)
    draw = _Draws(seed, first_row, whole, batch)
    maskable = ~tf.gather(vocabulary.special, input_word_ids)
    ngram, ngram_words = _ngrams(input_word_ids, input_type_ids, maskable, vocabulary, draw)
    chosen = _choose(ngram, maskable, draw.uniform(2 * length), draw.uniform(1), length)
    masked = maskable & tf.gather(chosen, tf.maximum(ngram, 0), batch_dims=1) & (ngram >= 0)
    replaced = _replace(input_word_ids, draw, length, vocabulary)
    first = masked & (ngram != tf.roll(ngram, 1, axis=1))
    return {
        "input_word_ids": tf.where(masked, replaced, input_word_ids),
        **_predictions(input_word_ids, masked, length),
        "ngram_lengths": tf.where(first, ngram_words, 0),
    }


class _Draws:
    """Random numbers for some rows of a batch, the same as if the whole batch were drawn."""

    def __init__(self, seed: Tensor, first: int, whole: int, batch: int) -> None:
        self.seed, self.first, self.whole, self.batch = seed, first, whole, batch
        self.count = 0

    def uniform(self, columns: int) -> Tensor:
        self.count += 1
        seed = tf.stack([self.seed[0], self.seed[1] * 16 + self.count])
        numbers = tf.random.stateless_uniform((self.whole, columns), seed)
        return tf.slice(numbers, [self.first, 0], [self.batch, columns])


def _ngrams(
    ids: Tensor, type_ids: Tensor, maskable: Tensor, vocabulary: MaskingVocabulary, draw: _Draws
) -> tuple[Tensor, Tensor]:
    """Returns, for each token, which n-gram it is in (-1 for none) and how many words that has."""
    batch, length = ids.shape
    after_special = ~tf.pad(maskable, [[0, 0], [1, 0]])[:, :-1]
    starts = maskable & (tf.gather(vocabulary.word_starts, ids) | after_special)
    num_words = tf.stack(
        [tf.reduce_sum(tf.cast(starts & (type_ids == t), tf.int32), axis=1) for t in (0, 1)], axis=1
    )
    word = tf.cumsum(tf.cast(starts, tf.int32), axis=1) - 1 - type_ids * num_words[:, :1]
    uniform = tf.reshape(draw.uniform(2 * length), (batch, 2, length))
    sizes = 1 + sum(tf.cast(uniform > limit, tf.int32) for limit in NGRAM_LIMITS)
    ends = tf.cumsum(sizes, axis=2)
    # The n-gram of each word of a segment: how many n-grams end at or before it.
    words = tf.tile(tf.range(length)[None, None, :], (batch, 2, 1))
    ngram_of_word = tf.searchsorted(ends, words, side="right")
    complete = ends <= num_words[:, :, None]
    position = tf.stack([type_ids, tf.clip_by_value(word, 0, length - 1)], axis=2)
    ngram = tf.gather_nd(ngram_of_word, position, batch_dims=1)
    at = tf.stack([type_ids, ngram], axis=2)
    is_complete = maskable & tf.gather_nd(complete, at, batch_dims=1)
    words_in = tf.gather_nd(sizes, at, batch_dims=1)
    return tf.where(is_complete, ngram + type_ids * length, -1), words_in


def _choose(
    ngram: Tensor, maskable: Tensor, priority: Tensor, rounding: Tensor, length: int
) -> Tensor:
    """Returns which n-grams are masked: bool `(batch, 2 * length)`."""
    batch = ngram.shape[0]
    # Tokens outside any n-gram are counted in a column of their own, which is then cut off.
    column = tf.where(ngram >= 0, ngram, 2 * length)
    flat = column + tf.range(batch)[:, None] * (2 * length + 1)
    sizes = tf.math.unsorted_segment_sum(
        tf.ones_like(flat), flat, num_segments=batch * (2 * length + 1)
    )
    sizes = tf.reshape(sizes, (batch, 2 * length + 1))[:, :-1]
    # Each n-gram masks a token at least, so of those that are there no more are needed than fit.
    slots = num_predictions(length)
    order = tf.math.top_k(tf.where(sizes > 0, -priority, -2.0), min(slots, 2 * length)).indices
    taken = tf.gather(sizes, order, batch_dims=1)
    before = tf.cumsum(taken, axis=1, exclusive=True)
    budget = MASKED_SHARE * tf.reduce_sum(tf.cast(maskable, tf.float32), axis=1, keepdims=True)
    threshold = tf.floor(budget - _mean_overshoot(sizes) + rounding)
    threshold = tf.maximum(tf.cast(threshold, tf.int32), 1)
    chosen = (taken > 0) & (before < threshold) & (before + taken <= slots)
    at = order + 2 * length * tf.range(batch)[:, None]
    flat = tf.scatter_nd(tf.reshape(at, (-1, 1)), tf.reshape(chosen, (-1,)), [batch * 2 * length])
    return tf.reshape(flat, (batch, 2 * length))


def _mean_overshoot(sizes: Tensor) -> Tensor:
    """Returns by how much, on average, a sum of random `sizes` passes a threshold.

    Renewal theory: E[x(x-1)] / (2 E[x]) for whole numbers x.
    """
    sizes = tf.cast(sizes, tf.float32)
    total = tf.reduce_sum(sizes, axis=1, keepdims=True)
    return tf.math.divide_no_nan(
        tf.reduce_sum(sizes * (sizes - 1), axis=1, keepdims=True), 2 * total
    )


def _replace(ids: Tensor, draw: _Draws, length: int, vocabulary: MaskingVocabulary) -> Tensor:
    """Returns what each token would become if it were masked."""
    ordinary = tf.constant(np.flatnonzero(~vocabulary.special), tf.int32)
    index = tf.cast(draw.uniform(length) * ordinary.shape[0], tf.int32)
    random_ids = tf.gather(ordinary, tf.minimum(index, ordinary.shape[0] - 1))
    kind = draw.uniform(length)
    changed = tf.where(kind < MASK_SHARE, vocabulary.mask_id, random_ids)
    return tf.where(kind < MASK_SHARE + RANDOM_SHARE, changed, ids)


def _predictions(ids: Tensor, masked: Tensor, length: int) -> dict[str, Tensor]:
    """Returns positions, original ids and weights of the masked tokens, as the text has them."""
    slots = num_predictions(length)
    place = tf.where(masked, -tf.range(length)[None, :], -length)
    first = -tf.math.top_k(place, min(slots, length)).values
    weights = tf.cast(first < length, tf.float32)
    positions = tf.where(first < length, first, 0)
    labels = tf.gather(ids, positions, batch_dims=1) * tf.cast(weights, tf.int32)
    return {
        "masked_lm_positions": tf.pad(positions, [[0, 0], [0, slots - positions.shape[1]]]),
        "masked_lm_ids": tf.pad(labels, [[0, 0], [0, slots - labels.shape[1]]]),
        "masked_lm_weights": tf.pad(weights, [[0, 0], [0, slots - weights.shape[1]]]),
    }
