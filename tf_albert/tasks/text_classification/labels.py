"""The three kinds of labels of a text: one class, a number, any of several labels at once."""

import abc
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.tasks.class_weights import weights_of_classes, weights_of_label_sets
from tf_albert.tasks.metrics import (
    classification_metrics,
    multi_label_metrics,
    regression_metrics,
)
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.text_classification.label_cells import CLASS, LABEL_SET, NUMBER, same
from tf_albert.tasks.text_classification.table import Examples
from tf_albert.training.objectives import (
    ClassificationObjective,
    MultiLabelObjective,
    Objective,
    RegressionObjective,
)
from tf_albert.types import StrPath


class LabelKind(abc.ABC):
    """What the labels of texts are: how they are trained, scored and written.

    Attributes:
        labels: list of str, in the order of the logits; empty for numbers.
        label_kind: `CLASS`, `NUMBER` or `LABEL_SET`: what stands in a table's column.
        metric: str. The metric that the best checkpoint and the best seed are chosen by.
        objective: what a run minimizes.
    """

    labels: list[str]
    label_kind: str
    metric: str
    objective: Objective

    def objective_of(self, settings: TaskSettings, targets: np.ndarray) -> Objective:
        """Returns the objective with the weights and the smoothing that a recipe asks for.

        Args:
            settings: `TaskSettings`. The recipe.
            targets: array `(examples, ...)`, what `targets` gave for the examples to train on.

        Raises:
            ValueError: the weight of a label that there is not.
        """
        del settings, targets
        return self.objective

    @abc.abstractmethod
    def targets(self, examples: Examples, where: StrPath) -> np.ndarray:
        """Returns what a loss and the metrics compare outputs with, `(examples, ...)`.

        Args:
            examples: `Examples` with labels.
            where: str or path. What they come from, for a message.

        Raises:
            ValueError: a label that is none of those known.
        """

    @abc.abstractmethod
    def outputs(self, logits: np.ndarray) -> np.ndarray:
        """Returns what logits `(examples, logits)` say: probabilities of their shape, or numbers
        `(examples,)`."""

    @abc.abstractmethod
    def metrics(self, targets: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
        """Returns the scores of outputs, by name."""

    @abc.abstractmethod
    def record(self, output: np.ndarray) -> dict[str, Any]:
        """Returns what is written of one example's output: a dict of JSON values."""

    def submitted(self, output: np.ndarray) -> str:
        """Returns one example's output as GLUE's submissions have it."""
        raise ValueError(f"GLUE has no task whose label is a {self.label_kind}.")


class Classes(LabelKind):
    """One class of several.

    Args:
        labels: list of str. The classes, in the order of the logits.
    """

    label_kind = CLASS
    metric = "accuracy"

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.objective = ClassificationObjective()

    def objective_of(self, settings: TaskSettings, targets: np.ndarray) -> Objective:
        """Returns the cross-entropy over the classes."""
        weights = weights_of_classes(settings.class_weights, self.labels, targets)
        return ClassificationObjective(weights, settings.label_smoothing)

    def targets(self, examples: Examples, where: StrPath) -> np.ndarray:
        """Returns the numbers of the classes, int32 `(examples,)`."""
        return np.array(numbers_of(examples.labels, self.labels, where), np.int32)

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        """Returns the probability of each class, float32 `(examples, classes)`."""
        return tf.nn.softmax(logits).numpy()

    def metrics(self, targets: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
        """Returns accuracy and what else `classification_metrics` gives."""
        return classification_metrics(targets.tolist(), outputs)

    def record(self, output: np.ndarray) -> dict[str, Any]:
        """Returns the likeliest class and its probability."""
        best = int(np.argmax(output))
        return {"label": self.labels[best], "probability": round(float(output[best]), 6)}

    def submitted(self, output: np.ndarray) -> str:
        """Returns the likeliest class."""
        return self.labels[int(np.argmax(output))]


class Numbers(LabelKind):
    """A number."""

    label_kind = NUMBER
    metric = "pearson"

    def __init__(self) -> None:
        self.labels = []
        self.objective = RegressionObjective()

    def targets(self, examples: Examples, where: StrPath) -> np.ndarray:
        """Returns the numbers, float32 `(examples,)`."""
        del where
        return np.array(examples.labels, np.float32)

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        """Returns the numbers that are predicted, float32 `(examples,)`."""
        return np.asarray(logits)[:, 0]

    def metrics(self, targets: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
        """Returns correlations and what else `regression_metrics` gives."""
        return regression_metrics(targets, outputs)

    def record(self, output: np.ndarray) -> dict[str, Any]:
        """Returns the number."""
        return {"score": round(float(output), 6)}

    def submitted(self, output: np.ndarray) -> str:
        """Returns the number within STS-B's range."""
        return f"{min(max(float(output), 0.0), 5.0):.3f}"


class LabelSets(LabelKind):
    """Any of several labels at once, or none.

    Args:
        labels: list of str, in the order of the logits.
    """

    label_kind = LABEL_SET
    metric = "f1_micro"

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.objective = MultiLabelObjective()

    def objective_of(self, settings: TaskSettings, targets: np.ndarray) -> Objective:
        """Returns the cross-entropy of whether each label holds."""
        weights = weights_of_label_sets(settings.class_weights, self.labels, targets)
        return MultiLabelObjective(weights, settings.label_smoothing)

    def targets(self, examples: Examples, where: StrPath) -> np.ndarray:
        """Returns 1 where a label holds and 0 where not, float32 `(examples, labels)`."""
        held = numbers_of(itertools.chain(*examples.labels), self.labels, where)
        rows = np.repeat(np.arange(len(examples)), [len(labels) for labels in examples.labels])
        targets = np.zeros((len(examples), len(self.labels)), np.float32)
        targets[rows, np.array(held, np.int64)] = 1
        return targets

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        """Returns the probability of each label, float32 `(examples, labels)`."""
        return tf.sigmoid(logits).numpy()

    def metrics(self, targets: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
        """Returns F1 and what else `multi_label_metrics` gives."""
        return multi_label_metrics(targets, outputs)

    def record(self, output: np.ndarray) -> dict[str, Any]:
        """Returns the labels that hold, and the probability of each label."""
        pairs = list(zip(self.labels, map(float, output), strict=True))
        return {
            "labels": [label for label, probability in pairs if probability >= HOLDS_FROM],
            "probabilities": {label: round(probability, 6) for label, probability in pairs},
        }


def numbers_of(found: Iterable[str], labels: Sequence[str], where: StrPath) -> list[int]:
    """Returns the numbers of labels, a list of int.

    Args:
        found: iterable of str. They may be spelled otherwise than those known, `1.0` for `1`.
        labels: sequence of str. Those known, in the order of their numbers.
        where: str or path. What the labels come from, for the message.

    Raises:
        ValueError: a label is none of those known.
    """
    found = list(found)
    numbers = {same(label): number for number, label in enumerate(labels)}
    numbers |= {label: number for number, label in enumerate(labels)}
    unknown = sorted({label for label in found if same(label) not in numbers})
    if unknown:
        raise ValueError(
            f"{where} has labels that training never saw: {', '.join(unknown[:5])}. "
            f"Known labels: {', '.join(labels)}."
        )
    return [numbers.get(label, numbers[same(label)]) for label in found]
