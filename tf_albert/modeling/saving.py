"""A model as a folder: `albert_config.json`, `model.weights.h5`, the tokenizer, its provenance."""

import importlib
from pathlib import Path

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.files import PROVENANCE_FILE

CONFIG_FILE = "albert_config.json"
WEIGHTS_FILE = "model.weights.h5"
COPY_AGAIN = "Copy the folder again, or convert the model anew."
# Of `provenance.json`, what `read_model` needs.
NEEDED_FACTS = ("model_class", "head_arguments", "num_parameters")
# What says where a model was converted from, and, within it, where that one was.
CONVERSIONS = ("conversion", "earlier")
MODEL_MODULES = {
    "AlbertEncoder": "tf_albert.modeling.encoder",
    "AlbertPretrainer": "tf_albert.modeling.pretrainer",
    "AlbertClassifier": "tf_albert.modeling.classifier",
    "AlbertSpanLabeler": "tf_albert.modeling.span_labeler",
    "AlbertAnswerableSpanLabeler": "tf_albert.modeling.answerable_span_labeler",
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


def read_facts(folder):
    """Returns what `provenance.json` in a folder says, an empty dict where there is none.

    Args:
        folder: path.

    Raises:
        ValueError: it is not of the form that `write_provenance` gives it.
    """
    path = folder / PROVENANCE_FILE
    facts = files.read_json(path) if path.exists() else {}
    if not isinstance(facts, dict):
        raise ValueError(f"{path} must hold one JSON object. {COPY_AGAIN}")
    _check_form(facts, path)
    return facts


def _check_form(facts, path):
    for name in ("head_arguments", "files_sha256", *CONVERSIONS):
        if not isinstance(facts.get(name, {}), dict):
            raise ValueError(f"`{name}` in {path} must be a JSON object. {COPY_AGAIN}")
    for name in CONVERSIONS:
        if name in facts:
            _check_form(facts[name], path)


def check_files(folder):
    """Raises a `ValueError` where a file is not the one that `provenance.json` beside it names."""
    if not (folder / PROVENANCE_FILE).exists():
        return
    sums = read_facts(folder).get("files_sha256")
    if sums is None:
        raise ValueError(
            f"{folder / PROVENANCE_FILE} has no `files_sha256`, so the files beside it cannot be "
            f"checked. {COPY_AGAIN}"
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
    model = _build(provenance, config, folder / PROVENANCE_FILE)
    try:
        # Keras loads a file that holds more layers than the model without a word.
        if model.count_params() != provenance["num_parameters"]:
            raise ValueError(f"{provenance['num_parameters']} parameters were saved.")
        model.load_weights(folder / WEIGHTS_FILE)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"The weights in {folder / WEIGHTS_FILE} do not fit the model that {CONFIG_FILE} "
            f"beside them describes ({model.count_params():,} parameters): {_first_line(error)} "
            "Take both files from the same folder."
        ) from error
    return model


def _build(provenance, config, path):
    arguments = provenance["head_arguments"]
    try:
        return model_class(provenance["model_class"])(config, **arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} gives {provenance['model_class']} the head_arguments {arguments}, which it "
            f"does not take: {_first_line(error)} {COPY_AGAIN}"
        ) from error


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
    provenance = read_facts(folder)
    lacking = [name for name in NEEDED_FACTS if name not in provenance]
    if lacking:
        raise ValueError(f"{folder / PROVENANCE_FILE} lacks {', '.join(lacking)}. {COPY_AGAIN}")
    if provenance["model_class"] not in list(MODEL_MODULES):
        raise ValueError(
            f"{folder / PROVENANCE_FILE} names the model class {provenance['model_class']!r}. "
            f"Known classes: {', '.join(MODEL_MODULES)}."
        )
    check_files(folder)
    return provenance


def _first_line(error):
    return str(error).strip().splitlines()[0]
