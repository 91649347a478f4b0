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
        masked_output: float tensor of shape `(batch, predictions, hidden_size)`: the encoder's
            output at the masked positions.
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

    def call(self, masked_output, word_embeddings):
        hidden = ACTIVATIONS[self.config.hidden_act](self.transform(masked_output))
        hidden = self.normalization(hidden)
        logits = ops.matmul(hidden, ops.transpose(ops.cast(word_embeddings, hidden.dtype)))
        return ops.cast(logits, "float32") + self.output_bias

    def compute_output_shape(self, masked_output_shape, word_embeddings_shape):
        return (*masked_output_shape[:-1], self.config.vocab_size)
