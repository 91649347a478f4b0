import keras
import numpy as np

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.modeling.task_models import TARGETS, crossentropy
from tf_albert import AlbertSpanLabeler


def test_start_and_end_are_the_two_columns_of_the_reference(small_config):
    labeler, inputs = randomize(AlbertSpanLabeler(small_config)), random_inputs(small_config)
    assert (inputs["input_mask"] == 0).any()
    logits = labeler(inputs)
    expected = reference.token_logits(reference_weights(labeler), small_config, inputs, fill=-1e30)
    assert sorted(logits) == ["end_logits", "start_logits"]
    assert expected.shape == (5, 17, 2)
    np.testing.assert_allclose(logits["start_logits"], expected[..., 0], atol=1e-5)
    np.testing.assert_allclose(logits["end_logits"], expected[..., 1], atol=1e-5)


def test_padding_is_never_probable(small_config):
    labeler, inputs = randomize(AlbertSpanLabeler(small_config)), random_inputs(small_config)
    probabilities = keras.ops.softmax(labeler(inputs)["start_logits"]).numpy()
    assert (probabilities[inputs["input_mask"] == 0] == 0.0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(5), rtol=1e-6)


def test_head_has_no_dropout(small_config):
    labeler, inputs = randomize(AlbertSpanLabeler(small_config)), random_inputs(small_config)
    calm, trained = labeler(inputs), labeler(inputs, training=True)
    for name in ("start_logits", "end_logits"):
        np.testing.assert_array_equal(trained[name], calm[name])


def test_half_of_each_loss_is_the_loss_of_the_original(small_config):
    """Google's squad_utils.py, `v1_model_fn_builder`: the mean of both cross-entropies."""
    labeler, inputs = randomize(AlbertSpanLabeler(small_config)), random_inputs(small_config)
    targets = TARGETS[AlbertSpanLabeler]
    logits = {name: np.asarray(value, np.float64) for name, value in labeler(inputs).items()}
    expected = [
        -reference.log_softmax(logits[name])[np.arange(5), targets[name]].mean() for name in targets
    ]
    labeler.compile(
        keras.optimizers.SGD(0.1),
        loss=dict.fromkeys(targets, crossentropy()),
        loss_weights=dict.fromkeys(targets, 0.5),
        jit_compile=False,
    )
    history = labeler.fit(inputs, targets, batch_size=5, verbose=0).history
    np.testing.assert_allclose(history["loss"], [np.mean(expected)], rtol=1e-5)
