"""A fine-tuning that was stopped ends with the weights of one that was not, bit for bit."""

import os
import random
import signal
import time

import numpy as np
import pytest

from tests.processes import TIMEOUT, start_python
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
    """Starts a process that fine-tunes; what it writes goes to files beside the run."""
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
    streams = [os.devnull, run.with_suffix(".out"), run.with_suffix(".error")]
    for path in streams[1:]:
        path.touch()
    return start_python("-m", "tf_albert.cli", "finetune", *arguments, streams=streams)


def finish(process, run):
    """Waits for a process; returns its exit code, and what it and those before wrote."""
    process.join(TIMEOUT)
    return process.exitcode, *(run.with_suffix(end).read_text() for end in (".out", ".error"))


def stop_after(process, run, step):
    """Interrupts a process once it has reported a step."""
    while f"step {step}/" not in run.with_suffix(".out").read_text() and process.is_alive():
        time.sleep(0.01)
    if process.is_alive():  # else what it wrote tells why
        os.kill(process.pid, signal.SIGINT)


def weights(run):
    return [weight.numpy() for weight in AlbertClassifier.from_pretrained(run).weights]


def test_stopped_run_ends_as_one_that_was_not(folder):
    whole, stopped = folder / "whole", folder / "stopped"
    first, second = start(folder, whole), start(folder, stopped)
    stop = random.Random().randint(2, STEPS - 2)
    stop_after(second, stopped, stop)
    code, _, error = finish(second, stopped)
    assert code == 130, error
    assert "the same command goes on from there" in error
    code, _, error = finish(first, whole)
    assert code == 0, error
    code, shown, error = finish(start(folder, stopped), stopped)
    assert code == 0, error
    assert "Going on from step" in shown
    assert f"step {STEPS}/{STEPS}" in shown
    for ours, theirs in zip(weights(stopped), weights(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=f"stopped after step {stop}")
