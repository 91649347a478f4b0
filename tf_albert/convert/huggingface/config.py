"""The `config.json` of a Hugging Face folder: every key is used, known to do nothing, or told."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.config import INERT_KEYS, AlbertConfig
from tf_albert.convert.albert_config_file import REQUIRED
from tf_albert.convert.huggingface.names import (
    ACTIVATIONS,
    CLASSES,
    WRITTEN_ACTIVATIONS,
    num_groups,
)
from tf_albert.modeling.model import AlbertModel

CONFIG_FILE = "config.json"
WITH_HEAD_DROPOUT = ("AlbertClassifier", "AlbertMultipleChoice", "AlbertTokenClassifier")
WITH_LABELS = ("AlbertClassifier", "AlbertTokenClassifier")
# Their key to ours, where the two differ, and their default, where a file may leave the key out.
RENAMED = {"layer_norm_eps": "layer_norm_epsilon"}
OPTIONAL = {
    "num_hidden_groups": 1,
    "inner_group_num": 1,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
}
DEFAULT_HEAD_DROPOUT = 0.1
# By what logits become probabilities there (pipelines/text_classification.py), or none.
PROBLEM_TYPE = "problem_type"
SINGLE_LABEL, MULTI_LABEL = "single_label_classification", "multi_label_classification"
REGRESSION = "regression"
# What some version of transformers computes something else by, unless it has one of these values.
NEUTRAL = INERT_KEYS | {
    "position_embedding_type": ("absolute", None),
    "is_decoder": (False, None),
    "is_encoder_decoder": (False, None),
    "add_cross_attention": (False, None),
    "cross_attention_hidden_size": (None,),
    "tie_encoder_decoder": (False, None),
    "pruned_heads": ({}, None),
    "per_layer_config": ({}, None),
    "quantization_config": (None,),
    "auto_map": ({}, None),
}
# What its versions 2 to 5 write besides, none of which changes an output: how outputs are wrapped,
# how text is generated, which loss is taken, ids of the tokenizer, and where it came from.
HARMLESS = """
    architectures model_type classifier_dropout_prob tie_word_embeddings id2label label2id
    num_labels _num_labels finetuning_task task_specific_params loss_type
    transformers_version _name_or_path name_or_path _commit_hash _attn_implementation
    _attn_implementation_autoset attn_implementation dtype torch_dtype torchscript use_bfloat16
    tf_legacy_loss return_dict use_return_dict output_hidden_states output_attentions output_past
    use_cache chunk_size_feed_forward tokenizer_class prefix pad_token_id bos_token_id eos_token_id
    sep_token_id cls_token_id mask_token_id unk_token_id decoder_start_token_id
    bad_words_ids begin_suppress_tokens diversity_penalty do_sample early_stopping
    encoder_no_repeat_ngram_size exponential_decay_length_penalty forced_bos_token_id
    forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups
    num_beams num_return_sequences output_scores remove_invalid_values repetition_penalty
    return_dict_in_generate suppress_tokens temperature top_k top_p typical_p
"""


def read_config(path: Path) -> tuple[dict[str, Any], AlbertConfig, str]:
    """Returns what a `config.json` holds.

    Args:
        path: path.

    Returns:
        tuple of the file's values, the `AlbertConfig`, and the name of the class of transformers
        that the weights were saved from.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a damaged file, another kind of model, or a key that says that something else is
            computed than here.
    """
    values = files.read_json(path)
    if not isinstance(values, dict) or values.get("model_type") != "albert":
        found = values.get("model_type") if isinstance(values, dict) else None
        raise ValueError(f"{path} is of the model type {found!r}. Expected: 'albert'.")
    missing = [name for name in REQUIRED if name not in values]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}, which weights alone do not tell.")
    _check_neutral(values, path)
    activation = _one_of(values["hidden_act"], ACTIVATIONS, f"{path} has hidden_act=")
    ours = {name: values.get(name, OPTIONAL.get(name)) for name in (*REQUIRED, *OPTIONAL)}
    ours["hidden_act"] = ACTIVATIONS[activation]
    config = AlbertConfig.from_dict({RENAMED.get(name, name): ours[name] for name in ours})
    return values, config, _architecture(values, path)


def _check_neutral(values: dict[str, Any], path: Path) -> None:
    for key, neutral in NEUTRAL.items():
        if key in values and values[key] not in neutral:
            raise ValueError(
                f"{path} has {key}={values[key]!r}. Expected: {' or '.join(map(repr, neutral))}, "
                "as in every ALBERT; this package computes nothing else. Remove the key if the "
                "model was trained without it."
            )


def _architecture(values: dict[str, Any], path: Path) -> str:
    """Returns the class of transformers that the weights were saved from."""
    named = values.get("architectures")
    if not isinstance(named, list) or len(named) != 1:
        raise ValueError(
            f"{path} has architectures={named!r}. Expected a list of the one class that the "
            f"weights were saved from: {', '.join(CLASSES)}."
        )
    return _one_of(named[0], CLASSES, f"{path} has architectures=")


def _one_of(value: Any, known: Collection[str], found: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{found}{value!r}. Expected one of: {', '.join(known)}.")
    return value


def head_arguments(
    values: dict[str, Any], model_class: str, path: Path, num_stored: int | None
) -> dict[str, Any]:
    """Returns what a class of this package takes besides its config.

    Args:
        values: dict. What the `config.json` holds.
        model_class: str.
        path: path. For the error message.
        num_stored: int or None. The classes of the stored head, which decides how many there are:
            some files name others, since transformers adds its two by itself.

    Raises:
        ValueError: a dropout or labels of another form.
    """
    if model_class not in WITH_HEAD_DROPOUT:
        return {}
    dropout = values.get("classifier_dropout_prob", DEFAULT_HEAD_DROPOUT)
    if dropout is None and model_class == "AlbertTokenClassifier":
        dropout = values.get("hidden_dropout_prob", OPTIONAL["hidden_dropout_prob"])
    dropout = DEFAULT_HEAD_DROPOUT if dropout is None else dropout
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ValueError(
            f"{path} has classifier_dropout_prob={dropout!r}. Expected a number in [0, 1)."
        )
    if model_class not in WITH_LABELS:
        return {"dropout": dropout}
    num_classes = num_stored or len(_labels(values, path))
    arguments: dict[str, Any] = {"dropout": dropout} | (
        {"num_classes": num_classes} if num_classes else {}
    )
    if labels := _names(values, model_class, path, num_classes)[0]:
        arguments["labels"] = labels
    is_classifier = model_class == "AlbertClassifier"
    if is_classifier and values.get(PROBLEM_TYPE) == MULTI_LABEL:
        arguments["multi_label"] = True
    return arguments


def _names(
    values: dict[str, Any], model_class: str, path: Path, num_classes: int
) -> tuple[list[str] | None, str]:
    """Returns the names of the classes, or None and why those in the file are none."""
    labels = _labels(values, path)
    if labels and len(labels) != num_classes:
        return None, f"of {len(labels)} classes, where the stored head has {num_classes}"
    if labels == _default_labels(len(labels)):
        return None, ""
    several = model_class != "AlbertClassifier" or values.get(PROBLEM_TYPE) == MULTI_LABEL
    if len(set(labels)) < len(labels):
        return None, f"a name stands for two classes: {', '.join(labels)}"
    if values.get(PROBLEM_TYPE) == REGRESSION or (num_classes == 1 and not several):
        return None, f"a number has no classes to name: {', '.join(labels)}"
    return labels, ""


def _labels(values: dict[str, Any], path: Path) -> list[str]:
    """Returns the names of the classes in their order, none where the file does not name them."""
    labels = values.get("id2label") or {}
    numbers = [str(number) for number in range(len(labels))] if isinstance(labels, dict) else None
    if numbers is None or {*labels} != {*numbers}:
        raise ValueError(
            f"{path} has id2label={labels!r}. Expected a name for each of the numbers from 0 on."
        )
    return [str(labels[number]) for number in numbers]


def facts(
    values: dict[str, Any], model_class: str, path: Path, num_stored: int | None
) -> dict[str, str]:
    """Returns what a `config.json` says that a model here has no place for, and why.

    Args:
        values: dict. What the file holds.
        model_class: str. A class of this package.
        path: path. For the error message.
        num_stored: int or None. The classes of the stored head.

    Raises:
        ValueError: labels of another form.
    """
    known = {*REQUIRED, *OPTIONAL, *NEUTRAL, *HARMLESS.split(), PROBLEM_TYPE}
    found = {
        f"{CONFIG_FILE}: {key}": "unknown to this package" for key in values if key not in known
    }
    if model_class not in WITH_LABELS:
        return found
    num_classes = num_stored or len(_labels(values, path))
    found |= _other_number(values, num_classes)
    if reason := _names(values, model_class, path, num_classes)[1]:
        found[f"{CONFIG_FILE}: id2label"] = reason
    if values.get(PROBLEM_TYPE) == REGRESSION and num_classes > 1:
        reason = f"a model here gives one number, or {num_classes} logits of whatever they are"
        found[f"{CONFIG_FILE}: {PROBLEM_TYPE}"] = reason
    return found


def _other_number(values: dict[str, Any], num_classes: int) -> dict[str, str]:
    """Returns what a `config.json` says of the number of classes that the stored head has not."""
    named = values.get("num_labels")
    if named in (None, num_classes):
        return {}
    why = f"of {named} classes, where the stored head has {num_classes}"
    return {f"{CONFIG_FILE}: num_labels": why}


def _default_labels(number: int) -> list[str]:
    return [f"LABEL_{index}" for index in range(number)]


def _named(labels: list[str]) -> dict[str, Any]:
    """Returns the values that name the classes of a model, in their order."""
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def written_config(
    model: AlbertModel, architecture: str, special_ids: dict[str, int]
) -> dict[str, Any]:
    """Returns the values of the `config.json` of a model.

    Args:
        model: an `AlbertModel`.
        architecture: str. The class of transformers that opens it.
        special_ids: dict of the names of special pieces to ids, as a tokenizer has it.
    """
    config, arguments = model.config, model.head_arguments()
    theirs = {name: getattr(config, RENAMED.get(name, name)) for name in (*REQUIRED, *OPTIONAL)}
    theirs["hidden_act"] = WRITTEN_ACTIVATIONS.get(config.hidden_act, config.hidden_act)
    theirs["num_hidden_groups"] = num_groups(config)
    labels = arguments.get("labels") or _default_labels(arguments.get("num_classes", 2))
    return (
        theirs
        | _problem_type(architecture, arguments)
        | {
            "architectures": [architecture],
            "model_type": "albert",
            "dtype": "float32",
            "tie_word_embeddings": True,
            "classifier_dropout_prob": arguments.get("dropout", DEFAULT_HEAD_DROPOUT),
            **_named(labels),
            "pad_token_id": special_ids["pad"],
            "bos_token_id": special_ids["cls"],
            "eos_token_id": special_ids["sep"],
        }
    )


def _problem_type(architecture: str, arguments: dict[str, Any]) -> dict[str, str]:
    """Returns what logits become, where transformers has several such models in one class."""
    if architecture != "AlbertForSequenceClassification":
        return {}
    if arguments.get("multi_label"):
        return {PROBLEM_TYPE: MULTI_LABEL}
    return {PROBLEM_TYPE: REGRESSION if arguments["num_classes"] == 1 else SINGLE_LABEL}
