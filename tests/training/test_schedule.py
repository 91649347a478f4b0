import keras
import numpy as np
import pytest

from tests import reference
from tf_albert.training.schedule import WarmupLinearDecay


@pytest.mark.parametrize(("warmup_steps", "total_steps"), [(0, 7), (3, 7), (6, 7)])
def test_every_step_equals_the_reference(warmup_steps, total_steps):
    schedule = WarmupLinearDecay(0.3, warmup_steps, total_steps)
    np.testing.assert_allclose(
        [float(schedule(step)) for step in range(10)],
        [reference.warmup_linear_decay(step, 0.3, warmup_steps, total_steps) for step in range(10)],
        rtol=1e-6,
        atol=1e-9,
    )


def test_pretraining_of_the_paper():
    schedule = WarmupLinearDecay(0.00176, 3125, 125_000)
    rates = [float(schedule(step)) for step in (0, 1, 3124, 3125, 62_500, 125_000, 125_001)]
    np.testing.assert_allclose(
        rates,
        [0, 0.00176 / 3125, 0.00176 * 3124 / 3125, 0.00176 * 0.975, 0.00088, 0, 0],
        rtol=1e-5,
        atol=1e-9,
    )


def test_round_trip():
    schedule = WarmupLinearDecay(0.3, 2, 7)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert isinstance(again, WarmupLinearDecay)
    assert again.get_config() == {"peak": 0.3, "warmup_steps": 2, "total_steps": 7}


@pytest.mark.parametrize(("warmup_steps", "total_steps"), [(7, 7), (-1, 7), (0, 0)])
def test_warmup_must_end_before_training(warmup_steps, total_steps):
    with pytest.raises(
        ValueError, match=f"warmup_steps={warmup_steps} and total_steps={total_steps}"
    ):
        WarmupLinearDecay(0.3, warmup_steps, total_steps)
