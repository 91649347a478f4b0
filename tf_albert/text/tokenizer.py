"""ALBERT's tokenizer, in Python and in a graph."""

from typing import Any

import tensorflow as tf

from tf_albert.text import byte_pieces
from tf_albert.text.letter_spans import LetterSpans
from tf_albert.text.pieces import PieceTokenizer, num_letters
from tf_albert.text.shared_model import graph_tokenizer
from tf_albert.text.word_starts import WORD_START
from tf_albert.types import StrPath, Tensor


class AlbertTokenizer(PieceTokenizer, tf.Module):
    """Splits text into the pieces of a SentencePiece model, as Google's ALBERT code does.

    One model serves both ways: `encode` and `decode` in Python, and a call on string tensors, which
    works in `tf.data` and in a SavedModel.

    Args:
        vocabulary: str or path. A SentencePiece model with `<pad>`, `<unk>`, `[CLS]`, `[SEP]` and
            `[MASK]`, such as the `spiece.model` of a released ALBERT; or bytes, what such a file
            holds.
        lower_case: bool. Whether text is lower-cased: true for every released ALBERT.

    Call arguments:
        texts: string tensor of shape `(batch,)`, UTF-8.

    Output:
        int32 `tf.RaggedTensor` of shape `(batch, tokens)`.

    Raises:
        FileNotFoundError: there is no such vocabulary.
        ValueError: the file is no SentencePiece model, or lacks a special piece.

    Example::

        tokenizer = AlbertTokenizer("spiece.model")
        tokenizer.encode("Hello, World!").pieces   # ["▁hello", ",", "▁world", "!"]
        tokenizer(tf.constant(["Hello, World!"]))  # the same ids, in a graph
    """

    def __init__(self, vocabulary: StrPath | bytes, lower_case: bool = True) -> None:
        super().__init__(vocabulary, lower_case)
        self._graph_tokenizer = graph_tokenizer(self.model_proto)
        pieces = [(self.id_to_piece(index), index) for index in range(self.vocab_size)]
        rows = [self._expansions.get(index, [(piece, index)]) for piece, index in pieces]
        self._expansion_lengths = tf.constant([len(row) for row in rows], tf.int64)
        self._expansion_starts = tf.cumsum(self._expansion_lengths, exclusive=True)
        self._expansion_ids = tf.constant([part for row in rows for _, part in row], tf.int32)
        is_byte = (self._bytes != byte_pieces.NO_BYTE).tolist()
        counts = [1 if is_byte[index] else num_letters(part) for row in rows for part, index in row]
        self._expansion_letters = tf.constant(counts, tf.int64)
        self._has_bytes = any(is_byte)
        # What only offsets need is made when they are first asked for: a saved module of ids alone
        # does not hold it.
        self._piece_tokenizer: Any = None
        self._graph_letters: Any = None

    @classmethod
    def of(cls, tokenizer: PieceTokenizer) -> "AlbertTokenizer":
        """Returns the tokenizer of the same vocabulary that works in a graph too.

        Args:
            tokenizer: `PieceTokenizer`.
        """
        return cls(tokenizer.vocabulary_bytes, tokenizer.lower_case)

    def __call__(self, texts: Tensor) -> tf.RaggedTensor:
        ids = self._graph_tokenizer.tokenize(texts)
        parts = self._parts(ids.values)
        return self._expanded(ids, parts, tf.gather(self._expansion_ids, parts.values))

    def tokenize_with_offsets(
        self, texts: Tensor
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Returns the ids of texts, and where each token came from.

        Args:
            texts: string tensor of shape `(batch,)`, UTF-8.

        Returns:
            tuple of three `tf.RaggedTensor` of shape `(batch, tokens)`: ids (int32), and the first
            byte of each token in its text and the byte after its last (int64). The spans are those
            of `encode`, which counts characters.
        """
        if self._graph_letters is None:
            self._make_offset_models()
        ids = self._graph_tokenizer.tokenize(texts)
        parts = self._parts(ids.values)
        counts = self._letter_counts(texts, ids.values, parts)
        ids = self._expanded(ids, parts, tf.gather(self._expansion_ids, parts.values))
        if not self._has_bytes:
            return ids, *self._spans(texts, ids.with_values(counts))
        values = tf.gather(self._bytes, ids.values)
        counts = tf.where(_are_no_letters(values), tf.zeros_like(counts), counts)
        begins, ends = self._spans(texts, ids.with_values(counts))
        return ids, *_with_continued(values, begins, ends)

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        """Returns the texts of ids.

        Args:
            ids: int32 `tf.RaggedTensor` of shape `(batch, tokens)`.

        Returns:
            string tensor of shape `(batch,)`.
        """
        return self._graph_tokenizer.detokenize(ids)

    def _parts(self, ids: Tensor) -> tf.RaggedTensor:
        """Returns the rows of the table of parts for each id; most ids are their own only part."""
        starts = tf.gather(self._expansion_starts, ids)
        return tf.ragged.range(starts, starts + tf.gather(self._expansion_lengths, ids))

    @staticmethod
    def _expanded(ids: tf.RaggedTensor, parts: tf.RaggedTensor, values: Tensor) -> tf.RaggedTensor:
        """Returns the values of the parts in the rows of texts that the tokens had."""
        return tf.RaggedTensor.from_row_splits(
            values, tf.gather(parts.row_splits, ids.row_splits), validate=False
        )

    def _letter_counts(self, texts: Tensor, ids: Tensor, parts: tf.RaggedTensor) -> Tensor:
        """Returns how many letters each part has; those of an unknown token are the text's own."""
        pieces = tf.strings.regex_replace(
            self._piece_tokenizer.tokenize(texts).values, WORD_START, ""
        )
        in_tokens = tf.cast(tf.strings.length(pieces, unit="UTF8_CHAR"), tf.int64)
        is_unknown = tf.gather(ids == self.special_ids["unk"], parts.value_rowids())
        return tf.where(
            is_unknown,
            tf.gather(in_tokens, parts.value_rowids()),
            tf.gather(self._expansion_letters, parts.values),
        )

    def _spans(
        self, texts: Tensor, counts: tf.RaggedTensor
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Does in a graph what `pieces._span` does, for parts with these counts of letters."""
        # As in Python, a place at the end of each text follows its letters.
        end = tf.RaggedTensor.from_tensor(tf.cast(tf.strings.length(texts), tf.int64)[:, None])
        begins, ends = (
            tf.concat([places, end], axis=1).values for places in self._graph_letters(texts)
        )
        is_shared = tf.logical_and(begins[1:] == begins[:-1], ends[1:] == ends[:-1])
        is_shared = tf.concat([[False], is_shared], axis=0)
        starts = tf.cumsum(counts.values, exclusive=True) + counts.value_rowids()
        part_begins = tf.gather(begins, starts)
        part_ends = tf.gather(ends, starts + tf.maximum(counts.values - 1, 0))
        is_empty = tf.logical_and(counts.values == 0, ~tf.gather(is_shared, starts))
        part_ends = tf.where(is_empty, part_begins, part_ends)
        return counts.with_values(part_begins), counts.with_values(part_ends)

    def _make_offset_models(self) -> None:
        # They outlive the graph that may be being traced.
        with tf.init_scope():
            self._piece_tokenizer = graph_tokenizer(self.model_proto, tf.string)
            self._graph_letters = LetterSpans(self.model_proto)


def _are_no_letters(values: Tensor) -> Tensor:
    """Returns which bytes are no letter: those that continue one, and the first of a `▁`.

    Args:
        values: int64 tensor `(tokens,)`. The byte that each token stands for, or -1.
    """
    num_following = len(byte_pieces.WORD_START_BYTES) - 1
    padded = tf.pad(values, [[0, num_following]], constant_values=byte_pieces.NO_BYTE)
    is_word_start = tf.ones_like(values, tf.bool)
    for place, byte in enumerate(byte_pieces.WORD_START_BYTES):
        is_word_start &= padded[place : tf.size(values) + place] == byte
    return is_word_start | byte_pieces.continues(values)


def _with_continued(
    values: Tensor, begins: tf.RaggedTensor, ends: tf.RaggedTensor
) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Returns spans in which each byte that continues a character has that of its first one."""
    is_first = ~byte_pieces.continues(values)
    first = tf.cumsum(tf.cast(is_first, tf.int64)) - 1
    begins, ends = (
        spans.with_values(tf.gather(tf.boolean_mask(spans.values, is_first), first))
        for spans in (begins, ends)
    )
    return begins, ends
