"""`provenance.json`, which lies beside a model in any format: its origin, and its files' sums."""

import math
import re
from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.layout import PROVENANCE_FILE
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.trained_parts import lora_variables

COPY_AGAIN = "Copy the folder again, or convert the model anew."
# What says where a model was converted from, and, within it, where that one was.
CONVERSIONS = ("conversion", "earlier")
# Of the texts in a run's recipe, those that are no path whatever stands in them.
NO_PATHS = ("text_column", "label_column")


def facts_of(model: AlbertModel) -> dict[str, Any]:
    """Returns what `provenance.json` says of a model itself: JSON values by name.

    Args:
        model: an `AlbertModel`.
    """
    preprocessor = getattr(model, "preprocessor", None)
    told = {"sequence_length": preprocessor.sequence_length} if preprocessor else {}
    return told | {
        "model_class": type(model).__name__,
        "head_arguments": model.head_arguments(),
        # As the weights file has them, where Keras adds LoRA's matrices to their kernels.
        "num_parameters": model.count_params()
        - sum(math.prod(v.shape) for v in lora_variables(model)),
    }


def write_provenance(folder: Path, facts: dict[str, Any]) -> None:
    """Writes `provenance.json`: some facts, and the SHA-256 sum of every other file of a folder.

    Args:
        folder: path. A folder whose other files are written.
        facts: dict of JSON values.
    """
    others = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {
        path.relative_to(folder).as_posix(): files.sha256(path)
        for path in others
        if path != folder / PROVENANCE_FILE
    }
    files.write_json(folder / PROVENANCE_FILE, facts | {"files_sha256": sums})


def without_paths(facts: dict[str, Any]) -> dict[str, Any]:
    """Returns what `provenance.json` says, for others: of each path here its last part alone.

    Paths are what a run's recipe names and what a model was converted from. An address stays.

    Args:
        facts: dict of JSON values.

    >>> without_paths({"conversion": {"source": "/home/ada/models/tiny"}, "num_parameters": 5})
    {'conversion': {'source': 'tiny'}, 'num_parameters': 5}
    """
    changed: dict[str, Any] = {
        name: without_paths(facts[name])
        for name in ("run", *CONVERSIONS)
        if isinstance(facts.get(name), dict)
    }
    if "source" in facts:
        changed["source"] = _last_part(facts["source"])
    if isinstance(facts.get("recipe"), dict):
        recipe = facts["recipe"].items()
        changed["recipe"] = {
            name: value if name in NO_PATHS else _last_part(value) for name, value in recipe
        }
    return facts | changed


def _last_part(value: Any) -> Any:
    """Returns the last part of a path, or what is none; of a list those of its values."""
    if isinstance(value, list):
        return [_last_part(part) for part in value]
    if not isinstance(value, str) or "://" in value:
        return value
    return re.split(r"[/\\]", value.rstrip("/\\"))[-1]


def read_facts(folder: Path) -> dict[str, Any]:
    """Returns what `provenance.json` in a folder says, an empty dict where there is none.

    Args:
        folder: path.

    Raises:
        ValueError: it is not of the form that `write_provenance` gives it.
    """
    path = folder / PROVENANCE_FILE
    facts = files.read_json(path) if path.exists() else {}
    if not isinstance(facts, dict):
        raise ValueError(f"{path} must hold one JSON object. {COPY_AGAIN}")
    _check_form(facts, path)
    return facts


def _check_form(facts: dict[str, Any], path: Path) -> None:
    for name in ("head_arguments", "files_sha256", *CONVERSIONS):
        if not isinstance(facts.get(name, {}), dict):
            raise ValueError(f"`{name}` in {path} must be a JSON object. {COPY_AGAIN}")
    for name in CONVERSIONS:
        if name in facts:
            _check_form(facts[name], path)


def check_files(folder: Path) -> None:
    """Checks the files of a folder against the sums in its `provenance.json`, if it has one.

    Args:
        folder: path.

    Raises:
        FileNotFoundError: a file that it names is missing.
        ValueError: a file is not the one that it names, or it names none.
    """
    if not (folder / PROVENANCE_FILE).exists():
        return
    sums = read_facts(folder).get("files_sha256")
    if sums is None:
        raise ValueError(
            f"{folder / PROVENANCE_FILE} has no `files_sha256`, so the files beside it cannot be "
            f"checked. {COPY_AGAIN}"
        )
    for name, expected in sums.items():
        if not (folder / name).exists():
            raise FileNotFoundError(
                f"{folder} lacks {name}, which {PROVENANCE_FILE} names. Copy the folder again."
            )
        if files.sha256(folder / name) != expected:
            raise ValueError(
                f"{folder / name} is damaged or was replaced: its SHA-256 sum is not the one "
                f"in {PROVENANCE_FILE}. Copy the folder again."
            )
