"""What a person looks at of a classifier's outputs: a table and a picture."""

from pathlib import Path

import numpy as np

from tf_albert import files
from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.tasks.text_classification.labels import LabelKind, LabelSets, Numbers
from tf_albert.tasks.text_classification.table import Examples


def draw(folder: Path, kind: LabelKind, examples: Examples, outputs: np.ndarray) -> None:
    """Writes a confusion matrix, the scores of each label, or the errors of numbers.

    Args:
        folder: path. A folder that exists.
        kind: `LabelKind`.
        examples: `Examples` with labels.
        outputs: array `(examples, ...)`. What the classifier gives of them.
    """
    # Imported here: drawing takes long to load, and most commands draw nothing.
    from tf_albert.tasks import plots

    targets = kind.targets(examples, "the data")
    if isinstance(kind, Numbers):
        plots.draw_errors(targets, outputs, folder / "errors.png")
        return
    if isinstance(kind, LabelSets):
        held = outputs >= HOLDS_FROM
        plots.draw_label_scores(targets, held, kind.labels, folder / "labels.png")
        name, table = "labels.txt", plots.label_table(targets, held, kind.labels)
    else:
        labels, predicted = targets.tolist(), outputs.argmax(axis=1).tolist()
        plots.draw_confusion(labels, predicted, kind.labels, folder / "confusion.png")
        name, table = "confusion.txt", plots.confusion_table(labels, predicted, kind.labels)
    files.write_text(folder / name, table + "\n")
