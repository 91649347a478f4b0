"""Google's LAMB and AdamW, and plain SGD, which clip after the sum over replicas.

Keras's own differ: `keras.optimizers.Lamb` corrects Adam's bias, decays outside the trust ratio and
adapts every variable; and under a strategy Keras clips each replica's gradient before the sum.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras
from keras import ops

from tf_albert.types import Tensor

LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule
# Left out of decay and of the trust ratio (Google's lamb_optimizer.py and optimization.py).
EXCLUDED_NAMES = ("LayerNorm", "layer_norm", "bias")


class _SummedClipOptimizer(keras.optimizers.Optimizer):
    """A Keras optimizer that clips the global norm of the gradients as summed over replicas.

    Args:
        learning_rate: float or a Keras schedule.
        clip_norm: float or None. Largest global norm of the gradients; None for no clipping.
        **kwargs: what every Keras optimizer takes, such as `name`.

    Attributes:
        rate_scales: tuple of float. What each variable's rate is multiplied by, in the order that
            the optimizer was built with; empty where all have the same rate.
    """

    def __init__(
        self, learning_rate: LearningRate, clip_norm: float | None = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.clip_norm = clip_norm
        self.rate_scales: tuple[float, ...] = ()

    # The sum over replicas is a step of Keras's own under TensorFlow alone. Other backends give
    # the gradients of the whole batch to `_clip_gradients`, which TensorFlow calls before the sum.
    if keras.backend.backend() == "tensorflow":

        def _all_reduce_sum_gradients(
            self, grads_and_vars: Sequence[tuple[Tensor, keras.Variable]]
        ) -> list[tuple[Tensor, keras.Variable]]:
            import tensorflow as tf

            # Repeated tokens arrive as separate slices, whose norm is not that of their sum.
            dense = [
                (tf.convert_to_tensor(gradient), variable) for gradient, variable in grads_and_vars
            ]
            gradients, variables = zip(*super()._all_reduce_sum_gradients(dense), strict=True)
            return list(zip(self._clipped(gradients), variables, strict=True))

    else:

        def _clip_gradients(self, grads: Sequence[Tensor]) -> Sequence[Tensor]:
            return self._clipped(super()._clip_gradients(grads))

    def _rate(self, variable: keras.Variable, learning_rate: Tensor) -> Tensor:
        """Returns the learning rate of a variable, in its type."""
        if self.rate_scales:
            learning_rate = learning_rate * self.rate_scales[self._get_variable_index(variable)]
        return ops.cast(learning_rate, variable.dtype)

    def _clipped(self, gradients: Sequence[Tensor]) -> Sequence[Tensor]:
        if self.clip_norm is None:
            return gradients
        return clip_by_global_norm(gradients, self.clip_norm)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"clip_norm": self.clip_norm}


@keras.saving.register_keras_serializable("tf_albert")
class Sgd(_SummedClipOptimizer):
    """Plain gradient descent: it shows mistakes in the gradient's scale that LAMB and Adam hide.

    Args:
        learning_rate: float or a Keras schedule.
        clip_norm: float or None. Largest global norm of the gradients, summed over replicas.
        **kwargs: what every Keras optimizer takes, such as `name`.

    A gradient of norm 5 is clipped to 1:

    >>> weight = keras.Variable([3.0, 4.0])
    >>> Sgd(learning_rate=0.5).apply([ops.convert_to_tensor([3.0, 4.0])], [weight])
    >>> (ops.convert_to_numpy(weight) - [3.0, 4.0]).round(4).tolist()
    [-0.3, -0.4]
    """

    def update_step(
        self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor
    ) -> None:
        self.assign_sub(variable, self._rate(variable, learning_rate) * gradient)


@keras.saving.register_keras_serializable("tf_albert")
class AdamW(_SummedClipOptimizer):
    """Adam with decoupled weight decay and no bias correction, as in Google's BERT and ALBERT.

    Source: Google's optimization.py, `AdamWeightDecayOptimizer`.

    Args:
        learning_rate: float or a Keras schedule.
        weight_decay: float. Share of a weight that is added to its update; normalization weights
            and biases are left out.
        beta_1: float. Decay of the first moment.
        beta_2: float. Decay of the second moment.
        epsilon: float. Added to the root of the second moment.
        clip_norm: float or None. Largest global norm of the gradients, summed over replicas.
        **kwargs: what every Keras optimizer takes, such as `name`.

    The first update is a tenth of the gradient over the root of a thousandth of its square:

    >>> weight = keras.Variable([3.0, 4.0])
    >>> optimizer = AdamW(learning_rate=0.1, weight_decay=0.0)
    >>> optimizer.apply([ops.convert_to_tensor([0.5, -0.25])], [weight])
    >>> (ops.convert_to_numpy(weight) - [3.0, 4.0]).round(3).tolist()
    [-0.316, 0.316]
    """

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        weight_decay: float = 0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        clip_norm: float | None = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, clip_norm, **kwargs)
        # Not Keras's own `weight_decay`, which acts before the update and outside the ratio.
        self.decay = weight_decay
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._first_moments, self._second_moments = self.add_optimizer_variables(
            variables, ["first_moment", "second_moment"]
        )
        self._excluded = [
            any(name in variable.path for name in EXCLUDED_NAMES) for variable in variables
        ]

    def update_step(
        self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor
    ) -> None:
        index = self._get_variable_index(variable)
        first, second = self._first_moments[index], self._second_moments[index]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(first, self.beta_1 * first + (1.0 - self.beta_1) * gradient)
        self.assign(second, self.beta_2 * second + (1.0 - self.beta_2) * ops.square(gradient))
        update = first / (ops.sqrt(second) + self.epsilon)
        if not self._excluded[index]:
            update = self.adapt(update + self.decay * variable, variable)
        self.assign_sub(variable, self._rate(variable, learning_rate) * update)

    def adapt(self, update: Tensor, variable: keras.Variable) -> Tensor:
        """Returns the update of a weight that is not left out, decay added, before the rate."""
        return update

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "weight_decay": self.decay,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


@keras.saving.register_keras_serializable("tf_albert")
class Lamb(AdamW):
    """LAMB as Google's ALBERT used it: AdamW whose update is scaled to the norm of the weight.

    Paper: https://arxiv.org/abs/1904.00962. Source: Google's lamb_optimizer.py: no bias correction,
    decay inside the trust ratio, normalization weights and biases neither decayed nor adapted.

    Args:
        learning_rate: float or a Keras schedule.
        weight_decay: float. Share of a weight that is added to its update before the ratio;
            normalization weights and biases are left out.
        beta_1: float. Decay of the first moment.
        beta_2: float. Decay of the second moment.
        epsilon: float. Added to the root of the second moment.
        clip_norm: float or None. Largest global norm of the gradients, summed over replicas.
        **kwargs: what every Keras optimizer takes, such as `name`.

    The first update of a weight is as long as the rate times the weight's own norm:

    >>> weight = keras.Variable([3.0, 4.0])
    >>> optimizer = Lamb(learning_rate=0.1, weight_decay=0.0)
    >>> optimizer.apply([ops.convert_to_tensor([0.5, 0.5])], [weight])
    >>> float(ops.round(ops.norm(ops.convert_to_tensor(weight) - [3.0, 4.0]), 4))
    0.5
    """

    def adapt(self, update: Tensor, variable: keras.Variable) -> Tensor:
        weight_norm = ops.sqrt(ops.sum(ops.square(variable)))
        update_norm = ops.sqrt(ops.sum(ops.square(update)))
        usable = ops.logical_and(weight_norm > 0, update_norm > 0)
        ratio = weight_norm / ops.where(usable, update_norm, 1.0)
        return ops.where(usable, ratio, 1.0) * update


def clip_by_global_norm(gradients: Sequence[Tensor], clip_norm: float) -> list[Tensor]:
    """Returns gradients, all scaled alike where their common norm is above a bound.

    Args:
        gradients: float tensors.
        clip_norm: float. The largest norm. Where theirs is no number or infinite, so is no result.

    >>> gradients = [ops.convert_to_tensor([3.0]), ops.convert_to_tensor([[4.0]])]
    >>> [float(ops.squeeze(part)) for part in clip_by_global_norm(gradients, 2.5)]
    [1.5, 2.0]
    """
    squares = [ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in gradients]
    norm = ops.sqrt(sum(squares))
    # What is added is 0, or no number where the norm is infinite: a scale of 0 would hide that.
    scale = clip_norm / ops.maximum(norm, clip_norm) + (norm - norm)
    return [gradient * ops.cast(scale, gradient.dtype) for gradient in gradients]


OPTIMIZERS = {"lamb": Lamb, "adamw": AdamW, "sgd": Sgd}


def make_optimizer(
    name: str,
    learning_rate: LearningRate,
    weight_decay: float | None = None,
    clip_norm: float = 1.0,
) -> keras.optimizers.Optimizer:
    """Returns an optimizer with Google's settings, or others where they are given.

    Args:
        name: str. `"lamb"`, `"adamw"` or `"sgd"`.
        learning_rate: float or a Keras schedule.
        weight_decay: float, or None for the optimizer's own.
        clip_norm: float. Largest global norm of the gradients; 0 for no clipping.

    Raises:
        ValueError: an unknown name, or a weight decay for `"sgd"`.
    """
    check_optimizer(name, weight_decay)
    given = weight_decay is not None and name != "sgd"
    decay = {"weight_decay": weight_decay} if given else {}
    return OPTIMIZERS[name](learning_rate, clip_norm=clip_norm or None, **decay)


def check_optimizer(name: str, weight_decay: float | None = None) -> None:
    """Raises the `ValueError` that `make_optimizer` would."""
    if name not in OPTIMIZERS:
        raise ValueError(f"Unknown optimizer {name!r}. Known optimizers: {', '.join(OPTIMIZERS)}.")
    if name == "sgd" and weight_decay:
        raise ValueError(
            f"The optimizer 'sgd' has no weight decay; received weight_decay={weight_decay}. Leave "
            "it out, or take 'lamb' or 'adamw'."
        )
