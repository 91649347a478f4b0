import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertClassifier, AlbertEncoder


@pytest.mark.parametrize("num_classes", [1, 3])
def test_logits_are_one_dense_layer_on_the_pooled_output(small_config, num_classes):
    classifier = randomize(AlbertClassifier(small_config, num_classes=num_classes))
    inputs = random_inputs(small_config)
    pooled = reference.encode(reference_weights(classifier), small_config, inputs)["pooled_output"]
    head = classifier.head.kernel, classifier.head.bias
    logits = classifier(inputs)
    assert tuple(logits.shape) == (5, num_classes)
    np.testing.assert_allclose(logits, reference.dense(pooled, head), atol=1e-5)


def test_dropout_of_the_head_acts_in_training_only(small_config):
    classifier = randomize(AlbertClassifier(small_config, num_classes=3, dropout=0.5))
    inputs = random_inputs(small_config)
    calm = np.asarray(classifier(inputs))
    np.testing.assert_array_equal(classifier(inputs, training=False), calm)
    assert np.abs(classifier(inputs, training=True) - calm).max() > 0.01
    quiet = randomize(AlbertClassifier(small_config, num_classes=3, dropout=0.0))
    np.testing.assert_array_equal(quiet(inputs, training=True), quiet(inputs))


def test_dropout_is_googles_unless_another_is_asked_for(small_config):
    assert AlbertClassifier(small_config, num_classes=2).dropout.rate == 0.1


def test_given_encoder_is_the_one_that_is_trained(small_config):
    encoder = AlbertEncoder(small_config)
    assert AlbertClassifier(encoder, num_classes=2).encoder is encoder


def test_logits_of_bfloat16_are_float32_and_close(small_config):
    exact = randomize(AlbertClassifier(small_config, num_classes=3), scale=0.1)
    rough = AlbertClassifier(small_config, num_classes=3, dtype="mixed_bfloat16")
    rough.set_weights(exact.get_weights())
    inputs = random_inputs(small_config)
    logits = rough(inputs)
    assert logits.dtype == "float32"
    assert 0 < np.abs(logits - exact(inputs)).max() < 3e-2


def test_no_class_is_refused(small_config):
    with pytest.raises(ValueError, match=r"`num_classes` must be at least 1\. Received: 0\."):
        AlbertClassifier(small_config, num_classes=0)
