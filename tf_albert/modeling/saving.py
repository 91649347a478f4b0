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
    files.write_json(
        folder / PROVENANCE_FILE,
        {
            "model_class": type(model).__name__,
            "head_arguments": model.head_arguments(),
            "num_parameters": model.count_params(),
            "weights_sha256": files.sha256(folder / WEIGHTS_FILE),
            **(provenance or {}),
        },
    )


def from_pretrained(model_class, where, **arguments):
    """Returns a model with the weights in `where`; see `AlbertModel.from_pretrained`."""
    where = files.model_folder(where)
    if _is_google_checkpoint(where):
        # The one upward import: reading other people's formats stands above the models.
        from tf_albert.convert import google

        return google.read_model(model_class, where, **arguments)
    stored = read_model(where)
    if isinstance(stored, model_class):
        arguments = stored.head_arguments() | arguments
        if arguments == stored.head_arguments():
            return stored
    model = model_class(stored.config, **arguments)
    _copy_weights(stored, model)
    return model


def _copy_weights(source, target):
    """Copies all weights between models of one class and head, else those of the encoder."""
    shapes = [[weight.shape for weight in model.weights] for model in (source, target)]
    if type(source) is not type(target) or shapes[0] != shapes[1]:
        source, target = (getattr(model, "encoder", model) for model in (source, target))
    target.set_weights(source.get_weights())


def _is_google_checkpoint(where):
    """Whether `where` is the prefix of a TensorFlow checkpoint, or a folder with one in it."""
    if where.is_dir():
        return not (where / WEIGHTS_FILE).exists() and any(where.glob("*.ckpt*.index"))
    return where.with_name(where.name + ".index").exists()


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
    name = provenance["model_class"]
    module = importlib.import_module(MODEL_MODULES[name])
    config = AlbertConfig.from_json(folder / CONFIG_FILE)
    model = getattr(module, name)(config, **provenance["head_arguments"])
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


def read_provenance(folder):
    """Returns what `provenance.json` of a model folder says, the weights checked against it.

    Raises:
        FileNotFoundError: no such folder, or a file of it is missing.
        ValueError: an unknown model class, or weights of another SHA-256 sum.
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
    if files.sha256(folder / WEIGHTS_FILE) != provenance["weights_sha256"]:
        raise ValueError(
            f"{folder / WEIGHTS_FILE} is damaged or was replaced: its SHA-256 sum is not the one "
            f"in {PROVENANCE_FILE}. Copy the folder again."
        )
    return provenance


def _first_line(error):
    return str(error).strip().splitlines()[0]
