"""Checkpoints of Google's original implementation (TensorFlow 1), read."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.convert.checkpoint import Checkpoint, collect
from tf_albert.convert.google.config import (
    find_vocabulary,
    head_arguments,
    lower_case,
    read_config_beside,
)
from tf_albert.convert.google.names import places
from tf_albert.convert.provenance import read_facts
from tf_albert.text.pieces import PieceTokenizer

OPTIMIZER_VARIABLES = ("adam_m", "adam_v", "global_step")
CLASSIFIER_HEAD = "output_weights"
SPAN_HEAD = "cls/squad/output_weights"


def finds(where: Path) -> bool:
    """Whether `where` is the prefix of a checkpoint, or a folder with one in it.

    Args:
        where: path.
    """
    return (where.parent / f"{where.name}.index").exists() or any(_prefixes(where))


def _prefixes(folder: Path) -> list[Path]:
    """Returns the prefixes of a folder's checkpoints; a TF1 Hub module's lies one folder deeper."""
    found = [*folder.glob("*.ckpt*.index"), *folder.glob("variables/variables.index")]
    return [path.with_suffix("") for path in sorted(found)]


def read(where: Path) -> Checkpoint:
    """Returns what a checkpoint holds.

    Args:
        where: path. The checkpoint's prefix (`.../model.ckpt-best`), or the folder that holds one
            checkpoint; `albert_config.json` lies beside it, or in a Hub module's `assets`.

    Raises:
        FileNotFoundError: there is no checkpoint, or no config beside it.
        ValueError: a damaged file, several checkpoints, or variables that do not fit the config.
    """
    prefix = _prefix(where)
    stored, dropped = _read_arrays(prefix)
    config, config_file = read_config_beside(prefix)
    facts = read_facts(prefix.parent)
    model_class, others = _model_class(stored, facts)
    arrays, names, unplaced = collect(places(config, model_class), stored)
    tokenizer = _tokenizer_beside(prefix)
    vocabularies = () if tokenizer is None else (tokenizer.vocabulary,)
    return Checkpoint(
        source=where,
        format="google",
        config=config,
        arrays=arrays,
        names=names,
        model_class=model_class,
        other_classes=others,
        head_arguments=head_arguments(facts, model_class),
        dropped=dropped,
        unplaced=unplaced,
        tokenizer=tokenizer,
        files=(config_file, *sorted(prefix.parent.glob(f"{prefix.name}.*")), *vocabularies),
    )


def read_tokenizer(where: Path) -> PieceTokenizer | None:
    """Returns the tokenizer that lies beside a checkpoint, or None.

    Args:
        where: path. As for `read`.

    Raises:
        ValueError: several checkpoints, or a damaged file.
    """
    return _tokenizer_beside(_prefix(where)) if finds(where) else None


def _tokenizer_beside(prefix: Path) -> PieceTokenizer | None:
    vocabulary = find_vocabulary(prefix)
    if vocabulary is None:
        return None
    return PieceTokenizer(vocabulary, lower_case(read_facts(prefix.parent)))


def _prefix(where: Path) -> Path:
    if not where.is_dir():
        return where
    found = _prefixes(where)
    if len(found) != 1:
        raise ValueError(
            f"{where} must hold one checkpoint. Found: {', '.join(path.name for path in found)}. "
            "Name the prefix of one."
        )
    return found[0]


def _read_arrays(prefix: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns a checkpoint's arrays by name, and why those of the optimizer are left out."""
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        names = sorted(reader.get_variable_to_shape_map())
        slots = [name for name in names if name.rsplit("/", 1)[-1] in OPTIMIZER_VARIABLES]
        arrays = {name: reader.get_tensor(name) for name in names if name not in slots}
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise ValueError(
            f"The checkpoint {prefix} cannot be read: {error}. Copy its .index and .data files "
            "again."
        ) from error
    if any(name.startswith("bert/encoder/layer_") for name in arrays):
        raise ValueError(
            f"{prefix} is a checkpoint of BERT, whose layers have weights of their own and whose "
            "embeddings are not factorized. Take a checkpoint of ALBERT."
        )
    return arrays, dict.fromkeys(slots, "the optimizer's")


def _model_class(
    stored: dict[str, np.ndarray], facts: dict[str, Any]
) -> tuple[str, tuple[str, ...]]:
    """Returns the class that a checkpoint's heads belong to, and others that they fit."""
    if SPAN_HEAD in stored:
        return "AlbertSpanLabeler", ()
    if CLASSIFIER_HEAD in stored:
        fitting = ["AlbertClassifier"]
        if stored[CLASSIFIER_HEAD].shape[0] == 1:
            # A multiple-choice head looks like a regression's.
            fitting.append("AlbertMultipleChoice")
        fitting.sort(key=lambda name: name != facts.get("model_class"))
        return fitting[0], tuple(fitting[1:])
    if any(name.startswith("cls/") for name in stored):
        return "AlbertPretrainer", ()
    return "AlbertEncoder", ()
