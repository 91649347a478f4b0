import keras
import numpy as np
import pytest

from tf_albert.layers.parts import ACTIVATIONS, initializer

AT = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))), as Google computes "gelu".
        ("gelu", [-0.0454023, -0.1542860, 0.0, 0.8411920, 2.9963627]),
        ("gelu_new", [-0.0454023, -0.1542860, 0.0, 0.8411920, 2.9963627]),
        # x times the normal distribution function.
        ("gelu_erf", [-0.0455003, -0.1542688, 0.0, 0.8413447, 2.9959503]),
        ("relu", [0.0, 0.0, 0.0, 1.0, 3.0]),
        ("tanh", [-0.9640276, -0.4621172, 0.0, 0.7615942, 0.9950547]),
    ],
)
def test_activation(name, expected):
    np.testing.assert_allclose(ACTIVATIONS[name](AT.astype("float32")), expected, atol=1e-6)


def test_initializer_is_a_truncated_normal_and_new_each_time():
    first, second = (keras.ops.convert_to_numpy(initializer(0.02)((200, 300))) for _ in range(2))
    assert np.abs(first).max() <= 2 * 0.02
    # A normal distribution cut at two standard deviations keeps 0.88 of its deviation.
    assert first.std() == pytest.approx(0.8796 * 0.02, rel=0.02)
    assert not np.array_equal(first, second)
