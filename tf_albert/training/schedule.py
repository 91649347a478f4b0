"""The learning rate: linear warm-up, then linear decay."""

import keras
from keras import ops

from tf_albert.types import JsonDict, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to the peak, then continues a linear decay that began at step 0.

    So the rate steps down slightly where warm-up ends, as in Google's optimization.py
    (`create_optimizer`).

    Args:
        peak: float. The rate that warm-up aims at.
        warmup_steps: int. Steps of warm-up; 0 for none.
        total_steps: int. The step at which the rate is 0.

    Example:

    >>> schedule = WarmupLinearDecay(peak=1.0, warmup_steps=2, total_steps=10)
    >>> [round(float(schedule(step)), 2) for step in (0, 1, 2, 9, 10)]
    [0.0, 0.5, 0.8, 0.1, 0.0]
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                "Warm-up must end before training does. Received: "
                f"warmup_steps={warmup_steps} and total_steps={total_steps}."
            )
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Tensor) -> Tensor:
        step = ops.cast(step, "float32")
        decayed = self.peak * (1.0 - ops.minimum(step / self.total_steps, 1.0))
        if not self.warmup_steps:
            return decayed
        return ops.where(step < self.warmup_steps, self.peak * step / self.warmup_steps, decayed)

    def get_config(self) -> JsonDict:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }
