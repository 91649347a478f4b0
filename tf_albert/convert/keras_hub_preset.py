"""The files of a keras-hub preset: checked, and opened by the library itself."""

import math
import tempfile
from pathlib import Path

from tf_albert import files
from tf_albert.text.normalizer import normalization_of
from tf_albert.text.pieces import PieceTokenizer

CONFIG_FILE, TASK_FILE, METADATA_FILE = "config.json", "task.json", "metadata.json"
WEIGHTS_FILE, TASK_WEIGHTS_FILE = "model.weights.h5", "task.weights.h5"
TOKENIZER_FILE, VOCABULARY_FILE = "tokenizer.json", "assets/tokenizer/vocabulary.spm"
CLASSES = {
    "AlbertBackbone": "AlbertEncoder",
    "AlbertMaskedLM": "AlbertPretrainer",
    "AlbertTextClassifier": "AlbertClassifier",
}
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


def load(where):
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
    name = _check_configs(where)
    live = _open(where, name)
    unplaced = _unplaced(where, live)
    if name == "AlbertTextClassifier":
        live.output_dense.activation = None
    return live, unplaced


def _unplaced(where, live):
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


def paths(where):
    """Returns the paths of what is read of a preset.

    Args:
        where: path. A preset that `load` opens.
    """
    names = [CONFIG_FILE, METADATA_FILE, *_weight_files(where)]
    optional = (TASK_FILE, TOKENIZER_FILE, VOCABULARY_FILE)
    return tuple(where / name for name in sorted(names + _existing(where, optional)))


def _weight_files(where):
    is_task = (where / TASK_FILE).exists()
    return [WEIGHTS_FILE, TASK_WEIGHTS_FILE] if is_task else [WEIGHTS_FILE]


def _existing(where, names):
    return [name for name in names if (where / name).exists()]


def _check_configs(where):
    """Raises where a file is missing or a JSON file is damaged; returns the model's class."""
    missing = [file for file in _weight_files(where) if not (where / file).exists()]
    if missing:
        raise FileNotFoundError(f"{where} lacks {', '.join(missing)}. Copy the preset again.")
    _read_object(where / METADATA_FILE)
    if not (where / TASK_FILE).exists():
        return _read_class(where / CONFIG_FILE, CLASSES)[0]
    _, sizes = _read_class(where / CONFIG_FILE, ["AlbertBackbone"])
    name, arguments = _read_class(where / TASK_FILE, CLASSES)
    _check_same(sizes, arguments.get("backbone"), where)
    return name


def _check_same(sizes, nested, where):
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


def _read_class(path, expected):
    """Returns the class that a JSON file describes, one of those expected, and its arguments."""
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


def _read_object(path):
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no JSON object. Copy the preset again.")
    return values


def _open(where, name):
    import keras_hub

    settings = {} if name == "AlbertBackbone" else {"preprocessor": None}
    try:
        return getattr(keras_hub.models, name).from_preset(str(where), dtype="float32", **settings)
    except Exception as error:  # h5py, JSON and Keras share no base class of their errors
        raise _unreadable(where, error) from error


def _unreadable(where, error):
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ValueError(
        f"keras-hub cannot open {where}: {first_line} Take config and weights from one copy of "
        "the preset."
    )


def _stored_shapes(where):
    """Returns the shape of each stored array by file and path in it, the optimizer's left out."""
    import h5py

    shapes = {}
    for file_name in _weight_files(where):

        def visit(name, item, file_name=file_name):
            if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
                shapes[f"{file_name}/{name}"] = item.shape

        try:
            with h5py.File(where / file_name) as file:
                file.visititems(visit)
        except Exception as error:  # what a damaged file raises is of many classes
            raise _unreadable(where, error) from error
    return shapes


def _num_parameters(shapes):
    return sum(math.prod(shape) for shape in shapes.values())


def read_tokenizer(where):
    """Returns the tokenizer of a preset, or None, and what is to be said of it, by file.

    Args:
        where: path.

    Raises:
        FileNotFoundError: one of the tokenizer's files is there and the other is not.
        ValueError: a damaged file, or another kind of tokenizer.
    """
    existing = _existing(where, (TOKENIZER_FILE, VOCABULARY_FILE))
    if not existing:
        return None, {}
    if len(existing) == 1:
        (lacking,) = {TOKENIZER_FILE, VOCABULARY_FILE} - {*existing}
        raise FileNotFoundError(
            f"{where} has {existing[0]} and lacks {lacking}. Copy the preset again, or remove both "
            "to read the weights alone."
        )
    _read_class(where / TOKENIZER_FILE, ["AlbertTokenizer"])
    plain = PieceTokenizer(where / VOCABULARY_FILE, lower_case=False)
    lower_case = normalization_of((where / VOCABULARY_FILE).read_bytes())
    if lower_case is not None:
        return PieceTokenizer(where / VOCABULARY_FILE, lower_case), {}
    special = set(plain.special_ids.values())
    pieces = (plain.id_to_piece(index) for index in range(plain.vocab_size) if index not in special)
    if any(piece != piece.lower() for piece in pieces):
        return plain, {}
    note = "has no capitals, so text is lower-cased here; keras-hub itself does not"
    return PieceTokenizer(where / VOCABULARY_FILE, lower_case=True), {VOCABULARY_FILE: note}
