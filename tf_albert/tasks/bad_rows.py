"""Rows of a file that cannot be used: told and counted, or, where asked for, an error."""

import collections

SHOWN = 5


class Flaw(ValueError):
    """What is wrong with one row.

    Args:
        kind: str. What is wrong, the same for all rows with which the same is wrong.
        what: str. The value in question.
    """

    def __init__(self, kind: str, what: str = "") -> None:
        super().__init__(f"{kind}: {what}")
        self.kind, self.what = kind, what


class BadRows:
    """Collects the rows of files that cannot be used, or only in part, and why.

    Args:
        strict: bool. Whether the first one is an error.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.found: list[tuple[str, str, str]] = []

    def __len__(self) -> int:
        return len(self.found)

    def add(self, place: str, kind: str, what: str = "") -> None:
        """Takes note of a row.

        Args:
            place: str. File and row, or the id of an example.
            kind: str. What is wrong, the same for all rows with which the same is wrong.
            what: str. The value in question.

        Raises:
            ValueError: bad rows are errors.
        """
        detail = f": {what}" if what else ""
        if self.strict:
            raise ValueError(f"{place}: {kind}{detail}. Correct the file.")
        self.found.append((place, kind, detail))

    def summary(self) -> str:
        """Returns a line a kind: how many there are, and the first places; empty for no row."""
        kinds = collections.defaultdict(list)
        for place, kind, detail in self.found:
            kinds[kind].append(place + detail)
        return "\n".join(
            f"{len(places):,} × {kind}: {'; '.join(places[:SHOWN])}"
            f"{'; …' if len(places) > SHOWN else ''}"
            for kind, places in kinds.items()
        )
