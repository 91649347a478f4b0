"""Texts become words in a graph, as `str.split` divides them, and words find their tokens."""

from typing import NamedTuple

import tensorflow as tf

from tf_albert.text.packing import pack_inputs
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import Tensor

# The white space of `str.split` by its bytes: in its place stand as many spaces, so that all that
# follows stays where it is.
WHITE_SPACE = {
    1: r"[\x09-\x0d\x1c-\x1f]",
    2: r"[\x{85}\x{a0}]",
    3: r"[\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]",
}


class Words(NamedTuple):
    """The words of a batch of texts.

    Args:
        texts: string `tf.RaggedTensor` `(batch, words)`.
        begins: int64 tensor `(words of all texts,)`. The first byte of each in its text.
        sizes: int64 tensor `(words of all texts,)`. How many bytes each has.
    """

    texts: tf.RaggedTensor
    begins: Tensor
    sizes: Tensor


def words_of(texts: Tensor) -> Words:
    """Returns the `Words` of a string tensor `(batch,)`."""
    for size, pattern in WHITE_SPACE.items():
        texts = tf.strings.regex_replace(texts, pattern, " " * size)
    parts = tf.strings.split(texts, " ")
    is_word = parts.with_values(parts.values != "")
    begins = parts.with_values(_begins(parts))
    words = tf.ragged.boolean_mask(parts, is_word)
    begins = tf.ragged.boolean_mask(begins, is_word).values
    return Words(words, begins, _sizes(words))


def _sizes(words: tf.RaggedTensor) -> Tensor:
    return tf.cast(tf.strings.length(words.values), tf.int64)


def _begins(words: tf.RaggedTensor) -> Tensor:
    """Returns where each word begins where one space stands between two: int64 `(words,)`."""
    begins = tf.cumsum(_sizes(words) + 1, exclusive=True)
    first = tf.gather(tf.pad(begins, [[0, 1]]), words.row_starts())
    return begins - tf.gather(first, words.value_rowids())


def rows_of_words(
    words: tf.RaggedTensor, tokenizer: AlbertTokenizer, sequence_length: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Returns the rows of sentences, and where in them each word begins.

    A word's label stands at the token that its first letter came from, which offsets tell. What is
    beyond a row's length is cut off.

    Args:
        words: string `tf.RaggedTensor` `(batch, words)`.
        tokenizer: `AlbertTokenizer`.
        sequence_length: int. Length of the rows, special tokens counted in.

    Returns:
        tuple: the encoder's inputs, a dict of int32 tensors `(batch, sequence_length)`; and int64
        `(words of all texts,)`, the place of each word in its row; 0, where `[CLS]` stands, for a
        word that is cut off or has no token.
    """
    ids, tokens = _first_tokens(words, tokenizer)
    is_in_row = (tokens >= 0) & (tokens < sequence_length - 2)
    places = tf.where(is_in_row, tokens + 1, tf.zeros_like(tokens))
    return pack_inputs([ids], sequence_length, tokenizer.special_ids), places


def _first_tokens(
    words: tf.RaggedTensor, tokenizer: AlbertTokenizer
) -> tuple[tf.RaggedTensor, Tensor]:
    """Returns the tokens of words, one space between two, and which token each word begins with.

    Args:
        words: string `tf.RaggedTensor` `(batch, words)`.
        tokenizer: `AlbertTokenizer`.

    Returns:
        tuple: ids, int32 `tf.RaggedTensor` `(batch, tokens)`; and for each word the number of its
        first token in its text, int64 `(words of all texts,)`, -1 for a word without a token.
    """
    joined = tf.strings.reduce_join(words, axis=-1, separator=" ")
    ids, token_begins, token_ends = tokenizer.tokenize_with_offsets(joined)
    numbers = tf.ragged.range(ids.row_lengths()).values
    # A `▁` by itself came from no letter.
    has_bytes = token_begins.values < token_ends.values
    rows, numbers, token_begins, token_ends = (
        tf.boolean_mask(values, has_bytes)
        for values in (ids.value_rowids(), numbers, token_begins.values, token_ends.values)
    )
    begins, of_text = _begins(words), words.value_rowids()
    # Tokens end in the order in which they stand, so the first that ends within a word is found by
    # halving; texts lie one after another.
    found = tf.searchsorted(_keys(rows, token_ends), _keys(of_text, begins), side="right")
    # One more, for a word after the last token.
    rows, token_begins = (
        tf.gather(tf.pad(values, [[0, 1]], constant_values=-1), found)
        for values in (rows, token_begins)
    )
    numbers = tf.gather(tf.pad(numbers, [[0, 1]]), found)
    is_inside = (rows == of_text) & (token_begins < begins + _sizes(words))
    return ids, tf.where(is_inside, numbers, -tf.ones_like(numbers))


def _keys(rows: Tensor, places: Tensor) -> Tensor:
    """Returns numbers that grow with the row, and within it with the place."""
    return tf.bitwise.left_shift(rows, tf.constant(32, tf.int64)) + places
