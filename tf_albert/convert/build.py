"""A model of this package, built from what a checkpoint holds."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from tf_albert.convert.checkpoint import WITH_CLASSES, Checkpoint
from tf_albert.convert.names import HEADS, WITHOUT_POOLER, weights_by_name
from tf_albert.convert.report import Report
from tf_albert.modeling.model import AlbertModel

# Arguments that say what the head's classes are.
OF_LABELS = ("labels", "multi_label", "num_classes")
# Of what is missing; a config of more blocks than are stored lacks hundreds.
NAMES_SHOWN = 8


def build_model(
    checkpoint: Checkpoint,
    model_class: type[AlbertModel],
    allow_missing: Iterable[str] = (),
    **arguments: Any,
) -> tuple[AlbertModel, Report]:
    """Returns a model with a checkpoint's weights, and what became of each.

    Args:
        checkpoint: `Checkpoint`.
        model_class: a class of `tf_albert.modeling`. Where it is not the checkpoint's own, the
            heads are left out and its own start fresh; so does a pooler that it does not use.
        allow_missing: names, or beginnings of names up to a `/` or a `.`, of weights that may start
            fresh (this package's names or the format's), and of stored arrays that have no place
            in the model that the config describes and may be left out.
        **arguments: what the constructor takes besides the config; by default the checkpoint's.

    Returns:
        (model, `Report`).

    Raises:
        ValueError: a weight that is not stored or is of another shape, a stored array without a
            place, or a head whose `num_classes` nothing tells.
    """
    class_name = model_class.__name__
    arguments = _asked(arguments)
    stored_arguments = _head_arguments(checkpoint, class_name)
    other_head = _other_head(checkpoint, class_name, stored_arguments, arguments)
    if other_head:
        stored_arguments = {
            name: value for name, value in stored_arguments.items() if name not in OF_LABELS
        }
    _check_classes(checkpoint, class_name, stored_arguments | arguments)
    model = model_class(checkpoint.config, **stored_arguments | arguments)
    weights = weights_by_name(model)
    _check_allowed(checkpoint, weights, allow_missing)
    _check_placed(checkpoint, allow_missing)
    arrays = {
        name: array
        for name, array in checkpoint.arrays.items()
        if name in weights and not (other_head and name.startswith(HEADS))
    }
    missing = weights.keys() - arrays.keys()
    fresh = _fresh(checkpoint, class_name, missing, allow_missing, other_head)
    for name, array in arrays.items():
        _assign(weights[name], array, checkpoint, name)
    dropped = {
        checkpoint.names[name]: f"no place in {class_name}"
        for name in checkpoint.arrays
        if name not in arrays
    }
    dropped |= dict.fromkeys(checkpoint.unplaced, "no place here, and allowed to have none")
    moved = [(checkpoint.names[name], name, array.shape) for name, array in arrays.items()]
    return model, Report(moved, checkpoint.dropped | dropped, fresh)


def _asked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns arguments that were given; labels tell how many classes there are."""
    kept = {name: value for name, value in arguments.items() if value is not None}
    return {"num_classes": len(kept["labels"])} | kept if "labels" in kept else kept


def _head_arguments(checkpoint: Checkpoint, class_name: str) -> dict[str, Any]:
    if class_name not in (checkpoint.model_class, *checkpoint.other_classes):
        return {}
    kernel = checkpoint.arrays.get("head/kernel")
    if class_name not in WITH_CLASSES or kernel is None:
        return checkpoint.head_arguments
    return {"num_classes": kernel.shape[1]} | checkpoint.head_arguments


def _check_classes(checkpoint: Checkpoint, class_name: str, arguments: dict[str, Any]) -> None:
    if class_name in WITH_CLASSES and "num_classes" not in arguments:
        raise ValueError(
            f"{checkpoint.source} has no head of an {class_name} that would tell its number of "
            "classes. Give `num_classes` (`tf-albert convert --num-classes`), or `labels`; the "
            "head then starts fresh."
        )
    if class_name not in WITH_CLASSES and "num_classes" in arguments:
        raise ValueError(
            f"`num_classes` is for {' and '.join(WITH_CLASSES)}; an {class_name} takes none. Leave "
            "it out, or name one of these as the model class."
        )


def _other_head(
    checkpoint: Checkpoint,
    class_name: str,
    stored_arguments: dict[str, Any],
    arguments: dict[str, Any],
) -> str | None:
    """Returns why the stored head is not the one that is asked for, or None where it is."""
    if class_name not in (checkpoint.model_class, *checkpoint.other_classes):
        return f"the source is an {checkpoint.model_class}"
    asked, stored = (part.get("num_classes") for part in (arguments, stored_arguments))
    if asked not in (None, stored):
        return f"the source's head has {stored} classes"
    asked, stored = (part.get("labels") for part in (arguments, stored_arguments))
    if asked is not None and stored is not None and list(asked) != list(stored):
        return f"the source's head has the labels {', '.join(stored)}"
    return None


def _fresh(
    checkpoint: Checkpoint,
    class_name: str,
    missing: Iterable[str],
    allow_missing: Iterable[str],
    other_head: str | None,
) -> dict[str, str]:
    """Returns why each missing weight may start fresh; those that may not are an error."""
    fresh, lacking = {}, []
    for name in sorted(missing):
        if any(_is_named(checkpoint, name, allowed) for allowed in allow_missing):
            part = name.partition("/")[0]
            fresh[name] = checkpoint.absent.get(part, "allowed to be missing")
        elif name.startswith(HEADS) and other_head:
            fresh[name] = other_head
        elif name.startswith("pooler/") and class_name in WITHOUT_POOLER:
            fresh[name] = f"{class_name} does not use it"
        else:
            lacking.append(name)
    if lacking:
        names = [checkpoint.names.get(name, name) for name in lacking]
        raise ValueError(
            f"{checkpoint.source} lacks {_listed(names)} of the {class_name} that "
            "its config describes. Take the config that was released with the weights and a model "
            f"class whose weights are in it ({_other_class(checkpoint, class_name)}), or name what "
            "may start fresh in `allow_missing` (`tf-albert convert --allow-missing`)."
        )
    return fresh


def _other_class(checkpoint: Checkpoint, class_name: str) -> str:
    return "AlbertEncoder" if class_name == checkpoint.model_class else checkpoint.model_class


def _is_named(checkpoint: Checkpoint, name: str, allowed: str) -> bool:
    names = (name, checkpoint.names.get(name, name))
    beginnings = (f"{allowed}/", f"{allowed}.")
    return any(known == allowed or known.startswith(beginnings) for known in names)


def _check_allowed(
    checkpoint: Checkpoint, weights: Iterable[str], allow_missing: Iterable[str]
) -> None:
    unknown = [
        allowed
        for allowed in allow_missing
        if not any(
            _is_named(checkpoint, name, allowed) for name in [*weights, *checkpoint.unplaced]
        )
    ]
    if unknown:
        raise ValueError(
            f"`allow_missing` names {', '.join(unknown)}, which is no weight of the model, nor an "
            f"array of {checkpoint.source} without a place. The model's weights: "
            f"{', '.join(weights)}."
        )


def _check_placed(checkpoint: Checkpoint, allow_missing: Iterable[str]) -> None:
    unknown = [
        name
        for name in checkpoint.unplaced
        if not any(_is_named(checkpoint, name, allowed) for allowed in allow_missing)
    ]
    if unknown:
        raise ValueError(
            f"{checkpoint.source} has more than the model that its config describes: "
            f"{_listed(unknown)}. Take the config that was released with the weights, or name what "
            "may be left out in `allow_missing`."
        )


def _listed(names: Sequence[str]) -> str:
    """Returns names as a comma list, of which it shows the first eight."""
    more = f" and {len(names) - NAMES_SHOWN} others" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _assign(weight: keras.Variable, array: np.ndarray, checkpoint: Checkpoint, name: str) -> None:
    if array.shape != tuple(weight.shape):
        raise ValueError(
            f"`{checkpoint.names[name]}` in {checkpoint.source} has the shape {array.shape} in the "
            f"layout of `{name}`, where the config and the model's arguments ask for "
            f"{tuple(weight.shape)}. Take the config that was released with the weights."
        )
    weight.assign(array)
