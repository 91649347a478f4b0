"""ALBERT that chooses: one text for each choice, one logit for each text."""

from typing import Any

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

    def __init__(self, encoder: EncoderLike, dropout: float = 0.1, **kwargs: Any) -> None:
        super().__init__(encoder, num_logits=1, dropout=dropout, **kwargs)

    def head_arguments(self) -> dict[str, Any]:
        return {"dropout": self.dropout.rate}

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        require_inputs(inputs, INPUTS)
        rows = {name: _rows_of_choices(name, inputs[name]) for name in INPUTS}
        pooled = self.encoder.pool(rows, training)
        batch, choices, _ = ops.shape(inputs["input_word_ids"])
        return ops.reshape(self.logits(pooled, training), (batch, choices))


def _rows_of_choices(name: str, tensor: Tensor) -> Tensor:
    """Returns the choices of all examples one below another: `(batch * choices, length)`."""
    if len(tensor.shape) != 3:
        raise ValueError(
            f"`{name}` must be of shape (batch, choices, length). Received: {tuple(tensor.shape)}. "
            "Stack the texts of an example's choices on axis 1."
        )
    return ops.reshape(tensor, (-1, ops.shape(tensor)[2]))
