"""What a run says as it goes: a line, `history.csv` and TensorBoard scalars."""

import csv
import os
import time
from pathlib import Path
from typing import Any

import tensorflow as tf

from tf_albert.types import StrPath

HISTORY_FILE = "history.csv"
TENSORBOARD_FOLDER = "tensorboard"


class Reporter:
    """Prints and records the metrics of a run.

    Args:
        run: path. The run's folder.
        first_step: int. Steps done before; later rows of an interrupted run are dropped.
        total_steps: int. Steps of the whole run.
        quiet: bool. Whether no line is printed and no file written, as by all workers but one.
    """

    def __init__(
        self, run: StrPath, first_step: int, total_steps: int, quiet: bool = False
    ) -> None:
        self.history = Path(run) / HISTORY_FILE
        self.total_steps = total_steps
        self.quiet = quiet
        self.started, self.first_step = time.monotonic(), first_step
        self._last = (self.started, first_step)
        self._rows = [] if quiet else _rows_up_to(self.history, first_step)
        self._summaries: Any = None
        if not quiet:
            self._summaries = tf.summary.create_file_writer(str(Path(run) / TENSORBOARD_FOLDER))

    def report(self, step: int, metrics: dict[str, float], tokens: float) -> None:
        """Reports the training since the last report.

        Args:
            step: int. Steps done.
            metrics: dict of str to float: means over these steps.
            tokens: float. Tokens in these steps that were not padding.
        """
        now = time.monotonic()
        seconds = max(now - self._last[0], 1e-9)
        left = (now - self.started) / (step - self.first_step) * (self.total_steps - step)
        self._last = (now, step)
        rate = tokens / seconds
        self.record(step, metrics | {"tokens_per_second": rate})
        shown = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        self.say(
            f"step {step}/{self.total_steps}  {shown}  {rate:,.0f} tokens/s  {_clock(left)} left"
        )

    def record(self, step: int, metrics: dict[str, float]) -> None:
        """Adds metrics to `history.csv` and TensorBoard.

        Args:
            step: int. Steps done.
            metrics: dict of str to float.
        """
        if self.quiet:
            return
        self._rows.append(
            {"step": step} | {name: f"{value:.6g}" for name, value in metrics.items()}
        )
        _write_rows(self.history, self._rows)
        with self._summaries.as_default():
            for name, value in metrics.items():
                tf.summary.scalar(name, value, step=step)
        self._summaries.flush()

    def say(self, line: str) -> None:
        """Prints a line, unless the reporter is quiet.

        Args:
            line: str. Without its end.
        """
        if not self.quiet:
            print(line, flush=True)

    def skip(self) -> None:
        """Leaves what was done since the last report, a checkpoint say, out of the rate."""
        self._last = (time.monotonic(), self._last[1])


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _rows_up_to(path: Path, step: int) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        rows = [
            {name: value for name, value in row.items() if value} for row in csv.DictReader(file)
        ]
    return [row for row in rows if int(row["step"]) <= step]


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    beside = path.with_name(f".{path.name}")
    with open(beside, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(beside, path)
