"""The task models, and what each is called and trained with: for tests of what they share."""

import keras
import numpy as np
import pytest

from tests.helpers import random_choices, random_inputs
from tf_albert import (
    AlbertClassifier,
    AlbertMultipleChoice,
    AlbertSpanLabeler,
    AlbertTokenClassifier,
)

TASK_MODELS = {
    "classifier": (AlbertClassifier, {"num_classes": 3, "dropout": 0.25}),
    "token classifier": (AlbertTokenClassifier, {"num_classes": 7, "dropout": 0.25}),
    "span labeler": (AlbertSpanLabeler, {}),
    "multiple choice": (AlbertMultipleChoice, {"dropout": 0.25}),
}
LABELS = np.array([0, 1, 1, 0, 1])
TARGETS = {
    AlbertClassifier: LABELS,
    AlbertTokenClassifier: np.arange(5 * 17).reshape(5, 17) % 7,
    AlbertSpanLabeler: {"start_logits": LABELS, "end_logits": LABELS + 3},
    AlbertMultipleChoice: LABELS,
}


def over(models):
    """Returns the mark that runs a test for each model class and its arguments."""
    return pytest.mark.parametrize(("model_class", "arguments"), models.values(), ids=models.keys())


def inputs_of(model_class, config):
    """Returns five rows of the inputs of a model class; those of text are 17 tokens long."""
    is_choice = model_class is AlbertMultipleChoice
    return random_choices(config) if is_choice else random_inputs(config)


def crossentropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def assert_same_outputs(first, second, inputs):
    for ours, theirs in zip(
        keras.tree.flatten(first(inputs)), keras.tree.flatten(second(inputs)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
