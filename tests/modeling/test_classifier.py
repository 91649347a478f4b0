import keras
import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertClassifier


@pytest.mark.parametrize("num_classes", [1, 3])
def test_logits_are_one_dense_layer_on_the_pooled_output(small_config, num_classes):
    classifier = randomize(AlbertClassifier(small_config, num_classes=num_classes))
    inputs = random_inputs(small_config)
    expected = reference.pooled_logits(reference_weights(classifier), small_config, inputs)
    logits = classifier(inputs)
    assert tuple(logits.shape) == (5, num_classes)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


CLASSES = np.array([2, 0, 1, 1, 0])
LABELS = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1]])
NUMBERS = np.array([0.5, -1.25, 3.0, 0.0, 2.0])
LOSSES = {
    "one class": (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        CLASSES,
        lambda logits: -reference.log_softmax(logits)[np.arange(5), CLASSES].mean(),
    ),
    "several labels at once": (
        keras.losses.BinaryCrossentropy(from_logits=True),
        LABELS,
        lambda logits: np.mean(np.log(1 + np.exp(logits)) - LABELS * logits),
    ),
    "a number": (
        keras.losses.MeanSquaredError(),
        NUMBERS,
        lambda logits: np.mean((logits[:, 0] - NUMBERS) ** 2),
    ),
}


@pytest.mark.parametrize(("loss", "targets", "by_hand"), LOSSES.values(), ids=LOSSES.keys())
def test_each_kind_of_target_trains(small_config, loss, targets, by_hand):
    num_classes = 1 if targets is NUMBERS else 3
    classifier = randomize(AlbertClassifier(small_config, num_classes=num_classes, dropout=0.0))
    inputs = random_inputs(small_config)
    first = by_hand(np.asarray(classifier(inputs), np.float64))
    classifier.compile(keras.optimizers.SGD(0.01), loss=loss, jit_compile=False)
    history = classifier.fit(inputs, targets, batch_size=5, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["loss"][0], first, rtol=1e-5)
    assert history["loss"][1] < first
