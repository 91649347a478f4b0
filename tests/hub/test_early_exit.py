"""Rows that leave at the layer where they are sure."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.hub.conftest import LABELS
from tf_albert.hub import classify_early, save_early_exit_classifier
from tf_albert.modeling.encoder import INPUTS

NUM_LAYERS = 5


class Counting(tf_albert.AlbertClassifier):
    """A classifier that notes how many rows its head is asked about."""

    def logits(self, features, training):
        self.counts = [*getattr(self, "counts", ()), features.shape[0]]
        return super().logits(features, training)


@pytest.fixture(scope="module")
def deep(small_config):
    config = small_config.replace(num_hidden_layers=NUM_LAYERS, hidden_dropout_prob=0.2)
    return randomize(Counting(config, num_classes=3), seed=1)


@pytest.fixture(scope="module")
def inputs(deep):
    arrays = random_inputs(deep.config, batch=19)
    return {name: tf.constant(arrays[name]) for name in INPUTS}


@pytest.fixture(scope="module")
def each(deep, inputs):
    """The probabilities after each layer, `(layers, rows, classes)`, by plain NumPy."""
    weights = reference_weights(deep)
    configs = [deep.config.replace(num_hidden_layers=n + 1) for n in range(NUM_LAYERS)]
    logits = [reference.pooled_logits(weights, config, inputs) for config in configs]
    return reference.softmax(np.stack(logits))


@pytest.fixture(scope="module")
def threshold(each):
    """Above it are ten of the nineteen rows after the first layer, and none is at it."""
    return float(np.sort(each[0].max(axis=1))[8:10].mean())


@pytest.mark.parametrize("way", [tf.function, lambda function: function], ids=["graph", "eager"])
def test_each_row_is_answered_by_the_layer_that_is_sure(deep, inputs, each, threshold, way):
    outputs = way(lambda: classify_early(deep, inputs, tf.constant(threshold)))()
    is_sure = each.max(axis=2) > threshold
    is_sure[-1] = True
    expected = is_sure.argmax(axis=0)
    assert np.bincount(expected)[0] == 10
    assert len(set(expected)) > 2
    assert outputs["layer"].numpy().tolist() == (expected + 1).tolist()
    np.testing.assert_allclose(outputs["probabilities"], each[expected, np.arange(19)], atol=1e-5)


def test_a_threshold_above_one_gives_the_full_classifier(deep, inputs, each):
    outputs = classify_early(deep, inputs, 1.01)
    assert set(outputs["layer"].numpy()) == {NUM_LAYERS}
    np.testing.assert_allclose(outputs["probabilities"], tf.nn.softmax(deep(inputs)), atol=1e-5)
    np.testing.assert_allclose(outputs["probabilities"], each[-1], atol=1e-5)


def test_a_threshold_of_zero_ends_after_the_first_layer(deep, inputs, each):
    outputs = classify_early(deep, inputs, 0)
    assert set(outputs["layer"].numpy()) == {1}
    np.testing.assert_allclose(outputs["probabilities"], each[0], atol=1e-5)


def test_rows_that_have_left_are_not_computed(deep, inputs, threshold):
    deep.counts = []
    layers = classify_early(deep, inputs, threshold)["layer"].numpy()
    asked = [int(np.sum(layers > number)) for number in range(max(layers))]
    assert asked[:2] == [19, 9]
    assert deep.counts == asked


def test_mixed_precision_answers_in_float32(small_config, inputs):
    encoder = tf_albert.AlbertEncoder(small_config, dtype="mixed_bfloat16")
    classifier = randomize(tf_albert.AlbertClassifier(encoder, num_classes=3))
    outputs = tf.function(lambda: classify_early(classifier, inputs, 1))()
    assert outputs["probabilities"].dtype == tf.float32
    expected = tf.nn.softmax(classifier(inputs))
    assert np.abs(outputs["probabilities"] - expected).mean() < 0.02


def test_pairs_and_provenance(classifier, preprocessor, texts, tmp_path):
    save_early_exit_classifier(
        classifier, preprocessor, tmp_path / "m", LABELS, 0.6, num_segments=2
    )
    provenance = json.loads((tmp_path / "m/provenance.json").read_text(encoding="utf-8"))
    assert (provenance["threshold"], provenance["labels"]) == (0.6, LABELS)
    assert (tmp_path / "m/assets/labels.txt").read_text().splitlines() == LABELS
    module = tf.saved_model.load(tmp_path / "m")
    outputs = module({"text_a": tf.constant(texts[0]), "text_b": tf.constant(texts[1])})
    expected = classify_early(classifier, preprocessor(tuple(texts)), 0.6)
    np.testing.assert_allclose(outputs["probabilities"], expected["probabilities"], atol=1e-5)
    np.testing.assert_array_equal(outputs["layer"], expected["layer"])


@pytest.mark.parametrize("threshold", [-0.1, float("nan"), "0.9", None])
def test_a_threshold_is_a_number_from_zero(classifier, preprocessor, tmp_path, threshold):
    with pytest.raises(ValueError, match=r"number of at least 0.*Received: "):
        save_early_exit_classifier(classifier, preprocessor, tmp_path / "m", LABELS, threshold)
    assert not list(tmp_path.iterdir())


def test_models_that_cannot_leave_early_are_refused(
    regressor, pretrainer, dropout_config, preprocessor, model_inputs, tmp_path
):
    with pytest.raises(ValueError, match="regression gives no probability"):
        save_early_exit_classifier(regressor, preprocessor, tmp_path / "m", None, 0.9)
    with pytest.raises(ValueError, match="Received: AlbertPretrainer"):
        classify_early(pretrainer, model_inputs, 0.9)
    config = dropout_config.replace(parameter_sharing="none")
    differing = tf_albert.AlbertClassifier(config, num_classes=len(LABELS))
    with pytest.raises(ValueError, match="only where all layers are the same"):
        save_early_exit_classifier(differing, preprocessor, tmp_path / "m", LABELS, 0.9)
    assert not list(tmp_path.iterdir())
