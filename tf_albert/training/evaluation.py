"""How good a pretrained model is on documents that it never saw."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tf_albert.training.objectives import HiddenWordObjective
from tf_albert.training.step import make_evaluation
from tf_albert.training.strategy import distribute
from tf_albert.training.word_frequencies import unigram_losses

if TYPE_CHECKING:
    import tensorflow as tf

    from tf_albert.data.batches import PretrainingBatches
    from tf_albert.modeling.pretrainer import AlbertPretrainer

# Masks and pairs of every evaluation are drawn from this, so that runs can be compared.
EVALUATION_SEED = 0


class PretrainingEvaluation:
    """The losses and accuracies on held-out documents, with one fixed set of masks.

    Args:
        batches: `PretrainingBatches` of the held-out corpus.
        train_unigram: int array `(vocab_size,)`. How often each id occurs in the training corpus.
    """

    def __init__(self, batches: "PretrainingBatches", train_unigram: np.ndarray) -> None:
        self.batches = batches
        self.train_unigram = train_unigram
        self._model: AlbertPretrainer | None = None
        self._evaluate: Callable[..., dict[str, float]] | None = None

    def __call__(
        self, model: "AlbertPretrainer", strategy: "tf.distribute.Strategy"
    ) -> dict[str, float]:
        """Evaluates a model.

        Args:
            model: `AlbertPretrainer`.
            strategy: `tf.distribute.Strategy`.

        Returns:
            dict of str to float: `mlm_loss` (nats a masked token), `mlm_accuracy`, `sop_loss`,
            `sop_accuracy` with its 95 % interval `sop_low` and `sop_high`, `unigram_loss` (what
            guessing by word frequency scores on the same masked tokens), `hidden_loss` and
            `hidden_unigram_loss` (both of those alone that `[MASK]` hides), and how many masked
            tokens and pairs were counted.
        """
        # Checkpoint after checkpoint it is the same model: tracing it anew would take seconds.
        if self._evaluate is None or model is not self._model:
            objective = HiddenWordObjective(self.batches.mask_id)
            self._model = model
            self._evaluate = make_evaluation(model, objective, strategy)
        steps = self.batches.steps_per_epoch
        metrics = self._evaluate(distribute(strategy, self.batches, 0, steps))
        num_pairs = int(metrics.pop("num_sop_loss"))
        metrics.pop("num_hidden_loss")
        low, high = wilson_interval(round(metrics["sop_accuracy"] * num_pairs), num_pairs)
        return metrics | {
            **self._unigram_losses,
            "sop_low": low,
            "sop_high": high,
            "num_masked_tokens": metrics.pop("num_mlm_loss"),
            "num_pairs": num_pairs,
        }

    @functools.cached_property
    def _unigram_losses(self) -> dict[str, float]:
        return unigram_losses(self.batches, self.batches.steps_per_epoch, self.train_unigram)


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share: (low, high).

    Args:
        hits: int. How many were right.
        count: int. Out of how many, at least 1.

    >>> low, high = wilson_interval(50, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    interval = stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
