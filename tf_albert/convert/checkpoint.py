"""What a stored model holds, whatever its format, and how a model is built from it."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.names import weights_by_name
from tf_albert.convert.report import Report
from tf_albert.text.pieces import PieceTokenizer

# Their outputs do not depend on the pooler, so other formats leave it out.
WITHOUT_POOLER = ("AlbertSpanLabeler", "AlbertAnswerableSpanLabeler", "AlbertTokenClassifier")
WITH_CLASSES = ("AlbertClassifier", "AlbertTokenClassifier")
# What a task model has on its encoder.
HEADS = ("head/", "end_head/", "no_answer_head/")
# Of what is missing; a config of more blocks than are stored lacks hundreds.
NAMES_SHOWN = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model as it lies in a file, under this package's names and in its layout.

    Args:
        source: str or path. Where it lies, as the user named it.
        format: str. One of `tf_albert.convert.formats.FORMATS`.
        config: `AlbertConfig`.
        arrays: dict of this package's name to array.
        names: dict of this package's name to the format's, also of what is not stored.
        model_class: str. The class whose weights these are, such as `"AlbertPretrainer"`.
        other_classes: tuple of str. Other classes whose head the stored one may be.
        head_arguments: dict. What that class takes besides the config.
        dropped: dict of the format's name to why no model needs that array.
        unplaced: dict of the format's name to the shape of each array that the model which the
            config describes has no place for.
        absent: dict of parts of the model to why there is nothing of them: the class that the
            weights were saved from has none.
        tokenizer: `PieceTokenizer`, or None where no vocabulary lies there.
        files: tuple of path. Every file that was read.
        origin: dict of JSON values, or None. What its `provenance.json` says of the conversion that
            it comes from.
        task: dict of JSON values, or None. What it says that the model was fine-tuned for.
    """

    source: str | Path
    format: str
    config: AlbertConfig
    arrays: dict[str, np.ndarray]
    names: dict[str, str]
    model_class: str
    other_classes: tuple[str, ...] = ()
    head_arguments: dict = dataclasses.field(default_factory=dict)
    dropped: dict[str, str] = dataclasses.field(default_factory=dict)
    unplaced: dict[str, tuple] = dataclasses.field(default_factory=dict)
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    tokenizer: PieceTokenizer | None = None
    files: tuple[Path, ...] = ()
    origin: dict | None = None
    task: dict | None = None

    def check_vocabulary(self):
        """Raises a `ValueError` where the vocabulary is not of the size that the config names."""
        if self.tokenizer and self.tokenizer.vocab_size != self.config.vocab_size:
            raise ValueError(
                f"The vocabulary in {self.source} has {self.tokenizer.vocab_size} pieces, the "
                f"config names `vocab_size`={self.config.vocab_size}. Take the vocabulary that was "
                "released with the weights, or remove it to read the weights alone."
            )

    def provenance(self):
        """Returns where the weights come from and what is silent in their shapes: JSON values."""
        config = self.config
        earlier = {} if self.origin is None else {"earlier": self.origin}
        return earlier | {
            "format": self.format,
            "source": str(self.source),
            "files_sha256": self._sums(),
            "hidden_act": config.hidden_act,
            "layer_norm_epsilon": config.layer_norm_epsilon,
            "num_attention_heads": config.num_attention_heads,
            "hidden_dropout_prob": config.hidden_dropout_prob,
            "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
            "lower_case": self.tokenizer and self.tokenizer.lower_case,
        }

    def _sums(self):
        """Returns the files' sums by their paths below the folder that holds all of them."""
        folders = [path.parent for path in self.files]
        root = os.path.commonpath(folders) if folders else ""
        return {path.relative_to(root).as_posix(): files.sha256(path) for path in self.files}


@dataclasses.dataclass(frozen=True)
class Written:
    """How a format keeps the weights of a model.

    Args:
        names: dict of this package's name to the format's.
        left_out: dict of this package's name, or of another fact, to why the format has no place
            for it.
        added: dict of the format's name to why it stands there besides.
    """

    names: dict
    left_out: dict = dataclasses.field(default_factory=dict)
    added: dict = dataclasses.field(default_factory=dict)


def collect(places, stored):
    """Returns a format's arrays under this package's names.

    Args:
        places: dict of this package's name to `Place`.
        stored: dict of the format's name to array.

    Returns:
        tuple of three dicts: the arrays and every place's name, both by this package's names, and
        the shapes of the stored arrays without a place, by the format's names.
    """
    known = {place.name for place in places.values()}
    unplaced = {name: stored[name].shape for name in sorted(stored) if name not in known}
    arrays = {
        ours: stored[place.name].T if place.transposed else stored[place.name]
        for ours, place in places.items()
        if place.name in stored
    }
    return arrays, {ours: place.name for ours, place in places.items()}, unplaced


def build_model(checkpoint, model_class, allow_missing=(), **arguments):
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
    stored_arguments = _head_arguments(checkpoint, class_name)
    _check_classes(checkpoint, class_name, stored_arguments | arguments)
    model = model_class(checkpoint.config, **stored_arguments | arguments)
    weights = weights_by_name(model)
    _check_allowed(checkpoint, weights, allow_missing)
    _check_placed(checkpoint, allow_missing)
    other_head = _other_head(checkpoint, class_name, stored_arguments, arguments)
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


def _head_arguments(checkpoint, class_name):
    if class_name not in (checkpoint.model_class, *checkpoint.other_classes):
        return {}
    kernel = checkpoint.arrays.get("head/kernel")
    takes_classes = class_name in WITH_CLASSES and kernel is not None
    return ({"num_classes": kernel.shape[1]} if takes_classes else {}) | checkpoint.head_arguments


def _check_classes(checkpoint, class_name, arguments):
    if class_name in WITH_CLASSES and "num_classes" not in arguments:
        raise ValueError(
            f"{checkpoint.source} has no head of an {class_name} that would tell its number of "
            "classes. Give `num_classes` (`tf-albert convert --num-classes`); the head then "
            "starts fresh."
        )
    if class_name not in WITH_CLASSES and "num_classes" in arguments:
        raise ValueError(
            f"`num_classes` is for {' and '.join(WITH_CLASSES)}; an {class_name} takes none. Leave "
            "it out, or name one of these as the model class."
        )


def _other_head(checkpoint, class_name, stored_arguments, arguments):
    """Returns why the stored head is not the one that is asked for, or None where it is."""
    if class_name not in (checkpoint.model_class, *checkpoint.other_classes):
        return f"the source is an {checkpoint.model_class}"
    asked, stored = (part.get("num_classes") for part in (arguments, stored_arguments))
    if asked not in (None, stored):
        return f"the source's head has {stored} classes"
    return None


def _fresh(checkpoint, class_name, missing, allow_missing, other_head):
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
            f"{checkpoint.source} lacks {listed(names)} of the {class_name} that "
            "its config describes. Take the config that was released with the weights and a model "
            f"class whose weights are in it ({_other_class(checkpoint, class_name)}), or name what "
            "may start fresh in `allow_missing` (`tf-albert convert --allow-missing`)."
        )
    return fresh


def _other_class(checkpoint, class_name):
    return "AlbertEncoder" if class_name == checkpoint.model_class else checkpoint.model_class


def _is_named(checkpoint, name, allowed):
    names = (name, checkpoint.names.get(name, name))
    beginnings = (f"{allowed}/", f"{allowed}.")
    return any(known == allowed or known.startswith(beginnings) for known in names)


def _check_allowed(checkpoint, weights, allow_missing):
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


def _check_placed(checkpoint, allow_missing):
    unknown = [
        name
        for name in checkpoint.unplaced
        if not any(_is_named(checkpoint, name, allowed) for allowed in allow_missing)
    ]
    if unknown:
        raise ValueError(
            f"{checkpoint.source} has more than the model that its config describes: "
            f"{listed(unknown)}. Take the config that was released with the weights, or name what "
            "may be left out in `allow_missing`."
        )


def listed(names):
    """Returns names as a comma list, of which it shows the first eight."""
    more = f" and {len(names) - NAMES_SHOWN} others" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _assign(weight, array, checkpoint, name):
    if array.shape != tuple(weight.shape):
        raise ValueError(
            f"`{checkpoint.names[name]}` in {checkpoint.source} has the shape {array.shape} in the "
            f"layout of `{name}`, where the config and the model's arguments ask for "
            f"{tuple(weight.shape)}. Take the config that was released with the weights."
        )
    weight.assign(array)
