import pytest

from tf_albert.training.evaluation import wilson_interval


@pytest.mark.parametrize(
    ("hits", "count", "expected"),
    # 0 of n ends at z² / (n + z²), with z = 1.96.
    [(0, 20, (0, 3.8415 / 23.8415)), (20, 20, (20 / 23.8415, 1)), (7, 28, (0.1268, 0.4336))],
)
def test_interval(hits, count, expected):
    assert wilson_interval(hits, count) == pytest.approx(expected, abs=1e-4)
