"""The factorized embedding: V x E instead of V x H."""

from typing import Any

import keras
from keras import ops

from tf_albert.layers.parts import PartsLayer, initializer
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class FactorizedEmbedding(PartsLayer):
    """Word, position and type embeddings of width E, normalized, then projected to width H.

    The projection is left out where E equals H, as in Google's code.
    Paper: https://arxiv.org/abs/1909.11942, section 3.1, "Factorized embedding parameterization".

    Args:
        vocab_size: int. Number of pieces in the vocabulary.
        embedding_size: int. Width of the three tables, E.
        hidden_size: int. Width of the output, H.
        max_position_embeddings: int. Longest sequence, in tokens.
        type_vocab_size: int. Number of segment types.
        hidden_dropout_prob: float in [0, 1). Dropout on the normalized sum.
        layer_norm_epsilon: float. Added to the variance in the layer normalization.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        input_word_ids: int tensor of shape `(batch, length)`, in `[0, vocab_size)`; or of tokens
            one below another, `(tokens,)`, with `columns`.
        input_type_ids: int tensor of the same shape, in `[0, type_vocab_size)`. None for zeros.
        columns: int tensor of shape `(tokens,)`: the place of each token in its row. None for
            rows.
        training: bool. Whether dropout acts.

    Output shape:
        That of the ids, and `hidden_size`.

    Raises:
        ValueError: a size below 1, or a static length above `max_position_embeddings`.

    Example:

    >>> embedding = FactorizedEmbedding(vocab_size=50, embedding_size=6, hidden_size=8)
    >>> tuple(embedding(keras.ops.ones((2, 7), "int32")).shape)
    (2, 7, 8)
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        hidden_size: int,
        max_position_embeddings: int = 512,
        type_vocab_size: int = 2,
        hidden_dropout_prob: float = 0.0,
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.hidden_dropout_prob = hidden_dropout_prob
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self._check_counts("vocab_size", "embedding_size", "hidden_size")
        self._check_counts("max_position_embeddings", "type_vocab_size")
        self.normalization = self._layer_norm()
        self.embedding_dropout = self._dropout(hidden_dropout_prob)
        self.projection = None
        if embedding_size != hidden_size:
            self.projection = self._dense(hidden_size, "projection")

    def build(
        self, input_word_ids_shape: Shape | None = None, input_type_ids_shape: Shape | None = None
    ) -> None:
        self.word_embeddings = self._table("word_embeddings", self.vocab_size)
        self.position_embeddings = self._table("position_embeddings", self.max_position_embeddings)
        self.type_embeddings = self._table("type_embeddings", self.type_vocab_size)
        self.normalization.build((None, None, self.embedding_size))
        if self.projection is not None:
            self.projection.build((None, None, self.embedding_size))
        self.built = True

    def _table(self, name: str, rows: int) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(rows, self.embedding_size),
            initializer=initializer(self.initializer_range),
        )

    def embed(
        self,
        input_word_ids: Tensor,
        input_type_ids: Tensor | None = None,
        columns: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Returns the normalized embeddings before the projection.

        Args:
            input_word_ids: int tensor of shape `(batch, length)`, or `(tokens,)` with `columns`.
            input_type_ids: int tensor of the same shape. None for zeros.
            columns: int tensor of shape `(tokens,)`: the place of each token in its row.
            training: bool. Whether dropout acts.

        Returns:
            tensor of the shape of the ids, and `embedding_size`.

        Raises:
            ValueError: a static length above `max_position_embeddings`.
        """
        # ops.convert_to_tensor casts a variable to the compute type; indexing it would not.
        positions = ops.convert_to_tensor(self.position_embeddings)
        if columns is None:
            self.check_length(input_word_ids.shape[1])
            positions = positions[: ops.shape(input_word_ids)[1]]
        else:
            positions = ops.take(positions, columns, axis=0)
        types = ops.convert_to_tensor(self.type_embeddings)
        x = ops.take(ops.convert_to_tensor(self.word_embeddings), input_word_ids, axis=0)
        x = x + positions
        x = x + (types[0] if input_type_ids is None else ops.take(types, input_type_ids, axis=0))
        return self.embedding_dropout(self.normalization(x), training=training)

    def check_length(self, length: int | None) -> None:
        """Raises a `ValueError` where rows of a static length have more tokens than positions.

        Args:
            length: int. Tokens a row, or None where that is not known yet.
        """
        longest = self.max_position_embeddings
        if length is not None and length > longest:
            raise ValueError(
                f"The sequence has {length} tokens; the model has `max_position_embeddings`="
                f"{longest}. Use a `sequence_length` of at most {longest}."
            )

    def call(
        self,
        input_word_ids: Tensor,
        input_type_ids: Tensor | None = None,
        columns: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        x = self.embed(input_word_ids, input_type_ids, columns, training=training)
        return x if self.projection is None else self.projection(x)

    def compute_output_shape(
        self,
        input_word_ids_shape: Shape,
        input_type_ids_shape: Shape | None = None,
        columns_shape: Shape | None = None,
    ) -> tuple:
        return (*input_word_ids_shape, self.hidden_size)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "vocab_size": self.vocab_size,
            "embedding_size": self.embedding_size,
            "hidden_size": self.hidden_size,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }
