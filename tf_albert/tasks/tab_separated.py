"""TSV whose quotes are text, as in GLUE's files, or hold cells together, as pandas writes them."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Part = TypeVar("Part")
QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')


def is_quoted(lines: Iterable[tuple[int, str]]) -> bool:
    """Whether the quotes of a file hold its cells together, and are no text.

    They do where each cell with a quote begins and ends with one and those within are doubled, and
    where so read these rows have as many cells as the first. A quote anywhere else is text, and so
    are all others of its file then: no writer leaves one that is bare. A quote that opens in one
    row and closes in another, both with as many cells as the first, is speech.

    Args:
        lines: iterable of (number, line).

    >>> is_quoted([(1, 'text\\tlabel'), (2, '"He said ""no"" twice"\\tx')])
    True
    >>> is_quoted([(1, 'text\\tlabel'), (2, '"no"\\tx'), (3, 'He said "no" twice\\tx')])
    False
    """
    width, found = 0, False
    for _, record in records(lines):
        cells = split(record)
        width = width or len(cells)
        if '"' not in record:
            continue
        if len(cells) != width or _are_rows(record, width):
            return False
        if not all('"' not in cell or QUOTED.fullmatch(cell) for cell in cells):
            return False
        found = True
    return found


def _are_rows(record: str, width: int) -> bool:
    """Whether each of several lines has as many cells as a row, so that they are rows."""
    lines = record.rstrip("\r\n").split("\n")
    return min(len(lines), width) > 1 and all(line.count("\t") == width - 1 for line in lines)


def records(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yields (number of the first line, lines), those together between which a quote is open.

    Args:
        lines: iterable of (number, line).
    """
    for group in _closed(lines, lambda line: line[1]):
        yield group[0][0], "".join(line for _, line in group)


def split(record: str) -> list[str]:
    """Returns the cells of a row, as written; a tab within an open quote divides none.

    Args:
        record: str. One line or several, as `records` gives them.

    >>> split('a\\t"b\\tc"\\n')
    ['a', '"b\\tc"']
    """
    pieces = record.rstrip("\r\n").split("\t")
    return ["\t".join(group) for group in _closed(pieces, str)] if '"' in record else pieces


def _closed(parts: Iterable[Part], text_of: Callable[[Part], str]) -> Iterator[list[Part]]:
    """Yields parts, those together between which a quote is open."""
    group: list[Part] = []
    is_open = 0
    for part in parts:
        group.append(part)
        is_open ^= text_of(part).count('"') % 2
        if not is_open:
            yield group
            group = []
    if group:
        yield group


def unquoted(cell: str) -> str:
    """Returns what a cell holds.

    Args:
        cell: str. A cell of a file of which `is_quoted` is true.

    >>> unquoted('"He said ""no"" twice"')
    'He said "no" twice'
    """
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
