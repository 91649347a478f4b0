import gzip
import json

import pytest

from tf_albert.data.readers import find_files, is_jsonl, read_documents, split_sentences


def write(path, content):
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def documents(path):
    return list(read_documents(path))


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
@pytest.mark.parametrize(
    "content",
    [
        "One.\nTwo.\n\nThree.\n",
        "\ufeffOne.\nTwo.\n\nThree.",
        "\n\n One. \r\nTwo.\t\r\n \r\n\r\nThree.\r\n\r\n",
    ],
)
def test_empty_lines_divide_documents(tmp_path, name, content):
    assert documents(write(tmp_path / name, content)) == [["One.", "Two."], ["Three."]]


def test_other_separators_of_unicode_end_no_line(tmp_path):
    path = write(tmp_path / "a.txt", "One\u2028two\x0cthree\x85four.\nFive.\n")
    assert documents(path) == [["One\u2028two\x0cthree\x85four.", "Five."]]


def test_long_document_comes_in_parts(tmp_path):
    path = write(tmp_path / "a.txt", "x\n" * 20_001 + "\ny\n")
    assert [len(document) for document in documents(path)] == [10_000, 10_000, 1, 1]


def test_reader_is_lazy(tmp_path):
    # The second document cannot be read, but the first one comes before it is tried.
    path = write(tmp_path / "a.txt", b"One.\n\n\xff\n")
    reader = read_documents(path)
    assert next(reader) == ["One."]
    with pytest.raises(ValueError, match="invalid UTF-8"):
        next(reader)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_json_lines_hold_whole_texts(tmp_path, name):
    rows = [{"text": "One. Two.", "id": 1}, {"text": ""}, {"text": "Zwölf\nthree"}]
    content = "\n\n".join(json.dumps(row) for row in rows)
    path = write(tmp_path / name, content)
    assert is_jsonl(path)
    assert documents(path) == [["One. Two."], [""], ["Zwölf\nthree"]]


def test_sentences_are_split_at_no_abbreviation():
    text = "Mr. Jones paid $3.50 for it. Was it good?\n\nHe said no."
    assert split_sentences(text) == [
        "Mr. Jones paid $3.50 for it.",
        "Was it good?",
        "He said no.",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"fine\nno\xff\n", r"a\.txt, line 2: invalid UTF-8 at byte 3 of the line"),
        ("a.txt", b"fine\nfine\nze\0ro\n", r"a\.txt, line 3: a zero byte"),
        ("a.txt", b"a\n" + b"b" * 1_000_001, r"a\.txt, line 2: over 1,000,000 bytes"),
        ("a.jsonl", '{"text": "a"}\n{"body": "b"}', r"a\.jsonl, line 2: expected a JSON .* `text`"),
        ("a.jsonl", '{"text": "a"', r"a\.jsonl, line 1: expected a JSON object"),
        ("a.jsonl", "[1]", r"a\.jsonl, line 1: expected a JSON object"),
        ("a.jsonl", '{"text": "a"}\n{"text": "\\ud83d"}', r"a\.jsonl, line 2: .*surrogate pair"),
        ("a.jsonl", '\n{"text": 3}', r"a\.jsonl, line 2: `text` must be a string. Found: 3"),
    ],
)
def test_file_that_is_no_text(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=message):
        documents(path)


def test_longest_line_is_read(tmp_path):
    path = write(tmp_path / "a.txt", b"b" * 999_999 + b"\nc\n")
    assert [len(line) for line in documents(path)[0]] == [999_999, 1]


def damaged_gzips():
    whole = gzip.compress(b"One.\nTwo.\n" * 5000)
    flipped = [bytearray(whole) for _ in range(2)]
    flipped[0][10] ^= 0xFF
    flipped[1][len(whole) // 2] ^= 0xFF
    return [b"One.\n", whole[:-20], *map(bytes, flipped)]


@pytest.mark.parametrize("content", damaged_gzips(), ids=["none", "truncated", "head", "middle"])
def test_damaged_gzip(tmp_path, content):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.txt\.gz, after line \d+: damaged gzip"):
        documents(path)


def test_patterns_name_files_once_in_order(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.txt", "sub/c.txt", "d.jsonl"):
        (tmp_path / name).write_text("x")
    again = f"{tmp_path}/./b.txt"
    found = find_files([f"{tmp_path}/b.txt", again, f"{tmp_path}/*.txt", f"{tmp_path}/**/c.txt"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "b.txt",
        "a.txt",
        "sub/c.txt",
    ]


def test_path_with_brackets_is_no_pattern(tmp_path):
    path = tmp_path / "a[1].txt"
    path.write_text("x")
    assert find_files([path, f"{tmp_path}/*.txt"]) == [path]


@pytest.mark.parametrize("pattern", ["missing.txt", "*.gz", "sub"])
def test_pattern_without_a_file(tmp_path, pattern):
    (tmp_path / "sub").mkdir()
    with pytest.raises(FileNotFoundError, match=r"No file matches .*\. Name text or JSONL files"):
        find_files([f"{tmp_path}/{pattern}"])
