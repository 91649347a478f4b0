"""`tf-albert compare`: the curves and the final scores of several runs, side by side."""

import csv
import dataclasses
import itertools
import json
from collections.abc import Iterable
from pathlib import Path

from tf_albert.training import runs
from tf_albert.training.reporting import HISTORY_FILE

# Of training and development set alike; what else a history holds is in its file.
CURVES = ("loss", "accuracy", "f1", "pearson", "matthews")


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Compares runs of pretraining or of fine-tuning.

    Args:
        runs: Folders of the runs.
        output: The PNG to write.
    """

    runs: list[str]
    output: str = dataclasses.field(default="compare.png", kw_only=True)


def adapted(arguments: Iterable[str]) -> list[str]:
    """Returns the arguments with the folders as one list, which is how the parser takes them.

    Args:
        arguments: list of str.
    """
    folders: list[str] = []
    options: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-"):
            folders.append(argument)
            continue
        options.append(argument)
        if argument.startswith("--") and "=" not in argument and argument != "--help":
            options += itertools.islice(rest, 1)
    return [*([json.dumps(folders)] if folders else []), *options]


def execute(arguments: Arguments) -> None:
    """Prints a table of final scores, a column a run, and draws the curves."""
    histories = {name: _history(Path(name)) for name in arguments.runs}
    results = {name: _results(Path(name)) for name in arguments.runs}
    metrics = list(dict.fromkeys(metric for values in results.values() for metric in values))
    width = max(12, *(len(name) for name in arguments.runs)) + 2
    print(f"{'':24}" + "".join(f"{name:>{width}}" for name in arguments.runs))
    for metric in metrics:
        row = "".join(f"{_shown(results[name].get(metric)):>{width}}" for name in arguments.runs)
        print(f"{metric:24}{row}")
    # Imported here: drawing takes long to load, and an unknown run is told at once.
    from tf_albert.tasks import plots

    plots.draw_curves(histories, arguments.output)
    print(f"The curves are in {arguments.output}.")


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def _history(run: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Returns the curves of a run: dict of metric to (steps, values)."""
    path = run / HISTORY_FILE
    if not path.exists():
        raise ValueError(f"{run} holds no {HISTORY_FILE}. Name folders of runs.")
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        for metric, value in row.items():
            if value and any(metric.endswith(name) for name in CURVES):
                steps, values = curves.setdefault(metric, ([], []))
                steps.append(int(row["step"]))
                values.append(float(value))
    return curves


def _results(run: Path) -> dict[str, float]:
    """Returns the final scores of a run, flat; those before training left out."""
    if not runs.is_finished(run):
        return {}
    results = runs.read_results(run)
    flat = results.get("after", results)
    return {name: value for name, value in flat.items() if isinstance(value, int | float)}
