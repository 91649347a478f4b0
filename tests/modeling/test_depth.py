"""Models with the first of their layers alone."""

import numpy as np
import pytest

import tf_albert
from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert.modeling.depth import with_layers


@pytest.fixture
def small_config(small_config):
    return small_config.replace(num_hidden_layers=3)


def test_layers_of_several_blocks_are_kept_whole(small_config):
    encoder = randomize(tf_albert.AlbertEncoder(small_config.replace(inner_group_num=2)))
    inputs = random_inputs(encoder.config)
    config = encoder.config.replace(num_hidden_layers=2)
    expected = reference.encode(reference_weights(encoder), config, inputs)["pooled_output"]
    for outputs in (encoder.first_layers(inputs, 2), with_layers(encoder, 2)(inputs)):
        np.testing.assert_allclose(outputs["pooled_output"], expected, atol=1e-5)


@pytest.mark.parametrize("class_name", ["AlbertPretrainer", "AlbertSpanLabeler"])
def test_a_shallower_copy_has_weights_of_its_own(small_config, class_name):
    model = randomize(getattr(tf_albert, class_name)(small_config))
    copy = with_layers(model, 2)
    assert copy.config == small_config.replace(num_hidden_layers=2)
    for weight, other in zip(model.trainable_variables, copy.trainable_variables, strict=True):
        np.testing.assert_array_equal(weight, other)
        assert weight is not other


@pytest.mark.parametrize("number", [0, 4, -1, 2.0, "2", None])
def test_a_number_of_layers_is_one_that_the_model_has(small_config, number):
    encoder = tf_albert.AlbertEncoder(small_config)
    for cut in (with_layers, lambda model, n: model.first_layers(random_inputs(model.config), n)):
        with pytest.raises(ValueError, match=r"from 1 to 3, which the model has\. Received: "):
            cut(encoder, number)


@pytest.mark.parametrize("sharing", ["none", "attention", "ffn"])
def test_layers_that_differ_are_refused(small_config, sharing):
    encoder = tf_albert.AlbertEncoder(small_config.replace(parameter_sharing=sharing))
    with pytest.raises(ValueError, match=rf"`parameter_sharing`='{sharing}'.*keep all 3 layers"):
        with_layers(encoder, 2)
