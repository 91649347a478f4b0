"""Lines of text files, plain or compressed."""

import bz2
import codecs
import gzip
import itertools
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from tf_albert.types import StrPath

# One line is in memory at a time, and may be a book. A longer one is most likely no text at all.
LONGEST_LINE = 1_000_000_000

# What a file's name ends with, how that is called, and what opens it.
COMPRESSIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    ".gz": ("gzip", gzip.open),
    ".xz": ("xz", lzma.open),
    ".bz2": ("bzip2", bz2.open),
}
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError)


def ending(path: StrPath) -> str:
    """Returns what a file's name ends with, in small letters, without that of a compression.

    Args:
        path: str or path.

    >>> ending("data/train.TSV.gz"), ending("AA/wiki_00.bz2")
    ('.tsv', '')
    """
    path = Path(path)
    if path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return path.suffix.lower()


def read_lines(path: StrPath) -> Iterator[tuple[int, str]]:
    """Yields (number, line) of a UTF-8 file, numbered from 1.

    Args:
        path: str or path. The file. One whose name ends with `.gz`, `.xz` or `.bz2` is unpacked.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: invalid UTF-8, a zero byte, a line of over 1,000,000,000 bytes, or compressed
            data that is damaged.
    """
    _, opener = COMPRESSIONS.get(Path(path).suffix.lower(), ("", open))
    with opener(path, "rb") as file:
        yield from decoded_lines(file, path)


def decoded_lines(file: IO[bytes], path: StrPath) -> Iterator[tuple[int, str]]:
    """Yields (number, line) of a binary file as soon as a line is there, numbered from 1.

    Args:
        file: a binary file, such as `sys.stdin.buffer`.
        path: str or path. Its name, for messages.

    Raises:
        ValueError: invalid UTF-8, a zero byte, a line of over 1,000,000,000 bytes, or compressed
            data that is damaged.
    """
    for number in itertools.count(1):
        # Nothing here names a line while it is used: one may be large, and is then held once.
        held = [_next(file, path, number)]
        if not held[0]:
            return
        yield number, _decode(held.pop(), path, number)


def _next(file: IO[bytes], path: StrPath, number: int) -> bytes:
    try:
        return file.readline(LONGEST_LINE + 1)
    except DAMAGE as error:
        suffix = Path(path).suffix.lower()
        # With a number it is the disk's, and not the data's.
        if suffix not in COMPRESSIONS or getattr(error, "errno", None) is not None:
            raise
        name, _ = COMPRESSIONS[suffix]
        raise ValueError(f"{path}, after line {number - 1}: damaged {name} ({error}).") from error


def _decode(line: bytes, path: StrPath, number: int) -> str:
    if len(line) > LONGEST_LINE:
        raise ValueError(
            f"{path}, line {number}: over {LONGEST_LINE:,} bytes, which have to be in memory at "
            "once. Divide the text into several lines, in JSONL into several documents."
        )
    if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError(f"{path} is UTF-16. Convert it: `iconv -f UTF-16 -t UTF-8`.")
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
