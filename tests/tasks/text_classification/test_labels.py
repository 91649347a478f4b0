"""Classes, numbers and sets of labels, by hand."""

import numpy as np
import pytest

from tf_albert.tasks.text_classification.labels import Classes, LabelSets, Numbers
from tf_albert.tasks.text_classification.table import Examples

TEXTS = [("a",)] * 3


def test_classes_are_numbered_in_the_order_given():
    kind = Classes(["yes", "no"])
    targets = kind.targets(Examples(TEXTS, ["no", "yes", "no"]), "train.tsv")
    assert (targets.tolist(), targets.dtype) == ([1, 0, 1], np.int32)
    outputs = kind.outputs(np.log([[1.0, 3.0]]))
    np.testing.assert_allclose(outputs, [[0.25, 0.75]])
    assert kind.record(outputs[0]) == {"label": "no", "probability": 0.75}
    assert kind.submitted(outputs[0]) == "no"


def test_numbers_stay_what_they_are():
    kind = Numbers()
    targets = kind.targets(Examples(TEXTS, [0.5, -2.0, 7.0]), "train.tsv")
    assert (targets.tolist(), targets.dtype) == ([0.5, -2.0, 7.0], np.float32)
    outputs = kind.outputs(np.array([[0.5], [7.25]]))
    assert [kind.record(output) for output in outputs] == [{"score": 0.5}, {"score": 7.25}]
    assert [kind.submitted(output) for output in outputs] == ["0.500", "5.000"]  # STS-B ends at 5


def test_sets_of_labels_are_columns():
    kind = LabelSets(["bad", "new", "old"])
    targets = kind.targets(Examples(TEXTS, [("new",), (), ("bad", "old")]), "train.tsv")
    assert targets.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 1]]
    outputs = kind.outputs(np.log([[1.0, 3.0, 1 / 3]]))
    np.testing.assert_allclose(outputs, [[0.5, 0.75, 0.25]], rtol=1e-6)
    assert kind.record(outputs[0]) == {
        "labels": ["bad", "new"],
        "probabilities": {"bad": 0.5, "new": 0.75, "old": 0.25},
    }


def test_loss_of_sets_is_the_mean_over_labels():
    kind = LabelSets(["bad", "new"])
    targets = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], np.float32)
    logits = np.log(np.array([[3.0, 1.0], [1.0, 1.0], [1 / 3, 1 / 3]], np.float32))
    sums = kind.objective.sums(logits, {"labels": targets})
    # Probabilities of what is right: 3/4 and 1/2; 1/2 and 1/2; 3/4 and 3/4.
    expected = (np.log(4 / 3) + np.log(2)) / 2 + np.log(2) + np.log(4 / 3)
    assert float(sums["loss"]) == pytest.approx(expected, rel=1e-6)
    # A label holds from a logit of 0 on, so in the first row the second one is wrong.
    assert float(sums["exact_match"]) == 2.0


@pytest.mark.parametrize(
    ("kind", "labels"),
    [(Classes(["yes", "no"]), ["maybe", "no", "no"]), (LabelSets(["yes"]), [(), ("maybe",), ()])],
)
def test_label_that_training_never_saw(kind, labels):
    with pytest.raises(ValueError, match=r"dev\.tsv .* never saw: maybe\. Known labels: yes"):
        kind.targets(Examples(TEXTS, labels), "dev.tsv")
