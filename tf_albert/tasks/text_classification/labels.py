"""The three kinds of labels of a text: one class, a number, any of several labels at once."""

import numpy as np
import tensorflow as tf

from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.tasks.metrics import (
    classification_metrics,
    multi_label_metrics,
    regression_metrics,
)
from tf_albert.tasks.text_classification.table import CLASS, LABEL_SET, NUMBER
from tf_albert.training.objectives import (
    ClassificationObjective,
    MultiLabelObjective,
    RegressionObjective,
)


class Classes:
    """One class of several.

    Args:
        labels: list of str. The classes, in the order of the logits.
    """

    label_kind = CLASS
    metric = "accuracy"

    def __init__(self, labels):
        self.labels = labels
        self.objective = ClassificationObjective()

    def targets(self, examples, where):
        """Returns what a loss and the metrics compare outputs with.

        Args:
            examples: `Examples` with labels.
            where: str or path. What they come from, for a message.

        Returns:
            int32 array `(examples,)`.

        Raises:
            ValueError: a label that is none of those known.
        """
        check_known(set(examples.labels), self.labels, where)
        numbers = {label: number for number, label in enumerate(self.labels)}
        return np.array([numbers[label] for label in examples.labels], np.int32)

    def outputs(self, logits):
        """Returns float32 probabilities `(examples, classes)` of logits."""
        return tf.nn.softmax(logits).numpy()

    def metrics(self, targets, outputs):
        """Returns the scores of outputs: a dict."""
        return classification_metrics(targets.tolist(), outputs)

    def record(self, output):
        """Returns what is written of one example's output: a dict of JSON values."""
        best = int(np.argmax(output))
        return {"label": self.labels[best], "probability": round(float(output[best]), 6)}

    def submitted(self, output):
        """Returns one example's output as GLUE's submissions have it."""
        return self.labels[int(np.argmax(output))]


class Numbers:
    """A number. Methods: as of `Classes`."""

    label_kind = NUMBER
    metric = "pearson"

    def __init__(self):
        self.objective = RegressionObjective()

    def targets(self, examples, where):
        """Returns the numbers, float32 `(examples,)`."""
        del where
        return np.array(examples.labels, np.float32)

    def outputs(self, logits):
        """Returns the numbers that are predicted, float32 `(examples,)`."""
        return np.asarray(logits)[:, 0]

    def metrics(self, targets, outputs):
        """Returns the scores of outputs."""
        return regression_metrics(targets, outputs)

    def record(self, output):
        """Returns what is written of one example's output."""
        return {"score": round(float(output), 6)}

    def submitted(self, output):
        """Returns one example's output within STS-B's range."""
        return f"{min(max(float(output), 0.0), 5.0):.3f}"


class LabelSets:
    """Any of several labels at once, or none. Args and methods: as of `Classes`."""

    label_kind = LABEL_SET
    metric = "f1_micro"

    def __init__(self, labels):
        self.labels = labels
        self.objective = MultiLabelObjective()

    def targets(self, examples, where):
        """Returns 1 where a label holds and 0 where not, float32 `(examples, labels)`."""
        check_known(set().union(*examples.labels), self.labels, where)
        rows = [[label in held for label in self.labels] for held in examples.labels]
        return np.array(rows, np.float32)

    def outputs(self, logits):
        """Returns the probability of each label, float32 `(examples, labels)`."""
        return tf.sigmoid(logits).numpy()

    def metrics(self, targets, outputs):
        """Returns the scores of outputs."""
        return multi_label_metrics(targets, outputs)

    def record(self, output):
        """Returns what is written of one example's output."""
        pairs = list(zip(self.labels, map(float, output), strict=True))
        return {
            "labels": [label for label, probability in pairs if probability >= HOLDS_FROM],
            "probabilities": {label: round(probability, 6) for label, probability in pairs},
        }


def check_known(found, labels, where):
    """Raises a `ValueError` where labels were found that are none of those known."""
    unknown = sorted(found - set(labels))
    if unknown:
        raise ValueError(
            f"{where} has labels that training never saw: {', '.join(unknown[:5])}. "
            f"Known labels: {', '.join(labels)}."
        )
