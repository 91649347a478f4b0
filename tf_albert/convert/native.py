"""This package's own folders, read and written as one format among the others."""

import numpy as np

from tf_albert import files
from tf_albert.convert.checkpoint import Checkpoint, Written
from tf_albert.convert.names import weights_by_name
from tf_albert.modeling import saving
from tf_albert.text.pieces import TOKENIZER_FILE, PieceTokenizer


def finds(where):
    """Whether `where` is a folder that `save_pretrained` wrote, or a run that holds one."""
    folder = files.model_folder(where)
    return any((folder / name).exists() for name in (saving.WEIGHTS_FILE, saving.PROVENANCE_FILE))


def read(where):
    """Returns what a folder of this package holds.

    Args:
        where: path. What `save_pretrained` wrote, or a training run.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: damaged files, or weights that do not fit the config.
    """
    folder = files.model_folder(where)
    model = saving.read_model(folder)
    arrays = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    has_tokenizer = (folder / TOKENIZER_FILE).exists()
    return Checkpoint(
        source=where,
        format="tf_albert",
        config=model.config,
        arrays=arrays,
        names={name: name for name in arrays},
        model_class=type(model).__name__,
        head_arguments=model.head_arguments(),
        tokenizer=PieceTokenizer.from_pretrained(folder) if has_tokenizer else None,
        files=tuple(folder / name for name in saving.read_provenance(folder)["files_sha256"]),
    )


def write(model, folder, tokenizer=None):
    """Writes the files of `save_pretrained` into a folder that exists; returns `Written`."""
    saving.write_model(model, folder, tokenizer)
    return Written({name: name for name in weights_by_name(model)})
