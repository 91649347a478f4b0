"""Presets as live models of keras-hub, and the arrays of theirs that Keras would pass over."""

import math
import tempfile
from pathlib import Path

import keras

from tf_albert.convert.errors import first_line
from tf_albert.convert.keras_hub.config import (
    CONFIG_FILE,
    METADATA_FILE,
    TASK_FILE,
    TOKENIZER_FILE,
    VOCABULARY_FILE,
    check_configs,
    existing,
    weight_files,
)

Shapes = dict[str, tuple[int, ...]]


def load(where: Path) -> tuple[keras.Model, Shapes]:
    """Returns a preset's live keras-hub model, float32: a backbone, or a task without preprocessor.

    A classifier gives the logits, as this package's does; its `activation` says what keras-hub
    would apply to them.

    Args:
        where: path.

    Returns:
        tuple of the model and a dict of name to shape: the stored arrays that it has no place for.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged file, another kind of model, or weights that do not fit the config.
    """
    name = check_configs(where)
    live = _open(where, name)
    unplaced = _unplaced(where, live)
    if name == "AlbertTextClassifier":
        live.output_dense.activation = None
    return live, unplaced


def _unplaced(where: Path, live: keras.Model) -> Shapes:
    """Returns the stored arrays that Keras passed over: it does so without a word."""
    stored = _stored_shapes(where)
    if _num_parameters(stored) == live.count_params():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        live.save_to_preset(folder)
        placed = _stored_shapes(Path(folder))
    unplaced = {name: shape for name, shape in stored.items() if name not in placed}
    if _num_parameters(stored) - _num_parameters(unplaced) != live.count_params():
        raise ValueError(
            f"{where} holds {_num_parameters(stored):,} parameters, the {type(live).__name__} that "
            f"its config describes has {live.count_params():,}. Take config and weights from one "
            "copy of the preset."
        )
    return unplaced


def paths(where: Path) -> tuple[Path, ...]:
    """Returns the paths of what is read of a preset.

    Args:
        where: path. A preset that `load` opens.
    """
    names = [CONFIG_FILE, METADATA_FILE, *weight_files(where)]
    optional = (TASK_FILE, TOKENIZER_FILE, VOCABULARY_FILE)
    return tuple(where / name for name in sorted(names + existing(where, optional)))


def _open(where: Path, name: str) -> keras.Model:
    import keras_hub

    settings = {} if name == "AlbertBackbone" else {"preprocessor": None}
    try:
        return getattr(keras_hub.models, name).from_preset(str(where), dtype="float32", **settings)
    except Exception as error:  # h5py, JSON and Keras share no base class of their errors
        raise _unreadable(where, error) from error


def _unreadable(where: Path, error: Exception) -> ValueError:
    return ValueError(
        f"keras-hub cannot open {where}: {first_line(error)} Take config and weights from one copy "
        "of the preset."
    )


def _stored_shapes(where: Path) -> Shapes:
    """Returns the shape of each stored array by file and path in it, the optimizer's left out."""
    import h5py

    shapes = {}
    for file_name in weight_files(where):

        def visit(name: str, item: object, file_name: str = file_name) -> None:
            if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
                shapes[f"{file_name}/{name}"] = item.shape

        try:
            with h5py.File(where / file_name) as file:
                file.visititems(visit)
        except Exception as error:  # what a damaged file raises is of many classes
            raise _unreadable(where, error) from error
    return shapes


def _num_parameters(shapes: Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
