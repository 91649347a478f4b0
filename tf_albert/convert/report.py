"""What became of every array of a conversion."""

import dataclasses
from typing import Any

from tf_albert.convert.checkpoint import Written


@dataclasses.dataclass(frozen=True)
class Report:
    """What became of every array of a conversion.

    Args:
        moved: list of tuples: source name, target name, shape here.
        dropped: dict of source name to why it was left out.
        fresh: dict of target name to why it holds what the source has not.
    """

    moved: list[tuple[str, str, tuple[int, ...]]]
    dropped: dict[str, str]
    fresh: dict[str, str]

    def written_as(self, written: Written) -> "Report":
        """Returns the report with the target's names instead of this package's.

        Args:
            written: `Written`. How the target keeps the weights.
        """
        sources = {ours: source for source, ours, _ in self.moved}
        left_out = {sources.get(ours, ours): why for ours, why in written.left_out.items()}
        names = written.names
        return Report(
            [(source, names[ours], shape) for source, ours, shape in self.moved if ours in names],
            self.dropped | left_out,
            {names[ours]: why for ours, why in self.fresh.items() if ours in names} | written.added,
        )

    def lines(self) -> list[str]:
        """Returns the report as lines of text, a line for each array."""
        width = max((len(source) for source, _, _ in self.moved), default=0)
        rows = [f"{source:{width}}  ->  {target}  {shape}" for source, target, shape in self.moved]
        rows += [f"{name}: left out ({reason})" for name, reason in self.dropped.items()]
        return rows + [f"{name}: starts fresh ({reason})" for name, reason in self.fresh.items()]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return {
            "moved": [[source, target, list(shape)] for source, target, shape in self.moved],
            "dropped": self.dropped,
            "fresh": self.fresh,
        }
