"""Layers and optimizers under JAX, in a process without TensorFlow, compared with TensorFlow's."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests import without_tensorflow
from tests.helpers import REPOSITORY, require


@pytest.fixture(scope="module")
def of_jax(tmp_path_factory):
    require("jax", importlib.util.find_spec("jax"), "jax is not installed: '.[test]'")
    path = tmp_path_factory.mktemp("jax") / "results.npz"
    script = REPOSITORY / "tests" / "without_tensorflow.py"
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(
        [sys.executable, script, path],
        check=False,
        env=environment,
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return dict(np.load(path))


@pytest.fixture(scope="module")
def of_tensorflow():
    return without_tensorflow.results()


def test_results_are_those_of_tensorflow(of_jax, of_tensorflow):
    assert of_jax.pop("backend") == "jax"
    assert of_jax.keys() == of_tensorflow.keys()
    for name, expected in of_tensorflow.items():
        np.testing.assert_allclose(of_jax[name], expected, atol=1e-5, err_msg=name)


def test_clipped_steps_are_as_long_as_the_bound(of_jax):
    """Four steps of plain descent: at most four times the rate times the norm, and near it."""
    longest = 4 * without_tensorflow.RATE * without_tensorflow.CLIP_NORM
    moved = np.linalg.norm(of_jax["sgd"] - of_jax["before"])
    assert 0.9 * longest < moved < 1.0001 * longest


def test_accumulated_gradients_are_clipped_together(of_jax):
    """Two of four steps move the weights, and each by the rate times the norm."""
    longest = 2 * without_tensorflow.RATE * without_tensorflow.CLIP_NORM
    moved = np.linalg.norm(of_jax["sgd, accumulating"] - of_jax["before"])
    assert 0.9 * longest < moved < 1.0001 * longest


def test_clipping_changes_what_the_moments_hold(of_jax):
    assert np.abs(of_jax["lamb"] - of_jax["lamb, unclipped"]).max() > 1e-4
