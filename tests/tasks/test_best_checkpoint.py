"""The best checkpoint by the development set, and runs that have gone wrong."""

import numpy as np
import pytest

from tests.training.recipes import small_model
from tf_albert import AlbertClassifier, files
from tf_albert.tasks.best_checkpoint import BestOnDev


@pytest.fixture
def model(tokenizer):
    return AlbertClassifier(small_model(tokenizer.vocab_size), num_classes=2)


def best_of(folder, tokenizer, scores, **options):
    """Returns a `BestOnDev` for a model that scores one number after another."""
    given = iter(scores)
    return BestOnDev(
        folder, lambda _: {"f1": next(given), "loss": 1.0}, "f1", tokenizer, True, **options
    )


def mark(model, value):
    model.head.bias.assign([value, value])


def test_weights_of_the_best_step_are_kept(model, tokenizer, tmp_path):
    best = best_of(tmp_path, tokenizer, [0.3, 0.7, 0.7, 0.5])
    for step in (10, 20, 30, 40):
        mark(model, step)
        assert best(model, step)["loss"] == 1.0
    assert best.best_step == 20
    best.restore(model)
    np.testing.assert_array_equal(model.head.bias, [20.0, 20.0])


def test_run_that_goes_on_knows_what_was_best(model, tokenizer, tmp_path):
    first = best_of(tmp_path, tokenizer, [0.3, 0.7])
    for step in (10, 20):
        mark(model, step)
        first(model, step)
    # Killed after step 10's checkpoint, it does step 20 again, and then a worse one.
    second = best_of(tmp_path, tokenizer, [0.7, 0.1])
    for step in (20, 30):
        mark(model, step)
        second(model, step)
    assert second.best_step == 20
    second.restore(model)
    np.testing.assert_array_equal(model.head.bias, [20.0, 20.0])


def test_patience(model, tokenizer, tmp_path):
    best = best_of(tmp_path, tokenizer, [0.3, 0.2, 0.3], patience=2)
    over = []
    for step in (10, 20, 30):
        best(model, step)
        over.append(best.is_over())
    assert over == [False, False, True]
    assert best_of(tmp_path, tokenizer, [], patience=2).is_over()
    assert not best_of(tmp_path, tokenizer, []).is_over()


def test_other_workers_write_nothing(model, tokenizer, tmp_path):
    best = BestOnDev(tmp_path, lambda _: {"f1": 0.5}, "f1", tokenizer, is_chief=False)
    best(model, 10)
    assert list(tmp_path.iterdir()) == []
    assert best.best_step == 10


def test_scores_are_written_by_step(model, tokenizer, tmp_path):
    best = best_of(tmp_path, tokenizer, [0.25, 0.5])
    best(model, 10)
    best(model, 20)
    assert files.read_json(tmp_path / "best.json") == {"10": 0.25, "20": 0.5}
