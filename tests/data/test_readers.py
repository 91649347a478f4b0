import bz2
import gzip
import json
import lzma
import subprocess
import sys

import pytest

from tests.helpers import REPOSITORY
from tf_albert.data.readers import (
    JSON_LINES,
    PLAIN,
    WIKIPEDIA,
    find_files,
    form_of,
    read_documents,
    sentences_of,
)

COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def write(path, content):
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(COMPRESS.get(path.suffix.lower(), bytes)(content))
    return path


def documents(path):
    return list(read_documents(path))


def all_sentences(path):
    """Returns the sentences of each document."""
    form = form_of(path)
    return [list(sentences_of(document, form, "en")) for document in read_documents(path)]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "A.TXT.GZ", "a.txt.xz", "a.bz2"])
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


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.xz", "A.JSONL.bz2", "wiki_00", "a.txt.gz"])
def test_json_lines_hold_whole_texts(tmp_path, name):
    rows = [{"text": "One. Two.", "id": 1}, {"text": ""}, {"text": "Zwölf\nthree"}]
    content = "\n\n".join(json.dumps(row) for row in rows)
    path = write(tmp_path / name, content)
    assert form_of(path) == JSON_LINES
    assert documents(path) == [["One. Two."], [""], ["Zwölf\nthree"]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"fine\nno\xff\n", r"a\.txt, line 2: invalid UTF-8 at byte 3 of the line"),
        ("a.txt", b"fine\nfine\nze\0ro\n", r"a\.txt, line 3: a zero byte"),
        ("a.txt", "Ein Satz.".encode("utf-16"), r"a\.txt is UTF-16\. Convert it: `iconv -f UTF-16"),
        ("a.jsonl", '{"text": "a"}\n{"body": "b"}', r"a\.jsonl, line 2: expected a JSON .* `text`"),
        ("a.jsonl", '{"text": "a"', r"a\.jsonl, line 1: expected a JSON object"),
        ("a.json", '[\n{"text": "a"}\n]', r"a\.json, line 1: expected a JSON object"),
        ("a.csv", "text,label\na,b\n", r"a\.csv is a table\. Expected plain text or JSONL"),
        ("a.tsv.gz", "text\tlabel\na\tb\n", r"a\.tsv\.gz is a table"),
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


def test_text_without_line_ends_is_split(tmp_path):
    path = write(
        tmp_path / "a.txt", "He came. She went! " * 600 + "\nMr. A. He left.\n\nOne. Two.\n"
    )
    assert form_of(path) == PLAIN
    # A line of usual length is a sentence as it stands.
    assert all_sentences(path) == [
        ["He came.", "She went!"] * 600 + ["Mr. A. He left."],
        ["One. Two."],
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_document_of_any_length_comes_in_parts(tmp_path, name):
    text = "He came to it. " * 150_000
    content = json.dumps({"text": text}) + "\n" if name == "a.jsonl" else text
    path = write(tmp_path / name, content + "\n")
    parts = [part for document in documents(path) for part in document]
    assert [len(part) > 500_000 for part in parts] == [True] * 3
    assert [len(part) <= 1_000_000 for part in parts] == [True] * 3
    assert [one for document in all_sentences(path) for one in document] == [
        "He came to it."
    ] * 150_000


PEAK = """
import resource, sys
from tf_albert.data.readers import read_documents
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(len(part) for document in read_documents(sys.argv[1]) for part in document))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
"""


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_line_is_in_memory_twice_at_most(tmp_path, name):
    size = 60_000_000
    text = "He came to it. " * (size // 15)
    write(tmp_path / name, json.dumps({"text": text}) if name == "a.jsonl" else text)
    command = [sys.executable, "-c", PEAK, str(tmp_path / name)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=100
    )
    read, peak = map(int, done.stdout.split())
    assert read in (size, size - 1)  # without the space at its end
    assert peak * 1024 < 2.3 * size


WIKIPEDIA_PAGES = """\
<doc id="12" url="https://en.wikipedia.org/wiki?curid=12" title="The "A & B" of it">
The "A & B" of it

It is a thing. It has two parts &amp; a &lt;name&gt;.
History.
Mr. A found it. </doc> is no end here.
The "A & B" of it

</doc>
<doc id="13" revid="7" url="https://en.wikipedia.org/wiki?curid=13" title="Other">
Other

</doc>
<doc id="14" url="https://en.wikipedia.org/wiki?curid=14" title="Third">
It has no title in it. So it is.
</doc>
"""
ARTICLES = [
    [
        "It is a thing.",
        "It has two parts & a <name>.",
        "History.",
        "Mr. A found it.",
        "</doc> is no end here.",
        'The "A & B" of it',
    ],
    ["It has no title in it.", "So it is."],
]


@pytest.mark.parametrize("name", ["wiki_00", "wiki_01.bz2", "a.txt"])
def test_documents_of_wikiextractor(tmp_path, name):
    path = write(tmp_path / name, WIKIPEDIA_PAGES)
    assert form_of(path) == WIKIPEDIA
    assert all_sentences(path) == ARTICLES


@pytest.mark.parametrize("with_title", [False, True])
def test_documents_of_wikiextractor_as_json(tmp_path, with_title):
    """Some of its versions have the title in the text."""
    title, text = (
        'The "A & B" of it',
        WIKIPEDIA_PAGES.partition("</doc>\n<doc")[0].partition("\n\n")[2],
    )
    row = {
        "id": "12",
        "revid": "7",
        "url": "https://en.wikipedia.org/wiki?curid=12",
        "title": title,
    }
    rows = [row | {"text": f"{title}\n\n{text}" if with_title else text}, row | {"text": title}]
    path = write(tmp_path / "wiki_00", "\n".join(map(json.dumps, rows)))
    assert all_sentences(path) == [ARTICLES[0]]


def test_long_article_comes_in_parts(tmp_path):
    page = '<doc id="1" url="u" title="t">\nt\n\n' + "He came to it.\n" * 100_000 + "</doc>\n"
    path = write(tmp_path / "wiki_00", page * 2)
    assert [len(document) for document in documents(path)] == [71_429, 28_571] * 2


@pytest.mark.parametrize("first", ["{ is a brace.", '{"body": "a"}', "<doc> is a tag.", "[1]"])
def test_plain_text_that_begins_like_something_else(tmp_path, first):
    path = write(tmp_path / "a.txt", f"{first}\nTwo.\n")
    assert documents(path) == [[first, "Two."]]


def damaged(suffix):
    whole = COMPRESS[suffix](b"".join(b"Line %d.\n" % number for number in range(30_000)))
    flipped = bytearray(whole)
    flipped[-6] ^= 0xFF  # a sum: of bzip2 the text itself could come out otherwise
    return {"none": b"One.\n", "truncated": whole[:-20], "flipped": bytes(flipped)}


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("kind", ["none", "truncated", "flipped"])
def test_damaged_compression(tmp_path, suffix, kind):
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(damaged(suffix)[kind])
    name = {".gz": "gzip", ".xz": "xz", ".bz2": "bzip2"}[suffix]
    with pytest.raises(ValueError, match=rf"a\.txt\{suffix}, after line \d+: damaged {name}"):
        documents(path)


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
def test_file_that_is_not_there(tmp_path, suffix):
    with pytest.raises(FileNotFoundError):
        documents(tmp_path / f"a.txt{suffix}")


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


def test_folder_named_says_how_all_in_it_are(tmp_path):
    (tmp_path / "AA").mkdir()
    (tmp_path / "AA/wiki_00").write_text("x")
    with pytest.raises(
        FileNotFoundError, match=rf"For all in a folder: '({tmp_path}/\*\*)'"
    ) as told:
        find_files([tmp_path])
    assert find_files([told.value.args[0].split("'")[1]]) == [tmp_path / "AA/wiki_00"]
