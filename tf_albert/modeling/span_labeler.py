"""ALBERT that marks a span: where the answer to a question starts and ends."""

from typing import Any

import keras

from tf_albert.modeling.encoder import EncoderLike
from tf_albert.modeling.task_model import TokenTaskModel
from tf_albert.types import Tensor

NO_ANSWER_LOGIT = -1e30


@keras.saving.register_keras_serializable("tf_albert")
class AlbertSpanLabeler(TokenTaskModel):
    """The encoder with a dense layer of two columns, start and end, on `sequence_output`.

    Padding has the logit -1e30, so that no softmax gives it anything. The question has logits as
    every token has: who reads an answer off them leaves it out. A loss on each output and
    `loss_weights` of 0.5 give Google's loss.
    Source: Google's squad_utils.py, `create_v1_model`: no dropout before the dense layer; the
    number for padding is that of its `create_v2_model`.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: dict of the encoder's inputs.
        training: bool. Whether dropout acts in the encoder.

    Output:
        A dict: `start_logits` and `end_logits`, both float32, `(batch, length)`.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> labeler = AlbertSpanLabeler(AlbertEncoder(config))
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> outputs = labeler({"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0})
    >>> tuple(outputs["start_logits"].shape), tuple(outputs["end_logits"].shape)
    ((2, 7), (2, 7))
    """

    def __init__(self, encoder: EncoderLike, **kwargs: Any) -> None:
        super().__init__(encoder, num_logits=2, dropout=0.0, **kwargs)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        logits = self.token_logits(inputs, training, fill=NO_ANSWER_LOGIT)
        return {"start_logits": logits[..., 0], "end_logits": logits[..., 1]}
