"""This package's own folders, written: config, weights, the tokenizer, and their provenance."""

from pathlib import Path
from typing import Any

from tf_albert import files
from tf_albert.convert.checkpoint import Written
from tf_albert.convert.names import weights_by_name
from tf_albert.convert.provenance import facts_of, write_provenance
from tf_albert.layout import CONFIG_FILE, PROVENANCE_FILE, WEIGHTS_FILE
from tf_albert.modeling.model import AlbertModel
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath


def save_pretrained(
    model: AlbertModel,
    folder: StrPath,
    tokenizer: PieceTokenizer | None = None,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Writes `albert_config.json`, `model.weights.h5`, `provenance.json` and the tokenizer.

    Args:
        model: an `AlbertModel`.
        folder: str or path. Replaced as a whole.
        tokenizer: `AlbertTokenizer`, `PieceTokenizer` or None.
        provenance: dict of JSON values, or None. Added to `provenance.json`: where the weights
            come from, in the words of whoever made them.

    Raises:
        ValueError: `folder` is a file, or holds something else than a model.
    """
    with files.replacing_folder(folder, PROVENANCE_FILE) as temporary:
        write_model(model, temporary, tokenizer, provenance)


def write_model(
    model: AlbertModel,
    folder: StrPath,
    tokenizer: PieceTokenizer | None = None,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Writes the files of `save_pretrained` into a folder that exists.

    Args:
        model: an `AlbertModel`.
        folder: str or path. A folder that exists.
        tokenizer: `AlbertTokenizer`, `PieceTokenizer` or None.
        provenance: dict of JSON values, or None. Added to `provenance.json`.
    """
    folder = Path(folder)
    preprocessor = getattr(model, "preprocessor", None)
    tokenizer = tokenizer or (preprocessor.tokenizer if preprocessor else None)
    model.config.to_json(folder / CONFIG_FILE)
    model.save_weights(folder / WEIGHTS_FILE)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    write_provenance(folder, facts_of(model) | (provenance or {}))


def write(model: AlbertModel, folder: Path, tokenizer: PieceTokenizer | None = None) -> Written:
    """Writes the files of `save_pretrained` into a folder, as one format among the others.

    Args:
        model: an `AlbertModel`.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.
    """
    write_model(model, folder, tokenizer)
    return Written({name: name for name in weights_by_name(model)})
