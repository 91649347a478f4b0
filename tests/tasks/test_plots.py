"""Pictures of labels that Matplotlib would take for formulas."""

import numpy as np

from tf_albert.tasks import plots

NAMES = [r"$\foo$", "a$b_$", "{|}"]


def test_labels_are_no_formulas(tmp_path):
    right, predicted = [0, 1, 2, 2], [0, 2, 1, 2]
    plots.draw_confusion(right, predicted, NAMES, tmp_path / "confusion.png")
    rows = np.eye(3, dtype=int)
    plots.draw_label_scores(rows[right], rows[predicted], NAMES, tmp_path / "labels.png")
    plots.draw_curves({NAMES[0]: {"loss": ([1, 2], [3.0, 2.0])}}, tmp_path / "curves.png")
    for name in ("confusion", "labels", "curves"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
