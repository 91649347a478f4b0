"""SentencePiece models in TensorFlow."""

import hashlib
from typing import TYPE_CHECKING

import tensorflow as tf

from tf_albert.types import Tensor

if TYPE_CHECKING:
    import tensorflow_text as tf_text


class SharedModel(tf.saved_model.experimental.TrackableResource):
    """A SentencePiece model that outlives `tf.random.set_seed` and `clear_session`.

    These clear the cache of eager kernels, and with it the model that tensorflow-text lets such a
    kernel own: a tokenizer made before fails after. A model with a name belongs to the process.
    Issue: https://github.com/tensorflow/text/issues/570.

    Args:
        model_proto: bytes. The SentencePiece model.
    """

    def __init__(self, model_proto: bytes) -> None:
        super().__init__()
        self._model_proto = model_proto
        # Models of one name are taken for the same, so the name tells the content.
        self._shared_name = f"sentencepiece_{hashlib.sha256(model_proto).hexdigest()}"
        _ = self.resource_handle  # made on first use, which may be within a graph

    def _create_resource(self) -> Tensor:
        from tensorflow_text.python.ops import sentencepiece_tokenizer

        return sentencepiece_tokenizer.gen_sentencepiece_tokenizer.sentencepiece_op(
            model=self._model_proto, shared_name=self._shared_name
        )


def graph_tokenizer(
    model_proto: bytes, out_type: tf.DType = tf.int32
) -> "tf_text.SentencepieceTokenizer":
    """Returns tensorflow-text's tokenizer of a model, which it shares with others of that model.

    Args:
        model_proto: bytes. The SentencePiece model.
        out_type: tf.int32 for ids, tf.string for pieces.
    """
    # Imported here: it takes half a second, and who only loads a Keras model has no tokenizer.
    import tensorflow_text as tf_text

    tokenizer = tf_text.SentencepieceTokenizer(model_proto, out_type=out_type)
    tokenizer._model_resource = SharedModel(model_proto)
    return tokenizer
