"""Layers and optimizers under JAX, in a process without TensorFlow, compared with TensorFlow's."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

import tf_albert
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
    assert of_jax["backend"] == "jax"
    for name, expected in of_tensorflow.items():
        np.testing.assert_allclose(of_jax[name], expected, atol=1e-5, err_msg=name)


def test_accumulated_gradients_are_clipped_together(of_jax):
    """Two of four steps of plain descent move the weights, each by the rate times the bound."""
    longest = 2 * without_tensorflow.RATE * without_tensorflow.CLIP_NORM
    moved = np.linalg.norm(of_jax["sgd, accumulating"] - of_jax["before"])
    assert 0.9 * longest < moved < 1.0001 * longest


def test_layers_in_a_loop_have_gradients(of_jax):
    found, expected = of_jax["looping gradients"]
    assert found == expected > 20


def test_what_is_for_tensorflow_alone_says_so_in_a_sentence(of_jax):
    told = {
        name.removeprefix("told of "): str(sentence)
        for name, sentence in of_jax.items()
        if name.startswith("told of ")
    }
    assert "JAX wants static shapes" in told.pop("skip_padding")
    assert told.keys() == set(tf_albert.hub.__all__) - {"save_preprocessor"}
    for name, sentence in told.items():
        assert f"tf_albert.hub.{name} needs Keras on TensorFlow; here it is on 'jax'" in sentence
        assert "KERAS_BACKEND=tensorflow" in sentence


@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_numbers_would_differ_without_clipping(of_jax, name):
    optimizer = make_optimizer(name, without_tensorflow.RATE)
    optimizer.clip_norm = None
    unclipped = without_tensorflow.trained(without_tensorflow.make_model(), optimizer)
    assert np.abs(of_jax[name] - unclipped).max() > 1e-3
