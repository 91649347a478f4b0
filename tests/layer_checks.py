"""What every layer must do, called from the test of each."""

import inspect
import json

import keras
import numpy as np

from tests.elsewhere import outputs_elsewhere


def check_layer(
    layer_class, arguments, inputs_of, stranger, folder, shortest=0, without_gradient=()
):
    """Checks a layer as a user of Keras meets it.

    Args:
        layer_class: the class.
        arguments: function to a dict, the constructor's arguments: every one of them, none at its
            default.
        inputs_of: function of a batch size and a length to a dict of arrays, the arguments of a
            call.
        stranger: the executor of `tests.processes.stranger`.
        folder: path. An empty folder.
        shortest: int. The least length that there is.
        without_gradient: ends of the paths of weights that have none, or 0.
    """

    def make(**changes):
        return layer_class(**arguments() | changes)

    inputs = inputs_of(3, 5)
    check_config(make(), layer_class, arguments())
    check_shapes(make(), make(), inputs)
    check_gradients(make(), inputs, without_gradient)
    check_precision(make, inputs)
    check_file(make(), inputs, stranger, folder)
    for batch, length in {(0, 5), (1, 5), (3, 1), (3, shortest), (0, shortest)}:
        check_shapes(make(), make(), inputs_of(batch, length))


def check_config(layer, layer_class, arguments):
    """Each argument is an attribute of its name, and comes back from JSON."""
    named = set(inspect.signature(layer_class).parameters) - {"kwargs"}
    assert named == set(arguments), "the test gives every argument"
    for name, value in arguments.items():
        assert type(getattr(layer, name)) is type(value)
        assert name in layer.get_config()
    config = layer.get_config()
    copy = layer_class.from_config(json.loads(json.dumps(config)))
    assert copy.get_config() == config
    plain = {name for name, value in arguments.items() if not isinstance(value, keras.layers.Layer)}
    assert {name: getattr(copy, name) for name in plain} == {
        name: arguments[name] for name in plain
    }


def check_shapes(layer, other, inputs):
    """A call on arrays, a symbolic one and `compute_output_shape` agree."""
    outputs = layer(**inputs)
    shapes = {f"{name}_shape": value.shape for name, value in inputs.items()}
    assert tuple(layer.compute_output_shape(**shapes)) == tuple(outputs.shape)
    symbolic = other(**symbolic_inputs(inputs))
    assert len(symbolic.shape) == len(outputs.shape)
    for known, actual in zip(symbolic.shape, outputs.shape, strict=True):
        assert known in (None, actual)
    assert symbolic.dtype == keras.backend.standardize_dtype(outputs.dtype)
    assert np.isfinite(keras.ops.convert_to_numpy(outputs)).all()


def symbolic_inputs(inputs):
    """Returns an input of Keras for each array: the batch and the length are not known."""
    return {
        # The last axis of ids and masks is a length, that of vectors a width.
        name: keras.Input(
            (*(None,) * (value.ndim - 2), None if value.ndim == 2 else value.shape[-1]),
            dtype=value.dtype.name,
            name=name,
        )
        for name, value in inputs.items()
    }


def check_gradients(layer, inputs, without_gradient):
    """Every weight has a gradient, and one that is not 0."""
    import tensorflow as tf

    layer(**inputs)
    randomized(layer)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(3.0 * tf.cast(layer(**inputs, training=True), "float32")))
    weights = layer.trainable_weights
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    without = {
        weight.path
        for weight, gradient in zip(weights, gradients, strict=True)
        if gradient is None or not np.abs(tf.convert_to_tensor(gradient)).max() > 1e-4
    }
    assert all(path.endswith(tuple(without_gradient)) for path in without), without
    assert len(without) == len(without_gradient)


def check_precision(make, inputs):
    """In half precision the weights are float32, and the results near those of float32."""
    exact, rough = make(), make(dtype="mixed_bfloat16")
    exact(**inputs), rough(**inputs)
    rough.set_weights(randomized(exact, 0.1).get_weights())
    assert {weight.dtype for weight in rough.trainable_weights} == {"float32"}
    symbolic = make(dtype="mixed_bfloat16")(**symbolic_inputs(inputs))
    outputs, expected = rough(**inputs), keras.ops.convert_to_numpy(exact(**inputs))
    assert symbolic.dtype == keras.backend.standardize_dtype(outputs.dtype)
    error = keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32")) - expected
    # A number is rounded by up to 1 / 256 in each of about thirty steps, whose errors add up as
    # squares do.
    assert np.sqrt(np.mean(error**2)) < 0.03 * max(np.sqrt(np.mean(expected**2)), 1e-3)


def check_file(layer, inputs, stranger, folder):
    """A model of the layer in a `.keras` file gives the same in another process and folder."""
    symbolic = symbolic_inputs(inputs)
    model = randomized(keras.Model(symbolic, layer(**symbolic)))
    outputs = outputs_elsewhere(model, inputs, stranger, folder)
    np.testing.assert_allclose(outputs, model(inputs), atol=1e-6)


def randomized(layer, scale=0.3):
    """Gives every weight a random value: fresh biases are 0 and hide errors."""
    random = np.random.default_rng(5)
    for weight in layer.trainable_weights:
        is_scale = weight.path.endswith("layer_norm/gamma")
        weight.assign(random.normal(scale=scale, size=weight.shape) + is_scale)
    return layer
