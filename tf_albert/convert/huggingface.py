"""Models of Hugging Face's `transformers`, read and written: `config.json`, `model.safetensors`."""

import numpy as np

from tf_albert import files
from tf_albert.convert import huggingface_config, safetensors_files
from tf_albert.convert.checkpoint import WITHOUT_POOLER, Checkpoint, Written, collect
from tf_albert.convert.huggingface_config import CONFIG_FILE
from tf_albert.convert.huggingface_names import ARCHITECTURES, CLASSES, places
from tf_albert.convert.names import weights_by_name
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

TOKENIZER_FILE, FAST_TOKENIZER_FILE = "tokenizer_config.json", "tokenizer.json"
# Of a tokenizer without a file.
DEFAULT_SPECIAL_IDS = {"pad": 0, "cls": 2, "sep": 3}


def finds(where):
    """Whether `where` is a folder with a config and weights of Hugging Face."""
    return (where / CONFIG_FILE).exists() and safetensors_files.finds(where)


def read(where):
    """Returns what a folder holds.

    Args:
        where: path. A folder with `config.json` and `model.safetensors`, or the shards that
            `model.safetensors.index.json` names.

    Raises:
        FileNotFoundError: a file is missing.
        ModuleNotFoundError: safetensors is not installed.
        ValueError: a pickle, a damaged file, another kind of model, or arrays that do not fit the
            config.
    """
    path = where / CONFIG_FILE
    values, config, architecture = huggingface_config.read_config(path)
    stored, weight_files = safetensors_files.read(where)
    model_class, prefix = CLASSES[architecture], _prefix(architecture)
    _check_tied(values, stored, path)
    dropped = _drop_copies(stored, config, prefix, where)
    arrays, names, unplaced = collect(places(config, model_class, prefix), stored)
    tokenizer, tokenizer_files, unread = _read_tokenizer(where)
    return Checkpoint(
        source=where,
        format="huggingface",
        config=config,
        arrays=arrays,
        names=names,
        model_class=model_class,
        head_arguments=huggingface_config.head_arguments(values, model_class, path),
        dropped=dropped | huggingface_config.facts(values, model_class, path) | unread,
        unplaced=unplaced,
        absent=_absent(architecture, arrays),
        tokenizer=tokenizer,
        files=(path, *weight_files, *tokenizer_files),
    )


def _absent(architecture, arrays):
    """Returns the parts of our class that a class of transformers has not, and that are not there.

    The released weights are of `AlbertForMaskedLM`, with a pooler but no sentence order.
    """
    parts = ("pooler", "sentence_order_head") if architecture == "AlbertForMaskedLM" else ()
    is_there = {name.partition("/")[0] for name in arrays}
    return {part: f"{architecture} has none" for part in parts if part not in is_there}


def _prefix(architecture):
    return "" if architecture == "AlbertModel" else "albert."


def _check_tied(values, stored, path):
    """Raises where the output layer should be one of its own, and is not stored."""
    is_tied = values.get("tie_word_embeddings", True)
    if "predictions.bias" in stored and not is_tied and "predictions.decoder.weight" not in stored:
        raise ValueError(
            f"{path} has tie_word_embeddings={is_tied!r}, and predictions.decoder.weight is not "
            "stored. Expected: true, as in every ALBERT."
        )


def _drop_copies(stored, config, prefix, where):
    """Takes out of `stored` what says nothing of its own; returns why, by name."""
    word_embeddings = stored.get(f"{prefix}embeddings.word_embeddings.weight")
    projection = f"{prefix}encoder.embedding_hidden_mapping_in"
    size = config.hidden_size
    copies = {
        "predictions.decoder.weight": (word_embeddings, "tied to the word embeddings"),
        "predictions.decoder.bias": (stored.get("predictions.bias"), "tied to predictions.bias"),
        f"{prefix}embeddings.position_ids": (
            np.arange(config.max_position_embeddings)[None],
            "the numbers of the positions",
        ),
    }
    if not config.has_embedding_projection:
        reason = "the identity: embedding_size equals hidden_size"
        copies[f"{projection}.weight"] = (np.eye(size, dtype="float32"), reason)
        copies[f"{projection}.bias"] = (np.zeros(size, "float32"), reason)
    dropped = {}
    for name, (expected, reason) in copies.items():
        if name in stored:
            if not np.array_equal(stored.pop(name), expected):
                raise ValueError(
                    f"`{name}` in {where} should be {reason}, and is not. ALBERT has no place for "
                    "it as a weight of its own."
                )
            dropped[name] = reason
    return dropped


def _read_tokenizer(folder):
    """Returns the tokenizer or None, the files that it was read from, and what could not be."""
    names = (VOCABULARY_FILE, TOKENIZER_FILE, FAST_TOKENIZER_FILE)
    paths = tuple(folder / name for name in names if (folder / name).exists())
    settings = {path.name: _read_object(path) for path in paths if path.suffix == ".json"}
    if folder / VOCABULARY_FILE not in paths:
        reason = f"no SentencePiece model; put the {VOCABULARY_FILE} of the release beside it"
        return None, (), {FAST_TOKENIZER_FILE: reason} if FAST_TOKENIZER_FILE in settings else {}
    lower_case = _lower_case(settings.get(TOKENIZER_FILE, {}), folder / TOKENIZER_FILE)
    return PieceTokenizer(folder / VOCABULARY_FILE, lower_case), paths, {}


def _read_object(path):
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no JSON object. Copy the folder again.")
    return values


def _lower_case(values, path):
    if values.get("keep_accents"):
        raise ValueError(
            f"{path} has keep_accents=true. ALBERT's own tokenizer drops accents, and so does this "
            f"package. Remove {VOCABULARY_FILE} to read the weights alone."
        )
    # transformers' default for a file that does not say (tokenization_albert.py).
    lower_case = values.get("do_lower_case", True)
    if not isinstance(lower_case, bool):
        raise ValueError(f"{path} has do_lower_case={lower_case!r}. Expected: true or false.")
    return lower_case


def write(model, folder, tokenizer=None):
    """Writes a folder that transformers opens: `config.json`, the weights, the tokenizer.

    Args:
        model: an `AlbertModel`; its blocks are shared whole or not at all.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
        ValueError: a model that transformers cannot express.
    """
    if model.config.parameter_sharing not in ("all", "none"):
        raise ValueError(
            "transformers shares a block whole or not at all. Received: "
            f"parameter_sharing={model.config.parameter_sharing!r}. No other format has it either; "
            "keep the model in tf_albert's own."
        )
    weights = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    architecture = _architecture(model, weights)
    left_out = _left_out(architecture, weights)
    prefix = _prefix(architecture)
    named = places(model.config, type(model).__name__, prefix)
    kept = {name: named[name] for name in weights if name not in left_out}
    arrays = {
        place.name: weights[name].T if place.transposed else weights[name]
        for name, place in kept.items()
    }
    added = {} if model.config.has_embedding_projection else _identity(prefix, model.config)
    safetensors_files.write(folder, arrays | added)
    special_ids = tokenizer.special_ids if tokenizer else DEFAULT_SPECIAL_IDS
    values = huggingface_config.written_config(model, architecture, special_ids)
    files.write_json(folder / CONFIG_FILE, values)
    if tokenizer is not None:
        _write_tokenizer(tokenizer, model.config, folder)
    return Written(
        {name: place.name for name, place in kept.items()},
        left_out,
        dict.fromkeys(added, "the identity: transformers always has a projection"),
    )


def describe_task(folder, task):
    """Writes what a model was fine-tuned for into the `config.json` of its folder.

    Args:
        folder: path. What `write` wrote.
        task: dict. The `task` of its `provenance.json`.
    """
    values = files.read_json(folder / CONFIG_FILE)
    files.write_json(folder / CONFIG_FILE, values | huggingface_config.of_task(values, task))


def _architecture(model, weights):
    """Returns the class of transformers that has a place for all that was trained.

    Raises:
        ValueError: there is no such class.
    """
    model_class = type(model).__name__
    parts = ("pooler", "sentence_order_head")
    if model_class == "AlbertPretrainer" and not any(_is_trained(weights, part) for part in parts):
        return "AlbertForMaskedLM"
    if model_class not in ARCHITECTURES:
        raise ValueError(
            f"transformers has no counterpart of {model_class}. Convert the encoder alone "
            "(model_class AlbertEncoder)."
        )
    return ARCHITECTURES[model_class]


def _is_trained(weights, layer):
    """Whether a layer was ever trained: its bias starts as zeros, which the first step ends."""
    return bool(weights[f"{layer}/bias"].any())


def _left_out(architecture, weights):
    """Returns why each weight is left out that a class of transformers has no place for."""
    reason = f"{architecture} has no place for it"
    parts = ()
    if architecture == "AlbertForMaskedLM":
        parts = ("pooler/", "sentence_order_head/")
        reason += ", and it was never trained: the bias is zeros"
    elif CLASSES[architecture] in WITHOUT_POOLER:
        parts = ("pooler/",)
    return {name: reason for name in weights if name.startswith(parts)}


def _identity(prefix, config):
    projection = f"{prefix}encoder.embedding_hidden_mapping_in"
    return {
        f"{projection}.weight": np.eye(config.hidden_size, dtype="float32"),
        f"{projection}.bias": np.zeros(config.hidden_size, "float32"),
    }


def _write_tokenizer(tokenizer, config, folder):
    tokenizer.write_vocabulary(folder / VOCABULARY_FILE)
    pieces = {name: tokenizer.id_to_piece(index) for name, index in tokenizer.special_ids.items()}
    settings = {
        "tokenizer_class": "AlbertTokenizer",
        "do_lower_case": tokenizer.lower_case,
        "keep_accents": False,
        "remove_space": True,
        "model_max_length": config.max_position_embeddings,
        "bos_token": pieces["cls"],
        "eos_token": pieces["sep"],
    }
    settings |= {f"{name}_token": piece for name, piece in pieces.items()}
    files.write_json(folder / TOKENIZER_FILE, settings)
