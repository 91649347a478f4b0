"""Weights of classes, beside scikit-learn's, and where they are taken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from tf_albert.cli.arguments import parse
from tf_albert.tasks.class_weights import weights_of_classes, weights_of_label_sets
from tf_albert.tasks.finetune_recipe import FinetuneRecipe

NEEDED = {"init": "i", "output": "o"}


@given(st.lists(st.integers(0, 3), min_size=1))
def test_balanced_weights_are_those_of_scikit_learn(classes):
    found = weights_of_classes("balanced", "abcd", np.array(classes))
    present = np.unique(classes)
    expected = compute_class_weight("balanced", classes=present, y=classes)
    np.testing.assert_allclose(found[present], expected, rtol=1e-6)
    assert np.isfinite(found).all()


def test_each_label_of_a_set_is_balanced_by_itself():
    held = np.array([[1, 1], [0, 1], [0, 1], [0, 1]])
    absent_or_held = weights_of_label_sets("balanced", ["rare", "always"], held)
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=held[:, 0])
    np.testing.assert_allclose(absent_or_held[:, 0], expected)
    assert absent_or_held[1, 1] == 1.0
    assert np.isfinite(absent_or_held).all()
    assert weights_of_label_sets(None, ["rare", "always"], held) is None


def test_a_weight_of_another_label():
    for weights in (weights_of_classes, weights_of_label_sets):
        with pytest.raises(ValueError, match="names 'ugly', which is no label here"):
            weights({"ugly": 2.0, "bad": 1.0}, ["bad"], np.array([[0]]))


@pytest.mark.parametrize("where", ["command line", "file"])
def test_labels_that_are_numbers_in_yaml_are_labels(tmp_path, where):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("init: i\noutput: o\nclass_weights: {0: 1, 1: 2.5}\nfreeze: [embedding]\n")
    typed = ["--init", "i", "--output", "o", "--class-weights", "{0: 1, 1: 2.5}"]
    arguments = ["--config", str(recipe)] if where == "file" else [*typed, "--freeze", "embedding"]
    read = parse("finetune", FinetuneRecipe, arguments)
    assert (read.class_weights, read.freeze) == ({"0": 1.0, "1": 2.5}, ["embedding"])


@pytest.mark.parametrize("task", ["table", "cola", "mnli", "conll"])
def test_tasks_of_classes_take_weights_and_smoothing(task):
    recipe = FinetuneRecipe(**NEEDED, task=task, class_weights="balanced", label_smoothing=0.1)
    assert recipe.class_weights == "balanced"
    assert FinetuneRecipe(**NEEDED, task="race", label_smoothing=0.1).label_smoothing == 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": "stsb", "label_smoothing": 0.1},
            "'stsb' does not take 'label_smoothing'",
        ),
        ({"task": "squad", "class_weights": "balanced"}, "'squad' does not take 'class_weights'"),
        ({"task": "squad2", "label_smoothing": 0.1}, "'squad2' does not take 'label_smoothing'"),
        ({"task": "race", "class_weights": "balanced"}, "'race' does not take 'class_weights'"),
        (
            {"regression": True, "class_weights": "balanced", "label_smoothing": 0.1},
            "'table' with `regression` does not take 'class_weights' and 'label_smoothing'",
        ),
        ({"class_weights": "even"}, "must be 'balanced', or numbers .* Received: 'even'"),
        ({"class_weights": {"bad": -1.0}}, r"or numbers of at least 0 .* Received: {'bad': -1\.0}"),
        ({"class_weights": {"bad": "much"}}, "or numbers of at least 0 by label"),
        ({"label_smoothing": 1.0}, r"at least 0 and below 1\. Received: 1\.0"),
        ({"label_smoothing": -0.1}, r"at least 0 and below 1\. Received: -0\.1"),
    ],
)
def test_what_means_nothing_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FinetuneRecipe(**NEEDED, **changes)
