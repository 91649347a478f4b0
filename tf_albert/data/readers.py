"""Documents out of text files: lists of sentences, one document at a time."""

import glob
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from tf_albert.types import StrPath

# A longer line is no sentence: most likely a file without line ends, or no text at all.
LONGEST_LINE = 1_000_000
# A file without empty lines would otherwise be one document in memory, however large.
MOST_SENTENCES = 10_000


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
            raise FileNotFoundError(f"No file matches {pattern}. Name text or JSONL files.")
        found.extend(matches)
    return list(dict.fromkeys(map(Path, found)))


def read_documents(path: StrPath) -> Iterator[list[str]]:
    """Yields the documents of a file, each a list of sentences.

    A name that ends with `.jsonl` or `.jsonl.gz` is read as one JSON object a line, whose `text` is
    one unsplit string; every other as plain text, one sentence a line and an empty line between
    documents. A document of over 10,000 sentences comes in parts.

    Args:
        path: path. A text or JSONL file, perhaps with gzip.

    Yields:
        list of str: sentences as written; or, from JSONL, a list of one whole text to be split.

    Raises:
        ValueError: the file is no text; the message names the file, the line and what is wrong.
    """
    if is_jsonl(path):
        yield from ([text] for text in _jsonl_texts(path))
        return
    sentences: list[str] = []
    for _, raw_line in read_lines(path):
        line = raw_line.strip()
        if line:
            sentences.append(line)
        if sentences and (not line or len(sentences) == MOST_SENTENCES):
            yield sentences
            sentences = []
    if sentences:
        yield sentences


def is_jsonl(path: StrPath) -> bool:
    """Whether a file's name says that it is JSONL."""
    return Path(path).name.removesuffix(".gz").endswith(".jsonl")


def read_lines(path: StrPath) -> Iterator[tuple[int, str]]:
    """Yields (number, line) of a UTF-8 file, perhaps with gzip, numbered from 1.

    Args:
        path: str or path. The file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: invalid UTF-8, a zero byte, a line of over 1,000,000 bytes, damaged gzip.
    """
    opener: Callable[..., Any] = gzip.open if Path(path).name.endswith(".gz") else open
    number = 0
    try:
        with opener(path, "rb") as file:
            for number, line in decoded_lines(file, path):
                yield number, line
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path}, after line {number}: damaged gzip ({error}).") from error


def decoded_lines(file: IO[bytes], path: StrPath) -> Iterator[tuple[int, str]]:
    """Yields (number, line) of a binary file as soon as a line is there, numbered from 1.

    Args:
        file: a binary file, such as `sys.stdin.buffer`.
        path: str or path. Its name, for messages.

    Raises:
        ValueError: invalid UTF-8, a zero byte, or a line of over 1,000,000 bytes.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        yield number, _decode(line, path, number)


def _decode(line: bytes, path: StrPath, number: int) -> str:
    if len(line) > LONGEST_LINE:
        raise ValueError(
            f"{path}, line {number}: over {LONGEST_LINE:,} bytes. Expected a sentence a line, or a "
            'whole text as {"text": …} in JSONL, where sentences are split; divide longer ones.'
        )
    if b"\0" in line:
        raise ValueError(
            f"{path}, line {number}: a zero byte. This is a binary file; expected UTF-8 text."
        )
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}, line {number}: invalid UTF-8 at byte {error.start + 1} of the line. "
            "Convert the file, with `iconv -t UTF-8` say."
        ) from error


def _jsonl_texts(path: StrPath) -> Iterator[str]:
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path}, line {number}: expected a JSON object with a `text` field. "
                f"Found: {line.strip()[:60]!r}."
            ) from error
        if not isinstance(text, str):
            raise ValueError(
                f"{path}, line {number}: `text` must be a string. Found: {text!r:.60}."
            )
        if not is_unicode(text):
            raise ValueError(
                f"{path}, line {number}: `text` has half of a surrogate pair, as where a text was "
                "cut off within a character. Remove it."
            )
        yield text


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can write and UTF-8 cannot.

    >>> is_unicode("\\U0001f600"), is_unicode("\\ud83d")
    (True, False)
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def split_sentences(text: str) -> list[str]:
    """Returns the sentences of an English text, by the library `sentencex`.

    Args:
        text: str. May hold several paragraphs.

    >>> split_sentences("Dr. Smith went home. It was late!")
    ['Dr. Smith went home.', 'It was late!']
    """
    import sentencex

    return [part.strip() for part in sentencex.segment("en", text) if part.strip()]
