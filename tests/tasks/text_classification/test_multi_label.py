"""Any of several labels at once, from the command line."""

import json

import numpy as np
import pytest

from tests.tasks.pretrained import save_pretrained
from tf_albert import files
from tf_albert.cli.main import main

WORDS = {"bad": "error", "fine": "number"}


def write_table(path, count, seed):
    """Writes texts of which each label has a word of its own; no label for one in four."""
    random = np.random.default_rng(seed)
    rows = ["text\tkinds"]
    for _ in range(count):
        held = [label for label in WORDS if random.random() < 0.5]
        words = random.permutation(["the", "object", "is", *(WORDS[label] for label in held)])
        rows.append(f"{' '.join(words)}\t{','.join(held)}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("multi_label")
    save_pretrained(folder / "pretrained", tokenizer)
    arguments = {
        "train": write_table(folder / "train.tsv", 150, seed=0),
        "dev": write_table(folder / "dev.tsv", 40, seed=1),
        "init": folder / "pretrained",
        "output": folder / "run",
        "text-column": "text",
        "label-column": "kinds",
        "multi-label": "true",
        "batch-size": 15,
        "sequence-length": 20,
        "steps": 200,
        "learning-rate": 0.003,
        "warmup-steps": 10,
        "checkpoint-every": 100,
    }
    pairs = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    assert main(["finetune", "--task", "table", *pairs]) == 0
    return folder


def test_labels_are_learned(folder):
    results = files.read_json(folder / "run/results.json")
    assert results["f1_micro"] > 0.9
    assert 0.0 < results["no_label"] < 0.5
    assert results["exact_match"] > 0.85
    task = files.read_json(folder / "run/model/provenance.json")["task"]
    assert (task["labels"], task["multi_label"]) == (["bad", "fine"], True)


def test_evaluation_writes_each_label_and_a_picture(folder, tmp_path, capsys):
    arguments = ["--model", f"{folder}/run", "--data", f"{folder}/dev.tsv"]
    assert main(["evaluate", *arguments, "--output", str(tmp_path / "out")]) == 0
    assert "f1_micro" in capsys.readouterr().out
    results = files.read_json(folder / "run/results.json")
    assert files.read_json(tmp_path / "out/metrics.json") == pytest.approx(results)
    lines = (tmp_path / "out/predictions.jsonl").read_text().splitlines()
    right = 0
    for record in map(json.loads, lines):
        held = [label for label, value in record["probabilities"].items() if value >= 0.5]
        assert record["labels"] == held
        right += record["labels"] == record["expected"]
    assert right / len(lines) == pytest.approx(results["exact_match"])
    assert (tmp_path / "out/labels.png").stat().st_size > 5_000
    assert "f1-score" in (tmp_path / "out/labels.txt").read_text()


def test_prediction_names_all_labels_that_hold(folder, tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("the object is error number\nthe object is\n")
    arguments = ["--model", f"{folder}/run", "--input", f"{tmp_path}/texts.txt"]
    assert main(["predict", *arguments]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["labels"] for record in records] == [["bad", "fine"], []]


@pytest.mark.parametrize(("label", "found"), [("toxic", "the label toxic alone"), ("", "no label")])
def test_one_label_alone_is_refused(folder, tmp_path, capsys, label, found):
    table = tmp_path / "train.tsv"
    table.write_text(f"text\tkinds\nthe object\t{label}\nit is\t\n")
    arguments = ["--train", str(table), "--dev", str(table), "--text-column", "text"]
    arguments += ["--label-column", "kinds", "--multi-label", "true"]
    arguments += ["--init", f"{folder}/pretrained", "--output", f"{tmp_path}/run"]
    assert main(["finetune", *arguments]) == 2
    assert f"{found} in column 'kinds'" in capsys.readouterr().err


def test_number_and_labels_exclude_one_another(folder, tmp_path, capsys):
    arguments = ["--train", f"{folder}/train.tsv", "--dev", f"{folder}/dev.tsv", "--text-column"]
    arguments += ["text", "--label-column", "kinds", "--multi-label", "true", "--regression"]
    arguments += ["true", "--init", f"{folder}/pretrained", "--output", f"{tmp_path}/run"]
    assert main(["finetune", *arguments]) == 2
    assert "`regression` and `multi_label` exclude one another" in capsys.readouterr().err
