"""This package's own folders, read: as the model that was saved, and as a `Checkpoint` of it."""

from pathlib import Path
from typing import Any

import numpy as np

from tf_albert import layout
from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint
from tf_albert.convert.errors import first_line
from tf_albert.convert.names import weights_by_name
from tf_albert.convert.provenance import COPY_AGAIN, check_files, read_facts
from tf_albert.layout import CONFIG_FILE, PROVENANCE_FILE, WEIGHTS_FILE
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.model_classes import MODEL_CLASSES, model_class
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.text.stored_tokenizer import VOCABULARY_FILE, stored_lower_case
from tf_albert.types import StrPath

# Of `provenance.json`, what `read_model` needs.
NEEDED_FACTS = ("model_class", "head_arguments", "num_parameters")


def finds(where: Path) -> bool:
    """Whether `where` is a folder that `save_pretrained` wrote, or a run that holds one.

    Args:
        where: path.
    """
    folder = layout.model_folder(where)
    return any((folder / name).exists() for name in (WEIGHTS_FILE, PROVENANCE_FILE))


def read(where: Path) -> Checkpoint:
    """Returns what a folder of this package holds.

    Args:
        where: path. What `save_pretrained` wrote, or a training run.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: damaged files, or weights that do not fit the config.
    """
    folder = layout.model_folder(where)
    model = read_model(folder)
    arrays = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    return Checkpoint(
        source=where,
        format="tf_albert",
        config=model.config,
        arrays=arrays,
        names={name: name for name in arrays},
        model_class=type(model).__name__,
        head_arguments=model.head_arguments(),
        tokenizer=read_tokenizer(folder),
        files=tuple(folder / name for name in read_provenance(folder)["files_sha256"]),
    )


def read_tokenizer(where: Path) -> PieceTokenizer | None:
    """Returns the tokenizer that a folder of this package holds, or None.

    Args:
        where: path. What a tokenizer's or a model's `save_pretrained` wrote, or a training run.

    Raises:
        ValueError: damaged files.
    """
    folder = layout.model_folder(where)
    lower_case = stored_lower_case(folder)
    return None if lower_case is None else PieceTokenizer(folder / VOCABULARY_FILE, lower_case)


def read_model(folder: StrPath) -> AlbertModel:
    """Returns the model of the class that was saved in `folder`.

    Args:
        folder: str or path. What `save_pretrained` wrote.

    Raises:
        FileNotFoundError: no such folder, or a file of it is missing.
        ValueError: damaged files, or weights that do not fit the config.
    """
    folder = Path(folder)
    provenance = read_provenance(folder)
    config = AlbertConfig.from_json(folder / CONFIG_FILE)
    model = _build(provenance, config, folder / PROVENANCE_FILE)
    try:
        # Keras loads a file that holds more layers than the model without a word.
        if model.count_params() != provenance["num_parameters"]:
            raise ValueError(f"{provenance['num_parameters']} parameters were saved.")
        model.load_weights(folder / WEIGHTS_FILE)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"The weights in {folder / WEIGHTS_FILE} do not fit the model that {CONFIG_FILE} "
            f"beside them describes ({model.count_params():,} parameters): {first_line(error)} "
            "Take both files from the same folder."
        ) from error
    return model


def _build(provenance: dict[str, Any], config: AlbertConfig, path: Path) -> AlbertModel:
    arguments = provenance["head_arguments"]
    try:
        return model_class(provenance["model_class"])(config, **arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} gives {provenance['model_class']} the head_arguments {arguments}, which it "
            f"does not take: {first_line(error)} {COPY_AGAIN}"
        ) from error


def read_provenance(folder: Path) -> dict[str, Any]:
    """Returns what `provenance.json` of a model folder says, the weights checked against it.

    Args:
        folder: path. What `save_pretrained` wrote.

    Raises:
        FileNotFoundError: no such folder, or a file of it is missing.
        ValueError: an unknown model class, or a file of another SHA-256 sum.
    """
    _check_complete(folder)
    provenance = read_facts(folder)
    lacking = [name for name in NEEDED_FACTS if name not in provenance]
    if lacking:
        raise ValueError(f"{folder / PROVENANCE_FILE} lacks {', '.join(lacking)}. {COPY_AGAIN}")
    if provenance["model_class"] not in list(MODEL_CLASSES):
        raise ValueError(
            f"{folder / PROVENANCE_FILE} names the model class {provenance['model_class']!r}. "
            f"Known classes: {', '.join(MODEL_CLASSES)}."
        )
    check_files(folder)
    return provenance


def _check_complete(folder: Path) -> None:
    """Raises a `FileNotFoundError` where there is no folder, or a file of it is missing."""
    if not folder.exists():
        raise FileNotFoundError(
            f"{folder} does not exist. Expected a folder with {CONFIG_FILE}, {WEIGHTS_FILE} and "
            f"{PROVENANCE_FILE}."
        )
    names = (CONFIG_FILE, WEIGHTS_FILE, PROVENANCE_FILE)
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{folder} is no model folder: it lacks {', '.join(missing)}. Name a folder that "
            "`save_pretrained`, `tf-albert pretrain` or `tf-albert finetune` wrote."
        )
