"""ALBERT that marks a span or says that there is none: the original's model of SQuAD 2.0."""

from typing import Any

import keras
from keras import ops

from tf_albert.layers.answer_heads import EndHead, NoAnswerHead
from tf_albert.layers.tokens import gather_positions
from tf_albert.modeling.encoder import INPUTS, EncoderLike, require_inputs
from tf_albert.modeling.span_labeler import NO_ANSWER_LOGIT
from tf_albert.modeling.task_model import TokenTaskModel
from tf_albert.types import Tensor

# Google's run_squad_v2.py, `start_n_top` and `end_n_top`.
BEAM_SIZE = 5


@keras.saving.register_keras_serializable("tf_albert")
class AlbertAnswerableSpanLabeler(TokenTaskModel):
    """The encoder with a start, an end that depends on the start, and a logit for no answer.

    In training the end depends on the start that is given; otherwise on each of the five likeliest
    starts. An answer stands in the second segment, without its last token, which is `[SEP]`; the
    first token of the row, `[CLS]`, stands for no answer.
    Source: Google's squad_utils.py, `create_v2_model`, and run_squad_v2.py for the dropout.

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        dropout: float in [0, 1). Dropout before the logit for no answer.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: dict of the encoder's inputs; for training `start_positions` besides, int of shape
            `(batch,)`, 0 where there is no answer.
        training: bool. Whether dropout acts.

    Output:
        A dict of float32 and int32. `no_answer_logits` of shape `(batch,)`; with `start_positions`
        among the inputs `start_logits` and `end_logits` of shape `(batch, length)`, and otherwise
        `start_top_log_probs` and `start_top_positions` of shape `(batch, 5)`, and for each of these
        starts `end_top_log_probs` and `end_top_positions` of shape `(batch, 5, 5)`.

    Raises:
        ValueError: an input is missing, or rows are shorter than five tokens.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> labeler = AlbertAnswerableSpanLabeler(AlbertEncoder(config))
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> outputs = labeler({"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids})
    >>> tuple(outputs["end_top_positions"].shape), tuple(outputs["no_answer_logits"].shape)
    ((2, 5, 5), (2,))
    """

    def __init__(self, encoder: EncoderLike, dropout: float = 0.1, **kwargs: Any) -> None:
        super().__init__(encoder, num_logits=1, dropout=dropout, **kwargs)
        self.end_head = self._part(EndHead, "end_head")
        self.no_answer_head = self._part(NoAnswerHead, "no_answer_head", dropout=dropout)

    def head_arguments(self) -> dict[str, Any]:
        return {"dropout": self.dropout.rate}

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        require_inputs(inputs, INPUTS)
        hidden = self.encoder.map_tokens(lambda x: x, inputs, fill=0.0, training=training)
        excluded = ops.where(_may_answer(inputs), 0.0, NO_ANSWER_LOGIT)
        start_logits = ops.cast(self.head(hidden)[..., 0], "float32") + excluded
        no_answer = self.no_answer_head(hidden, ops.softmax(start_logits), training=training)
        if "start_positions" in inputs:
            starts = gather_positions(hidden, inputs["start_positions"][:, None])
            end_logits = self.end_head(hidden, starts)[:, 0] + excluded
            answers = {"start_logits": start_logits, "end_logits": end_logits}
        else:
            answers = self._beam(hidden, start_logits, excluded)
        return answers | {"no_answer_logits": no_answer}

    def _beam(self, hidden: Tensor, start_logits: Tensor, excluded: Tensor) -> dict[str, Tensor]:
        length = hidden.shape[1]
        if length is not None and length < BEAM_SIZE:
            raise ValueError(
                f"Rows of {length} tokens are too short: the {BEAM_SIZE} likeliest starts are "
                "looked at. Pad the rows."
            )
        start_log_probs, starts = ops.top_k(ops.log_softmax(start_logits), BEAM_SIZE)
        end_logits = self.end_head(hidden, gather_positions(hidden, starts)) + excluded[:, None]
        end_log_probs, ends = ops.top_k(ops.log_softmax(end_logits), BEAM_SIZE)
        return {
            "start_top_log_probs": start_log_probs,
            "start_top_positions": ops.cast(starts, "int32"),
            "end_top_log_probs": end_log_probs,
            "end_top_positions": ops.cast(ends, "int32"),
        }


def _may_answer(inputs: dict[str, Tensor]) -> Tensor:
    """Returns where an answer may start or end: the second segment but for its last token."""
    mask = ops.cast(inputs["input_mask"], "bool")
    follows = ops.pad(mask[:, 1:], [[0, 0], [0, 1]])
    second = ops.cast(inputs["input_type_ids"], "bool")
    first = ops.arange(ops.shape(mask)[1]) == 0
    return ops.logical_or(ops.logical_and(second, ops.logical_and(mask, follows)), first)
