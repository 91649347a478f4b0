"""Checkpoints of a run: model folders with the optimizer beside, written whole or not at all."""

import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_albert import files, layout
from tf_albert.convert.native.read import read_model
from tf_albert.convert.native.write import write_model
from tf_albert.modeling.trained_parts import lora_variables, ordinary_variables
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

if TYPE_CHECKING:
    import keras

    from tf_albert.modeling.model import AlbertModel

OPTIMIZER_FILE = "optimizer.npz"
STATE_FILE = "state.json"


def checkpoint_folder(run: StrPath, step: int) -> Path:
    """Returns the folder of the checkpoint after some steps of a run.

    Args:
        run: str or path. The run's folder.
        step: int. Steps done.

    >>> checkpoint_folder("runs/tiny", 500).name
    'step-00000500'
    """
    return Path(run) / "checkpoints" / f"step-{step:08d}"


def list_checkpoints(run: StrPath) -> list[tuple[int, Path]]:
    """Returns (step, folder) of a run's checkpoints, oldest first.

    Args:
        run: str or path. The run's folder.
    """
    folders = sorted((Path(run) / "checkpoints").glob("step-*"))
    return [(int(folder.name.removeprefix("step-")), folder) for folder in folders]


def save_checkpoint(
    run: StrPath,
    step: int,
    model: "AlbertModel",
    optimizer: "keras.optimizers.Optimizer",
    tokenizer: PieceTokenizer,
    keep: int,
) -> None:
    """Writes a checkpoint, which is a model folder too, and removes the oldest ones.

    Args:
        run: str or path. The run's folder.
        step: int. Steps done.
        model: an `AlbertModel`.
        optimizer: the Keras optimizer, built.
        tokenizer: `PieceTokenizer`.
        keep: int. How many checkpoints stay.

    Raises:
        FloatingPointError: a weight is not finite; nothing is written.
    """
    for variable in model.trainable_variables:
        if not np.isfinite(variable.numpy()).all():
            raise FloatingPointError(f"After step {step} the weight {variable.path} is not finite.")
    with files.replacing_folder(checkpoint_folder(run, step), layout.PROVENANCE_FILE) as folder:
        write_model(model, folder, tokenizer, {"step": step})
        arrays = {str(i): v.numpy() for i, v in enumerate(_state(model, optimizer))}
        np.savez(folder / OPTIMIZER_FILE, **arrays)
        files.write_json(folder / STATE_FILE, {"step": step})
    for _, old in list_checkpoints(run)[:-keep]:
        shutil.rmtree(old)


def restore_checkpoint(
    folder: Path, model: "AlbertModel", optimizer: "keras.optimizers.Optimizer"
) -> int:
    """Puts a checkpoint's weights, moments and random state into a model and an optimizer.

    Args:
        folder: path. A checkpoint.
        model: an `AlbertModel` of the checkpoint's sizes.
        optimizer: the Keras optimizer, built on the model's trainable variables.

    Returns:
        int: steps done.

    Raises:
        ValueError: the checkpoint is of another model or another optimizer, or damaged.
    """
    stored = read_model(folder)
    _assign(ordinary_variables(model), [v.numpy() for v in stored.variables], folder)
    try:
        # NumPy leaves a damaged file open if it opened it itself.
        with open(folder / OPTIMIZER_FILE, "rb") as file, np.load(file) as arrays:
            values = [arrays[str(index)] for index in range(len(arrays.files))]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{folder / OPTIMIZER_FILE} cannot be read: {error}.") from error
    _assign(_state(model, optimizer), values, folder)
    return files.read_json(folder / STATE_FILE)["step"]


def _state(model: "AlbertModel", optimizer: "keras.optimizers.Optimizer") -> list["keras.Variable"]:
    """Returns what goes on besides the weights: the moments, and where dropout's randomness is."""
    # The latter is no weight to Keras, and stands in no weights file; LoRA's matrices stand there
    # within the kernels, which are themselves among what is not trained.
    return [*optimizer.variables, *model.non_trainable_variables, *lora_variables(model)]


def _assign(
    variables: Iterable["keras.Variable"], values: Sequence[np.ndarray], folder: Path
) -> None:
    shapes = [tuple(variable.shape) for variable in variables]
    stored = [value.shape for value in values]
    if shapes != stored:
        different = next(
            (pair for pair in zip(shapes, stored, strict=False) if pair[0] != pair[1]),
            (f"{len(shapes)} variables", f"{len(stored)}"),
        )
        raise ValueError(
            f"The checkpoint {folder} is of another model or optimizer: expected {different[0]}, "
            f"it holds {different[1]}. Use the recipe it was made with, or another output folder."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
