"""ALBERT that chooses: one text for each choice, one logit for each text."""

from typing import Any, ClassVar

import keras
from keras import ops

from tf_albert.modeling.encoder import INPUTS, EncoderLike, require_inputs
from tf_albert.modeling.task_model import TaskModel
from tf_albert.types import Tensor


@keras.saving.register_keras_serializable("tf_albert")
class AlbertMultipleChoice(TaskModel):
    """The encoder with a dropout and a dense layer of one column on each choice's `pooled_output`.

    A choice's text is the passage, then the question with that choice as its second segment. No
    choice sees another: they meet in the softmax of the loss,
    `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`.
    Source: Google's race_utils.py, `create_model`; its run_race.py sets the dropout to 0.1.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        dropout: float in [0, 1). Dropout on the pooled output.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: dict of the encoder's inputs, each of shape `(batch, choices, length)`.
        training: bool. Whether dropout acts.

    Output shape:
        `(batch, choices)`, float32.

    Raises:
        ValueError: an input is missing, or has not three axes.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> model = AlbertMultipleChoice(AlbertEncoder(config))
    >>> ids = keras.ops.ones((2, 4, 7), "int32")
    >>> inputs = {"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0}
    >>> tuple(model(inputs).shape)
    (2, 4)
    """

    input_ranks: ClassVar[dict[str, int]] = dict.fromkeys(INPUTS, 3)

    def __init__(self, encoder: EncoderLike, dropout: float = 0.1, **kwargs: Any) -> None:
        super().__init__(encoder, num_logits=1, dropout=dropout, **kwargs)

    def head_arguments(self) -> dict[str, Any]:
        return {"dropout": self.dropout.rate}

    def default_loss(self) -> keras.losses.Loss:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self) -> list[Any]:
        return ["accuracy"]

    def rows_of(self, *segments: Tensor) -> dict[str, Tensor]:
        """Returns the inputs of questions: a dict of int32 tensors `(batch, choices, length)`.

        Args:
            *segments: three string tensors: passages and questions `(batch,)`, and options
                `(batch, choices)`.

        Raises:
            ValueError: the model has no preprocessor, or not three segments.
        """
        # Imported here: strings are TensorFlow's, which other backends do without.
        from tf_albert.text.choices import choice_inputs

        if len(segments) != 3:
            raise ValueError(
                f"{type(self).__name__} takes a tuple of passages, questions and options. "
                f"Received: {len(segments)} of them."
            )
        return choice_inputs(self._require_preprocessor(), *segments)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        require_inputs(inputs, INPUTS, ("batch", "choices", "length"))
        rows = {name: _rows_of_choices(inputs[name]) for name in INPUTS}
        pooled = self.encoder.pool(rows, training)
        batch, choices, _ = ops.shape(inputs["input_word_ids"])
        return ops.reshape(self.logits(pooled, training), (batch, choices))


def _rows_of_choices(tensor: Tensor) -> Tensor:
    """Returns the choices of all examples one below another: `(batch * choices, length)`."""
    return ops.reshape(tensor, (-1, ops.shape(tensor)[2]))
