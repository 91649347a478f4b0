"""`tf-albert inspect`: what a stored model is, in any format."""

import dataclasses
import json

from tf_albert.convert import formats
from tf_albert.types import JsonDict


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Says what a model is: format, class, config, what its shapes do not show, and its origin.

    Args:
        path: A model, in any format.
    """

    path: str


def execute(arguments: Arguments) -> None:
    """Prints a line for each fact."""
    checkpoint = formats.read(arguments.path)
    provenance = checkpoint.provenance()
    origin = provenance.pop("earlier", None)
    facts = {"model_class": checkpoint.model_class, **checkpoint.head_arguments}
    facts |= checkpoint.config.to_dict() | _flat(provenance)
    facts["parameters"] = f"{sum(array.size for array in checkpoint.arrays.values()):,}"
    facts |= {f"left out: {name}": reason for name, reason in checkpoint.dropped.items()}
    facts |= {f"without a place: {name}": shape for name, shape in checkpoint.unplaced.items()}
    facts |= _origins(origin)
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:{width}}  {value if isinstance(value, str) else json.dumps(value)}")


def _flat(provenance: JsonDict) -> JsonDict:
    """Returns provenance with a line of its own for each file's sum."""
    sums = provenance["files_sha256"]
    others = {name: value for name, value in provenance.items() if name != "files_sha256"}
    return others | {f"sha256 of {name}": value for name, value in sums.items()}


def _origins(conversion: JsonDict | None) -> JsonDict:
    """Returns what `provenance.json` says of each model on the way here, the nearest first."""
    facts: JsonDict = {}
    step = "converted from"
    while conversion is not None:
        shown = {name: conversion.get(name) for name in ("format", "source")}
        shown = _flat(shown | {"files_sha256": conversion.get("files_sha256", {})})
        facts |= {f"{step}: {name}": value for name, value in shown.items()}
        conversion, step = conversion.get("earlier"), f"before that, {step}"
    return facts
