"""What `tf-albert predict` reads."""

import csv
import io
import json
import sys

import pytest

from tests.cli.test_evaluate import save_classifier
from tests.cli.test_main import fails
from tf_albert.cli.main import main
from tf_albert.cli.predict import read_columns, read_texts
from tf_albert.tasks.question_answering.predictor import (
    QuestionAnsweringDescription,
    QuestionAnsweringPredictor,
)
from tf_albert.tasks.text_classification.predictor import (
    TextClassificationDescription,
    TextClassificationPredictor,
)
from tf_albert.tasks.token_classification.predictor import (
    TokenClassificationDescription,
    TokenClassificationPredictor,
)

LINES = "\ufeffone\ttwo\nthree\tfour\r\n"
PAIRS = [("one", "two"), ("three", "four")]


def test_pairs_of_a_file_whose_name_is_no_pattern(tmp_path):
    for name in ("a[1].txt", "a1.txt"):
        (tmp_path / name).write_text(LINES if "[" in name else "other\n", encoding="utf-8")
    assert list(read_texts(tmp_path / "a[1].txt", 2)) == PAIRS
    with pytest.raises(FileNotFoundError, match=r"\*\.txt"):
        next(read_texts(tmp_path / "*.txt", 1))


def test_standard_input_is_read_as_a_file_is(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(LINES.encode() + b"\xff\tx\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    texts = read_texts(None, 2)
    assert [next(texts), next(texts)] == PAIRS
    with pytest.raises(ValueError, match="standard input, line 3: invalid UTF-8"):
        next(texts)


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of it
    with pytest.raises(ValueError, match="Name a file: `--input FILE`"):
        next(read_texts(None, 1))


def classifier(tokenizer, columns=("text",), task="table"):
    description = TextClassificationDescription(
        labels=["a", "b"],
        text_columns=list(columns),
        label_column="label",
        sequence_length=20,
        num_segments=len(columns),
        task=task,
    )
    return TextClassificationPredictor(None, tokenizer, description)


ROWS = [('a, "b"\nc', "pos", "x"), ("", "", "y"), ("two words", "neg", "z")]


def write_table(path, rows=ROWS):
    names = ("text", "label", "more")
    with open(path, "w", newline="", encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
        else:
            delimiter = "," if path.suffix == ".csv" else "\t"
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([names, *rows])
    return path


@pytest.mark.parametrize("name", ["dev.csv", "dev.tsv", "dev.jsonl"])
def test_tables_are_read_by_their_columns(tmp_path, tokenizer, name):
    path = write_table(tmp_path / name)
    one, two = classifier(tokenizer), classifier(tokenizer, ("text", "more"))
    assert list(read_columns(path, one)) == [row[:1] for row in ROWS]
    assert list(read_columns(path, one, ["more"])) == [("x",), ("y",), ("z",)]
    assert list(read_columns(path, two)) == [row[::2] for row in ROWS]
    with pytest.raises(
        ValueError, match=r"line \d: no column 'body'.* `--text-column` names others"
    ):
        list(read_columns(path, one, ["body"]))
    with pytest.raises(
        ValueError, match=r"takes 1 of its columns\. Received: text, more\. Name them"
    ):
        list(read_columns(path, one, ["text", "more"]))


def test_row_that_cannot_be_read_is_an_error(tmp_path, tokenizer):
    """With one left out, predictions would stand beside other rows than their own."""
    (tmp_path / "a.tsv").write_text("text\tlabel\na\tx\nb\n")
    (tmp_path / "a.json").write_text('{"text": "a"}\n{"text": 3}\n')
    for name, message in (
        ("a.tsv", "line 3: another number"),
        ("a.json", "line 2: no text where"),
    ):
        texts = read_columns(tmp_path / name, classifier(tokenizer))
        assert next(texts) == ("a",)
        with pytest.raises(ValueError, match=rf"{message}.*Correct the file"):
            next(texts)


def test_files_of_a_named_task_are_read_as_it_reads_them(tmp_path, tokenizer):
    (tmp_path / "dev.tsv").write_text('gj04\t1\t\t"A ""book"" fell."\ngj04\t0\t*\tFell it.\n')
    (tmp_path / "test.tsv").write_text("index\tsentence\n0\tIt fell.\n")
    cola = classifier(tokenizer, ("sentence",), "cola")
    assert list(read_columns(tmp_path / "dev.tsv", cola)) == [
        ('"A ""book"" fell."',),
        ("Fell it.",),
    ]
    assert list(read_columns(tmp_path / "test.tsv", cola)) == [("It fell.",)]
    # A table of one's own, whose columns one names.
    path = write_table(tmp_path / "own.tsv")
    assert list(read_columns(path, cola, ["text"])) == [row[:1] for row in ROWS]


def test_model_that_was_trained_on_no_table_needs_columns(tmp_path, tokenizer):
    path = write_table(tmp_path / "a.csv")
    description = QuestionAnsweringDescription("squad", 30, 9)
    answerer = QuestionAnsweringPredictor(None, tokenizer, description)
    with pytest.raises(ValueError, match=r"takes 2 of its columns.*--text-column FIRST,SECOND"):
        list(read_columns(path, answerer))
    assert list(read_columns(path, answerer, ["more", "text"]))[2] == ("z", "two words")
    tagger = TokenClassificationPredictor(
        None, tokenizer, TokenClassificationDescription(["B-A", "O"], 20)
    )
    with pytest.raises(ValueError, match=r"takes 1 of its columns.*--text-column NAME"):
        list(read_columns(path, tagger))
    assert list(read_columns(path, tagger, ["text"]))[2] == ("two words",)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz", "a.jsonl", "a.json", "a.conll", "a.CoNLLU"])
def test_lines_of_something_else_are_no_texts(tmp_path, name):
    """As in `export litert --calibration`."""
    with pytest.raises(ValueError, match="holds a table or tagged words, and not one text a line"):
        next(read_texts(tmp_path / name, 1))


def test_command_reads_tables_by_their_columns(tmp_path, tokenizer, capsys):
    model = save_classifier(tmp_path / "model", "mnli", tokenizer)
    (tmp_path / "a.csv").write_text("id,sentence1,sentence2,other\n1,of,it,the\n2,is,a,list\n")
    predict = ["predict", "--model", model, "--input", f"{tmp_path}/a.csv"]
    for more, expected in (
        ([], [["of", "it"], ["is", "a"]]),
        (["--text-column=other", "--text_column", "id"], [["the", "1"], ["list", "2"]]),
    ):
        assert main([*predict, *more]) == 0
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [record["text"] for record in records] == expected
    (tmp_path / "a.txt").write_text("of\tit\n")
    plain = ["predict", "--model", model, "--input", f"{tmp_path}/a.txt"]
    fails(capsys, [*plain, "--text-column", "a,b"], "`text_column` names columns of a table")
