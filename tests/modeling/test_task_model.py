"""What holds for every model of an encoder and one dense layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import randomize
from tests.modeling.task_models import TASK_MODELS, assert_same_outputs, inputs_of, over
from tf_albert import (
    AlbertClassifier,
    AlbertEncoder,
    AlbertPretrainer,
    AlbertSpanLabeler,
    AlbertTokenClassifier,
)

TOKEN_MODELS = (AlbertSpanLabeler, AlbertTokenClassifier)
task_models = over(TASK_MODELS)
with_dropout = over({name: TASK_MODELS[name] for name in TASK_MODELS if name != "span labeler"})


def flat(outputs):
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


@task_models
def test_given_encoder_is_the_one_that_is_trained(small_config, model_class, arguments):
    encoder = AlbertEncoder(small_config)
    assert model_class(encoder, **arguments).encoder is encoder


@with_dropout
def test_dropout_of_the_head_acts_in_training_only(small_config, model_class, arguments):
    model = randomize(model_class(small_config, **arguments | {"dropout": 0.5}))
    inputs = inputs_of(model_class, small_config)
    calm = np.asarray(model(inputs))
    np.testing.assert_array_equal(model(inputs, training=False), calm)
    assert np.abs(model(inputs, training=True) - calm).max() > 0.01
    quiet = randomize(model_class(small_config, **arguments | {"dropout": 0.0}))
    np.testing.assert_array_equal(quiet(inputs, training=True), quiet(inputs))


@with_dropout
def test_dropout_is_googles_unless_another_is_asked_for(small_config, model_class, arguments):
    others = {name: value for name, value in arguments.items() if name != "dropout"}
    assert model_class(small_config, **others).head_arguments() == others | {"dropout": 0.1}


@task_models
def test_dropout_of_the_encoder_acts_in_training_only(small_config, model_class, arguments):
    config = small_config.replace(hidden_dropout_prob=0.1)
    quiet = arguments | ({"dropout": 0.0} if "dropout" in arguments else {})
    model = randomize(model_class(config, **quiet))
    inputs = inputs_of(model_class, config)
    for calm, trained in zip(flat(model(inputs)), flat(model(inputs, training=True)), strict=True):
        assert np.abs(trained - calm).max() > 0.01


@task_models
def test_logits_of_bfloat16_are_float32_and_close(small_config, model_class, arguments):
    exact = randomize(model_class(small_config, **arguments), scale=0.1)
    rough = model_class(small_config, **arguments, dtype="mixed_bfloat16")
    rough.set_weights(exact.get_weights())
    inputs = inputs_of(model_class, small_config)
    for logits, expected in zip(flat(rough(inputs)), flat(exact(inputs)), strict=True):
        assert logits.dtype == "float32"
        assert 0 < np.abs(logits - expected).max() < 3e-2


@task_models
def test_only_weights_with_a_gradient_are_trained(small_config, model_class, arguments):
    """The pooler of a token's model has none, about which Keras would warn in `fit`."""
    model = randomize(model_class(small_config, **arguments))
    with tf.GradientTape() as tape:
        outputs = model(inputs_of(model_class, small_config))
        loss = sum(tf.reduce_sum(output**2) for output in keras.tree.flatten(outputs))
    gradients = tape.gradient(loss, [weight.value for weight in model.weights])
    named = list(zip([weight.path for weight in model.weights], gradients, strict=True))
    assert paths(model.trainable_variables) == [path for path, grad in named if grad is not None]
    assert paths(model.non_trainable_weights) == [path for path, grad in named if grad is None]
    pooler = paths(model.encoder.pooler.weights)
    assert paths(model.non_trainable_weights) == (pooler if model_class in TOKEN_MODELS else [])
    assert set(pooler) <= set(paths(model.encoder.trainable_variables))
    every = model.trainable_variables + model.non_trainable_variables
    assert sorted(paths(every)) == sorted(paths(model.variables))


def paths(variables):
    return [variable.path for variable in variables]


@task_models
def test_frozen_model_trains_nothing(small_config, model_class, arguments):
    model = model_class(small_config, **arguments)
    model.trainable = False
    assert model.trainable_variables == model.trainable_weights == []
    assert paths(model.non_trainable_weights) == paths(model.weights)


@task_models
def test_folder_returns_the_model_with_its_head(small_config, model_class, arguments, tmp_path):
    model = randomize(model_class(small_config, **arguments))
    model.save_pretrained(tmp_path / "model")
    copy = model_class.from_pretrained(tmp_path / "model")
    assert type(copy) is model_class
    assert copy.head_arguments() == arguments
    assert_same_outputs(copy, model, inputs_of(model_class, small_config))


SOURCES = {
    "encoder": (AlbertEncoder, {}),
    "pretrainer": (AlbertPretrainer, {}),
    "regressor": (AlbertClassifier, {"num_classes": 1}),
}


@pytest.mark.parametrize(("source_class", "source_arguments"), SOURCES.values(), ids=SOURCES.keys())
@task_models
def test_model_on_the_encoder_of_another_has_a_fresh_head(
    small_config, model_class, arguments, source_class, source_arguments, tmp_path
):
    source = randomize(source_class(small_config, **source_arguments))
    source.save_pretrained(tmp_path / "source")
    model = model_class.from_pretrained(tmp_path / "source", **arguments)
    weights = getattr(source, "encoder", source).get_weights()
    for ours, theirs in zip(model.encoder.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.asarray(model.head.bias).any()


@pytest.mark.parametrize("model_class", [AlbertClassifier, AlbertTokenClassifier])
def test_no_class_is_refused(small_config, model_class):
    with pytest.raises(
        ValueError, match=r"at least 1, or `labels` name the classes\. Received: 0\."
    ):
        model_class(small_config, num_classes=0)


@task_models
def test_shapes_of_a_functional_model_stay_open(small_config, model_class, arguments):
    model = randomize(model_class(small_config, **arguments))
    batch = inputs_of(model_class, small_config)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    open_shape = (None,) * (batch["input_mask"].ndim - 1)
    inputs = {name: keras.Input(open_shape, dtype="int32", name=name) for name in names}
    functional = keras.Model(inputs, model(inputs))
    for shorter in (0, 4):
        rows = {name: batch[name][..., : 17 - shorter] for name in names}
        assert_same_outputs(functional, model, rows)
