"""Classes, numbers and sets of labels, by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.text_classification.data import read_labelled
from tf_albert.tasks.text_classification.label_cells import in_order
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


@given(st.sets(st.integers(-300, 300), min_size=1))
def test_whole_numbers_stand_in_their_order(numbers):
    spelled = [*map(str, numbers), *(f"{number}.0" for number in numbers)]
    assert in_order(spelled) == [str(number) for number in sorted(numbers)]


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        (["b", "10", "9", "B"], ["10", "9", "B", "b"]),
        (["10.0", "9.0"], ["9.0", "10.0"]),
        (["1.5", "10", "2"], ["1.5", "10", "2"]),
        (["1", "01"], ["01", "1"]),
    ],
)
def test_other_classes_stand_in_alphabetical_order(labels, ordered):
    assert in_order(labels) == ordered


def test_class_of_another_spelling_is_the_same():
    """As where training's column lacks a label, so that pandas wrote 1.0, and the other not."""
    examples = Examples(TEXTS, ["1", "0.0", "0"])
    assert Classes(["0.0", "1.0"]).targets(examples, "dev.tsv").tolist() == [1, 0, 0]
    examples = Examples(TEXTS, [("3.0",), (), ("x", "3")])
    targets = LabelSets(["3", "x"]).targets(examples, "dev.tsv")
    assert targets.tolist() == [[1, 0], [0, 0], [1, 1]]
    # Two classes of a model that an earlier version trained stay two.
    examples = Examples(TEXTS[:2], ["1", "1.0"])
    assert Classes(["1", "1.0"]).targets(examples, "dev.tsv").tolist() == [0, 1]


def recipe_of(folder, name, **changes):
    values = {"train": f"{folder}/{name}", "dev": f"{folder}/{name}", "text_column": "text"}
    return TaskSettings(**(values | {"label_column": "label"} | changes))


@pytest.mark.parametrize("multi_label", [False, True])
def test_classes_of_a_table_are_ordered_and_told_apart(tmp_path, multi_label):
    labels = [10, 9.0, "9", " 10 ", 2, "2.0"]
    rows = [{"text": "a", "label": [label] if multi_label else label} for label in labels]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = recipe_of(tmp_path, "a.jsonl", multi_label=multi_label)
    assert read_labelled(recipe, BadRows()).description.labels == ["2", "9", "10"]


@pytest.mark.parametrize("changes", [{"text_column": "text,text"}, {"label_column": "text"}])
def test_column_named_twice(tmp_path, changes):
    (tmp_path / "a.tsv").write_text("text\tlabel\na\tx\nb\ty\n")
    with pytest.raises(ValueError, match="name one column twice"):
        read_labelled(recipe_of(tmp_path, "a.tsv", **changes), BadRows())


@pytest.mark.parametrize(
    ("kind", "labels"),
    [(Classes(["yes", "no"]), ["maybe", "no", "no"]), (LabelSets(["yes"]), [(), ("maybe",), ()])],
)
def test_label_that_training_never_saw(kind, labels):
    with pytest.raises(ValueError, match=r"dev\.tsv .* never saw: maybe\. Known labels: yes"):
        kind.targets(Examples(TEXTS, labels), "dev.tsv")
