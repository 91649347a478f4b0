import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.modeling.task_models import TARGETS, crossentropy
from tf_albert import AlbertTokenClassifier


@pytest.mark.parametrize("num_classes", [1, 7])
def test_logits_of_each_token_equal_the_reference(small_config, num_classes):
    classifier = randomize(AlbertTokenClassifier(small_config, num_classes=num_classes))
    inputs = random_inputs(small_config)
    expected = reference.token_logits(reference_weights(classifier), small_config, inputs, fill=0.0)
    logits = classifier(inputs)
    assert tuple(logits.shape) == (5, 17, num_classes)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_mask_as_sample_weight_leaves_padding_out_of_the_loss(small_config):
    classifier = randomize(AlbertTokenClassifier(small_config, num_classes=7))
    classifier.compile(loss=crossentropy(), jit_compile=False)
    inputs, targets = random_inputs(small_config), TARGETS[AlbertTokenClassifier]
    mask = inputs["input_mask"]
    others = np.where(mask == 1, targets, (targets + 1) % 7)
    loss, same, without_weights = (
        classifier.evaluate(inputs, labels, sample_weight=weight, batch_size=5, verbose=0)
        for labels, weight in ((targets, mask), (others, mask), (others, None))
    )
    log_probs = reference.log_softmax(np.asarray(classifier(inputs), np.float64))
    losses = -np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose([loss, same], (losses * mask).sum() / (5 * 17), rtol=1e-5)
    assert abs(without_weights - loss) > 0.01
