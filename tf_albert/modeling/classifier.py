"""ALBERT with one dense layer on the pooled output: classes, or a number."""

from collections.abc import Sequence
from typing import Any

import keras

from tf_albert.modeling.encoder import EncoderLike
from tf_albert.modeling.task_model import TaskModel, require_classes
from tf_albert.types import Tensor

# Where any number of labels may hold, one does that is at least as likely as not.
HOLDS_FROM = 0.5


@keras.saving.register_keras_serializable("tf_albert")
class AlbertClassifier(TaskModel):
    """The encoder with a dropout and a dense layer on `pooled_output`.

    Source: Google's classifier_utils.py, `create_model`: dropout 0.1 whatever the encoder's.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        num_classes: int. Number of classes, or of labels that may hold at once; 1 for regression.
            None for as many as there are `labels`.
        dropout: float in [0, 1). Dropout on the pooled output.
        labels: list of str or None. The names of the classes, in the order of the logits. They are
            saved with the model, and `fit` takes them for numbers.
        multi_label: bool. Whether any number of labels may hold at once.
        **kwargs: what every Keras model takes (`name`, `dtype`, `trainable`), and `preprocessor`,
            an `AlbertPreprocessor`, by which `fit`, `evaluate` and `predict` take strings.

    Call arguments:
        inputs: dict of the encoder's inputs.
        training: bool. Whether dropout acts.

    Output shape:
        `(batch, num_classes)`, float32: logits, or for regression the number itself.

    Raises:
        ValueError: `num_classes` below 1, or not the number of `labels`; labels twice; a vocabulary
            of another size than the model's.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> classifier = AlbertClassifier(AlbertEncoder(config), num_classes=3)
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> inputs = {"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0}
    >>> tuple(classifier(inputs).shape)
    (2, 3)

    One class of three, targets of shape `(batch,)` in [0, 3):

    >>> classifier.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    Texts and the names of their classes, with a preprocessor::

        classifier = AlbertClassifier.from_pretrained("runs/tiny", labels=["bad", "good"])
        classifier.compile("adam")
        classifier.fit(["a fine film", "a dull one"], ["good", "bad"])
        classifier.predict(["a fine film"])                        # logits, (1, 2)

    Any of three labels at once, targets of 0 and 1 of shape `(batch, 3)`; `keras.ops.sigmoid` of
    the logits gives each label's probability:

    >>> classifier.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))

    A number, targets of shape `(batch,)`:

    >>> regressor = AlbertClassifier(AlbertEncoder(config), num_classes=1)
    >>> regressor.compile("adam", keras.losses.MeanSquaredError())
    """

    def __init__(
        self,
        encoder: EncoderLike,
        num_classes: int | None = None,
        dropout: float = 0.1,
        labels: Sequence[str] | None = None,
        multi_label: bool = False,
        **kwargs: Any,
    ) -> None:
        num_classes = require_classes(num_classes, labels)
        super().__init__(encoder, num_classes, dropout, **kwargs)
        self.num_classes = num_classes
        self.labels = None if labels is None else list(labels)
        self.multi_label = multi_label

    def head_arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {"num_classes": self.num_classes, "dropout": self.dropout.rate}
        if self.labels is not None:
            arguments["labels"] = list(self.labels)
        return arguments | ({"multi_label": True} if self.multi_label else {})

    def default_loss(self) -> keras.losses.Loss:
        if self.multi_label:
            return keras.losses.BinaryCrossentropy(from_logits=True)
        if self.num_classes == 1:
            return keras.losses.MeanSquaredError()
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self) -> list[Any]:
        if self.multi_label:
            return [keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)]  # of logits
        return [] if self.num_classes == 1 else ["accuracy"]

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        return self.logits(self.encoder.pool(inputs, training), training)
