"""What a run of fine-tuning does besides training: seeds, collapse, an early end, named tasks."""

import dataclasses

import numpy as np
import pytest

from tests.tasks.tables import WORDS, recipe_of, write_folder
from tf_albert import files
from tf_albert.cli.main import main
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import finetune
from tf_albert.tasks.metrics import regression_metrics
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor
from tf_albert.tasks.text_classification.table import read_examples
from tf_albert.tasks.text_classification.task import TextClassificationTask
from tf_albert.training.checkpoints import list_checkpoints


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with a pretrained model and two tables."""
    return write_folder(tmp_path_factory.mktemp("finetune"), tokenizer)


def test_several_seeds_show_their_spread_and_keep_the_best(folder, tmp_path, capsys):
    recipe = recipe_of(folder, tmp_path / "run", seed=3, seeds=3, steps=24, checkpoint_every=12)
    results = finetune(recipe)
    scores = [results["seeds"][seed]["accuracy"] for seed in ("3", "4", "5")]
    assert len(set(scores)) > 1
    assert results["metric"] == "accuracy"
    assert results["median"] == sorted(scores)[1]
    assert (results["lowest"], results["best"]) == (min(scores), max(scores))
    best = 3 + scores.index(max(scores))
    assert results["best_seed"] == best
    dev = read_examples(recipe.dev, ["text"], "label")
    assert TextClassificationPredictor.from_pretrained(recipe.output).score(dev)["accuracy"] == max(
        scores
    )
    assert (
        TextClassificationPredictor.from_pretrained(f"{recipe.output}/seed_{best}").score(dev)
        == (results["seeds"][str(best)])
    )
    assert finetune(recipe) == results
    assert "is finished" in capsys.readouterr().out


@pytest.mark.parametrize("seeds", [1, 2])
def test_recipe_that_cannot_be_does_not_bar_its_folder(folder, tmp_path, seeds):
    recipe = recipe_of(folder, tmp_path / "run", seeds=seeds, sequence_length=42)
    with pytest.raises(ValueError, match="`sequence_length`=42 is above"):
        finetune(recipe)
    with pytest.raises(ValueError, match="`sequence_length`=43 is above"):
        finetune(dataclasses.replace(recipe, sequence_length=43))


def test_run_without_anything_to_learn_is_begun_once_more(folder, tmp_path, capsys):
    """The same text with either label: all that a classifier can do is guess."""
    rows = [f"the object\t{label}" for label in ("good", "bad", "good", "none") * 30]
    (tmp_path / "same.tsv").write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
    table = str(tmp_path / "same.tsv")
    recipe = recipe_of(
        folder, tmp_path / "run", train=table, dev=table, steps=130, checkpoint_every=50, seed=5
    )
    results = finetune(recipe)
    shown = capsys.readouterr().out
    assert "The run has collapsed: after step 130 of 130 it predicts one class for all 120" in shown
    assert "It begins once more, with `seed`=1005, `learning_rate`=0.001." in shown
    assert results["predicted_classes"] == 1
    used = files.read_json(f"{recipe.output}/model/provenance.json")["recipe"]
    assert (used["seed"], used["learning_rate"], used["steps"]) == (1005, 0.001, 130)
    assert finetune(recipe) == results


def test_regression_that_predicts_one_number_has_collapsed(folder, tmp_path, tokenizer):
    recipe = recipe_of(folder, tmp_path / "run", label_column="score", regression=True)
    task = TextClassificationTask(recipe, tokenizer, BadRows())
    labels = np.array(task.dev["dev"].labels)
    constant = labels.mean() + 0.009 * (labels - labels.mean())
    assert "one number for all 50 examples" in task.collapse(regression_metrics(labels, constant))
    varied = labels.mean() + 0.011 * (labels - labels.mean())
    assert task.collapse(regression_metrics(labels, varied)) is None


def test_two_replicas_learn_the_classes_too(folder, tmp_path):
    recipe = recipe_of(
        folder, tmp_path / "run", strategy="mirrored", steps=120, checkpoint_every=120, log_every=60
    )
    results = finetune(recipe)
    assert results["accuracy"] > 0.9
    dev = read_examples(recipe.dev, ["text"], "label")
    assert TextClassificationPredictor.from_pretrained(recipe.output).score(dev) == pytest.approx(
        results
    )


def test_run_ends_early_where_it_grows_no_better(folder, tmp_path):
    recipe = recipe_of(
        folder, tmp_path / "run", learning_rate=0.0, steps=90, checkpoint_every=3, patience=2
    )
    results = finetune(recipe)
    scores = files.read_json(f"{recipe.output}/best.json")
    best = max(sorted(scores, key=int), key=scores.get)  # the first of equal ones
    last, _ = list_checkpoints(recipe.output)[-1]
    assert last == int(best) + 2 * 3 == 9
    assert results["accuracy"] == pytest.approx(scores[best])


def test_named_task_is_scored_on_all_its_development_files(folder, tmp_path, capsys):
    """MNLI's own format: parses, several labels, two development files."""
    header = "index\tsentence1_parse\tsentence1\tsentence2\tlabel1\tgold_label"
    classes = {"good": "entailment", "bad": "contradiction", "none": "neutral"}
    for name, size in (("train", 60), ("dev_matched", 20), ("dev_mismatched", 15)):
        random, rows = np.random.default_rng(size), [header]
        for number in range(size):
            label = str(random.choice(list(WORDS)))
            word = str(random.choice(WORDS[label]))
            rows.append(
                f"{number}\t(ROOT x)\tthe object\tit is {word}\t{classes[label]}\t{classes[label]}"
            )
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows), encoding="utf-8")
    changes = dict.fromkeys(("train", "dev", "text_column", "label_column"))
    recipe = recipe_of(
        folder,
        tmp_path / "run",
        task="mnli",
        data=str(tmp_path),
        steps=8,
        checkpoint_every=8,
        **changes,
    )
    results = finetune(recipe)
    assert "to score on: 20 in dev_matched, 15 in dev_mismatched." in capsys.readouterr().out
    assert (results["num_examples"], results["dev_mismatched_num_examples"]) == (20, 15)
    predictor = TextClassificationPredictor.from_pretrained(recipe.output)
    assert predictor.description.task == "mnli"
    assert predictor.description.labels == ["contradiction", "entailment", "neutral"]
    arguments = ["--model", recipe.output, "--data", str(tmp_path)]
    tests = ["index\tsentence1\tsentence2", "7\tthe object\tit is fine", "9\tthe object\tnumber"]
    for name in ("test_matched", "test_mismatched"):
        (tmp_path / f"{name}.tsv").write_text("\n".join(tests), encoding="utf-8")
    assert main(["evaluate", *arguments, "--submission", f"{tmp_path}/out"]) == 0
    for name in ("MNLI-m", "MNLI-mm"):
        header, *rows = (tmp_path / f"out/{name}.tsv").read_text().splitlines()
        assert header == "index\tprediction"
        assert [row.split("\t")[0] for row in rows] == ["7", "9"]
        assert {row.split("\t")[1] for row in rows} <= {"contradiction", "entailment", "neutral"}
