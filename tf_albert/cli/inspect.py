"""`tf-albert inspect`: what a stored model is, in any format."""

import dataclasses
import json

from tf_albert import files
from tf_albert.convert import formats
from tf_albert.modeling import saving


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Says what a model is: format, class, config, what its shapes do not show, and its origin.

    Args:
        path: A model, in any format.
    """

    path: str


def run(arguments):
    """Prints a line for each fact."""
    with formats.opened(arguments.path) as place:
        checkpoint = formats.read(place)
        origin = _origin(place)
    facts = {"model_class": checkpoint.model_class, **checkpoint.head_arguments}
    facts |= checkpoint.config.to_dict() | _flat(checkpoint.provenance())
    facts["parameters"] = f"{sum(array.size for array in checkpoint.arrays.values()):,}"
    facts |= {f"left out: {name}": reason for name, reason in checkpoint.dropped.items()}
    facts |= {f"converted from: {name}": value for name, value in origin.items()}
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:{width}}  {value if isinstance(value, str) else json.dumps(value)}")


def _flat(provenance):
    """Returns provenance with a line of its own for each file's sum."""
    sums = provenance.pop("files_sha256")
    return provenance | {f"sha256 of {name}": value for name, value in sums.items()}


def _origin(place):
    """Returns what `provenance.json` says of the model that this one was converted from."""
    path = files.model_folder(place) / saving.PROVENANCE_FILE
    conversion = files.read_json(path).get("conversion") if path.exists() else None
    names = ("format", "source", "files_sha256")
    return _flat({name: conversion[name] for name in names}) if conversion else {}
