import numpy as np
import pytest

from tests import reference
from tests.helpers import random_choices, random_inputs, randomize, reference_weights
from tf_albert import AlbertMultipleChoice


def test_logits_of_each_choice_equal_the_reference(small_config):
    model, inputs = randomize(AlbertMultipleChoice(small_config)), random_choices(small_config)
    logits = model(inputs)
    assert tuple(logits.shape) == (5, 6)
    expected = reference.choice_logits(reference_weights(model), small_config, inputs)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_choices_in_another_order_keep_their_logits(small_config):
    model, inputs = randomize(AlbertMultipleChoice(small_config)), random_choices(small_config)
    order = [3, 0, 5, 1, 4, 2]
    moved = model({name: value[:, order] for name, value in inputs.items()})
    expected = np.asarray(model(inputs))[:, order]
    np.testing.assert_allclose(moved, expected, atol=1e-6)
    assert np.abs(expected - expected[:, order]).max() > 0.01


def test_fewer_choices_keep_their_logits(small_config):
    model, inputs = randomize(AlbertMultipleChoice(small_config)), random_choices(small_config)
    fewer = model({name: value[:, :2] for name, value in inputs.items()})
    np.testing.assert_allclose(fewer, np.asarray(model(inputs))[:, :2], atol=1e-6)


@pytest.mark.parametrize("name", ["input_word_ids", "input_mask", "input_type_ids"])
def test_input_without_choices_is_refused(small_config, name):
    inputs = random_choices(small_config) | {name: random_inputs(small_config)[name]}
    with pytest.raises(
        ValueError,
        match=rf"`{name}` must be of shape \(batch, choices, length\)\. Received: \(5, 17\)\.",
    ):
        AlbertMultipleChoice(small_config)(inputs)


def test_missing_input_is_named(small_config):
    inputs = random_choices(small_config)
    del inputs["input_mask"]
    with pytest.raises(ValueError, match=r"Missing inputs: input_mask\."):
        AlbertMultipleChoice(small_config)(inputs)
