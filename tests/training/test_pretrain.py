"""Whole runs: from a prepared corpus to a run folder, in one go or in several."""

import csv
import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.corpora import random_documents, write_corpus
from tests.helpers import random_inputs
from tests.training.recipes import small_model, small_recipe
from tf_albert import AlbertEncoder, AlbertPretrainer, files
from tf_albert.training.checkpoints import list_checkpoints
from tf_albert.training.pretrain import pretrain


@pytest.fixture(scope="module")
def whole(tmp_path_factory, vocabulary):
    """The recipe of a run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    recipe = small_recipe(folder, vocabulary, keep_checkpoints=3, cooccurrence_start=True)
    pretrain(recipe)
    return recipe


@pytest.fixture
def recipe(tmp_path, vocabulary):
    return small_recipe(tmp_path, vocabulary)


def killed(whole, folder, last):
    """Returns the recipe of what is left of a run that was killed after a checkpoint."""
    run = shutil.copytree(whole.output, folder / "run")
    (run / "results.json").unlink()
    shutil.rmtree(run / "model")
    for step, checkpoint in list_checkpoints(run):
        if step > last:
            shutil.rmtree(checkpoint)
    recipe = dataclasses.replace(whole, output=str(run))
    files.write_json(run / "recipe.json", dataclasses.asdict(recipe))
    return recipe


def history(recipe):
    with open(f"{recipe.output}/history.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def steps_of(recipe):
    return [int(row["step"]) for row in history(recipe)]


def assert_same_model(recipe, expected, atol=1e-6):
    ours, theirs = (AlbertPretrainer.from_pretrained(part.output) for part in (recipe, expected))
    for variable, other in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(
            variable.numpy(), other.numpy(), rtol=0, atol=atol, err_msg=variable.path
        )


def test_run_leaves_its_recipe_checkpoints_history_and_model(whole):
    run = Path(whole.output)
    assert files.read_json(run / "results.json") == {"steps": 8}
    assert files.read_json(run / "recipe.json") == dataclasses.asdict(whole)
    assert [step for step, _ in list_checkpoints(run)] == [3, 6, 8]
    assert steps_of(whole) == [2, 3, 4, 6, 8]
    assert set(history(whole)[0]) == {
        *("step", "loss", "mlm_loss", "sop_loss", "mlm_accuracy", "sop_accuracy"),
        "tokens_per_second",
    }
    assert AlbertEncoder.from_pretrained(run).config.hidden_size == 28
    provenance = files.read_json(run / "model" / "provenance.json")
    assert provenance["recipe"] == dataclasses.asdict(whole)


def test_model_is_that_of_the_last_checkpoint_with_embeddings_of_the_usual_scale(whole):
    model = AlbertPretrainer.from_pretrained(whole.output)
    last = AlbertPretrainer.from_pretrained(list_checkpoints(whole.output)[-1][1])
    factors = {}
    for variable, other in zip(model.trainable_variables, last.trainable_variables, strict=True):
        ratio = np.abs(variable.numpy()).sum() / np.abs(other.numpy()).sum()
        np.testing.assert_array_equal(variable.numpy(), other.numpy() * ratio, variable.path)
        if ratio != 1:
            factors["/".join(variable.path.split("/")[-2:])] = ratio
    factor = factors.pop("embedding/word_embeddings")
    assert factor < 1
    assert np.frexp(factor)[0] == 0.5  # a power of two
    assert 0.7 < model.encoder.embedding.word_embeddings.numpy().std() / 0.02 < 1.42
    assert factors == {
        "embedding/position_embeddings": factor,
        "embedding/type_embeddings": factor,
        "layer_norm/gamma": 1 / factor,
        "layer_norm/beta": 1 / factor,
    }
    inputs = random_inputs(model.config)
    for name, logits in model(inputs).items():
        np.testing.assert_allclose(logits, last(inputs)[name], atol=1e-5, err_msg=name)


# After step 8 all is done but for the model and the results.
@pytest.mark.parametrize("last", [3, 8])
def test_killed_run_ends_as_one_that_was_not(whole, tmp_path, capsys, last):
    recipe = killed(whole, tmp_path, last)
    pretrain(recipe)
    assert f"Going on from step {last} of 8." in capsys.readouterr().out
    assert_same_model(recipe, whole)
    assert [step for step, _ in list_checkpoints(recipe.output)] == [3, 6, 8]
    assert steps_of(recipe) == [2, 3, 4, 6, 8]
    for row, expected in zip(history(recipe), history(whole), strict=True):
        assert float(row["loss"]) == pytest.approx(float(expected["loss"]), abs=1e-5)


def test_finished_run_is_not_run_again(whole, capsys):
    before = (Path(whole.output) / "history.csv").stat().st_mtime_ns
    assert pretrain(whole) == {"steps": 8}
    assert "is finished: 8 steps are done" in capsys.readouterr().out
    assert (Path(whole.output) / "history.csv").stat().st_mtime_ns == before


def test_paths_of_a_run_may_be_spelled_otherwise(whole, tmp_path, capsys):
    shutil.copytree(whole.output, tmp_path / "moved")
    spelled = {"data": os.path.relpath(whole.data), "output": f"{tmp_path}/moved/"}
    assert pretrain(dataclasses.replace(whole, **spelled)) == {"steps": 8}
    assert "is finished" in capsys.readouterr().out


def test_only_the_newest_checkpoints_stay(recipe):
    pretrain(dataclasses.replace(recipe, checkpoint_every=2, keep_checkpoints=2))
    assert [step for step, _ in list_checkpoints(recipe.output)] == [6, 8]


def test_run_of_another_recipe_is_left_alone(whole):
    other = dataclasses.replace(whole, learning_rate=0.5, batch_size=3, log_every=1)
    with pytest.raises(
        ValueError,
        match=r"another recipe \(learning_rate=0\.01, now 0\.5; batch_size=6, now 3\)",
    ):
        pretrain(other)


def test_run_keeps_the_start_that_it_had(whole, capsys):
    assert pretrain(dataclasses.replace(whole, cooccurrence_start=False)) == {"steps": 8}
    assert "began with `cooccurrence_start`=True, and goes on so." in capsys.readouterr().out


def test_reporting_may_change_when_a_run_goes_on(whole, tmp_path):
    recipe = dataclasses.replace(killed(whole, tmp_path, 6), log_every=1, keep_checkpoints=1)
    pretrain(recipe)
    assert steps_of(recipe) == [2, 3, 4, 6, 7, 8]
    assert [step for step, _ in list_checkpoints(recipe.output)] == [8]


def test_folder_of_something_else_is_left_alone(recipe):
    Path(recipe.output).mkdir()
    (Path(recipe.output) / "thesis.txt").write_text("words")
    with pytest.raises(ValueError, match="is not empty and holds no run"):
        pretrain(recipe)


def test_checkpoint_of_another_size(whole, tmp_path):
    recipe = killed(whole, tmp_path, 3)
    config = tmp_path / "config.json"
    small_model(397).replace(intermediate_size=44).to_json(config)
    recipe = dataclasses.replace(recipe, model=str(config))
    files.write_json(Path(recipe.output) / "recipe.json", dataclasses.asdict(recipe))
    with pytest.raises(
        ValueError, match=r"of another model .* expected \(28, 44\), it holds \(28, 36\)"
    ):
        pretrain(recipe)


def test_checkpoint_of_another_optimizer(whole, tmp_path):
    recipe = dataclasses.replace(killed(whole, tmp_path, 3), optimizer="sgd")
    files.write_json(Path(recipe.output) / "recipe.json", dataclasses.asdict(recipe))
    with pytest.raises(ValueError, match=r"step-00000003 is of another model or optimizer"):
        pretrain(recipe)


@pytest.mark.parametrize("size", [-100, 0])
def test_damaged_checkpoint(whole, tmp_path, size):
    recipe = killed(whole, tmp_path, 3)
    optimizer = list_checkpoints(recipe.output)[-1][1] / "optimizer.npz"
    optimizer.write_bytes(optimizer.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"step-00000003/optimizer\.npz cannot be read"):
        pretrain(recipe)


@pytest.mark.parametrize(
    ("checkpoint_every", "advice"),
    [(1, r"The last good checkpoint is .*step-0000000\d\."), (9, "No checkpoint was written")],
)
def test_loss_that_is_not_finite(recipe, checkpoint_every, advice):
    recipe = dataclasses.replace(
        recipe,
        optimizer="sgd",
        learning_rate=1e30,
        warmup_steps=0,
        checkpoint_every=checkpoint_every,
    )
    with pytest.raises(FloatingPointError, match=rf"[sS]tep \d .*nan.*\. {advice}"):
        pretrain(recipe)
    for _, checkpoint in list_checkpoints(recipe.output):
        for variable in AlbertPretrainer.from_pretrained(checkpoint).trainable_variables:
            assert np.isfinite(variable.numpy()).all()


def test_same_seed_same_model_and_other_seed_another(whole, tmp_path):
    again = dataclasses.replace(whole, output=str(tmp_path / "again"))
    pretrain(again)
    assert_same_model(again, whole)
    other = dataclasses.replace(whole, output=str(tmp_path / "other"), seed=1)
    pretrain(other)
    with pytest.raises(AssertionError):
        assert_same_model(other, whole)


def test_held_out_documents_are_scored_before_and_after(recipe, tmp_path, vocabulary):
    held_out = random_documents(vocabulary, [11, 30, 4] * 2, seed=9)
    write_corpus(tmp_path / "held_out", vocabulary, held_out)
    recipe = dataclasses.replace(recipe, validation=str(tmp_path / "held_out"))
    results = pretrain(recipe)
    assert results == files.read_json(f"{recipe.output}/results.json")
    before, after = results["before"], results["after"]
    assert before["num_pairs"] == after["num_pairs"] > 0
    assert before["unigram_loss"] == after["unigram_loss"]
    assert before["hidden_unigram_loss"] == after["hidden_unigram_loss"]
    assert before["mlm_loss"] == pytest.approx(np.log(397), rel=0.02)
    assert before["hidden_loss"] == pytest.approx(np.log(397), rel=0.02)
    assert before["mlm_loss"] != after["mlm_loss"]
    rows = [row for row in history(recipe) if row["unigram_loss"]]
    assert [int(row["step"]) for row in rows] == [3, 6, 8]
    assert float(rows[-1]["mlm_loss"]) == pytest.approx(after["mlm_loss"], rel=1e-4)


def test_mixed_precision_and_xla(recipe):
    recipe = dataclasses.replace(recipe, dtype="mixed_bfloat16", jit_compile=True, accumulation=2)
    assert pretrain(recipe) == {"steps": 8}
    assert {float(row["loss"]) < 8 for row in history(recipe)} == {True}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"optimizer": "adam"}, ValueError, "'adam'. Known optimizers: lamb, adamw, sgd"),
        ({"strategy": "gpu"}, ValueError, "'gpu'. Known strategies: one_device, mirrored"),
        ({"strategy": "multi_worker_mirrored"}, ValueError, "needs .* TF_CONFIG, such as"),
        ({"model": "albert_huge"}, ValueError, "neither a file nor a known size"),
        ({"data": "nowhere"}, FileNotFoundError, "nowhere is no prepared corpus"),
        ({"sequence_length": 42}, ValueError, "=42 is above .* `max_position_embeddings`=41"),
        ({"steps": 2}, ValueError, "Warm-up must end before training does"),
        ({"accumulation": 4}, ValueError, "batch of 6 cannot be divided .* a multiple of 4"),
        ({"log_every": 0}, ValueError, "`log_every` must be at least 1. Received: 0"),
        ({"keep_checkpoints": 0}, ValueError, "`keep_checkpoints` must be at least 1"),
        ({"learning_rate": -1e-9}, ValueError, "`learning_rate` must be at least 0 and finite"),
    ],
)
def test_settings_that_do_not_fit(recipe, changes, error, message):
    with pytest.raises(error, match=message):
        pretrain(dataclasses.replace(recipe, **changes))


def test_recipe_that_cannot_be_gives_way_to_another_one(recipe):
    for accumulation in (4, 5):
        with pytest.raises(ValueError, match=f"`accumulation`={accumulation}"):
            pretrain(dataclasses.replace(recipe, accumulation=accumulation))
    assert not (Path(recipe.output) / "checkpoints").exists()
    with pytest.raises(ValueError, match="Warm-up must end before training does"):
        pretrain(dataclasses.replace(recipe, output=f"{recipe.output}-2", steps=2))
    assert not Path(f"{recipe.output}-2").exists()
