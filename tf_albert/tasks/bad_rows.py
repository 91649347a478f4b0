"""What is wrong with rows of a file: told and counted, or, where asked for, an error."""

import collections

SHOWN = 5


class Problems:
    """Collects what is wrong with the rows of files.

    Args:
        strict: bool. Whether the first problem is an error.
    """

    def __init__(self, strict=False):
        self.strict = strict
        self.found = []

    def __len__(self):
        return len(self.found)

    def add(self, place, kind, what=""):
        """Takes note of a problem.

        Args:
            place: str. File and row, or the id of an example.
            kind: str. What is wrong, the same for all rows with which the same is wrong.
            what: str. The value in question.

        Raises:
            ValueError: problems are errors.
        """
        detail = f": {what}" if what else ""
        if self.strict:
            raise ValueError(f"{place}: {kind}{detail}. Correct the file.")
        self.found.append((place, kind, detail))

    def summary(self):
        """Returns a line a kind: how many there are, and the first places; empty for no problem."""
        kinds = collections.defaultdict(list)
        for place, kind, detail in self.found:
            kinds[kind].append(place + detail)
        return "\n".join(
            f"{len(places):,} × {kind}: {'; '.join(places[:SHOWN])}"
            f"{'; …' if len(places) > SHOWN else ''}"
            for kind, places in kinds.items()
        )
