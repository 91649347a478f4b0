"""Fine-tuning from a table to predictions."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.recipes import small_model
from tf_albert import AlbertClassifier, AlbertPretrainer, files
from tf_albert.cli.main import main
from tf_albert.tasks.finetune import FinetuneRecipe, finetune
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.table import read_examples
from tf_albert.training.checkpoints import list_checkpoints

WORDS = {"good": ["fine", "nice", "true"], "bad": ["error", "fail", "never"], "none": ["number"]}


def write_table(path, count, seed):
    """Writes texts of which one word tells the label and the score, and pairs."""
    random = np.random.default_rng(seed)
    rows = ["text\tmore\tlabel\tscore"]
    for _ in range(count):
        label = str(random.choice(list(WORDS)))
        words = ["the", "object", "is", str(random.choice(WORDS[label]))]
        score = {"good": 1.5, "bad": -1.0, "none": 0.25}[label]
        rows.append(f"{' '.join(random.permutation(words))}\tof it\t{label}\t{score}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with a pretrained model and two tables."""
    folder = tmp_path_factory.mktemp("finetune")
    config = small_model(tokenizer.vocab_size).replace(
        initializer_range=0.1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    AlbertPretrainer(config).save_pretrained(folder / "pretrained", tokenizer)
    write_table(folder / "train.tsv", 120, seed=0)
    write_table(folder / "dev.tsv", 50, seed=1)
    return folder


def recipe_of(folder, output, **changes):
    values = {
        "train": str(folder / "train.tsv"),
        "dev": str(folder / "dev.tsv"),
        "init": str(folder / "pretrained"),
        "output": str(output),
        "text_column": "text",
        "label_column": "label",
        "batch_size": 12,
        "sequence_length": 24,
        "steps": 6,
        "learning_rate": 0.002,
        "warmup_steps": 2,
        "checkpoint_every": 4,
        "log_every": 3,
    }
    return FinetuneRecipe(**(values | changes))


@pytest.fixture(scope="module")
def classified(folder):
    recipe = recipe_of(folder, folder / "classified", steps=120, checkpoint_every=60)
    return recipe, finetune(recipe)


def test_classes_are_learned(classified):
    recipe, results = classified
    assert results["accuracy"] == results["f1_macro"] == 1.0
    assert results["num_examples"] == 50
    assert files.read_json(f"{recipe.output}/results.json") == results
    task = files.read_json(f"{recipe.output}/model/provenance.json")["task"]
    assert task == {
        "labels": ["bad", "good", "none"],
        "text_columns": ["text"],
        "label_column": "label",
        "sequence_length": 24,
        "num_segments": 1,
        "task": "table",
    }


def test_predictor_of_the_run_scores_the_same(classified):
    recipe, results = classified
    predictor = Predictor.from_pretrained(recipe.output)
    examples = read_examples(recipe.dev, ["text"], "label")
    assert predictor.score(examples) == results
    outputs = predictor.outputs(examples.texts)
    np.testing.assert_allclose(outputs.sum(axis=1), np.ones(50), rtol=1e-5)
    np.testing.assert_allclose(
        predictor.outputs(examples.texts, batch_size=7), outputs, rtol=1e-4, atol=1e-6
    )
    records = list(predictor.records(examples.texts, outputs))
    assert [record["label"] for record in records] == examples.labels
    assert [record["text"] for record in records] == [text for (text,) in examples.texts]
    assert records[3]["probability"] == pytest.approx(outputs[3].max(), abs=1e-6)
    assert json.loads(json.dumps(records)) == records


def test_evaluation_is_written_with_a_confusion_matrix(classified, tmp_path, capsys):
    recipe, results = classified
    arguments = ["--model", recipe.output, "--data", recipe.dev, "--output", f"{tmp_path}/out"]
    assert main(["evaluate", *arguments]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert files.read_json(tmp_path / "out/metrics.json") == results
    labels = read_examples(recipe.dev, ["text"], "label").labels
    counts = [labels.count(label) for label in ("bad", "good", "none")]
    rows = (tmp_path / "out/confusion.txt").read_text().splitlines()
    assert [row.split() for row in rows[1:]] == [
        ["bad", str(counts[0]), "0", "0"],
        ["good", "0", str(counts[1]), "0"],
        ["none", "0", "0", str(counts[2])],
    ]
    assert (tmp_path / "out/confusion.png").read_bytes().startswith(b"\x89PNG")
    assert main(["evaluate", *arguments[:4], "--submission", f"{tmp_path}/submission"]) == 2
    assert "Unknown task 'table'" in capsys.readouterr().err
    assert not (tmp_path / "submission").exists()


def test_finished_run_is_not_run_again(classified, capsys):
    recipe, results = classified
    assert finetune(recipe) == results
    assert "is finished" in capsys.readouterr().out


def test_numbers_are_learned(folder, tmp_path):
    recipe = recipe_of(
        folder,
        tmp_path / "run",
        label_column="score",
        regression=True,
        steps=120,
        checkpoint_every=60,
    )
    results = finetune(recipe)
    assert results["pearson"] > 0.95
    assert results["mean_squared_error"] < 0.2
    predictor = Predictor.from_pretrained(recipe.output)
    examples = read_examples(recipe.dev, ["text"], "score", regression=True)
    assert predictor.score(examples) == results
    outputs = predictor.outputs(examples.texts)
    assert outputs.shape == (50,)
    record = next(predictor.records(examples.texts, outputs))
    assert record == {
        "text": examples.texts[0][0],
        "score": pytest.approx(float(outputs[0]), abs=1e-6),
    }


def test_pairs_from_random_weights(folder, tmp_path):
    recipe = recipe_of(folder, tmp_path / "run", text_column="more,text", from_scratch=True)
    finetune(recipe)
    predictor = Predictor.from_pretrained(recipe.output)
    assert predictor.description.num_segments == 2
    outputs = predictor.outputs([("of it", "the object is fine")])
    assert next(predictor.records([("of it", "the object is fine")], outputs))["text"] == [
        "of it",
        "the object is fine",
    ]


def test_pretrained_weights_are_where_training_starts(folder, tmp_path):
    """With a rate of 0 the encoder stays as it was, or as it was drawn."""
    pretrained = AlbertPretrainer.from_pretrained(folder / "pretrained").encoder
    for from_scratch in (False, True):
        recipe = recipe_of(
            folder,
            tmp_path / f"run-{from_scratch}",
            learning_rate=0.0,
            steps=3,
            from_scratch=from_scratch,
        )
        finetune(recipe)
        encoder = AlbertClassifier.from_pretrained(recipe.output).encoder
        same = [
            np.array_equal(ours.numpy(), theirs.numpy())
            for ours, theirs in zip(
                encoder.trainable_variables, pretrained.trainable_variables, strict=True
            )
            if ours.path.endswith(("kernel", "embeddings"))
        ]
        assert same == [not from_scratch] * len(same)


@pytest.fixture(scope="module")
def whole(folder):
    """The recipe of a run that was never stopped; twenty steps of twelve are two epochs of 120."""
    recipe = recipe_of(folder, folder / "whole", steps=20, checkpoint_every=8, keep_checkpoints=3)
    finetune(recipe)
    return recipe


# After step 20 all is done but for the model and the results.
@pytest.mark.parametrize("last", [8, 20])
def test_killed_run_ends_as_one_that_was_not(whole, tmp_path, last):
    run = shutil.copytree(whole.output, tmp_path / "run")
    (run / "results.json").unlink()
    shutil.rmtree(run / "model")
    for step, checkpoint in list_checkpoints(run):
        if step > last:
            shutil.rmtree(checkpoint)
    recipe = dataclasses.replace(whole, output=str(run))
    files.write_json(run / "recipe.json", dataclasses.asdict(recipe))
    results = finetune(recipe)
    assert results == pytest.approx(files.read_json(f"{whole.output}/results.json"), abs=1e-5)
    models = [AlbertClassifier.from_pretrained(where.output) for where in (recipe, whole)]
    for ours, theirs in zip(*(model.trainable_variables for model in models), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"task": "glue"}, ValueError, "Unknown task 'glue'. Known tasks: table, cola"),
        ({"task": "rte"}, ValueError, "The task 'rte' needs 'data'"),
        ({"task": "rte", "data": "x"}, ValueError, "'rte' does not take 'train', 'dev', 'text_col"),
        ({"train": None}, ValueError, "The task 'table' needs 'train'"),
        ({"data": "x"}, ValueError, "The task 'table' does not take 'data'"),
        ({"text_column": "a,b,c"}, ValueError, "`text_column` takes one or two columns"),
        ({"text_column": "words"}, ValueError, "no column 'words'"),
        ({"label_column": "more"}, ValueError, r"one label only \(of it\), in column 'more'"),
        ({"sequence_length": 42}, ValueError, "=42 is above .* `max_position_embeddings`=41"),
        ({"batch_size": 121}, ValueError, "120 training examples, fewer than one batch of 121"),
        ({"train": "nowhere.tsv"}, FileNotFoundError, r"nowhere\.tsv"),
        ({"init": "nowhere"}, FileNotFoundError, "nowhere"),
        ({"label_column": "label", "regression": True}, ValueError, "must hold a number"),
        ({"accumulation": 5}, ValueError, "batch of 12 cannot be divided"),
    ],
)
def test_settings_that_do_not_fit(folder, tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        finetune(recipe_of(folder, tmp_path / "run", **changes))


def test_rows_that_cannot_be_used_are_told_or_errors(folder, tmp_path, capsys):
    train = Path(folder / "train.tsv").read_text() + "the object\n"
    (tmp_path / "train.tsv").write_text(train)
    recipe = recipe_of(folder, tmp_path / "run", train=str(tmp_path / "train.tsv"))
    with pytest.raises(ValueError, match=r"train\.tsv, line 122: another number of columns"):
        finetune(dataclasses.replace(recipe, strict=True))
    finetune(recipe)
    shown = capsys.readouterr().out
    assert "120 training examples" in shown
    assert "Rows left out: 1.\n1 × another number of columns than the header" in shown


def test_several_seeds_show_their_spread_and_keep_the_best(folder, tmp_path, capsys):
    recipe = recipe_of(folder, tmp_path / "run", seed=3, seeds=3, steps=24, checkpoint_every=8)
    results = finetune(recipe)
    scores = [results["seeds"][seed]["accuracy"] for seed in ("3", "4", "5")]
    assert len(set(scores)) > 1
    assert results["metric"] == "accuracy"
    assert results["median"] == sorted(scores)[1]
    assert (results["lowest"], results["best"]) == (min(scores), max(scores))
    best = 3 + scores.index(max(scores))
    assert results["best_seed"] == best
    dev = read_examples(recipe.dev, ["text"], "label")
    assert Predictor.from_pretrained(recipe.output).score(dev)["accuracy"] == max(scores)
    assert (
        Predictor.from_pretrained(f"{recipe.output}/seed_{best}").score(dev)
        == (results["seeds"][str(best)])
    )
    assert finetune(recipe) == results
    assert "is finished" in capsys.readouterr().out


def test_several_seeds_of_a_recipe_that_cannot_be_leave_nothing(folder, tmp_path):
    recipe = recipe_of(folder, tmp_path / "run", seeds=2, label_column="none")
    with pytest.raises(ValueError, match="no column 'none'"):
        finetune(recipe)
    assert not (tmp_path / "run").exists()


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


def test_two_replicas_learn_the_classes_too(folder, tmp_path):
    recipe = recipe_of(
        folder, tmp_path / "run", strategy="mirrored", steps=120, checkpoint_every=60, log_every=60
    )
    results = finetune(recipe)
    assert results["accuracy"] > 0.9
    dev = read_examples(recipe.dev, ["text"], "label")
    assert Predictor.from_pretrained(recipe.output).score(dev) == pytest.approx(results)


def test_run_ends_early_where_it_grows_no_better(folder, tmp_path):
    recipe = recipe_of(
        folder, tmp_path / "run", steps=400, checkpoint_every=20, patience=2, log_every=20
    )
    results = finetune(recipe)
    scores = files.read_json(f"{recipe.output}/best.json")
    best = max(sorted(scores, key=int), key=scores.get)  # the first of equal ones
    last, _ = list_checkpoints(recipe.output)[-1]
    assert last == int(best) + 2 * 20 < 400
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
        steps=120,
        checkpoint_every=60,
        **changes,
    )
    results = finetune(recipe)
    assert "to score on: 20 in dev_matched, 15 in dev_mismatched." in capsys.readouterr().out
    assert (results["num_examples"], results["dev_mismatched_num_examples"]) == (20, 15)
    assert results["accuracy"] > 0.8
    predictor = Predictor.from_pretrained(recipe.output)
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


def test_label_of_dev_that_training_never_saw(folder, tmp_path):
    dev = Path(folder / "dev.tsv").read_text() + "the object\tof it\tugly\t0\n"
    (tmp_path / "dev.tsv").write_text(dev)
    with pytest.raises(ValueError, match=r"dev\.tsv has labels that training never saw: ugly"):
        finetune(recipe_of(folder, tmp_path / "run", dev=str(tmp_path / "dev.tsv")))
    assert not (tmp_path / "run").exists()


def test_pretrained_model_is_no_predictor(folder, tmp_path, tokenizer):
    AlbertClassifier(small_model(397), num_classes=2).save_pretrained(tmp_path / "a", tokenizer)
    for model in (folder / "pretrained", tmp_path / "a"):
        with pytest.raises(ValueError, match=r"no fine-tuned model. `tf-albert finetune` makes"):
            Predictor.from_pretrained(model)
