"""What holds for every model class."""

import collections
import json

import keras
import numpy as np
import pytest

from tests.elsewhere import outputs_elsewhere
from tests.helpers import randomize
from tests.modeling.task_models import (
    LABELS,
    TARGETS,
    TASK_MODELS,
    assert_same_outputs,
    crossentropy,
    inputs_of,
    over,
)
from tf_albert import AlbertEncoder, AlbertMultipleChoice, AlbertPretrainer
from tf_albert.modeling.model import as_config

ON_ENCODER = {"pretrainer": (AlbertPretrainer, {}), **TASK_MODELS}
# A softmax does not see what is added to all that it compares: all keys of a token, all choices.
WITHOUT_GRADIENT = collections.defaultdict(
    lambda: ("key/bias",), {AlbertMultipleChoice: ("key/bias", "head/bias")}
)
models = over({"encoder": (AlbertEncoder, {}), **ON_ENCODER})


@models
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_config_returns_through_json(small_config, model_class, arguments, dtype):
    model = model_class(small_config, **arguments, dtype=dtype, name="mine")
    stored = json.loads(json.dumps(model.get_config()))
    copy = model_class.from_config(stored)
    assert (copy.config, copy.name, copy.dtype_policy.name) == (small_config, "mine", dtype)
    assert copy.head_arguments() == model.head_arguments() == arguments
    copy.set_weights(model.get_weights())
    assert_same_outputs(copy, model, inputs_of(model_class, small_config))


@models
def test_keras_file_returns_the_model(small_config, model_class, arguments, tmp_path, stranger):
    model = randomize(model_class(small_config, **arguments))
    inputs = inputs_of(model_class, small_config)
    loaded = outputs_elsewhere(model, inputs, stranger, tmp_path)
    assert_same_outputs(lambda _: loaded, model, inputs)


@over(ON_ENCODER)
def test_precision_of_a_given_encoder_is_kept(small_config, model_class, arguments):
    model = model_class(AlbertEncoder(small_config, dtype="mixed_bfloat16"), **arguments)
    copy = model_class.from_config(model.get_config())
    assert copy.encoder.dtype_policy.name == "mixed_bfloat16"
    copy.set_weights(model.get_weights())
    assert_same_outputs(copy, model, inputs_of(model_class, small_config))


@models
def test_all_weights_are_there_before_the_first_call(small_config, model_class, arguments):
    model = model_class(small_config, **arguments)
    before = model.count_params()
    model(inputs_of(model_class, small_config))
    assert model.count_params() == before > 0
    assert len({variable.path for variable in model.weights}) == len(model.weights)


@models
def test_one_step_of_fit_changes_every_weight(small_config, model_class, arguments):
    model, targets = randomize(model_class(small_config, **arguments)), targets_of(model_class)
    loss = "mse" if model_class is AlbertEncoder else crossentropy()
    losses = keras.tree.map_structure(lambda _: loss, targets)
    # `fit` makes its graph for each in the same way: one shows it, the others need no tracing.
    eager = model_class is not AlbertPretrainer
    model.compile(keras.optimizers.SGD(1.0), losses, jit_compile=False, run_eagerly=eager)
    before = model.get_weights()
    model.fit(inputs_of(model_class, small_config), targets, batch_size=5, verbose=0)
    after = model.get_weights()
    trained = {id(variable) for variable in model.trainable_variables}
    unchanged = [
        variable.path
        for variable, old, new in zip(model.weights, before, after, strict=True)
        if id(variable) in trained and np.array_equal(old, new)
    ]
    assert [path for path in unchanged if not path.endswith(WITHOUT_GRADIENT[model_class])] == []


def targets_of(model_class):
    if model_class is AlbertEncoder:
        return {"sequence_output": np.ones((5, 17, 28)), "pooled_output": np.ones((5, 28))}
    if model_class is AlbertPretrainer:
        return {"mlm_logits": np.arange(40).reshape(5, 8), "sop_logits": LABELS}
    return TARGETS[model_class]


def test_config_passes_as_itself_or_as_its_dict(small_config):
    assert as_config(small_config) is small_config
    assert as_config(small_config.to_dict()) == small_config
