"""The tokenizer of a Hugging Face folder: ALBERT's vocabulary, and the settings beside it."""

from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

TOKENIZER_FILE, FAST_TOKENIZER_FILE = "tokenizer_config.json", "tokenizer.json"


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


def _read_object(path: Path) -> dict[str, Any]:
    values = files.read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no JSON object. Copy the folder again.")
    return values


def _lower_case(values: dict[str, Any], path: Path) -> bool:
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
