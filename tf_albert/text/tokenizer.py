"""ALBERT's tokenizer, in Python and in a graph."""

import hashlib
import itertools

import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow_text.python.ops import sentencepiece_tokenizer

from tf_albert.text.pieces import WORD_START, PieceTokenizer

# What Python's `str.isspace` says is white space, as RE2 writes it.
LEADING_SPACE = r"^[\t-\r\x1c-\x20\x{85}\p{Z}]+"


class SharedModel(tf.saved_model.experimental.TrackableResource):
    """A SentencePiece model that outlives `tf.random.set_seed` and `clear_session`.

    These clear the cache of eager kernels, and with it the model that tensorflow-text lets such a
    kernel own: a tokenizer made before fails after. A model with a name belongs to the process.
    Issue: https://github.com/tensorflow/text/issues/570.

    Args:
        model_proto: bytes. The SentencePiece model.
    """

    def __init__(self, model_proto):
        super().__init__()
        self._model_proto = model_proto
        # Models of one name are taken for the same, so the name tells the content.
        self._shared_name = f"sentencepiece_{hashlib.sha256(model_proto).hexdigest()}"
        _ = self.resource_handle  # made on first use, which may be within a graph

    def _create_resource(self):
        return sentencepiece_tokenizer.gen_sentencepiece_tokenizer.sentencepiece_op(
            model=self._model_proto, shared_name=self._shared_name
        )


class AlbertTokenizer(PieceTokenizer, tf.Module):
    """Splits text into the pieces of a SentencePiece model, as Google's ALBERT code does.

    One model serves both ways: `encode` and `decode` in Python, and a call on string tensors, which
    works in `tf.data` and in a SavedModel.

    Args:
        vocabulary: str or path. A SentencePiece model with `<pad>`, `<unk>`, `[CLS]`, `[SEP]` and
            `[MASK]`, such as the `spiece.model` of a released ALBERT.
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

    def __init__(self, vocabulary, lower_case=True):
        super().__init__(vocabulary, lower_case)
        self._graph_tokenizer = tf_text.SentencepieceTokenizer(self.model_proto, out_type=tf.int32)
        self._graph_tokenizer._model_resource = SharedModel(self.model_proto)
        rows = [self._expansions.get(index, [("", index)]) for index in range(self.vocab_size)]
        self._expansion_lengths = tf.constant([len(row) for row in rows], tf.int64)
        self._expansion_starts = tf.cumsum(self._expansion_lengths, exclusive=True)
        self._expansion_ids = tf.constant([part for row in rows for _, part in row], tf.int32)
        # Characters up to the end of each part, within its token.
        stops = [itertools.accumulate(len(p.lstrip(WORD_START)) for p, _ in row) for row in rows]
        self._expansion_stops = tf.constant([stop for row in stops for stop in row], tf.int32)

    def __call__(self, texts):
        ids = self._graph_tokenizer.tokenize(texts)
        parts = self._parts(ids.values)
        return self._expanded(ids, parts, tf.gather(self._expansion_ids, parts.values))

    def tokenize_with_offsets(self, texts):
        """Returns the ids of texts, and where each token came from.

        Args:
            texts: string tensor of shape `(batch,)`, UTF-8.

        Returns:
            tuple of three `tf.RaggedTensor` of shape `(batch, tokens)`: ids (int32), and the first
            byte of each token in its text and the byte after its last (int64). The spans are those
            of `encode`, which counts characters.
        """
        ids, begins, ends = self._graph_tokenizer.tokenize_with_offsets(texts)
        is_first = tf.range(tf.size(ids.values)) == tf.cast(
            tf.gather(ids.row_starts(), ids.value_rowids()), tf.int32
        )
        texts = tf.gather(texts, ids.value_rowids())
        begins, ends = self._spans(texts, ids.values, begins.values, ends.values, is_first)
        parts = self._parts(ids.values)
        tokens = parts.value_rowids()
        begins, ends = self._part_spans(
            *(tf.gather(values, tokens) for values in (texts, ids.values, begins, ends)),
            parts.values,
        )
        return tuple(
            self._expanded(ids, parts, values)
            for values in (tf.gather(self._expansion_ids, parts.values), begins, ends)
        )

    def detokenize(self, ids):
        """Returns the texts of ragged ids: a string tensor of shape `(batch,)`."""
        return self._graph_tokenizer.detokenize(ids)

    def _parts(self, ids):
        """Returns the rows of the table of parts for each id; most ids are their own only part."""
        starts = tf.gather(self._expansion_starts, ids)
        return tf.ragged.range(starts, starts + tf.gather(self._expansion_lengths, ids))

    @staticmethod
    def _expanded(ids, parts, values):
        """Returns the values of the parts in the rows of texts that the tokens had."""
        return tf.RaggedTensor.from_row_splits(
            values, tf.gather(parts.row_splits, ids.row_splits), validate=False
        )

    def _spans(self, texts, ids, begins, ends, is_first):
        """Does in a graph what `pieces._span` does, for all tokens at once."""
        first_begins, ends = tf.cast(begins, tf.int32), tf.cast(ends, tf.int32)
        covered = tf.strings.substr(texts, first_begins, ends - first_begins)
        begins = ends - tf.strings.length(tf.strings.regex_replace(covered, LEADING_SPACE, ""))
        from_space = tf.logical_or(first_begins < begins, is_first)
        lone = tf.logical_and(ids == self._processor.piece_to_id(WORD_START), from_space)
        is_within = tf.logical_and(begins == ends, tf.logical_not(lone))
        rest = tf.strings.substr(texts, begins, tf.strings.length(texts) - begins)
        # Where it is not needed stands a text that has a first character.
        first = tf.strings.substr(tf.where(is_within, rest, " "), 0, 1, unit="UTF8_CHAR")
        return begins, tf.where(is_within, begins + tf.strings.length(first), ends)

    def _part_spans(self, texts, ids, begins, ends, parts):
        """Does in a graph what `pieces._part_spans` does, for all parts at once."""
        covered = tf.strings.substr(texts, begins, ends - begins)
        stops = tf.gather(self._expansion_stops, parts)
        last = tf.gather(self._expansion_starts + self._expansion_lengths - 1, ids)
        is_divided = tf.logical_and(
            tf.gather(self._expansion_lengths, ids) > 1,
            tf.strings.length(covered, unit="UTF8_CHAR") == tf.gather(self._expansion_stops, last),
        )
        part_ends = begins + _num_bytes(covered, tf.where(is_divided, stops, 0))
        is_first = parts == tf.gather(self._expansion_starts, ids)
        part_begins = tf.where(is_first, begins, tf.roll(part_ends, 1, axis=0))
        return (
            tf.cast(tf.where(is_divided, part_begins, begins), tf.int64),
            tf.cast(tf.where(is_divided, part_ends, ends), tf.int64),
        )


def _num_bytes(texts, num_characters):
    """Returns how many bytes the first characters of each text take."""
    # An empty text has no first character, not even none.
    safe = tf.where(texts == "", " ", texts)
    starts = tf.zeros_like(num_characters)
    return tf.strings.length(tf.strings.substr(safe, starts, num_characters, unit="UTF8_CHAR"))
