"""ALBERT with one dense layer on the pooled output: classes, or a number."""

import keras
from keras import ops

from tf_albert.modeling.encoder import as_encoder
from tf_albert.modeling.layers import initializer
from tf_albert.modeling.model import AlbertModel


@keras.saving.register_keras_serializable("tf_albert")
class AlbertClassifier(AlbertModel):
    """The encoder with a dropout and a dense layer on `pooled_output`.

    Source: Google's classifier_utils.py, `create_model`: dropout 0.1 whatever the encoder's.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        num_classes: int. Number of classes; 1 for regression.
        dropout: float in [0, 1). Dropout on the pooled output.
        **kwargs: as for every Keras model.

    Call arguments:
        inputs: dict of the encoder's inputs.
        training: bool. Whether dropout acts.

    Output shape:
        `(batch, num_classes)`, float32: logits of the classes, or the number itself.

    Raises:
        ValueError: `num_classes` below 1.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> classifier = AlbertClassifier(AlbertEncoder(config), num_classes=3)
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> inputs = {"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0}
    >>> tuple(classifier(inputs).shape)
    (2, 3)
    """

    def __init__(self, encoder, num_classes, dropout=0.1, **kwargs):
        if num_classes < 1:
            raise ValueError(f"`num_classes` must be at least 1. Received: {num_classes}.")
        encoder = as_encoder(encoder, kwargs.get("dtype"))
        super().__init__(encoder.config, **{"dtype": encoder.dtype_policy, **kwargs})
        self.encoder = encoder
        self.num_classes = num_classes
        self.dropout_rate = dropout
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="dropout")
        self.head = keras.layers.Dense(
            num_classes,
            kernel_initializer=initializer(self.config),
            dtype=self.dtype_policy,
            name="head",
        )
        self.head.build((None, self.config.hidden_size))
        self.built = True

    def head_arguments(self):
        return {"num_classes": self.num_classes, "dropout": self.dropout_rate}

    def call(self, inputs, training=False):
        pooled = self.encoder(inputs, training=training)["pooled_output"]
        return ops.cast(self.head(self.dropout(pooled, training=training)), "float32")
