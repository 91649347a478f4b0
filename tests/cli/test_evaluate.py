"""What `tf-albert evaluate` scores and submits; the models have their first weights."""

import json

import pytest

from tests.cli.test_main import fails
from tests.training.recipes import small_model
from tf_albert import (
    AlbertAnswerableSpanLabeler,
    AlbertClassifier,
    AlbertSpanLabeler,
    AlbertTokenClassifier,
    files,
)
from tf_albert.cli.main import main
from tf_albert.convert.native.write import save_pretrained

NLI = ["contradiction", "entailment", "neutral"]
PAIR = ["sentence1", "sentence2"]
TEXT_TASKS = {
    "mnli": {"labels": NLI, "text_columns": PAIR, "label_column": "gold_label"},
    "imdb": {"labels": ["neg", "pos"], "text_columns": ["text"], "label_column": "label"},
    "table": {"labels": ["a", "b"], "text_columns": ["text"], "label_column": "label"},
}


def save_classifier(folder, task, tokenizer):
    """Writes a classifier as one that was fine-tuned for a task; returns its folder."""
    model = AlbertClassifier(small_model(397), len(TEXT_TASKS[task]["labels"]))
    num_segments = len(TEXT_TASKS[task]["text_columns"])
    description = TEXT_TASKS[task] | {"sequence_length": 20, "num_segments": num_segments}
    return save(model, folder, tokenizer, description | {"task": task})


def save(model, folder, tokenizer, description):
    save_pretrained(model, folder, tokenizer, {"task": description})
    return str(folder)


def write_mnli(folder):
    """Writes two development files, of two and of three rows, and two test files."""
    for name, labels in (("dev_matched", NLI[:2]), ("dev_mismatched", NLI)):
        rows = [f"the object\tit is a {label}\t{label}" for label in labels]
        content = "\n".join(["sentence1\tsentence2\tgold_label", *rows])
        (folder / f"{name}.tsv").write_text(content, encoding="utf-8")
    for name in ("test_matched", "test_mismatched"):
        content = "index\tsentence1\tsentence2\n7\tthe object\tit is fine\n"
        (folder / f"{name}.tsv").write_text(content, encoding="utf-8")


def test_every_development_file_is_scored_and_written(tmp_path, tokenizer):
    model = save_classifier(tmp_path / "model", "mnli", tokenizer)
    write_mnli(tmp_path)
    out = tmp_path / "out"
    assert main(["evaluate", "--model", model, "--data", str(tmp_path), "--output", str(out)]) == 0
    metrics = files.read_json(out / "metrics.json")
    assert (metrics["num_examples"], metrics["dev_mismatched_num_examples"]) == (2, 3)
    for place, count in ((out, 2), (out / "dev_mismatched", 3)):
        rows = [json.loads(line) for line in (place / "predictions.jsonl").read_text().splitlines()]
        assert [row["expected"] for row in rows] == NLI[:count]
        assert (place / "confusion.txt").exists()


def test_submission_without_test_files_is_an_error_before_anything_is_computed(
    tmp_path, tokenizer, capsys
):
    model = save_classifier(tmp_path / "model", "mnli", tokenizer)
    write_mnli(tmp_path)
    (tmp_path / "test_mismatched.tsv").unlink()
    places = ["--output", f"{tmp_path}/out", "--submission", f"{tmp_path}/submission"]
    evaluate = ["evaluate", "--model", model, "--data", str(tmp_path), *places]
    fails(capsys, evaluate, "test_mismatched.tsv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("task", ["imdb", "table", "conll"])
def test_task_that_takes_no_submission(tmp_path, tokenizer, capsys, task):
    if task == "conll":
        labeler = AlbertTokenClassifier(small_model(397), num_classes=2)
        description = {"labels": ["B-A", "O"], "sequence_length": 20, "task": "conll"}
        model = save(labeler, tmp_path / "model", tokenizer, description)
    else:
        model = save_classifier(tmp_path / "model", task, tokenizer)
    submit = ["--data", "nowhere", "--submission", f"{tmp_path}/submission"]
    parts = (f"for the task '{task}', which takes no submission; cola", "squad, squad2 do")
    fails(capsys, ["evaluate", "--model", model, *submit], *parts)


def test_output_and_submission_are_two_folders(tmp_path, capsys):
    places = ["--output", f"{tmp_path}/out", "--submission", f"{tmp_path}/a/../out"]
    evaluate = ["evaluate", "--model", "nowhere", "--data", "d.tsv", *places]
    fails(capsys, evaluate, "Name two.")
    for inner in ("output", "submission"):
        outer = "submission" if inner == "output" else "output"
        places = [f"--{outer}", str(tmp_path), f"--{inner}", f"{tmp_path}/inner"]
        fails(capsys, [*evaluate[:5], *places], "Name two.")
    assert not list(tmp_path.iterdir())


def test_folder_with_scores_of_ones_own_is_kept(tmp_path, tokenizer, capsys):
    model = save_classifier(tmp_path / "model", "mnli", tokenizer)
    write_mnli(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/metrics.json").write_text("{}")
    evaluate = ["evaluate", "--model", model, "--data", str(tmp_path)]
    fails(capsys, [*evaluate, "--output", f"{tmp_path}/out"], "holds files but no")
    assert main([*evaluate, "--output", f"{tmp_path}/new"]) == 0
    assert main([*evaluate, "--output", f"{tmp_path}/new"]) == 0


def test_part_of_imdb_is_scored(tmp_path, tokenizer, capsys):
    model = save_classifier(tmp_path / "model", "imdb", tokenizer)
    for label, count in (("neg", 2), ("pos", 3)):
        (tmp_path / "train" / label).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "train" / label / f"{number}.txt").write_text("the object")
    assert main(["evaluate", "--model", model, "--data", f"{tmp_path}/train"]) == 0
    assert "num_examples                   5" in capsys.readouterr().out


def test_submission_says_what_is_not_there(tmp_path, tokenizer, capsys):
    model = save_classifier(tmp_path / "model", "mnli", tokenizer)
    write_mnli(tmp_path)
    places = ["--submission", f"{tmp_path}/submission"]
    file = ["evaluate", "--model", model, "--data", f"{tmp_path}/dev_matched.tsv", *places]
    fails(capsys, file, "A submission needs the folder of the task.")
    assert main(["evaluate", "--model", model, "--data", str(tmp_path), *places]) == 0
    assert "AX is left out: diagnostic.tsv is neither in" in capsys.readouterr().out
    submitted = {path.name for path in (tmp_path / "submission").glob("*.tsv")}
    assert submitted == {"MNLI-m.tsv", "MNLI-mm.tsv"}


def test_development_file_of_the_tasks_folder_is_scored(tmp_path, tokenizer, capsys):
    labeler = AlbertTokenClassifier(small_model(397), num_classes=2)
    description = {"labels": ["B-A", "O"], "sequence_length": 20, "task": "conll"}
    model = save(labeler, tmp_path / "model", tokenizer, description)
    evaluate = ["evaluate", "--model", model, "--data", str(tmp_path)]
    fails(capsys, evaluate, "valid.txt")
    (tmp_path / "train.txt").write_text("the B-A\nlist O\n" * 5, encoding="utf-8")
    (tmp_path / "valid.txt").write_text("the B-A\nlist O\n\nfine O\n", encoding="utf-8")
    assert main([*evaluate, "--output", f"{tmp_path}/out"]) == 0
    predictions = (tmp_path / "out/predictions.jsonl").read_text().splitlines()
    assert [json.loads(row)["words"] for row in predictions] == [["the", "list"], ["fine"]]


@pytest.mark.parametrize("task", ["squad", "squad2"])
def test_submission_of_answers_is_what_squads_script_reads(tmp_path, tokenizer, task):
    """At a threshold below every score no question of SQuAD 2.0 has an answer."""
    labeler = {"squad": AlbertSpanLabeler, "squad2": AlbertAnswerableSpanLabeler}[task]
    description = {"task": task, "sequence_length": 30, "stride": 9, "null_threshold": -1e9}
    model = save(labeler(small_model(397)), tmp_path / "model", tokenizer, description)
    context = "the list is fine"
    answers = [{"text": "list", "answer_start": 4}]
    qas = [{"id": name, "question": "Which?", "answers": answers} for name in ("a", "b", "c")]
    data = {"data": [{"title": "t", "paragraphs": [{"context": context, "qas": qas}]}]}
    name = {"squad": "dev-v1.1.json", "squad2": "dev-v2.0.json"}[task]
    (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    places = ["--data", str(tmp_path), "--submission", f"{tmp_path}/out"]
    assert main(["evaluate", "--model", model, *places]) == 0
    submitted = files.read_json(tmp_path / "out/predictions.json")
    assert list(submitted) == ["a", "b", "c"]
    for answer in submitted.values():
        assert answer in context
        assert (answer == "") == (task == "squad2")
