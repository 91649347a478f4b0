"""What stands on the encoder in pretraining: the tied MLM head and the SOP head."""

import keras
from keras import ops

from tf_albert.modeling.layers import ACTIVATIONS, AlbertLayer


@keras.saving.register_keras_serializable("tf_albert")
class MaskedLMHead(AlbertLayer):
    """Logits over the vocabulary, at the masked positions only, with the embedding's own table.

    Source: Google's run_pretraining.py, `get_masked_lm_output`.

    Args:
        config: `AlbertConfig`.

    Call arguments:
        sequence_output: float tensor of shape `(batch, length, hidden_size)`.
        masked_lm_positions: int tensor of shape `(batch, predictions)`.
        word_embeddings: float tensor of shape `(vocab_size, embedding_size)`.

    Output shape:
        `(batch, predictions, vocab_size)`, float32.
    """

    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)
        self.transform = self.dense(self.config.embedding_size, "transform")
        self.normalization = self.layer_norm()

    def build(self, *shapes):
        self.transform.build((None, self.config.hidden_size))
        self.normalization.build((None, self.config.embedding_size))
        self.output_bias = self.add_weight(
            name="output_bias",
            shape=(self.config.vocab_size,),
            initializer="zeros",
            autocast=False,  # added to float32 logits
        )
        self.built = True

    def call(self, sequence_output, masked_lm_positions, word_embeddings):
        hidden = gather_positions(sequence_output, masked_lm_positions)
        hidden = ACTIVATIONS[self.config.hidden_act](self.transform(hidden))
        hidden = self.normalization(hidden)
        logits = ops.matmul(hidden, ops.transpose(ops.cast(word_embeddings, hidden.dtype)))
        return ops.cast(logits, "float32") + self.output_bias

    def compute_output_shape(self, sequence_output_shape, masked_lm_positions_shape, table_shape):
        return (*masked_lm_positions_shape, self.config.vocab_size)


def gather_positions(sequence, positions):
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
