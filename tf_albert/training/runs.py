"""A run's folder: its recipe, checkpoints, history, final model and results."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_albert import files, layout
from tf_albert.convert.native.write import save_pretrained
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.training.reporting import HISTORY_FILE, TENSORBOARD_FOLDER
from tf_albert.types import JsonDict, StrPath

if TYPE_CHECKING:
    from tf_albert.modeling.model import AlbertModel

RECIPE_FILE = "recipe.json"
START_FILE = "start.json"
RESULTS_FILE = "results.json"
# What there is before a run has anything to go on with.
BEGINNINGS = (RECIPE_FILE, START_FILE, HISTORY_FILE, TENSORBOARD_FOLDER)


def open_run(recipe: Any) -> Path:
    """Makes the run's folder, or checks that one that is there belongs to the same recipe.

    A recipe that failed before anything was trained gives way to another one.

    Args:
        recipe: a recipe, `LoopSettings` with a field `output`.

    Returns:
        The folder, a `Path`.

    Raises:
        ValueError: the folder holds a run of another recipe, or something else.
    """
    run = Path(recipe.output)
    values = dataclasses.asdict(recipe)
    stored = run / RECIPE_FILE
    # Another worker of the same run may be about to rename its `.recipe.json.<process>`.
    if run.exists() and not stored.exists() and any(run.glob("[!.]*")):
        raise ValueError(f"{run} is not empty and holds no run. Choose another output folder.")
    if stored.exists() and _has_begun(run):
        _check_same(run, _defaults(recipe) | files.read_json(stored), values, recipe.free_fields)
    files.write_json(stored, values)
    return run


def _defaults(recipe: Any) -> JsonDict:
    """Returns what a recipe's fields are where none is given, as an earlier version left them."""
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in dataclasses.fields(recipe)
        if field.default is not dataclasses.MISSING or callable(field.default_factory)
    }


def _has_begun(run: Path) -> bool:
    """Whether a run, or a run of one of its seeds, has more than its beginnings."""
    seeds = [path.parent for path in run.glob(f"*/{RECIPE_FILE}")]
    known = {folder / name for folder in (run, *seeds) for name in BEGINNINGS}
    found = {path for folder in (run, *seeds) for path in folder.glob("[!.]*")}
    return bool(found - known - set(seeds))


def begun_with(run: StrPath, name: str, default: Any) -> Any:
    """Returns what the recipe of a run that has begun has in a field; a default where none has.

    Args:
        run: str or path. The run's folder, which may be yet to come.
        name: str. The field.
        default: JSON value.
    """
    run = Path(run)
    begun = (run / RECIPE_FILE).exists() and _has_begun(run)
    return files.read_json(run / RECIPE_FILE).get(name, default) if begun else default


def _check_same(run: Path, old: JsonDict, new: JsonDict, free_fields: tuple[str, ...]) -> None:
    changed = [
        f"{name}={old.get(name)!r}, now {value!r}"
        for name, value in new.items()
        if name not in (*free_fields, "output") and _place(old.get(name)) != _place(value)
    ]
    if changed:
        raise ValueError(
            f"{run} holds a run of another recipe ({'; '.join(changed)}). Give the same recipe to "
            "go on with it, or another output folder."
        )


def _place(value: Any) -> Any:
    """Returns a text as a whole path, so that one file has one name; every other value itself."""
    return os.path.abspath(value) if isinstance(value, str) else value


def finish_run(
    run: Path,
    model: "AlbertModel",
    tokenizer: PieceTokenizer,
    results: JsonDict,
    provenance: JsonDict,
) -> None:
    """Writes the final model and the results.

    Args:
        run: path. The run's folder.
        model: an `AlbertModel`.
        tokenizer: `PieceTokenizer`.
        results: dict of JSON values, for `results.json`.
        provenance: dict of JSON values, for the model's `provenance.json`.
    """
    save_pretrained(model, run / layout.MODEL_FOLDER, tokenizer, provenance)
    files.write_json(run / RESULTS_FILE, results)


def is_finished(run: StrPath) -> bool:
    """Whether a run's results are written.

    Args:
        run: str or path. The run's folder.
    """
    return (Path(run) / RESULTS_FILE).exists()


def read_results(run: StrPath) -> JsonDict:
    """Returns what a run's `results.json` holds.

    Args:
        run: str or path. The run's folder.

    Raises:
        FileNotFoundError: the run is not finished.
    """
    return files.read_json(Path(run) / RESULTS_FILE)


def write_start(run: StrPath, metrics: dict[str, float]) -> None:
    """Keeps what the untrained model scored.

    Args:
        run: str or path. The run's folder.
        metrics: dict of str to float.
    """
    files.write_json(Path(run) / START_FILE, metrics)


def read_start(run: StrPath) -> dict[str, float]:
    """Returns what the untrained model scored.

    Args:
        run: str or path. The run's folder.
    """
    return files.read_json(Path(run) / START_FILE)
