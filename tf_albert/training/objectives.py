"""What is minimized, as sums and totals, so that a split batch gives the whole batch's loss.

A mean of means over replicas or micro-batches is wrong where each has another number of masked
tokens. So an objective gives the sum of each loss over some rows and, separately, what the whole
batch divides it by.
"""

from typing import ClassVar, Protocol

import numpy as np
import tensorflow as tf

from tf_albert.types import Tensor

# Added to the number of masked tokens (Google's run_pretraining.py, `get_masked_lm_output`).
MASKED_EPSILON = 1e-5


class Objective(Protocol):
    """What training asks of an objective; each class below is one.

    Args:
        losses: tuple of str. The sums that are minimized, together.
        divided_by: dict of str to str. For each metric the loss whose divisor it has.
    """

    losses: ClassVar[tuple[str, ...]]
    divided_by: ClassVar[dict[str, str]]

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what each loss is divided by, over some rows: dict of name to float32 scalar.

        Args:
            batch: dict of tensors, the rows with their labels.
        """

    def divisors(self, totals: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the whole batch's divisors from its totals.

        Args:
            totals: dict of float32 scalars, summed over all parts of the batch.
        """

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of each loss and metric over some rows: dict of float32 scalars.

        Args:
            outputs: what the model gives for the rows, a tensor or a dict of tensors.
            batch: dict of tensors, the rows with their labels.
        """


class PretrainingObjective:
    """The masked-language-model loss plus the sentence-order loss."""

    losses: ClassVar[tuple[str, ...]] = ("mlm_loss", "sop_loss")
    # A metric that is no loss is divided by the total of one.
    divided_by: ClassVar[dict[str, str]] = {"mlm_accuracy": "mlm_loss", "sop_accuracy": "sop_loss"}

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what each loss is divided by, over some rows: dict of name to float32 scalar."""
        return {
            "mlm_loss": tf.reduce_sum(batch["masked_lm_weights"]),
            "sop_loss": tf.cast(tf.shape(batch["sentence_order_labels"])[0], tf.float32),
        }

    def divisors(self, totals: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the whole batch's divisors from its totals."""
        return totals | {"mlm_loss": totals["mlm_loss"] + MASKED_EPSILON}

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of each loss and metric over some rows: dict of float32 scalars."""
        mlm = tf.nn.sparse_softmax_cross_entropy_with_logits(
            batch["masked_lm_ids"], outputs["mlm_logits"]
        )
        sop = tf.nn.sparse_softmax_cross_entropy_with_logits(
            batch["sentence_order_labels"], outputs["sop_logits"]
        )
        mlm_hits = _hits(outputs["mlm_logits"], batch["masked_lm_ids"])
        sop_hits = _hits(outputs["sop_logits"], batch["sentence_order_labels"])
        return {
            **self._masked_sums(mlm, batch),
            "sop_loss": tf.reduce_sum(sop),
            "mlm_accuracy": tf.reduce_sum(mlm_hits * batch["masked_lm_weights"]),
            "sop_accuracy": tf.reduce_sum(sop_hits),
        }

    def _masked_sums(self, losses: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sums of the losses of the masked tokens, `(rows, predictions)`."""
        return {"mlm_loss": tf.reduce_sum(losses * batch["masked_lm_weights"])}


class HiddenWordObjective(PretrainingObjective):
    """Both losses of pretraining, and the first for those tokens alone that `[MASK]` hides.

    Of the masked tokens a tenth stays as it is. To copy those takes no context, and lowers the loss
    by about half a nat; so a model that reads no context at all looks like one that does.

    Args:
        mask_id: int. The id of `[MASK]`.
    """

    def __init__(self, mask_id: int) -> None:
        self.mask_id = mask_id

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what each loss is divided by, over some rows, that of hidden tokens included."""
        return super().totals(batch) | {"hidden_loss": tf.reduce_sum(self._hidden(batch))}

    def _masked_sums(self, losses: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        hidden = tf.reduce_sum(losses * self._hidden(batch))
        return super()._masked_sums(losses, batch) | {"hidden_loss": hidden}

    def _hidden(self, batch: dict[str, Tensor]) -> Tensor:
        ids = tf.gather(batch["input_word_ids"], batch["masked_lm_positions"], batch_dims=1)
        return tf.cast(ids == self.mask_id, tf.float32) * batch["masked_lm_weights"]


class ClassificationObjective:
    """Cross-entropy over classes.

    Args:
        class_weights: float array `(classes,)`, or None for ones. What the loss of a label counts
            for. What it is divided by stays the number of labels, as with Keras's `class_weight`.
        label_smoothing: float in [0, 1). Share of a label that goes to all classes alike.
    """

    losses: ClassVar[tuple[str, ...]] = ("loss",)
    divided_by: ClassVar[dict[str, str]] = {"accuracy": "loss"}

    def __init__(
        self, class_weights: np.ndarray | None = None, label_smoothing: float = 0.0
    ) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what the loss is divided by, over some rows."""
        return {"loss": tf.cast(tf.shape(batch["labels"])[0], tf.float32)}

    def divisors(self, totals: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the whole batch's divisors from its totals."""
        return totals

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of the loss and the number of hits over some rows."""
        return {
            "loss": tf.reduce_sum(self._losses(outputs, batch["labels"])),
            "accuracy": tf.reduce_sum(_hits(outputs, batch["labels"])),
        }

    def _losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Returns the loss of each label, for logits `(..., classes)` and labels `(...)`."""
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        if self.label_smoothing:
            of_all = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
            losses = (1.0 - self.label_smoothing) * losses + self.label_smoothing * of_all
        if self.class_weights is not None:
            losses *= tf.gather(tf.constant(self.class_weights, tf.float32), labels)
        return losses


class RegressionObjective(ClassificationObjective):
    """Mean squared error."""

    divided_by: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        super().__init__()

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of squared errors over some rows."""
        return {"loss": tf.reduce_sum(tf.square(outputs[:, 0] - batch["labels"]))}


class MultiLabelObjective(ClassificationObjective):
    """The mean over the labels of whether each holds, in cross-entropy.

    Args:
        class_weights: float array `(2, labels)`, or None for ones. What the loss of each label
            counts for, first where it does not hold, then where it does.
        label_smoothing: float in [0, 1). Share of whether a label holds that is a half instead.
    """

    divided_by: ClassVar[dict[str, str]] = {"exact_match": "loss"}

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of the loss and the number of rows of which every label is right."""
        labels = batch["labels"]
        losses = self._losses(outputs, labels)
        right = tf.reduce_all((outputs >= 0.0) == (labels == 1.0), axis=1)
        return {
            "loss": tf.reduce_sum(tf.reduce_mean(losses, axis=1)),
            "exact_match": tf.reduce_sum(tf.cast(right, tf.float32)),
        }

    def _losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Returns the loss of each label, for logits and labels `(rows, labels)`."""
        smooth = (1.0 - self.label_smoothing) * labels + self.label_smoothing / 2.0
        losses = tf.nn.sigmoid_cross_entropy_with_logits(smooth, logits)
        if self.class_weights is not None:
            absent, held = tf.constant(self.class_weights, tf.float32)
            losses *= tf.where(labels == 1.0, held, absent)
        return losses


class SpanObjective(ClassificationObjective):
    """The mean of the cross-entropies of where an answer starts and where it ends.

    Source: Google's squad_utils.py, `v1_model_fn_builder`.
    """

    divided_by: ClassVar[dict[str, str]] = {"exact": "loss"}

    def __init__(self) -> None:
        super().__init__()

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what the loss is divided by, over some rows."""
        return {"loss": tf.cast(tf.shape(batch["start_positions"])[0], tf.float32)}

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of the loss and the number of spans that are right at both ends."""
        losses, hits = [], []
        for side in ("start", "end"):
            logits, places = outputs[f"{side}_logits"], batch[f"{side}_positions"]
            losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(places, logits))
            hits.append(_hits(logits, places))
        return {
            "loss": tf.reduce_sum(tf.add_n(losses)) / 2.0,
            "exact": tf.reduce_sum(hits[0] * hits[1]),
        }


class AnswerableSpanObjective(SpanObjective):
    """The loss of an answer's start and end, and half that of whether there is an answer at all.

    Source: Google's squad_utils.py, `v2_model_fn_builder`. A window without an answer marks its
    first token as start and end.
    """

    divided_by: ClassVar[dict[str, str]] = {"exact": "loss", "answerability": "loss"}

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of the loss, and how many spans and how many decisions are right."""
        logits, has_none = outputs["no_answer_logits"], batch["start_positions"] == 0
        losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(has_none, tf.float32), logits)
        sums = super().sums(outputs, batch)
        return sums | {
            "loss": sums["loss"] + tf.reduce_sum(losses) / 2.0,
            "answerability": tf.reduce_sum(tf.cast((logits > 0.0) == has_none, tf.float32)),
        }


class TokenObjective(ClassificationObjective):
    """Cross-entropy over the classes of the tokens that count.

    Args:
        class_weights: float array `(classes,)`, or None for ones. What the loss of a token with a
            label counts for.
        label_smoothing: float in [0, 1). Share of a label that goes to all classes alike.
    """

    def totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns what the loss is divided by, over some rows."""
        return {"loss": tf.reduce_sum(batch["label_weights"])}

    def divisors(self, totals: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the whole batch's divisors; of words without a piece no token may count."""
        return {"loss": tf.maximum(totals["loss"], 1.0)}

    def sums(self, outputs: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the sum of the loss and the number of hits over some rows."""
        losses = self._losses(outputs, batch["labels"])
        hits = _hits(outputs, batch["labels"])
        return {
            "loss": tf.reduce_sum(losses * batch["label_weights"]),
            "accuracy": tf.reduce_sum(hits * batch["label_weights"]),
        }


def _hits(logits: Tensor, labels: Tensor) -> Tensor:
    return tf.cast(tf.argmax(logits, axis=-1, output_type=labels.dtype) == labels, tf.float32)
