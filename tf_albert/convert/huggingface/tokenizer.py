"""The tokenizer of a Hugging Face folder: ALBERT's vocabulary, and the settings beside it."""

import json
from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.text.stored_tokenizer import TOKENIZER_FILE, VOCABULARY_FILE, stored_lower_case

FAST_TOKENIZER_FILE, CONFIG_FILE = "tokenizer.json", "config.json"
# Settings of transformers' tokenizer that can have one value alone here, and what it means.
FIXED = {
    "keep_accents": (False, "drops accents"),
    "remove_space": (True, "makes one space of all white space, and none at the ends"),
}


def read_tokenizer(
    folder: Path,
) -> tuple[PieceTokenizer | None, tuple[Path, ...], dict[str, str]]:
    """Returns the tokenizer of a folder.

    Args:
        folder: path.

    Returns:
        tuple of the `PieceTokenizer`, or None where no vocabulary is there; the files that it was
        read from; and a dict of what could not be read to why.

    Raises:
        ValueError: a damaged file, or settings that this package has not.
    """
    names = (VOCABULARY_FILE, TOKENIZER_FILE, FAST_TOKENIZER_FILE)
    paths = tuple(folder / name for name in names if (folder / name).exists())
    settings = {path.name: _read_object(path) for path in paths if path.suffix == ".json"}
    if folder / VOCABULARY_FILE not in paths:
        reason = f"no SentencePiece model; put the {VOCABULARY_FILE} of the release beside it"
        return None, (), {FAST_TOKENIZER_FILE: reason} if FAST_TOKENIZER_FILE in settings else {}
    lower_case = _lower_case(settings.get(TOKENIZER_FILE, {}), folder / TOKENIZER_FILE)
    return PieceTokenizer(folder / VOCABULARY_FILE, lower_case), paths, {}


def tokenizer_alone(folder: Path) -> PieceTokenizer | None:
    """Returns the tokenizer of a folder that may hold nothing else, or None.

    Args:
        folder: path. With `spiece.model` and any file that transformers writes beside it.

    Raises:
        ValueError: a damaged file, or settings that this package has not.
    """
    settings = folder / TOKENIZER_FILE
    is_theirs = settings.exists() and stored_lower_case(folder) is None
    names = (FAST_TOKENIZER_FILE, CONFIG_FILE)
    has_no_settings = not settings.exists() and any((folder / name).exists() for name in names)
    return read_tokenizer(folder)[0] if is_theirs or has_no_settings else None


def _read_object(path: Path) -> dict[str, Any]:
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no JSON object. Copy the folder again.")
    return values


def _lower_case(values: dict[str, Any], path: Path) -> bool:
    for key, (value, what) in FIXED.items():
        if bool(values.get(key, value)) != value:
            raise ValueError(
                f"{path} has {key}={json.dumps(values[key])}. ALBERT's own tokenizer {what}, and "
                f"so does this package. Remove {VOCABULARY_FILE} to read the weights alone."
            )
    # transformers' default for a file that does not say (tokenization_albert.py).
    lower_case = values.get("do_lower_case", True)
    if not isinstance(lower_case, bool):
        raise ValueError(f"{path} has do_lower_case={lower_case!r}. Expected: true or false.")
    return lower_case


def write_tokenizer(tokenizer: PieceTokenizer, config: AlbertConfig, folder: Path) -> None:
    """Writes the vocabulary and the settings that transformers opens.

    Args:
        tokenizer: `PieceTokenizer`.
        config: `AlbertConfig` of the model that the tokenizer belongs to.
        folder: path. A folder that exists.
    """
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
