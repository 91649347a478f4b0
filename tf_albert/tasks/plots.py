"""What a person looks at: a confusion matrix, and curves of runs."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from sklearn import metrics

mpl.use("Agg")

from matplotlib import pyplot

from tf_albert.types import StrPath

CORNER = "right / predicted"
SCORES = ("precision", "recall", "F1")


def confusion_table(labels: Sequence[int], predicted: Sequence[int], names: Sequence[str]) -> str:
    """Returns a confusion matrix as text, a row a right label, a column a predicted one.

    Args:
        labels, predicted: lists of int. Right and predicted classes.
        names: list of str. The classes.

    Example:

    >>> print(confusion_table([0, 0, 1], [0, 1, 1], ["no", "yes"]))
    right / predicted      no    yes
    no                      1      1
    yes                     0      1
    """
    matrix = metrics.confusion_matrix(labels, predicted, labels=range(len(names)))
    width = max(6, *map(len, names)) + 1
    first = max(len(CORNER), *map(len, names)) + 1
    head = f"{CORNER:{first}}" + "".join(f"{name:>{width}}" for name in names)
    rows = [
        f"{name:{first}}" + "".join(f"{count:{width}}" for count in row)
        for name, row in zip(names, matrix, strict=True)
    ]
    return "\n".join([head, *rows])


def draw_confusion(
    labels: Sequence[int], predicted: Sequence[int], names: Sequence[str], path: StrPath
) -> None:
    """Writes a confusion matrix as a PNG.

    Args:
        labels, predicted: lists of int. Right and predicted classes.
        names: list of str. The classes.
        path: path. The file to write.
    """
    size = 2.5 + 0.7 * len(names)
    figure, axes = pyplot.subplots(figsize=(size + 1, size), layout="constrained")
    matrix = metrics.confusion_matrix(labels, predicted, labels=range(len(names)))
    display = metrics.ConfusionMatrixDisplay(matrix, display_labels=_plain(names))
    display.plot(ax=axes, cmap="Blues", xticks_rotation=30, values_format=",d")
    axes.set(xlabel="predicted", ylabel="right")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def label_table(targets: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> str:
    """Returns precision, recall and F1 of each label as text.

    Args:
        targets, predicted: arrays `(examples, labels)`, 1 where a label holds.
        names: list of str. The labels.

    Example:

    >>> print(label_table(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]), ["bad", "new"]))
                  precision    recall  f1-score   support
    <BLANKLINE>
             bad       1.00      0.50      0.67         2
             new       1.00      1.00      1.00         1
    <BLANKLINE>
       micro avg       1.00      0.67      0.80         3
       macro avg       1.00      0.75      0.83         3
    weighted avg       1.00      0.67      0.78         3
     samples avg       1.00      0.75      0.83         3
    """
    report = metrics.classification_report(
        targets, predicted, labels=range(len(names)), target_names=names, zero_division=0.0
    )
    return report.rstrip()


def draw_label_scores(
    targets: np.ndarray, predicted: np.ndarray, names: Sequence[str], path: StrPath
) -> None:
    """Writes precision, recall and F1 of each label as a PNG of bars.

    Args:
        targets, predicted: arrays `(examples, labels)`, 1 where a label holds.
        names: list of str. The labels.
        path: path. The file to write.
    """
    scores = metrics.precision_recall_fscore_support(targets, predicted, zero_division=0.0)[:3]
    figure, axes = pyplot.subplots(figsize=(6, 1.5 + 0.5 * len(names)), layout="constrained")
    places = np.arange(len(names))
    for shift, name, values in zip((-0.27, 0.0, 0.27), SCORES, scores, strict=True):
        axes.barh(places + shift, values, height=0.25, label=name)
    axes.set(yticks=places, yticklabels=_plain(names), xlim=(0.0, 1.0))
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def draw_errors(labels: Sequence[float] | np.ndarray, scores: np.ndarray, path: StrPath) -> None:
    """Writes right numbers against predicted ones as a PNG.

    Args:
        labels: list of float.
        scores: float array `(examples,)`.
        path: path. The file to write.
    """
    figure, axes = pyplot.subplots(figsize=(5, 5), layout="constrained")
    axes.scatter(labels, scores, s=8, alpha=0.5)
    both = [float(np.min([labels, scores])), float(np.max([labels, scores]))]
    axes.plot(both, both, color="black", linewidth=1)
    axes.set(xlabel="right", ylabel="predicted")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def draw_curves(
    histories: Mapping[str, Mapping[str, tuple[Sequence[int], Sequence[float]]]], path: StrPath
) -> None:
    """Writes the curves of several runs as a PNG, one plot a metric.

    Args:
        histories: dict of a run's name to a dict of metric to (steps, values).
        path: path. The file to write.
    """
    names = list(dict.fromkeys(name for history in histories.values() for name in history))
    figure, plots = pyplot.subplots(
        len(names),
        figsize=(8, 2.6 * len(names)),
        layout="constrained",
        sharex=True,
        squeeze=False,
    )
    for name, axes in zip(names, plots[:, 0], strict=True):
        for run, history in histories.items():
            if name in history:
                axes.plot(*history[name], marker=".", label=_plain([run])[0])
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
    plots[0, 0].legend()
    plots[-1, 0].set_xlabel("step")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _plain(names: Sequence[str]) -> list[str]:
    """Returns names as Matplotlib shows them letter by letter: between two `$` it sees formulas."""
    return [name.replace("$", r"\$") for name in names]
