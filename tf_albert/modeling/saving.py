"""A model as a folder: `albert_config.json`, `model.weights.h5`, the tokenizer, its provenance."""

import importlib
from pathlib import Path

from tf_albert import files
from tf_albert.config import AlbertConfig

CONFIG_FILE = "albert_config.json"
WEIGHTS_FILE = "model.weights.h5"
PROVENANCE_FILE = "provenance.json"
MODEL_MODULES = {
    "AlbertEncoder": "tf_albert.modeling.encoder",
    "AlbertPretrainer": "tf_albert.modeling.pretrainer",
    "AlbertClassifier": "tf_albert.modeling.classifier",
    "AlbertSpanLabeler": "tf_albert.modeling.span_labeler",
    "AlbertMultipleChoice": "tf_albert.modeling.multiple_choice",
    "AlbertTokenClassifier": "tf_albert.modeling.token_classifier",
}


def save_pretrained(model, folder, tokenizer=None, provenance=None):
    """Writes a model into a folder; see `AlbertModel.save_pretrained`.

    Args:
        model: an `AlbertModel`.
        folder: str or path. Replaced as a whole.
        tokenizer: `AlbertTokenizer` or None.
        provenance: dict of JSON values, or None. Added to `provenance.json`: where the weights
            come from, in the words of whoever made them.
    """
    with files.replacing_folder(folder) as temporary:
        write_model(model, temporary, tokenizer, provenance)


def write_model(model, folder, tokenizer=None, provenance=None):
    """Writes the files of `save_pretrained` into a folder that exists."""
    folder = Path(folder)
    model.config.to_json(folder / CONFIG_FILE)
    model.save_weights(folder / WEIGHTS_FILE)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    facts = {
        "model_class": type(model).__name__,
        "head_arguments": model.head_arguments(),
        "num_parameters": model.count_params(),
    }
    write_provenance(folder, facts | (provenance or {}))


def write_provenance(folder, facts):
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


def check_files(folder):
    """Raises a `ValueError` where a file is not the one that `provenance.json` beside it names."""
    if not (folder / PROVENANCE_FILE).exists():
        return
    provenance = files.read_json(folder / PROVENANCE_FILE)
    sums = provenance.get("files_sha256") if isinstance(provenance, dict) else None
    if not isinstance(sums, dict):
        raise ValueError(
            f"{folder / PROVENANCE_FILE} has no `files_sha256`, so the files beside it cannot be "
            "checked. Copy the folder again, or convert the model anew."
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


def from_pretrained(model_class, where, **arguments):
    """Returns a model with the weights in `where`; see `AlbertModel.from_pretrained`."""
    # The one upward import: reading other people's formats stands above the models.
    from tf_albert.convert import formats

    return formats.load(where, model_class, **arguments)


def read_model(folder):
    """Returns the model of the class that was saved in `folder`.

    Args:
        folder: path. What `save_pretrained` wrote.

    Raises:
        FileNotFoundError: no such folder, or a file of it is missing.
        ValueError: damaged files, or weights that do not fit the config.
    """
    folder = Path(folder)
    provenance = read_provenance(folder)
    config = AlbertConfig.from_json(folder / CONFIG_FILE)
    model = model_class(provenance["model_class"])(config, **provenance["head_arguments"])
    try:
        # Keras loads a file that holds more layers than the model without a word.
        if model.count_params() != provenance["num_parameters"]:
            raise ValueError(f"{provenance['num_parameters']:,} parameters were saved.")
        model.load_weights(folder / WEIGHTS_FILE)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"The weights in {folder / WEIGHTS_FILE} do not fit the model that {CONFIG_FILE} "
            f"beside them describes ({model.count_params():,} parameters): {_first_line(error)} "
            "Take both files from the same folder."
        ) from error
    return model


def model_class(name):
    """Returns the model class of a name.

    Raises:
        ValueError: an unknown name.
    """
    if name not in MODEL_MODULES:
        raise ValueError(
            f"Unknown model class {name!r}. Known classes: {', '.join(MODEL_MODULES)}."
        )
    return getattr(importlib.import_module(MODEL_MODULES[name]), name)


def read_provenance(folder):
    """Returns what `provenance.json` of a model folder says, the weights checked against it.

    Raises:
        FileNotFoundError: no such folder, or a file of it is missing.
        ValueError: an unknown model class, or a file of another SHA-256 sum.
    """
    if not folder.exists():
        raise FileNotFoundError(
            f"{folder} does not exist. Expected a folder with {CONFIG_FILE}, {WEIGHTS_FILE} and "
            f"{PROVENANCE_FILE}."
        )
    missing = [
        name
        for name in (CONFIG_FILE, WEIGHTS_FILE, PROVENANCE_FILE)
        if not (folder / name).exists()
    ]
    if missing:
        raise FileNotFoundError(
            f"{folder} is no model folder: it lacks {', '.join(missing)}. Name a folder that "
            "`save_pretrained`, `tf-albert pretrain` or `tf-albert finetune` wrote."
        )
    provenance = files.read_json(folder / PROVENANCE_FILE)
    if provenance.get("model_class") not in MODEL_MODULES:
        raise ValueError(
            f"{folder / PROVENANCE_FILE} names the model class {provenance.get('model_class')!r}. "
            f"Known classes: {', '.join(MODEL_MODULES)}."
        )
    check_files(folder)
    return provenance


def _first_line(error):
    return str(error).strip().splitlines()[0]
