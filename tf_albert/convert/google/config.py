"""What stands beside Google's checkpoints, and what their format does not say.

The head's dropout and lower-casing are no part of it. Where this package wrote a checkpoint, the
`provenance.json` beside it tells them; elsewhere they are what Google's code takes.
"""

from pathlib import Path
from typing import Any

from tf_albert.config import AlbertConfig
from tf_albert.convert.albert_config_file import read_config
from tf_albert.layout import CONFIG_FILE
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer

# What the released archives and TF Hub modules call the vocabulary, and what this package does.
VOCABULARY_FILES = ("30k-clean.model", VOCABULARY_FILE)
# Google's `do_lower_case`, unless it is set, and the dropout of its classifiers, always.
LOWER_CASE, HEAD_DROPOUT = True, 0.1


def read_config_beside(prefix: Path) -> tuple[AlbertConfig, Path]:
    """Returns the config of a checkpoint, and the file that it was read from.

    Args:
        prefix: path. The checkpoint's prefix.

    Raises:
        FileNotFoundError: no config lies beside it.
        ValueError: a key that no weight tells is missing, or a value that no model has.
    """
    path = _beside(prefix, (CONFIG_FILE,))
    if path is None:
        raise FileNotFoundError(
            f"{prefix} has no {CONFIG_FILE} beside it; the number of heads cannot be read off the "
            "weights. Put the file that was released with the checkpoint there."
        )
    return read_config(path), path


def find_vocabulary(prefix: Path) -> Path | None:
    """Returns the SentencePiece model that lies beside a checkpoint, or None.

    Args:
        prefix: path. The checkpoint's prefix.
    """
    return _beside(prefix, VOCABULARY_FILES)


def _beside(prefix: Path, names: tuple[str, ...]) -> Path | None:
    folders = [prefix.parent]
    if (prefix.parent.name, prefix.name) == ("variables", "variables"):
        # A TF1 Hub module; elsewhere, a neighbour's `assets` are of another model.
        folders.append(prefix.parent.parent / "assets")
    found = (folder / name for folder in folders for name in names)
    return next((path for path in found if path.is_file()), None)


def head_arguments(facts: dict[str, Any], model_class: str) -> dict[str, float]:
    """Returns the head's dropout where `provenance.json` tells it; the format itself does not.

    Args:
        facts: dict. What `provenance.json` beside the checkpoint says.
        model_class: str. The class of this package that the stored head is of.
    """
    arguments = facts.get("head_arguments") if facts.get("model_class") == model_class else None
    dropout = (arguments or {}).get("dropout")
    return {"dropout": dropout} if isinstance(dropout, (int, float)) else {}


def lower_case(facts: dict[str, Any]) -> bool:
    """Returns what `provenance.json` says of lower-casing, or Google's default.

    Args:
        facts: dict. What `provenance.json` beside the checkpoint says.
    """
    stated = facts.get("conversion", {}).get("lower_case")
    return stated if isinstance(stated, bool) else LOWER_CASE


def unsaid(head_arguments: dict[str, Any], tokenizer: PieceTokenizer | None) -> dict[str, str]:
    """Returns what the format has no place for and differs from what Google's code then takes.

    Args:
        head_arguments: dict. What the model's constructor takes besides the config.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        dict of the fact to what tells it.
    """
    found = {}
    if tokenizer is not None and tokenizer.lower_case != LOWER_CASE:
        found["lower_case=False"] = "Google's scripts need --do_lower_case=False; see provenance"
    dropout = head_arguments.get("dropout", HEAD_DROPOUT)
    if dropout != HEAD_DROPOUT:
        found[f"head dropout {dropout}"] = f"Google's code has {HEAD_DROPOUT}; see provenance"
    return found
