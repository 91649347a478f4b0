"""Layers and optimizers under JAX, in a process without TensorFlow, compared with TensorFlow's."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests import without_tensorflow
from tests.helpers import REPOSITORY, require
from tf_albert.training.optimizers import make_optimizer


@pytest.fixture(scope="module")
def of_jax(tmp_path_factory):
    require("jax", importlib.util.find_spec("jax"), "jax is not installed: '.[test]'")
    path = tmp_path_factory.mktemp("jax") / "results.npz"
    script = REPOSITORY / "tests" / "without_tensorflow.py"
    # Compiling takes nearly all of the time, and nothing runs often.
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    run = subprocess.run(
        [sys.executable, script, path],
        check=False,
        env=os.environ | environment,
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


def test_accumulated_gradients_are_clipped_together(of_jax):
    """Two of four steps of plain descent move the weights, each by the rate times the bound."""
    longest = 2 * without_tensorflow.RATE * without_tensorflow.CLIP_NORM
    moved = np.linalg.norm(of_jax["sgd, accumulating"] - of_jax["before"])
    assert 0.9 * longest < moved < 1.0001 * longest


@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_numbers_would_differ_without_clipping(of_jax, name):
    optimizer = make_optimizer(name, without_tensorflow.RATE)
    optimizer.clip_norm = None
    unclipped = without_tensorflow.trained(without_tensorflow.make_model(), optimizer)
    assert np.abs(of_jax[name] - unclipped).max() > 1e-3
