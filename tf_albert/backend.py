"""Which library Keras computes with, and what needs it to be TensorFlow."""

import json
import os
from pathlib import Path

TENSORFLOW = "tensorflow"


def configured_backend() -> tuple[str, str]:
    """Returns the backend that Keras is going to take, before it is loaded.

    Returns:
        tuple of two str: the backend, and where it is set, for a message.
    """
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend, "the environment variable KERAS_BACKEND"
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["backend"], str(path)
    except (OSError, ValueError, KeyError, TypeError):  # Keras takes no notice of such a file
        return TENSORFLOW, ""


def require_tensorflow(what: str) -> None:
    """Raises a `ValueError` where Keras does not compute with TensorFlow.

    Args:
        what: str. What needs it, for the message.

    >>> require_tensorflow("A TF Hub module")
    """
    import keras

    if (backend := keras.config.backend()) != TENSORFLOW:
        raise ValueError(
            f"{what} needs Keras on TensorFlow; here it is on {backend!r}. Set the environment "
            f"variable KERAS_BACKEND={TENSORFLOW} before Keras is imported."
        )
