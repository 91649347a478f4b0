"""The factorized embedding: V x E instead of V x H."""

import keras
from keras import ops

from tf_albert.modeling.layers import AlbertLayer, initializer


@keras.saving.register_keras_serializable("tf_albert")
class FactorizedEmbedding(AlbertLayer):
    """Word, position and type embeddings of width E, normalized, then projected to width H.

    The projection is left out where E equals H, as in Google's code.
    Paper: https://arxiv.org/abs/1909.11942, section 3.1, "Factorized embedding parameterization".

    Args:
        config: `AlbertConfig`.

    Call arguments:
        input_word_ids: int tensor of shape `(batch, length)`, in `[0, vocab_size)`; or of tokens
            one below another, `(tokens,)`.
        input_type_ids: int tensor of the same shape, in `[0, type_vocab_size)`.
        columns: int tensor of shape `(tokens,)`: the place of each token in its row. None for
            rows.
        training: bool. Whether dropout acts.

    Output shape:
        That of the ids, and `hidden_size`.

    Raises:
        ValueError: the static length is above `max_position_embeddings`.
    """

    def __init__(self, config, **kwargs):
        super().__init__(config, **kwargs)
        self.normalization = self.layer_norm()
        self.embedding_dropout = self.dropout(self.config.hidden_dropout_prob)
        self.projection = None
        if self.config.has_embedding_projection:
            self.projection = self.dense(self.config.hidden_size, "projection")

    def build(self, input_word_ids_shape=None, input_type_ids_shape=None):
        config = self.config
        self.word_embeddings = self._table("word_embeddings", config.vocab_size)
        self.position_embeddings = self._table(
            "position_embeddings", config.max_position_embeddings
        )
        self.type_embeddings = self._table("type_embeddings", config.type_vocab_size)
        self.normalization.build((None, None, config.embedding_size))
        if self.projection is not None:
            self.projection.build((None, None, config.embedding_size))
        self.built = True

    def _table(self, name, rows):
        return self.add_weight(
            name=name,
            shape=(rows, self.config.embedding_size),
            initializer=initializer(self.config),
        )

    def embed(self, input_word_ids, input_type_ids, columns=None, training=False):
        """Returns the normalized embeddings before the projection: `(..., embedding_size)`."""
        # ops.convert_to_tensor casts a variable to the compute type; indexing it would not.
        positions = ops.convert_to_tensor(self.position_embeddings)
        if columns is None:
            self.check_length(input_word_ids.shape[1])
            positions = positions[: ops.shape(input_word_ids)[1]]
        else:
            positions = ops.take(positions, columns, axis=0)
        x = ops.take(ops.convert_to_tensor(self.word_embeddings), input_word_ids, axis=0)
        x = x + positions
        x = x + ops.take(ops.convert_to_tensor(self.type_embeddings), input_type_ids, axis=0)
        return self.embedding_dropout(self.normalization(x), training=training)

    def check_length(self, length):
        """Raises a `ValueError` where rows of a static length have more tokens than positions."""
        longest = self.config.max_position_embeddings
        if length is not None and length > longest:
            raise ValueError(
                f"The sequence has {length} tokens; the model has `max_position_embeddings`="
                f"{longest}. Use a `sequence_length` of at most {longest}."
            )

    def call(self, input_word_ids, input_type_ids, columns=None, training=False):
        x = self.embed(input_word_ids, input_type_ids, columns, training=training)
        return x if self.projection is None else self.projection(x)

    def compute_output_shape(self, input_word_ids_shape, *_):
        return (*input_word_ids_shape, self.config.hidden_size)
