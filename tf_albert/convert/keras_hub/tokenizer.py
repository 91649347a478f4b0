"""The tokenizer of a keras-hub preset: its vocabulary, and whether text is lower-cased."""

from pathlib import Path

from tf_albert.convert.keras_hub.config import (
    TOKENIZER_FILE,
    VOCABULARY_FILE,
    existing,
    read_class,
)
from tf_albert.text.normalizer import normalization_of
from tf_albert.text.pieces import PieceTokenizer


def tokenizer_alone(where: Path) -> PieceTokenizer | None:
    """Returns the tokenizer of a folder that may hold nothing else, or None.

    Args:
        where: path.

    Raises:
        FileNotFoundError: half of the tokenizer's files are missing.
        ValueError: a damaged file, or another kind of tokenizer.
    """
    return read_tokenizer(where)[0] if (where / VOCABULARY_FILE).exists() else None


def read_tokenizer(where: Path) -> tuple[PieceTokenizer | None, dict[str, str]]:
    """Returns the tokenizer of a preset, or None, and what is to be said of it, by file.

    Args:
        where: path.

    Raises:
        FileNotFoundError: one of the tokenizer's files is there and the other is not.
        ValueError: a damaged file, or another kind of tokenizer.
    """
    found = existing(where, (TOKENIZER_FILE, VOCABULARY_FILE))
    if not found:
        return None, {}
    if len(found) == 1:
        (lacking,) = {TOKENIZER_FILE, VOCABULARY_FILE} - {*found}
        raise FileNotFoundError(
            f"{where} has {found[0]} and lacks {lacking}. Copy the preset again, or remove both "
            "to read the weights alone."
        )
    read_class(where / TOKENIZER_FILE, ["AlbertTokenizer"])
    plain = PieceTokenizer(where / VOCABULARY_FILE, lower_case=False)
    lower_case = normalization_of((where / VOCABULARY_FILE).read_bytes())
    if lower_case is not None:
        return PieceTokenizer(where / VOCABULARY_FILE, lower_case), {}
    if any(piece != piece.lower() for piece in plain.ordinary_pieces()):
        return plain, {}
    note = "has no capitals, so text is lower-cased here; keras-hub itself does not"
    return PieceTokenizer(where / VOCABULARY_FILE, lower_case=True), {VOCABULARY_FILE: note}
