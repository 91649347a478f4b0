"""ALBERT with one dense layer on every token: names in a text, parts of speech."""

from collections.abc import Sequence
from typing import Any

import keras

from tf_albert.modeling.encoder import EncoderLike
from tf_albert.modeling.task_model import TokenTaskModel, require_classes
from tf_albert.types import Tensor


@keras.saving.register_keras_serializable("tf_albert")
class AlbertTokenClassifier(TokenTaskModel):
    """The encoder with a dropout and a dense layer on `sequence_output`.

    Padding has logits of 0: give `fit` the `input_mask` as `sample_weight`.
    Source: the BERT paper (https://arxiv.org/abs/1810.04805), figure 4d; Google's ALBERT code has
    no such model, so the dropout is that of its classifier.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        num_classes: int. Number of classes of a token; None for as many as there are `labels`.
        dropout: float in [0, 1). Dropout on the sequence output.
        labels: list of str or None. The names of the classes, in the order of the logits, such as
            `["O", "B-PER", "I-PER"]`. They are saved with the model.
        **kwargs: what every Keras model takes (`name`, `dtype`, `trainable`), and `preprocessor`,
            an `AlbertPreprocessor`, by which `predict` takes strings.

    Call arguments:
        inputs: dict of the encoder's inputs.
        training: bool. Whether dropout acts.

    Output shape:
        `(batch, length, num_classes)`, float32.

    Raises:
        ValueError: `num_classes` below 1, or not the number of `labels`; labels twice.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> classifier = AlbertTokenClassifier(AlbertEncoder(config), num_classes=3)
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> inputs = {"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0}
    >>> tuple(classifier(inputs).shape)
    (2, 7, 3)
    """

    def __init__(
        self,
        encoder: EncoderLike,
        num_classes: int | None = None,
        dropout: float = 0.1,
        labels: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        num_classes = require_classes(num_classes, labels)
        super().__init__(encoder, num_classes, dropout, **kwargs)
        self.num_classes = num_classes
        self.labels = None if labels is None else list(labels)

    def head_arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {"num_classes": self.num_classes, "dropout": self.dropout.rate}
        return arguments if self.labels is None else arguments | {"labels": list(self.labels)}

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        return self.token_logits(inputs, training, fill=0.0)
