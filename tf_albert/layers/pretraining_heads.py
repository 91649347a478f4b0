"""What stands on the encoder in pretraining: the tied MLM head and the SOP head."""

from typing import Any

import keras
from keras import ops

from tf_albert.layers.embedding import FactorizedEmbedding
from tf_albert.layers.parts import ACTIVATIONS, HeadLayer, check_activation
from tf_albert.layers.tokens import gather_positions
from tf_albert.types import Shape, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class MaskedLMHead(HeadLayer):
    """Logits over the vocabulary, from the embedding's own table of words.

    The table is a weight of both layers, and one weight in a model that has both, also in its
    `.keras` file. `keras.models.clone_model` copies the layers one at a time and so unties them.
    Source: Google's run_pretraining.py, `get_masked_lm_output`.

    Args:
        token_embedding: `FactorizedEmbedding`. The layer whose word embeddings are the output's.
        hidden_act: str. `"gelu"` and `"gelu_new"` are the tanh form that Google's code uses under
            the name `"gelu"`; `"gelu_erf"` is the exact form; `"relu"`; `"tanh"`.
        layer_norm_epsilon: float. Added to the variance in the layer normalization.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.
        masked_lm_positions: int tensor of shape `(batch, predictions)`, in `[0, length)`: the
            places to predict. None for all places.

    Output shape:
        `(batch, predictions, vocab_size)`, float32; without positions, `(batch, length,
        vocab_size)`.

    Raises:
        ValueError: `token_embedding` is another layer, or an unknown activation.

    Example:

    >>> embedding = FactorizedEmbedding(vocab_size=50, embedding_size=6, hidden_size=8)
    >>> hidden = embedding(keras.ops.ones((2, 7), "int32"))
    >>> logits = MaskedLMHead(embedding)(hidden, keras.ops.array([[0, 2, 6], [1, 3, 3]]))
    >>> tuple(logits.shape)
    (2, 3, 50)
    """

    def __init__(
        self,
        token_embedding: FactorizedEmbedding,
        hidden_act: str = "gelu",
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(token_embedding, FactorizedEmbedding):
            raise ValueError(
                "`token_embedding` must be the `FactorizedEmbedding` whose table the head takes. "
                f"Received: {token_embedding!r}."
            )
        check_activation(hidden_act)
        self.token_embedding = token_embedding
        self.hidden_act = hidden_act
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self.transform = self._dense(token_embedding.embedding_size, "transform")
        self.normalization = self._layer_norm()

    def build(
        self, hidden_shape: Shape | None = None, masked_lm_positions_shape: Shape | None = None
    ) -> None:
        if not self.token_embedding.built:
            self.token_embedding.build()
        self.transform.build((None, self.token_embedding.hidden_size))
        self.normalization.build((None, self.token_embedding.embedding_size))
        self.output_bias = self.add_weight(
            name="output_bias",
            shape=(self.token_embedding.vocab_size,),
            initializer="zeros",
            autocast=False,  # added to float32 logits
        )
        self.built = True

    def call(self, hidden: Tensor, masked_lm_positions: Tensor | None = None) -> Tensor:
        if masked_lm_positions is not None:
            hidden = gather_positions(hidden, masked_lm_positions)
        hidden = self.normalization(ACTIVATIONS[self.hidden_act](self.transform(hidden)))
        table = ops.convert_to_tensor(self.token_embedding.word_embeddings)
        logits = ops.matmul(hidden, ops.transpose(ops.cast(table, hidden.dtype)))
        return ops.cast(logits, "float32") + self.output_bias

    def compute_output_shape(
        self, hidden_shape: Shape, masked_lm_positions_shape: Shape | None = None
    ) -> tuple:
        places = masked_lm_positions_shape or hidden_shape[:-1]
        return (*places, self.token_embedding.vocab_size)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "token_embedding": keras.saving.serialize_keras_object(self.token_embedding),
            "hidden_act": self.hidden_act,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MaskedLMHead":
        # In a file, Keras knows the embedding of the model again and gives that one.
        embedding = keras.saving.deserialize_keras_object(config["token_embedding"])
        return super().from_config(config | {"token_embedding": embedding})


@keras.saving.register_keras_serializable("tf_albert")
class SentenceOrderHead(HeadLayer):
    """The two logits of sentence order, "in order" and "swapped".

    The first token of each row goes through the pooler, a dense layer with tanh, as in Google's
    modeling.py, and the pooled output through another dense layer, as in its run_pretraining.py,
    `get_sentence_order_output`.

    Args:
        hidden_size: int. Width of the input and of the pooled output.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.

    Call arguments:
        hidden: float tensor of shape `(batch, length, hidden_size)`.

    Output shape:
        `(batch, 2)`, float32; class 1 is "swapped".

    Raises:
        ValueError: a size below 1.

    Example:

    >>> tuple(SentenceOrderHead(hidden_size=8)(keras.ops.ones((3, 7, 8))).shape)
    (3, 2)
    """

    def __init__(self, hidden_size: int, initializer_range: float = 0.02, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.initializer_range = initializer_range
        self._check_counts("hidden_size")
        self.pooler = self._dense(hidden_size, "pooler")
        self.output_layer = self._dense(2, "output")

    def build(self, hidden_shape: Shape | None = None) -> None:
        for part in (self.pooler, self.output_layer):
            part.build((None, self.hidden_size))
        self.built = True

    def call(self, hidden: Tensor) -> Tensor:
        pooled = ops.tanh(self.pooler(hidden[:, 0]))
        return ops.cast(self.output_layer(pooled), "float32")

    def compute_output_shape(self, hidden_shape: Shape) -> tuple:
        return (hidden_shape[0], 2)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "initializer_range": self.initializer_range,
        }
