"""LoRA beside the kernels of a model's blocks, and the ordinary model that is saved."""

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.helpers import random_inputs, randomize
from tf_albert import files, hub
from tf_albert.modeling.trained_parts import enable_lora, lora_variables, merged

RANK = 2


@pytest.fixture
def adapted(small_config):
    """A classifier with LoRA, all of whose weights are random; each has its own values."""
    classifier = tf_albert.AlbertClassifier(small_config, num_classes=3)
    enable_lora(classifier.encoder, RANK)
    kernels = [variable.numpy() for variable in classifier.encoder.attentions[0].query.variables]
    assert not kernels[-1].any()  # so that it begins as the model that it was
    return randomize(classifier)


def test_few_weights_are_trained(adapted, small_config):
    hidden, between = small_config.hidden_size, small_config.intermediate_size
    sizes = 4 * [(hidden, hidden)] + [(hidden, between), (between, hidden)]
    expected = [shape for rows, columns in sizes for shape in ((rows, RANK), (RANK, columns))]
    found = [tuple(variable.shape) for variable in lora_variables(adapted)]
    assert sorted(found) == sorted(expected)
    trained = adapted.trainable_variables
    assert len(trained) == len(found) + len(adapted.head.variables)


def test_what_is_saved_is_an_ordinary_model_that_computes_the_same(
    adapted, small_config, tokenizer, tmp_path
):
    inputs = random_inputs(small_config)
    expected = np.asarray(adapted(inputs))
    adapted.save_pretrained(tmp_path / "saved", tokenizer)
    ordinary = tf_albert.AlbertClassifier(small_config, num_classes=3)
    facts = files.read_json(tmp_path / "saved/provenance.json")
    assert facts["num_parameters"] == ordinary.count_params()
    loaded = tf_albert.AlbertClassifier.from_pretrained(tmp_path / "saved")
    copy = merged(adapted)
    for model in (loaded, copy):
        assert len(model.trainable_variables) == len(ordinary.trainable_variables)
        np.testing.assert_allclose(model(inputs), expected, atol=1e-6)
    assert merged(copy) is copy
    query = adapted.encoder.attentions[0].query
    product = query.lora_kernel_a.numpy() @ query.lora_kernel_b.numpy()
    np.testing.assert_allclose(
        copy.encoder.attentions[0].query.kernel, query._kernel.numpy() + product, atol=1e-6
    )


def test_module_is_an_ordinary_one(adapted, small_config, tmp_path):
    inputs = random_inputs(small_config)
    expected = adapted.encoder(inputs)["pooled_output"]
    hub.save_encoder(adapted.encoder, tmp_path / "module")
    module = tf.saved_model.load(tmp_path / "module")
    ordinary = tf_albert.AlbertEncoder(small_config)
    assert len(module.trainable_variables) == len(ordinary.trainable_variables)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    outputs = module({name: tf.constant(inputs[name]) for name in names})
    np.testing.assert_allclose(outputs["pooled_output"], expected, atol=1e-6)
