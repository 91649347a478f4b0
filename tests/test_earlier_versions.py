"""What version 0.1 wrote opens, and gives what it gave (`tests/data/version_0_1/README.md`)."""

import json
import shutil
import tarfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.helpers import REPOSITORY
from tests.processes import run_python
from tf_albert.convert.native.read import read_model
from tf_albert.layout import model_folder

ARCHIVE = REPOSITORY / "tests/data/version_0_1/files.tar.xz"
RUNS = ("pretraining", "text_classification", "squad", "squad2", "conll", "race_run")
COMMAND = [
    "pretrain",
    "--data",
    "shards",
    "--output",
    "pretraining",
    "--model",
    "albert_config.json",
    "--steps",
    "6",
    "--batch-size",
    "4",
    "--sequence-length",
    "22",
    "--learning-rate",
    "0.01",
    "--checkpoint-every",
    "3",
    "--deterministic",
    "true",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version_0_1")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def outputs(folder):
    with np.load(folder / "expected.npz") as arrays:
        return dict(arrays)


def part(outputs, name):
    """Returns the arrays whose names begin with a name and a dot, without that."""
    return {
        key.removeprefix(f"{name}."): value
        for key, value in outputs.items()
        if key == name or key.startswith(f"{name}.")
    }


def assert_equal(found, expected):
    found = found if isinstance(found, dict) else {next(iter(expected)): found}
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6, err_msg=name)


def inputs_of(name, outputs):
    inputs = part(outputs, "inputs")
    if name == "pretraining":
        return inputs | {"masked_lm_positions": np.array([[1, 4], [2, 3], [5, 1]], "int32")}
    if name == "race_run":
        return {key: value[None] for key, value in inputs.items()}
    return inputs


@pytest.mark.parametrize("name", RUNS)
def test_model_gives_what_it_gave(name, folder, outputs):
    model = read_model(model_folder(folder / name))
    assert_equal(model(inputs_of(name, outputs)), part(outputs, name))


@pytest.mark.parametrize("name", ["text_classification", "squad", "squad2", "conll"])
def test_predictor_says_what_it_said(name, folder):
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    texts = (expected["text"],)
    if name.startswith("squad"):
        texts = expected["question"], expected["context"]
    found = list(tf_albert.load_predictor(folder / name).predicted([texts]))
    for row, other in zip(found, expected[name], strict=True):
        assert row == pytest.approx(other) if name != "conll" else row == other


def test_keras_file_loads(folder, outputs):
    model = keras.models.load_model(folder / "classifier.keras")
    assert_equal(model(inputs_of("", outputs)), part(outputs, "text_classification"))


def test_modules_load_and_are_read(folder, outputs):
    inputs, expected = inputs_of("", outputs), part(outputs, "modules.encoder")
    module = tf.saved_model.load(str(folder / "modules/encoder"))
    found = module({name: tf.constant(value) for name, value in inputs.items()})
    assert_equal({name: found[name] for name in expected}, expected)
    encoder = tf_albert.AlbertEncoder.from_pretrained(folder / "modules/encoder")
    pooled = encoder(inputs)["pooled_output"]
    np.testing.assert_allclose(pooled, expected["pooled_output"], atol=1e-6)


def test_finished_run_is_known(folder):
    finished = run_python("-m", "tf_albert.cli", *COMMAND, folder=folder)
    assert "pretraining is finished: 6 steps are done." in finished.stdout, finished.stderr


def test_stopped_run_goes_on_to_the_same_weights(folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    run = tmp_path / "pretraining"
    for name in ("model", "checkpoints/step-00000006"):
        shutil.rmtree(run / name)
    (run / "results.json").unlink()
    finished = run_python("-m", "tf_albert.cli", *COMMAND, folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "Going on from step 3 of 6." in finished.stdout
    ours, theirs = (read_model(place / "pretraining/model") for place in (tmp_path, folder))
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        # Clipping adds up in another order since.
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-5)
