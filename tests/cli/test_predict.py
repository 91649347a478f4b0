"""What `tf-albert predict` reads."""

import io
import sys

import pytest

from tf_albert.cli.predict import read_texts

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
