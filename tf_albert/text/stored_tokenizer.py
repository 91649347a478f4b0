"""The files of a tokenizer in a folder of this package."""

import json
from pathlib import Path

VOCABULARY_FILE = "spiece.model"
TOKENIZER_FILE = "tokenizer_config.json"


def stored_lower_case(folder: Path) -> bool | None:
    """Returns whether a tokenizer that `save_pretrained` wrote lower-cases, None where none lies.

    Args:
        folder: path.

    Raises:
        ValueError: its settings are damaged.
    """
    path = folder / TOKENIZER_FILE
    if not path.exists():
        return None
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        settings = None
    if isinstance(settings, dict) and settings and "lower_case" not in settings:
        return None  # Hugging Face's file has the same name
    lower_case = settings.get("lower_case") if isinstance(settings, dict) else None
    if not isinstance(lower_case, bool):
        raise ValueError(
            f'{path} must hold {{"lower_case": true or false}}, or the settings of a tokenizer of '
            "Hugging Face. Copy the folder again."
        )
    return lower_case
