"""What every layer of ALBERT is made of: a config, and parts built in one way."""

import keras
from keras import ops

from tf_albert.config import AlbertConfig

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


def as_config(config):
    """Returns an `AlbertConfig` from one, or from the dict that `get_config` stored."""
    return config if isinstance(config, AlbertConfig) else AlbertConfig.from_dict(config)


def initializer(config):
    """Returns a new initializer: one object for two weights would give both the same values."""
    return keras.initializers.TruncatedNormal(stddev=config.initializer_range)


class AlbertLayer(keras.layers.Layer):
    """A Keras layer that takes its sizes from an `AlbertConfig`.

    Args:
        config: `AlbertConfig`, or the dict that its `to_dict` gave.
        **kwargs: as for every Keras layer (`name`, `dtype`, `trainable`).
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.config = as_config(config)

    def get_config(self):
        return super().get_config() | {"config": self.config.to_dict()}

    def dense(self, units, name, use_bias=True):
        """Returns a dense part in this layer's precision."""
        return keras.layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=initializer(self.config),
            dtype=self.dtype_policy,
            name=name,
        )

    def layer_norm(self):
        """Returns a layer normalization; Keras computes its statistics in float32."""
        return keras.layers.LayerNormalization(
            epsilon=self.config.layer_norm_epsilon, dtype=self.dtype_policy, name="layer_norm"
        )

    def dropout(self, rate, name="dropout"):
        """Returns a dropout part in this layer's precision."""
        return Dropout(rate, dtype=self.dtype_policy, name=name)


@keras.saving.register_keras_serializable("tf_albert")
class Dropout(keras.layers.Dropout):
    """Dropout whose mask can be computed twice, from a seed that was drawn before.

    Args: as for `keras.layers.Dropout`.

    Call arguments:
        inputs: float tensor.
        training: bool. Whether dropout acts.
        seed: int tensor of shape `(2,)`, one of `draw_seeds`; None to draw one.
    """

    def draw_seeds(self, num_calls):
        """Returns a seed for each of some calls, `(num_calls, 2)`, or None at rate 0."""
        if self.rate == 0:
            return None
        seed = self.seed_generator.next()
        steps = ops.arange(num_calls, dtype=seed.dtype) * SEED_STEP
        return seed + ops.stack([steps, ops.zeros_like(steps)], axis=1)

    def call(self, inputs, training=False, seed=None):
        if not training or seed is None:
            return super().call(inputs, training=training)
        return keras.random.dropout(inputs, self.rate, seed=_DrawnSeed(seed))


class _DrawnSeed(keras.random.SeedGenerator):
    """A seed as `keras.random` takes it: no variable, and the same whenever it is asked for."""

    def __init__(self, seed):
        self._seed = seed

    def next(self, ordered=True):
        return self._seed
