"""ALBERT's tokenizer, in Python and in a graph."""

import hashlib

import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow_text.python.ops import sentencepiece_tokenizer

from tf_albert.text.pieces import PieceTokenizer


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
        rows = [
            [part for _, part in self._expansions.get(index, [("", index)])]
            for index in range(self.vocab_size)
        ]
        self._expansion_lengths = tf.constant([len(row) for row in rows], tf.int64)
        self._expansion_starts = tf.cumsum(self._expansion_lengths, exclusive=True)
        self._expansion_ids = tf.constant([part for row in rows for part in row], tf.int32)

    def __call__(self, texts):
        return self._expand(self._graph_tokenizer.tokenize(texts))

    def detokenize(self, ids):
        """Returns the texts of ragged ids: a string tensor of shape `(batch,)`."""
        return self._graph_tokenizer.detokenize(ids)

    def _expand(self, ids):
        """Replaces ids that Google's code splits again by what they become."""
        lengths = tf.gather(self._expansion_lengths, ids.values)
        starts = tf.gather(self._expansion_starts, ids.values)
        sources = tf.ragged.range(starts, starts + lengths)
        ends = tf.concat([[0], tf.cumsum(lengths)], axis=0)
        return tf.RaggedTensor.from_row_splits(
            tf.gather(self._expansion_ids, sources.values),
            tf.gather(ends, ids.row_splits),
            validate=False,
        )
