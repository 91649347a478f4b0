"""What the layers are made of: parts built in one way, activations, and checks of sizes."""

import keras
from keras import ops

from tf_albert.config import check_counts
from tf_albert.types import Tensor

ACTIVATIONS = {
    # Google's code calls the tanh form "gelu" (modeling.py, `gelu`).
    "gelu": lambda x: keras.ops.gelu(x, approximate=True),
    "gelu_new": lambda x: keras.ops.gelu(x, approximate=True),
    "gelu_erf": lambda x: keras.ops.gelu(x, approximate=False),
    "relu": keras.ops.relu,
    "tanh": keras.ops.tanh,
}

# Between the seeds of two calls: one above it would be the seed of another dropout's next step.
SEED_STEP = 7919


def initializer(initializer_range: float) -> keras.initializers.Initializer:
    """Returns a new initializer: one object for two weights would give both the same values.

    Args:
        initializer_range: float. Standard deviation of the normal distribution, cut at two of it.
    """
    return keras.initializers.TruncatedNormal(stddev=initializer_range)


class PartsLayer(keras.layers.Layer):
    """A Keras layer that builds its parts in its own precision.

    What inherits sets `initializer_range` and `layer_norm_epsilon` before it builds a part.

    Args:
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.
    """

    def _dense(self, units: int, name: str, use_bias: bool = True) -> keras.layers.Dense:
        return keras.layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=initializer(self.initializer_range),
            dtype=self.dtype_policy,
            name=name,
        )

    def _layer_norm(self) -> keras.layers.LayerNormalization:
        # Keras computes its statistics in float32.
        return keras.layers.LayerNormalization(
            epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name="layer_norm"
        )

    def _dropout(self, rate: float, name: str = "dropout") -> "Dropout":
        return Dropout(rate, dtype=self.dtype_policy, name=name)

    def _check_counts(self, *names: str) -> None:
        check_counts(self, names)


class HeadLayer(PartsLayer):
    """A layer whose logits are float32 whatever its precision.

    Args:
        **kwargs: `name`, `dtype` and `trainable`, which every Keras layer takes.
    """

    def compute_output_spec(self, *args: Tensor, **kwargs: Tensor) -> keras.KerasTensor:
        # Keras takes the precision of a layer for that of its output.
        return keras.KerasTensor(super().compute_output_spec(*args, **kwargs).shape, "float32")


def check_activation(hidden_act: str) -> None:
    """Raises a `ValueError` that names the known activations for an unknown one."""
    if hidden_act not in ACTIVATIONS:
        raise ValueError(
            f"`hidden_act` must be one of {', '.join(ACTIVATIONS)}. Received: {hidden_act!r}."
        )


@keras.saving.register_keras_serializable("tf_albert")
class Dropout(keras.layers.Dropout):
    """Dropout whose mask can be computed twice, from a seed that was drawn before.

    Args:
        rate: float in [0, 1]. Share of the numbers that become 0.
        **kwargs: `seed` and `noise_shape`, which Keras's dropout takes, and `name` and `dtype`.

    Call arguments:
        inputs: float tensor.
        training: bool. Whether dropout acts.
        seed: int tensor of shape `(2,)`, one of `draw_seeds`; None to draw one.
    """

    def draw_seeds(self, num_calls: int) -> Tensor | None:
        """Returns a seed for each of some calls, `(num_calls, 2)`, or None at rate 0."""
        if self.rate == 0:
            return None
        seed = self.seed_generator.next()
        steps = ops.arange(num_calls, dtype=seed.dtype) * SEED_STEP
        return seed + ops.stack([steps, ops.zeros_like(steps)], axis=1)

    def call(self, inputs: Tensor, training: bool = False, seed: Tensor | None = None) -> Tensor:
        if not training or seed is None:
            return super().call(inputs, training=training)
        return keras.random.dropout(inputs, self.rate, seed=_DrawnSeed(seed))


class _DrawnSeed(keras.random.SeedGenerator):
    """A seed as `keras.random` takes it: no variable, and the same whenever it is asked for."""

    # Under PyTorch, Keras takes one without for one that need not be heeded.
    _initial_seed = 0

    def __init__(self, seed: Tensor) -> None:
        self._seed = seed

    def next(self, ordered: bool = True) -> Tensor:
        return self._seed
