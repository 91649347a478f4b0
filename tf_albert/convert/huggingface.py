"""Models of Hugging Face's `transformers`, read and written: `config.json`, `model.safetensors`."""

import numpy as np

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert import safetensors_files
from tf_albert.convert.checkpoint import WITHOUT_POOLER, Checkpoint, Written, collect
from tf_albert.convert.huggingface_names import (
    ACTIVATIONS,
    ARCHITECTURES,
    CLASSES,
    WRITTEN_ACTIVATIONS,
    num_groups,
    places,
)
from tf_albert.convert.names import weights_by_name
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer_config.json"
WITH_HEAD_DROPOUT = ("AlbertClassifier", "AlbertMultipleChoice", "AlbertTokenClassifier")
# Their key to ours, where the two differ, and their default, where a file may leave the key out.
RENAMED = {"layer_norm_eps": "layer_norm_epsilon"}
REQUIRED = (
    "vocab_size",
    "embedding_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
)
OPTIONAL = {
    "num_hidden_groups": 1,
    "inner_group_num": 1,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
}
DEFAULT_HEAD_DROPOUT = 0.1


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
    values = files.read_json(where / CONFIG_FILE)
    config = _read_config(values, where / CONFIG_FILE)
    stored, weight_files = safetensors_files.read(where)
    architecture = _architecture(values, where / CONFIG_FILE)
    model_class = CLASSES[architecture]
    prefix = "" if architecture == "AlbertModel" else "albert."
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
        head_arguments=_head_arguments(values, model_class),
        dropped=dropped | unread,
        unplaced=unplaced,
        tokenizer=tokenizer,
        files=(where / CONFIG_FILE, *weight_files, *tokenizer_files),
    )


def _read_config(values, path):
    if not isinstance(values, dict) or values.get("model_type") != "albert":
        found = values.get("model_type") if isinstance(values, dict) else values
        raise ValueError(f"{path} is of the model type {found!r}. Expected: 'albert'.")
    missing = [name for name in REQUIRED if name not in values]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}, which weights alone do not tell.")
    if values["hidden_act"] not in ACTIVATIONS:
        raise ValueError(
            f"{path} has hidden_act={values['hidden_act']!r}. "
            f"Known activations: {', '.join(ACTIVATIONS)}."
        )
    if values.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError(
            f"{path} has position_embedding_type={values['position_embedding_type']!r}. ALBERT's "
            "positions are 'absolute'."
        )
    ours = {name: values.get(name, OPTIONAL.get(name)) for name in (*REQUIRED, *OPTIONAL)}
    ours["hidden_act"] = ACTIVATIONS[ours["hidden_act"]]
    return AlbertConfig.from_dict({RENAMED.get(name, name): ours[name] for name in ours})


def _architecture(values, path):
    """Returns the class of transformers that the weights were saved from."""
    named = values.get("architectures") or []
    if len(named) != 1 or named[0] not in CLASSES:
        raise ValueError(
            f"{path} has architectures={named}. Expected one of: {', '.join(CLASSES)}."
        )
    return named[0]


def _head_arguments(values, model_class):
    if model_class not in WITH_HEAD_DROPOUT:
        return {}
    dropout = values.get("classifier_dropout_prob")
    return {"dropout": DEFAULT_HEAD_DROPOUT if dropout is None else dropout}


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
    if not (folder / VOCABULARY_FILE).exists():
        alone = (folder / "tokenizer.json").exists()
        reason = f"no SentencePiece model; put the {VOCABULARY_FILE} of the release beside it"
        return None, (), {"tokenizer.json": reason} if alone else {}
    path = folder / TOKENIZER_FILE
    values = files.read_json(path) if path.exists() else {}
    if values.get("keep_accents"):
        raise ValueError(
            f"{path} has keep_accents=true. ALBERT's own tokenizer drops accents, and so does this "
            f"package. Remove {VOCABULARY_FILE} to read the weights alone."
        )
    # transformers' default for a file that does not say (tokenization_albert.py).
    tokenizer = PieceTokenizer(folder / VOCABULARY_FILE, values.get("do_lower_case", True))
    return tokenizer, (folder / VOCABULARY_FILE, *((path,) if path.exists() else ())), {}


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
    config, model_class = model.config, type(model).__name__
    if config.parameter_sharing not in ("all", "none"):
        raise ValueError(
            "transformers shares a block whole or not at all. Received: "
            f"parameter_sharing={config.parameter_sharing!r}. No other format has it either; keep "
            "the model in tf_albert's own."
        )
    prefix = "" if model_class == "AlbertEncoder" else "albert."
    named = places(config, model_class, prefix)
    weights = {name: np.asarray(weight) for name, weight in weights_by_name(model).items()}
    left_out = {
        name: f"{ARCHITECTURES[model_class]} has no pooler"
        for name in weights
        if model_class in WITHOUT_POOLER and name.startswith("pooler/")
    }
    arrays = {
        named[name].name: array.T if named[name].transposed else array
        for name, array in weights.items()
        if name not in left_out
    }
    added = {} if config.has_embedding_projection else _identity(prefix, config.hidden_size)
    arrays |= added
    safetensors_files.write(folder / safetensors_files.WEIGHTS_FILE, arrays)
    files.write_json(folder / CONFIG_FILE, _written_config(model, tokenizer))
    if tokenizer is not None:
        _write_tokenizer(tokenizer, config, folder)
    return Written(
        {name: named[name].name for name in weights if name not in left_out},
        left_out,
        dict.fromkeys(added, "the identity: transformers always has a projection"),
    )


def _identity(prefix, size):
    projection = f"{prefix}encoder.embedding_hidden_mapping_in"
    return {
        f"{projection}.weight": np.eye(size, dtype="float32"),
        f"{projection}.bias": np.zeros(size, "float32"),
    }


def _written_config(model, tokenizer):
    config, arguments = model.config, model.head_arguments()
    ours = {name: getattr(config, RENAMED.get(name, name)) for name in (*REQUIRED, *OPTIONAL)}
    ours["hidden_act"] = WRITTEN_ACTIVATIONS.get(config.hidden_act, config.hidden_act)
    ours["num_hidden_groups"] = num_groups(config)
    special_ids = tokenizer.special_ids if tokenizer else {"pad": 0, "cls": 2, "sep": 3}
    labels = [f"LABEL_{index}" for index in range(arguments.get("num_classes", 2))]
    return ours | {
        "architectures": [ARCHITECTURES[type(model).__name__]],
        "model_type": "albert",
        "dtype": "float32",
        "tie_word_embeddings": True,
        "classifier_dropout_prob": arguments.get("dropout", DEFAULT_HEAD_DROPOUT),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
        "pad_token_id": special_ids["pad"],
        "bos_token_id": special_ids["cls"],
        "eos_token_id": special_ids["sep"],
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
