"""Names in sentences: read, learned, counted."""

import dataclasses
import json

import numpy as np
import pytest

from tests.tasks.pretrained import save_pretrained
from tests.training.recipes import small_model
from tf_albert import AlbertTokenClassifier, files
from tf_albert.cli.main import main
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import FinetuneRecipe, finetune
from tf_albert.tasks.token_classification.data import (
    TEXT_FILES,
    Columns,
    TaggedSentence,
    read_conll,
)
from tf_albert.tasks.token_classification.metrics import spans_of, tagging_metrics
from tf_albert.tasks.token_classification.predictor import (
    TokenClassificationDescription,
    TokenClassificationPredictor,
)
from tf_albert.tasks.token_classification.task import TokenClassificationTask

NAMES = {"Error": "B-BAD", "Fine": "B-GOOD"}
OTHERS = ("the", "object", "is", "a", "list", "of", "it")


def write_conll(path, count, seed):
    random = np.random.default_rng(seed)
    lines = ["-DOCSTART- -X- O O", ""]
    for _ in range(count):
        for _ in range(int(random.integers(3, 9))):
            word = str(random.choice([*OTHERS, *NAMES]))
            lines.append(f"{word} NN B-NP {NAMES.get(word, 'O')}")
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("conll")
    save_pretrained(folder / "init", tokenizer)
    write_conll(folder / "train.txt", 120, seed=0)
    write_conll(folder / "valid.txt", 40, seed=1)
    recipe = FinetuneRecipe(
        task="conll",
        data=str(folder),
        init=str(folder / "init"),
        output=str(folder / "run"),
        batch_size=12,
        sequence_length=36,
        steps=120,
        learning_rate=0.003,
        warmup_steps=10,
        checkpoint_every=60,
        log_every=60,
    )
    return recipe, finetune(recipe)


def test_names_are_learned(trained):
    recipe, results = trained
    assert results["f1"] > 0.95
    assert results["num_sentences"] == 40
    assert files.read_json(f"{recipe.output}/model/provenance.json")["task"] == {
        "labels": ["B-BAD", "B-GOOD", "O"],
        "sequence_length": 36,
        "task": "conll",
        "word_column": None,
        "label_column": None,
    }


def test_several_seeds_keep_the_best_tagger(trained, tmp_path):
    recipe = dataclasses.replace(
        trained[0], output=str(tmp_path / "run"), seeds=2, steps=12, checkpoint_every=12
    )
    results = finetune(recipe)
    assert results["metric"] == "f1"
    best = results["seeds"][str(results["best_seed"])]
    sentences = read_conll(f"{recipe.data}/valid.txt", BadRows())
    assert TokenClassificationPredictor.from_pretrained(recipe.output).score(
        sentences
    ) == pytest.approx(best)


def test_command_line_scores_and_labels(trained, tmp_path, capsys):
    recipe, results = trained
    data = f"{recipe.data}/valid.txt"
    out = tmp_path / "out"
    arguments = ["--model", recipe.output, "--data", data, "--output", str(out)]
    assert main(["evaluate", *arguments]) == 0
    assert files.read_json(out / "metrics.json") == pytest.approx(results)
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    expected = read_conll(data, BadRows())
    assert [(tuple(row["words"]), tuple(row["expected"])) for row in rows] == [
        (one.words, one.labels) for one in expected
    ]
    capsys.readouterr()
    (tmp_path / "texts.txt").write_text("the list is Fine\n\n", encoding="utf-8")
    assert main(["predict", "--model", recipe.output, "--input", f"{tmp_path}/texts.txt"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["labels"] == ["O", "O", "O", "B-GOOD"]
    assert second == {"text": "", "words": [], "labels": []}


def test_words_beyond_their_rows_are_told_where_they_stand(tmp_path, tokenizer):
    """In the files to train on and to score on alike, and counted before anything is left out."""
    bad, long = "alone\n\n", "Fine O\n" * 40
    (tmp_path / "train.txt").write_text(bad + "it O\n\n" + long, encoding="utf-8")
    (tmp_path / "valid.txt").write_text("is O\n\nit O\n\n" + long, encoding="utf-8")
    recipe = FinetuneRecipe(
        task="conll", data=str(tmp_path), init="", output="", batch_size=2, sequence_length=36
    )
    bad_rows = BadRows()
    TokenClassificationTask(recipe, tokenizer, bad_rows)
    assert bad_rows.summary().splitlines()[1] == (
        "2 × a word that has no token in its row: "
        f"{tmp_path}/train.txt, line 5: Fine; {tmp_path}/valid.txt, line 5: Fine"
    )


def test_word_beyond_the_row_is_outside(trained):
    tagger = TokenClassificationPredictor.from_pretrained(trained[0].output)
    words = ("Fine",) * 40
    (labels,) = tagger.labels_of([words])
    _, (places,) = tagger.rows([words])
    assert len(labels) == 40
    assert labels[-1] == "O"
    assert (places[:9] > 0).all()
    assert (places == 0).tolist() == sorted(places == 0)


def test_files_are_read_alike_by_task_and_model(tmp_path, tokenizer):
    for name in TEXT_FILES:
        (tmp_path / name).write_text("1 EU B-ORG x\n2 says O x\n\n1 No O x\n")
    recipe = FinetuneRecipe(
        task="conll",
        data=str(tmp_path),
        init="",
        output="",
        batch_size=2,
        sequence_length=20,
        word_column=2,
        label_column="3",
    )
    task = TokenClassificationTask(recipe, tokenizer, BadRows())
    assert (
        task.train
        == task.dev
        == [
            TaggedSentence(("EU", "says"), ("B-ORG", "O")),
            TaggedSentence(("No",), ("O",)),
        ]
    )
    kept = json.loads(json.dumps(dataclasses.asdict(task.description)))
    description = TokenClassificationDescription(**kept)
    assert (description.labels, description.columns) == (["B-ORG", "O"], Columns(2, 3))
    model = AlbertTokenClassifier(small_model(tokenizer.vocab_size), num_classes=2)
    predictor = TokenClassificationPredictor(model, tokenizer, description)
    assert predictor.evaluate(tmp_path, BadRows()).metrics["num_sentences"] == 2
    with pytest.raises(
        ValueError, match=r"`label_column` is one, counted from 1\. Received: 'tag'"
    ):
        TokenClassificationTask(
            dataclasses.replace(recipe, label_column="tag"), tokenizer, BadRows()
        )


@pytest.mark.parametrize(
    ("labels", "spans"),
    [
        (["O", "O"], set()),
        (["B-A", "I-A", "B-A"], {(0, 2, "A"), (2, 3, "A")}),
        (["I-A", "I-A", "I-B"], {(0, 2, "A"), (2, 3, "B")}),  # IOB1
        (["B-A", "O", "I-A"], {(0, 1, "A"), (2, 3, "A")}),
        (["I-A", "B-A", "I-A"], {(0, 1, "A"), (1, 3, "A")}),
        (["B-A", "E-A", "S-A", "E-A", "I-A"], {(0, 2, "A"), (2, 3, "A"), (3, 4, "A"), (4, 5, "A")}),
        (["B", "I", "O", "B"], {(0, 2, ""), (3, 4, "")}),
        ([], set()),
    ],
)
def test_spans(labels, spans):
    assert spans_of(labels) == spans


def test_metrics_by_hand():
    labels = [["B-A", "I-A", "O", "B-B"], ["O", "B-A"]]
    predicted = [["B-A", "I-A", "O", "B-A"], ["O", "O"]]
    # Three spans are right, two are found, one of them right.
    assert tagging_metrics(labels, predicted) == {
        "f1": pytest.approx(0.4),
        "precision": 0.5,
        "recall": pytest.approx(1 / 3),
        "word_accuracy": pytest.approx(4 / 6),
        "num_sentences": 2,
    }


def test_metrics_where_there_is_no_span():
    assert tagging_metrics([["O"]], [["O"]])["f1"] == 0.0
