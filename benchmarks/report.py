"""What a benchmark leaves behind: a table, a JSON file and a picture."""

import dataclasses
import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        what: str. What was timed.
        unit: str. What the rates count, such as "sentences".
        ours, peer: `benchmarks.measure.Timing` of the same work.
        dtype: str or None. In which type it is computed.
        gigaflops: float or None. Operations of the model that a unit takes, padding left out.
    """

    what: str
    unit: str
    ours: object
    peer: object
    dtype: str | None = None
    gigaflops: float | None = None

    @property
    def ratio(self):
        """How many times as fast as the peer."""
        return self.ours.rate / self.peer.rate

    def share(self, rates):
        """Returns the share of the machine's rate of multiplication that ours reaches, or None."""
        if self.gigaflops is None:
            return None
        return self.ours.rate * self.gigaflops / rates[self.dtype]["tensorflow"]

    def to_json(self):
        """Returns JSON values."""
        parts = {
            who: {"name": timing.name, "rate": timing.rate, "seconds": timing.seconds}
            for who, timing in (("ours", self.ours), ("peer", self.peer))
        }
        gigaflops = {"dtype": self.dtype, "gigaflops_a_unit": self.gigaflops}
        return {**gigaflops, "what": self.what, "unit": self.unit, "ratio": self.ratio, **parts}


def report(name, rows, facts):
    """Prints a table in Markdown and writes `results/NAME.json` and `.png`.

    Args:
        name: str.
        rows: list of `Row`.
        facts: dict of JSON values: the machine, the rates of multiplication, the settings.
    """
    RESULTS.mkdir(exist_ok=True)
    values = {"facts": facts, "rows": [row.to_json() for row in rows]}
    text = json.dumps(values, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    _draw(rows, RESULTS / f"{name}.png")
    print(json.dumps(facts, indent=2))
    print("| what | tf_albert | against | | ratio | spread of each | share |\n" + "|---" * 7 + "|")
    for row in rows:
        share = row.share(facts.get("matmul_gigaflops_a_second"))
        spread = f"{row.ours.spread:.0%}, {row.peer.spread:.0%}"
        print(
            f"| {row.what} | {row.ours.rate:.1f} {row.unit}/s | {row.peer.name} | "
            f"{row.peer.rate:.1f} | **{row.ratio:.2f}** | "
            f"{spread} | {'' if share is None else f'{share:.0%}'} |"
        )


def _draw(rows, path):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.55 * len(rows)), layout="constrained")
    bars = axes.barh(
        [f"{row.what}\nagainst {row.peer.name}" for row in rows], [r.ratio for r in rows]
    )
    axes.bar_label(bars, fmt="%.2f ×", padding=4)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("times as fast as the peer (median of rounds taken in turn)")
    figure.savefig(path, dpi=120)
