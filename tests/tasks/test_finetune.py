"""Fine-tuning from a table to predictions."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.tasks.tables import recipe_of, write_folder
from tf_albert import AlbertClassifier, AlbertPretrainer, files
from tf_albert.cli.main import main
from tf_albert.convert.names import weights_by_name
from tf_albert.tasks.finetune import finetune
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor
from tf_albert.tasks.text_classification.table import NUMBER, read_examples
from tf_albert.training.checkpoints import list_checkpoints

NO_TABLE = dict.fromkeys(("train", "dev", "text_column", "label_column"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with a pretrained model and two tables."""
    return write_folder(tmp_path_factory.mktemp("finetune"), tokenizer)


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
        "multi_label": False,
    }


def test_predictor_of_the_run_scores_the_same(classified):
    recipe, results = classified
    predictor = TextClassificationPredictor.from_pretrained(recipe.output)
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
    assert "for the task 'table', which takes no submission; cola" in capsys.readouterr().err
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
    predictor = TextClassificationPredictor.from_pretrained(recipe.output)
    examples = read_examples(recipe.dev, ["text"], "score", NUMBER)
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
    predictor = TextClassificationPredictor.from_pretrained(recipe.output)
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


def without_results(recipe, folder, last):
    """Returns the recipe of what is left of a run that was killed after a checkpoint."""
    run = shutil.copytree(recipe.output, folder / "killed")
    (run / "results.json").unlink()
    shutil.rmtree(run / "model")
    for step, checkpoint in list_checkpoints(run):
        if step > last:
            shutil.rmtree(checkpoint)
    killed = dataclasses.replace(recipe, output=str(run))
    files.write_json(run / "recipe.json", dataclasses.asdict(killed))
    return killed


# After step 20 all is done but for the model and the results.
@pytest.mark.parametrize("last", [8, 20])
def test_killed_run_ends_as_one_that_was_not(whole, tmp_path, last):
    recipe = without_results(whole, tmp_path, last)
    results = finetune(recipe)
    assert results == pytest.approx(files.read_json(f"{whole.output}/results.json"), abs=1e-5)
    models = [AlbertClassifier.from_pretrained(where.output) for where in (recipe, whole)]
    for ours, theirs in zip(*(model.trainable_variables for model in models), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=0, atol=1e-6)


def test_frozen_embedding_stays_bit_by_bit(folder, tmp_path):
    recipe = recipe_of(
        folder,
        tmp_path / "run",
        steps=3,
        freeze="embedding",
        layer_decay=0.5,
        class_weights="balanced",
        label_smoothing=0.1,
    )
    finetune(recipe)
    before = AlbertPretrainer.from_pretrained(folder / "pretrained").encoder.embedding.variables
    tuned = AlbertClassifier.from_pretrained(recipe.output).encoder
    for ours, theirs in zip(tuned.embedding.variables, before, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    with pytest.raises(ValueError, match=r"another recipe \(layer_decay=0\.5, now 0\.9\)"):
        finetune(dataclasses.replace(recipe, layer_decay=0.9))


def test_run_with_lora_leaves_an_ordinary_model_and_goes_on_as_it_was(folder, tmp_path):
    recipe = recipe_of(
        folder, tmp_path / "run", lora_rank=2, steps=7, checkpoint_every=3, keep_checkpoints=3
    )
    results = finetune(recipe)
    model = AlbertClassifier.from_pretrained(recipe.output)
    before = weights_by_name(AlbertPretrainer.from_pretrained(folder / "pretrained").encoder)
    after = weights_by_name(model.encoder)
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == {
        *(f"attention_0/{name}/kernel" for name in ("query", "key", "value", "output")),
        *(f"feed_forward_0/{name}/kernel" for name in ("intermediate", "output")),
    }
    killed = without_results(recipe, tmp_path, last=3)
    assert finetune(killed) == pytest.approx(results, abs=1e-5)
    again = AlbertClassifier.from_pretrained(killed.output)
    for ours, theirs in zip(again.weights, model.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=0, atol=1e-6)


def test_run_of_a_version_without_an_option_goes_on(whole, tmp_path):
    killed = without_results(whole, tmp_path, last=20)
    stored = files.read_json(f"{killed.output}/recipe.json")
    for name in ("freeze", "lora_rank", "layer_decay", "weight_decay", "class_weights"):
        del stored[name]
    files.write_json(f"{killed.output}/recipe.json", stored)
    finetune(killed)
    with pytest.raises(ValueError, match=r"another recipe \(lora_rank=0, now 2\)"):
        finetune(dataclasses.replace(killed, lora_rank=2))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"task": "glue"}, ValueError, "Unknown task 'glue'. Known tasks: table, cola"),
        ({"task": "rte"} | NO_TABLE, ValueError, "The task 'rte' needs 'data'"),
        ({"task": "rte", "data": "x"}, ValueError, "'rte' does not take 'train', 'dev', 'text_col"),
        (
            {"task": "rte", "data": "x", "regression": True, "multi_label": True} | NO_TABLE,
            ValueError,
            r"'rte' does not take 'regression', 'multi_label'. It takes 'data'\.",
        ),
        (
            {"task": "squad"},
            ValueError,
            "'squad' does not take 'text_column', 'label_column'. It takes 'data', 'train'",
        ),
        (
            {"task": "race", "data": "x", "text_column": None, "label_column": None},
            ValueError,
            "'race' takes 'data', or 'train' and 'dev', not both. Received: 'data', 'train', 'dev'",
        ),
        ({"stride": 7}, ValueError, "The task 'table' does not take 'stride'"),
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
        ({"class_weights": {"ugly": 2.0}}, ValueError, "'ugly', which is no label here"),
        (
            {"seeds": 3, "strategy": "multi_worker_mirrored"},
            ValueError,
            "Several workers train one seed a run; received seeds=3.",
        ),
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
    assert "Rows left out or used in part: 1.\n1 × another number of columns than the" in shown


def test_label_of_dev_that_training_never_saw(folder, tmp_path):
    dev = Path(folder / "dev.tsv").read_text() + "the object\tof it\tugly\t0\n"
    (tmp_path / "dev.tsv").write_text(dev)
    with pytest.raises(ValueError, match=r"dev\.tsv has labels that training never saw: ugly"):
        finetune(recipe_of(folder, tmp_path / "run", dev=str(tmp_path / "dev.tsv")))
    assert not (tmp_path / "run").exists()
