"""Runs that a signal stops, and runs over several processes."""

import dataclasses
import json
import os
import re
import signal
import socket
import time

import keras
import numpy as np
import pytest

from tests.helpers import REPOSITORY
from tests.processes import start_python
from tests.training.clusters import OneOfSeveral
from tests.training.recipes import small_recipe
from tf_albert import AlbertConfig, AlbertPretrainer, files
from tf_albert.data.batches import PretrainingBatches
from tf_albert.data.shards import Corpus
from tf_albert.training import loop
from tf_albert.training.checkpoints import list_checkpoints, save_checkpoint
from tf_albert.training.objectives import PretrainingObjective
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.pretrain import pretrain
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.strategy import make_strategy


def assert_same_weights(model, expected, atol):
    for variable, other in zip(
        model.trainable_variables, expected.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(
            variable.numpy(), other.numpy(), rtol=0, atol=atol, err_msg=variable.path
        )


@pytest.fixture
def recipe(tmp_path, vocabulary):
    return small_recipe(tmp_path, vocabulary, steps=9)


def training(recipe, run, on_checkpoint=None):
    corpus = Corpus.open(recipe.data)
    config = AlbertConfig.from_json(recipe.model)
    run.mkdir(exist_ok=True)
    return loop.Training(
        run=run,
        make_model=lambda: AlbertPretrainer(config),
        objective=PretrainingObjective(),
        batches=PretrainingBatches(corpus, recipe.batch_size, recipe.sequence_length, recipe.seed),
        tokenizer=corpus.tokenizer_files(),
        on_checkpoint=on_checkpoint,
    )


@pytest.mark.parametrize(
    ("number", "strategy"), [(signal.SIGINT, "one_device"), (signal.SIGTERM, "mirrored")]
)
def test_run_stopped_by_a_signal_goes_on_as_if_it_had_not_been(recipe, tmp_path, number, strategy):
    strategy = make_strategy(strategy)
    keras.utils.set_random_seed(7)
    whole = loop.train(training(recipe, tmp_path / "whole"), recipe, strategy)

    def stop(model, strategy, step):
        os.kill(os.getpid(), number)
        return {}

    keras.utils.set_random_seed(7)
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(loop.Interrupted, match=r"Stopped after step 4 of 9\. The checkpoint is in"):
        loop.train(training(recipe, tmp_path / "run", stop), recipe, strategy)
    assert [step for step, _ in list_checkpoints(tmp_path / "run")] == [3, 4]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    model = loop.train(training(recipe, tmp_path / "run"), recipe, strategy)
    assert_same_weights(model, whole, atol=1e-6)


def test_worker_that_a_signal_stops_names_no_checkpoint_that_it_did_not_write(recipe, tmp_path):
    def stop(model, strategy, step):
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    worker = OneOfSeveral({"chief": 1, "worker": 2}, "worker", 0)
    with pytest.raises(loop.Interrupted, match=r"4 of 9\. This worker writes no checkpoint; the"):
        loop.train(training(recipe, tmp_path / "run", stop), recipe, worker)
    assert list_checkpoints(tmp_path / "run") == []


def test_untrained_model_is_seen_once(recipe, tmp_path):
    seen = []
    first = dataclasses.replace(
        training(recipe, tmp_path / "run"), on_start=lambda *_: seen.append(1)
    )
    loop.train(first, recipe, make_strategy("one_device"))
    loop.train(first, recipe, make_strategy("one_device"))
    assert len(seen) == 1


def start_worker(recipe, folder, index, **environment):
    """Starts a process that pretrains; its output goes to a file."""
    path = folder / f"recipe-{index}.json"
    files.write_json(path, dataclasses.asdict(recipe))
    log = folder / f"worker-{index}.log"
    return start_python(
        *("-m", "tests.training.worker", path),
        streams=(os.devnull, log, log),
        folder=REPOSITORY,
        CUDA_VISIBLE_DEVICES="-1",
        **environment,
    )


def finish(processes, folder, timeout=300):
    """Waits for processes and returns what they wrote; kills those that hang."""
    end = time.monotonic() + timeout
    try:
        for process in processes:
            process.join(max(end - time.monotonic(), 0.1))
    finally:
        for process in processes:
            process.kill()
            process.join()
    return [
        (folder / f"worker-{index}.log").read_text(encoding="utf-8")
        for index in range(len(processes))
    ]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run_together(recipes, folder):
    """Pretrains as a chief and a worker; returns their exit codes and what they wrote."""
    chief, worker = (f"127.0.0.1:{port}" for port in free_ports(2))
    processes = [
        start_worker(
            recipe,
            folder,
            index,
            TF_CONFIG=json.dumps(
                {
                    "cluster": {"chief": [chief], "worker": [worker]},
                    "task": {"type": kind, "index": 0},
                }
            ),
        )
        for index, (kind, recipe) in enumerate(zip(("chief", "worker"), recipes, strict=True))
    ]
    logs = finish(processes, folder)
    return [process.exitcode for process in processes], logs


def test_two_machines_that_accumulate_train_the_model_of_one(tmp_path, vocabulary):
    recipe = small_recipe(tmp_path, vocabulary, batch_size=8, optimizer="sgd", learning_rate=0.1)
    # Dropout draws another mask where the batch is divided otherwise.
    config = AlbertConfig.from_json(recipe.model)
    config.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).to_json(recipe.model)
    one = dataclasses.replace(recipe, output=str(tmp_path / "one"))
    pretrain(one)
    two = dataclasses.replace(
        recipe,
        output=str(tmp_path / "two"),
        validation=recipe.data,
        strategy="multi_worker_mirrored",
        accumulation=2,
        checkpoint_every=8,
    )
    codes, logs = run_together([two, two], tmp_path)
    assert codes == [0, 0], "\n".join(logs)
    # Only the chief reports.
    assert "step 8/8" in logs[0]
    assert "step 8/8" not in logs[1]
    models = [AlbertPretrainer.from_pretrained(part.output) for part in (two, one)]
    assert_same_weights(*models, atol=1e-5)
    results = files.read_json(f"{two.output}/results.json")
    assert results["after"]["num_pairs"] > 0


def test_machines_with_disks_of_their_own_do_not_go_on_from_different_steps(tmp_path, vocabulary):
    chief = small_recipe(tmp_path, vocabulary, strategy="multi_worker_mirrored")
    model = AlbertPretrainer(AlbertConfig.from_json(chief.model))
    schedule = WarmupLinearDecay(chief.learning_rate, chief.warmup_steps, chief.steps)
    optimizer = make_optimizer(chief.optimizer, schedule)
    optimizer.build(model.trainable_variables)
    tokenizer = Corpus.open(chief.data).tokenizer_files()
    save_checkpoint(chief.output, 3, model, optimizer, tokenizer, keep=1)
    files.write_json(f"{chief.output}/recipe.json", dataclasses.asdict(chief))
    worker = dataclasses.replace(chief, output=str(tmp_path / "other"))
    codes, logs = run_together([chief, worker], tmp_path)
    for code, log in zip(codes, logs, strict=True):
        assert code != 0
        assert re.search(r"from different steps: 3, 0\. Let .* be a folder that all of them", log)
