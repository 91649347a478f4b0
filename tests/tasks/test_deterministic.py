"""A fine-tuning that was stopped ends with the weights of one that was not, bit for bit."""

import random
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.tasks.tables import write_table
from tests.training.recipes import small_model
from tf_albert import AlbertClassifier, AlbertPretrainer

STEPS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with a pretrained model, dropout and all, and two tables."""
    folder = tmp_path_factory.mktemp("deterministic")
    AlbertPretrainer(small_model(tokenizer.vocab_size)).save_pretrained(folder / "init", tokenizer)
    write_table(folder / "train.tsv", 120, seed=0)
    write_table(folder / "dev.tsv", 50, seed=1)
    return folder


def start(folder, run):
    options = {
        "train": folder / "train.tsv",
        "dev": folder / "dev.tsv",
        "init": folder / "init",
        "output": run,
        "text-column": "text",
        "label-column": "label",
        "deterministic": "true",
        "steps": STEPS,
        "batch-size": 12,
        "sequence-length": 24,
        "warmup-steps": 5,
        "log-every": 1,
        "checkpoint-every": 5,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "tf_albert.cli", "finetune", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def weights(run):
    return [weight.numpy() for weight in AlbertClassifier.from_pretrained(run).weights]


def test_stopped_run_ends_as_one_that_was_not(folder):
    whole = start(folder, folder / "whole")
    stop = random.Random().randint(2, STEPS - 2)
    stopped = start(folder, folder / "stopped")
    for line in stopped.stdout:
        if line.startswith(f"step {stop}/"):
            stopped.send_signal(signal.SIGINT)
            break
    _, error = stopped.communicate()
    assert stopped.returncode == 130, error
    _, error_of_whole = whole.communicate()
    assert whole.returncode == 0, error_of_whole
    assert "the same command goes on from there" in error
    again = start(folder, folder / "stopped")
    shown, error = again.communicate()
    assert again.returncode == 0, error
    assert f"of {STEPS}" in shown
    assert "Going on from step" in shown
    for ours, theirs in zip(weights(folder / "stopped"), weights(folder / "whole"), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=f"stopped after step {stop}")
