"""The JSON files of a keras-hub preset: what they may say, and what they leave out."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.keras_hub.names import CLASSES

CONFIG_FILE, TASK_FILE, METADATA_FILE = "config.json", "task.json", "metadata.json"
WEIGHTS_FILE, TASK_WEIGHTS_FILE = "model.weights.h5", "task.weights.h5"
TOKENIZER_FILE, VOCABULARY_FILE = "tokenizer.json", "assets/tokenizer/vocabulary.spm"
SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "embedding_dim": "embedding_size",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "num_groups": "num_hidden_groups",
    "num_inner_repetitions": "inner_group_num",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",
}
# Every argument that a version of keras-hub may store, by class: one more may be a meaning more.
# `trainable` and `dtype` change no output: the weights are read as float32.
ARGUMENTS = {
    "AlbertBackbone": {*SIZES, "name", "trainable", "dtype"},
    "AlbertMaskedLM": {"backbone", "preprocessor", "name", "trainable", "dtype"},
}
ARGUMENTS["AlbertTextClassifier"] = ARGUMENTS["AlbertMaskedLM"] | {
    "num_classes",
    "activation",
    "dropout",
}
# Of `AlbertMaskedLM`'s head; it is no argument there, so a preset cannot hold another.
HEAD_EPSILON = 1e-5
# Those of the backbone, of which the initializer's is none of a preset's arguments either.
EPSILON, DEFAULT_INITIALIZER_RANGE = 1e-12, 0.02


def head_epsilon_note(config: AlbertConfig) -> str:
    """Returns how the head for masked words differs from this package's.

    Args:
        config: `AlbertConfig`.
    """
    return (
        f"keras-hub's head normalizes with an epsilon of {HEAD_EPSILON}, this package and the "
        f"original with {config.layer_norm_epsilon}: `mlm_logits` differ slightly"
    )


def weight_files(where: Path) -> list[str]:
    """Returns the names of a preset's files of weights.

    Args:
        where: path. The preset's folder.
    """
    is_task = (where / TASK_FILE).exists()
    return [WEIGHTS_FILE, TASK_WEIGHTS_FILE] if is_task else [WEIGHTS_FILE]


def existing(where: Path, names: Iterable[str]) -> list[str]:
    """Returns those of some names that are of files in a preset.

    Args:
        where: path. The preset's folder.
        names: names of files.
    """
    return [name for name in names if (where / name).exists()]


def check_configs(where: Path) -> str:
    """Returns the class of keras-hub that a preset is of, once its files are checked.

    Args:
        where: path. The preset's folder.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a damaged JSON file, another kind of model, or two that differ.
    """
    missing = [file for file in weight_files(where) if not (where / file).exists()]
    if missing:
        raise FileNotFoundError(f"{where} lacks {', '.join(missing)}. Copy the preset again.")
    _read_object(where / METADATA_FILE)
    if not (where / TASK_FILE).exists():
        return read_class(where / CONFIG_FILE, CLASSES)[0]
    _, sizes = read_class(where / CONFIG_FILE, ["AlbertBackbone"])
    name, arguments = read_class(where / TASK_FILE, CLASSES)
    _check_same(sizes, arguments.get("backbone"), where)
    return name


def _check_same(sizes: dict[str, Any], nested: Any, where: Path) -> None:
    """Raises where the two files describe two backbones: keras-hub looks at the task's only."""
    others = nested.get("config") if isinstance(nested, dict) else None
    if not isinstance(others, dict):
        raise ValueError(f"{where / TASK_FILE} describes no `backbone`. Copy the preset again.")
    different = [name for name in SIZES if sizes.get(name) != others.get(name)]
    if different:
        raise ValueError(
            f"{where / TASK_FILE} and {CONFIG_FILE} beside it differ in {', '.join(different)}. "
            "Take both from one copy of the preset."
        )


def read_class(path: Path, expected: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Returns the class that a JSON file describes, and its arguments.

    Args:
        path: path. A JSON file of a preset.
        expected: names of classes of keras-hub.

    Raises:
        ValueError: a damaged file, another class, or an argument that is not known here.
    """
    values = _read_object(path)
    name, arguments = values.get("class_name"), values.get("config")
    if not isinstance(name, str) or name not in expected:
        raise ValueError(
            f"{path} is of the class {name!r}. Expected one of: {', '.join(expected)}."
        )
    if not isinstance(arguments, dict):
        raise ValueError(f"{path} has no `config` of the {name}. Copy the preset again.")
    unknown = sorted(arguments.keys() - ARGUMENTS.get(name, arguments.keys()))
    if unknown:
        raise ValueError(
            f"{path} has arguments that this package does not know: {', '.join(unknown)}. Save the "
            "preset anew without them, by the keras-hub that comes with this package."
        )
    return name, arguments


def _read_object(path: Path) -> dict[str, Any]:
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no JSON object. Copy the preset again.")
    return values
