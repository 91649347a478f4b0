import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tf_albert.training.optimizers import AdamW, Lamb, Sgd, make_optimizer
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.strategy import make_strategy

REFERENCES = {"lamb": reference.Lamb, "adamw": reference.AdamW}
OURS = {"lamb": Lamb, "adamw": AdamW}
# Kernels are decayed and adapted; the rest, by its name, is not. One starts at 0: it has no norm.
SHAPES = {
    "dense/kernel": (5, 3),
    "dense/bias": (3,),
    "layer_norm/gamma": (7,),
    "LayerNorm/scale": (2,),
    "table": (11, 2),
    "zeros/kernel": (4,),
    "masked_lm_head/output_bias": (6,),
}


def initial_values():
    random = np.random.default_rng(3)
    values = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
    values["zeros/kernel"][:] = 0
    return {name: value.astype("float32") for name, value in values.items()}


def variables_of(values):
    """Returns Keras variables whose path is their name."""
    variables = {}
    for name, value in values.items():
        scope, _, last = name.rpartition("/")
        with keras.name_scope(scope or "embedding"):
            variables[name] = keras.Variable(value, name=last)
    return variables


def gradients_of_step(step, scale=1.0):
    random = np.random.default_rng(100 + step)
    return {name: scale * random.normal(size=shape) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("name", ["lamb", "adamw"])
@pytest.mark.parametrize("scale", [0.01, 10.0], ids=["unclipped", "clipped"])
def test_steps_equal_the_reference(name, scale):
    values = initial_values()
    variables = variables_of(values)
    schedule = WarmupLinearDecay(0.1, 2, 9)
    optimizer = make_optimizer(name, schedule)
    expected = REFERENCES[name]()
    for step in range(6):
        gradients = gradients_of_step(step, scale)
        rate = reference.warmup_linear_decay(step, 0.1, 2, 9)
        values = expected.step(values, gradients, rate)
        optimizer.apply(
            [tf.constant(gradients[key], tf.float32) for key in variables], variables.values()
        )
        for key, variable in variables.items():
            np.testing.assert_allclose(
                variable.numpy(), values[key], rtol=1e-5, atol=1e-6, err_msg=f"{key}, step {step}"
            )
    assert not np.allclose(values["zeros/kernel"], 0)


@pytest.mark.parametrize("name", ["lamb", "adamw"])
def test_settings_act(name):
    settings = {"weight_decay": 0.3, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.01}
    values, gradients = initial_values(), gradients_of_step(0)
    variables = variables_of(values)
    optimizer = OURS[name](learning_rate=0.2, clip_norm=3.0, **settings)
    optimizer.apply(
        [tf.constant(gradients[key], tf.float32) for key in variables], variables.values()
    )
    moved = REFERENCES[name](clip_norm=3.0, **settings).step(values, gradients, 0.2)
    for key, variable in variables.items():
        np.testing.assert_allclose(variable.numpy(), moved[key], rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize(
    ("clip_norm", "moved"), [(None, [3.0, 4.0]), (1.0, [0.6, 0.8]), (9.0, [3.0, 4.0])]
)
def test_sgd_moves_by_rate_times_clipped_gradient(clip_norm, moved):
    variables = [keras.Variable([1.0]), keras.Variable([[2.0]])]
    Sgd(learning_rate=0.5, clip_norm=clip_norm).apply(
        [tf.constant([3.0]), tf.constant([[4.0]])], variables
    )
    np.testing.assert_allclose(1 - variables[0].numpy()[0], 0.5 * moved[0], rtol=1e-6)
    np.testing.assert_allclose(2 - variables[1].numpy()[0, 0], 0.5 * moved[1], rtol=1e-6)


def test_norm_of_repeated_tokens_is_that_of_their_sum():
    # A token that stands twice in a batch has two slices; Google's code off TPU counted both.
    variable = keras.Variable(np.zeros((3, 1), "float32"))
    slices = tf.IndexedSlices(tf.constant([[3.0], [-3.0], [0.5]]), [1, 1, 2], dense_shape=[3, 1])
    Sgd(learning_rate=1.0, clip_norm=1.0).apply([slices], [variable])
    np.testing.assert_allclose(variable.numpy()[:, 0], [0, 0, -0.5], atol=1e-6)


@pytest.mark.parametrize("optimizer_class", [Lamb, AdamW, Sgd])
def test_fits_in_keras_and_comes_back_from_a_file(tmp_path, optimizer_class):
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(40, 3)), random.normal(size=(40, 2))
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    optimizer = optimizer_class(learning_rate=WarmupLinearDecay(0.05, 3, 100), clip_norm=2.0)
    model.compile(optimizer, "mse")
    losses = model.fit(inputs, targets, batch_size=8, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is optimizer_class
    assert loaded.optimizer.get_config() == optimizer.get_config()
    for one in (model, loaded):
        one.fit(inputs, targets, batch_size=8, shuffle=False, verbose=0)
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("optimizer_class", [Lamb, AdamW])
def test_every_setting_is_in_the_config(optimizer_class):
    settings = {
        "weight_decay": 0.3,
        "beta_1": 0.5,
        "beta_2": 0.7,
        "epsilon": 0.01,
        "clip_norm": 4.0,
        "name": "other",
    }
    optimizer = optimizer_class(learning_rate=0.125, **settings)
    again = optimizer_class.from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
    assert settings.items() <= optimizer.get_config().items()
    assert again.decay == 0.3


@pytest.mark.parametrize("optimizer_class", [AdamW, Lamb], ids=["adamw", "lamb"])
def test_fit_under_a_strategy_takes_the_steps_of_one_device(optimizer_class):
    inputs = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    targets = np.random.default_rng(1).normal(size=(6, 3)).astype("float32") * 9  # is clipped
    weights = []
    for strategy in map(make_strategy, ("one_device", "mirrored")):
        keras.utils.set_random_seed(5)
        with strategy.scope():
            model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
            model.compile(optimizer_class(0.1), "mse")
        model.fit(inputs, targets, batch_size=6, epochs=3, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for one, two in zip(*weights, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_unknown_name():
    with pytest.raises(ValueError, match=r"'adam'. Known optimizers: lamb, adamw, sgd"):
        make_optimizer("adam", 0.1)


@pytest.mark.parametrize("name", ["sgd", "adamw", "lamb"])
def test_each_variable_has_its_share_of_the_rate(name):
    moved = []
    for scales in ((), (1.0, 0.5, 0.125)):
        values = {"a/kernel": [3.0, 4.0], "b/kernel": [3.0, 4.0], "c/bias": [3.0, 4.0]}
        variables = list(variables_of(values).values())
        optimizer = make_optimizer(name, 0.25)
        optimizer.build(variables)
        optimizer.rate_scales = scales
        optimizer.apply([tf.constant([0.25, 0.5])] * 3, variables)
        moved.append([variable.numpy() - [3.0, 4.0] for variable in variables])
    for whole, scaled, scale in zip(*moved, (1.0, 0.5, 0.125), strict=True):
        np.testing.assert_allclose(scaled, scale * whole, rtol=1e-5)


def test_decay_and_clipping_are_given_or_googles():
    assert make_optimizer("lamb", 0.1).decay == make_optimizer("adamw", 0.1).decay == 0.01
    assert make_optimizer("adamw", 0.1).clip_norm == 1.0
    given = make_optimizer("adamw", 0.1, weight_decay=0.25, clip_norm=3.0)
    assert (given.decay, given.clip_norm) == (0.25, 3.0)
    none = make_optimizer("lamb", 0.1, weight_decay=0.0, clip_norm=0.0)
    assert (none.decay, none.clip_norm) == (0.0, None)
    assert make_optimizer("sgd", 0.1, weight_decay=0.0, clip_norm=2.0).clip_norm == 2.0
    with pytest.raises(ValueError, match="'sgd' has no weight decay; received"):
        make_optimizer("sgd", 0.1, weight_decay=0.1)
