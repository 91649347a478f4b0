"""Documents out of text files, one at a time, as sentences or as texts that are to be split."""

import glob
import html
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tf_albert.data.lines import ending, is_unicode, read_lines
from tf_albert.data.sentences import PART, parts_of, split_sentences
from tf_albert.types import JsonDict, StrPath

# A file without empty lines would otherwise be one document in memory, however large.
MOST_SENTENCES = 10_000
MOST_CHARACTERS = 10_000_000
# A longer line of plain text is no sentence, but a paragraph or a whole text.
LONGEST_SENTENCE = 10_000

PLAIN, JSON_LINES, WIKIPEDIA = "plain text", "JSONL", "WikiExtractor's documents"
# What https://github.com/attardi/wikiextractor writes around a document.
DOCUMENT_START = re.compile(r'<doc id="[^"]*" .*title="(.*)">')
DOCUMENT_END = "</doc>"
# What is in each line of its `--json`.
FIELDS = {"id", "url", "title", "text"}


def find_files(patterns: Iterable[StrPath]) -> list[Path]:
    """Returns the files that paths and glob patterns name, each once, in order.

    Args:
        patterns: list of str. Paths, or globs such as `"corpus/*.txt.gz"`.

    Raises:
        FileNotFoundError: a pattern names no file.
    """
    found: list[str] = []
    for pattern in patterns:
        # A path may hold what means something in a glob, such as [.
        is_path = Path(pattern).exists()
        names = [str(pattern)] if is_path else sorted(glob.glob(str(pattern), recursive=True))
        matches = [name for name in names if Path(name).is_file()]
        if not matches:
            hint = f" For all in a folder: '{pattern}/**'." if Path(pattern).is_dir() else ""
            raise FileNotFoundError(f"No file matches {pattern}. Name text or JSONL files.{hint}")
        found.extend(matches)
    return list(dict.fromkeys(map(Path, found)))


def read_documents(path: StrPath) -> Iterator[list[str]]:
    """Yields the documents of a file, each a list of texts: sentences, or what is to be split.

    The form is told by the name and by the first line: JSONL, one JSON object a line, whose `text`
    is one unsplit string; what WikiExtractor writes, paragraph by paragraph, without the titles;
    and otherwise plain text, one sentence a line and an empty line between documents.

    A document comes in parts where it has over 10,000 sentences or 10,000,000 characters; a text
    that is to be split, by 1,000,000 characters.

    Args:
        path: path. A text or JSONL file, perhaps with gzip, xz or bzip2.

    Yields:
        list of str: sentences as written; or texts to be split, as `sentences_of` does it.

    Raises:
        ValueError: the file is no text; the message names the file, the line and what is wrong.
    """
    form = form_of(path)
    if form == JSON_LINES:
        yield from _json_documents(path)
    elif form == WIKIPEDIA:
        yield from _wikipedia_documents(path)
    else:
        yield from _plain_documents(path)


def is_jsonl(path: StrPath) -> bool:
    """Whether a file's name says that it is JSONL."""
    return ending(path) in (".jsonl", ".ndjson", ".json")


def form_of(path: StrPath) -> str:
    """Returns what a file of texts is: `PLAIN`, `JSON_LINES` or `WIKIPEDIA`.

    Args:
        path: path.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a table, of which sentences would be made with their labels and commas.
    """
    if is_jsonl(path):
        return JSON_LINES
    if ending(path) in (".csv", ".tsv"):
        raise ValueError(
            f"{path} is a table. Expected plain text or JSONL: write the column of the texts into "
            'a file of its own, each as {"text": …} in a line.'
        )
    first = next((line.strip() for _, line in read_lines(path) if not line.isspace()), "")
    if DOCUMENT_START.fullmatch(first):
        return WIKIPEDIA
    return JSON_LINES if first.startswith("{") and _is_row(_parsed(first)) else PLAIN


def sentences_of(document: Iterable[str], form: str, language: str) -> Iterator[str]:
    """Yields the sentences of a document.

    Args:
        document: list of str. What `read_documents` gave.
        form: str. What `form_of` says of its file. Of plain text only lines of over 10,000
            characters are split.
        language: str. One of `sentences.LANGUAGES`.
    """
    for text in document:
        if form == PLAIN and len(text) <= LONGEST_SENTENCE:
            yield text
        else:
            yield from split_sentences(text, language)


def _plain_documents(path: StrPath) -> Iterator[list[str]]:
    sentences: list[str] = []
    size = 0
    for _, line in read_lines(path):
        is_over = line.isspace()
        for part in () if is_over else parts_of(line.strip()):
            sentences.append(part)
            size += len(part)
            if len(sentences) == MOST_SENTENCES or size >= MOST_CHARACTERS:
                yield sentences
                sentences, size = [], 0
        if sentences and is_over:
            yield sentences
            sentences, size = [], 0
    if sentences:
        yield sentences


def _wikipedia_documents(path: StrPath) -> Iterator[list[str]]:
    for _, pairs in itertools.groupby(_wikipedia_paragraphs(path), key=lambda pair: pair[0]):
        yield from _bounded(paragraph for _, paragraph in pairs)


def _wikipedia_paragraphs(path: StrPath) -> Iterator[tuple[int, str]]:
    """Yields (number of the document, paragraph); a title, which is no sentence, is left out."""
    number, title = 0, None
    for _, raw in read_lines(path):
        line = raw.strip()
        if start := DOCUMENT_START.fullmatch(line):
            number, title = number + 1, start[1]
        elif line and line != DOCUMENT_END:
            if line != title:
                yield number, html.unescape(line)
            title = None  # it stands in the first line alone


def _json_documents(path: StrPath) -> Iterator[list[str]]:
    for number, line in read_lines(path):
        if line.isspace():
            continue
        place = f"{path}, line {number}"
        row = _parsed(line)
        if not isinstance(row, dict) or "text" not in row:
            raise ValueError(
                f"{place}: expected a JSON object with a `text` field. "
                f"Found: {line[:200].strip()[:60]!r}."
            )
        del line  # the row holds its text
        if not _is_row(row):
            raise ValueError(f"{place}: `text` must be a string. Found: {row['text']!r:.60}.")
        for part in _parts_of_row(row):
            if not all(map(is_unicode, part)):
                raise ValueError(
                    f"{place}: `text` has half of a surrogate pair, as where a text was cut off "
                    "within a character. Remove it."
                )
            yield part


def _parts_of_row(row: JsonDict) -> Iterator[list[str]]:
    if not row.keys() >= FIELDS:
        yield from ([part] for part in parts_of(row["text"]))
        return
    lines = list(filter(None, map(str.strip, row["text"].split("\n"))))
    yield from _bounded(map(html.unescape, lines[1:] if lines[:1] == [row["title"]] else lines))


def _bounded(paragraphs: Iterable[str]) -> Iterator[list[str]]:
    """Yields the paragraphs of a document, in several lists where it is long."""
    held: list[str] = []
    size = 0
    for paragraph in paragraphs:
        for part in parts_of(paragraph):
            held.append(part)
            size += len(part)
            if size >= PART:
                yield held
                held, size = [], 0
    if held:
        yield held


def _parsed(line: str) -> Any:
    """Returns a JSON value, or None where a line is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)
