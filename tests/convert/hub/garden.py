"""An encoder in the layout of TensorFlow's Model Garden, in plain tf_keras.

The Model Garden itself does not install beside this package. Layers, names, shapes and the order of
computation are those of its networks/albert_encoder.py and layers/transformer_encoder_block.py.
"""

import tensorflow as tf
import tf_keras
from tf_keras import layers


class Embedding(layers.Layer):
    """`OnDeviceEmbedding`."""

    def __init__(self, rows, width, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.width = rows, width

    def build(self, shape):
        self.embeddings = self.add_weight("embeddings", (self.rows, self.width))
        super().build(shape)

    def call(self, ids):
        return tf.gather(self.embeddings, ids)


class PositionEmbedding(Embedding):
    """`PositionEmbedding`."""

    def call(self, embedded):
        return tf.broadcast_to(self.embeddings[: tf.shape(embedded)[1]], tf.shape(embedded))


class TransformerEncoderBlock(layers.Layer):
    """`TransformerEncoderBlock`, whose normalization follows the residual."""

    def __init__(self, config, activation, **kwargs):
        super().__init__(**kwargs)
        self.config, self.activation = config, activation

    def build(self, shape):
        config, hidden = self.config, self.config.hidden_size
        heads = config.num_attention_heads
        self.attention = layers.MultiHeadAttention(heads, hidden // heads, name="self_attention")
        self.attention_norm = layers.LayerNormalization(
            epsilon=1e-12, name="self_attention_layer_norm"
        )
        self.intermediate = layers.EinsumDense(
            "abc,cd->abd", (None, config.intermediate_size), bias_axes="d", name="intermediate"
        )
        self.dense = layers.EinsumDense("abc,cd->abd", (None, hidden), bias_axes="d", name="output")
        self.output_norm = layers.LayerNormalization(epsilon=1e-12, name="output_layer_norm")
        super().build(shape)

    def call(self, inputs):
        hidden, mask = inputs
        attended = self.attention(query=hidden, value=hidden, attention_mask=mask)
        hidden = self.attention_norm(hidden + attended)
        inner = self.activation(self.intermediate(hidden))
        return self.output_norm(hidden + self.dense(inner))


def encoder(config, activation, scopes=None, left_out=()):
    """Returns the model that the Model Garden exports, its weights random.

    Args:
        config: `AlbertConfig`.
        activation: function of a tensor.
        scopes: list of str, or None. The layers' names; BERT's have weights and a name each.
        left_out: names of outputs that the model does not give.
    """
    inputs = {
        name: layers.Input((None,), dtype=tf.int32, name=name)
        for name in ("input_word_ids", "input_mask", "input_type_ids")
    }
    width = config.embedding_size
    words = Embedding(config.vocab_size, width, name="word_embeddings")(inputs["input_word_ids"])
    positions = PositionEmbedding(config.max_position_embeddings, width, name="position_embedding")(
        words
    )
    types = Embedding(config.type_vocab_size, width, name="type_embeddings")(
        inputs["input_type_ids"]
    )
    data = layers.Add()([words, positions, types])
    data = layers.LayerNormalization(epsilon=1e-12, name="embeddings/layer_norm")(data)
    if width != config.hidden_size:
        data = layers.EinsumDense(
            "...x,xy->...y", config.hidden_size, bias_axes="y", name="embedding_projection"
        )(data)
    mask = layers.Lambda(lambda x: tf.cast(x[:, None, :], tf.float32))(inputs["input_mask"])
    scopes = scopes or ["transformer"] * config.num_hidden_layers
    blocks = {scope: TransformerEncoderBlock(config, activation, name=scope) for scope in scopes}
    encoder_outputs = []
    for scope in scopes:
        data = blocks[scope]([data, mask])
        encoder_outputs.append(data)
    pooled = layers.Dense(config.hidden_size, activation="tanh", name="pooler_transform")(
        data[:, 0, :]
    )
    outputs = {
        "sequence_output": data,
        "encoder_outputs": encoder_outputs,
        "pooled_output": pooled,
        "default": pooled,
    }
    given = {name: value for name, value in outputs.items() if name not in left_out}
    model = tf_keras.Model(inputs, given)
    generator = tf.random.Generator.from_seed(4)
    for weight in model.weights:
        weight.assign(generator.normal(weight.shape, stddev=0.2))
    return model
