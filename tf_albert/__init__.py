"""ALBERT in Keras: raw text in, a TF Hub module that anyone can fine-tune out.

Read the folders in the order of the data: `text`, `data`, `layers`, `modeling`, `training`,
`tasks`, `hub`.
"""

import importlib
from typing import Any

from tf_albert.registration import register_with_keras

_PUBLIC = {
    "AlbertAnswerableSpanLabeler": "tf_albert.modeling.answerable_span_labeler",
    "AlbertClassifier": "tf_albert.modeling.classifier",
    "AlbertConfig": "tf_albert.config",
    "AlbertEncoder": "tf_albert.modeling.encoder",
    "AlbertMultipleChoice": "tf_albert.modeling.multiple_choice",
    "AlbertPreprocessor": "tf_albert.text.preprocessor",
    "AlbertPretrainer": "tf_albert.modeling.pretrainer",
    "AlbertSpanLabeler": "tf_albert.modeling.span_labeler",
    "AlbertTokenClassifier": "tf_albert.modeling.token_classifier",
    "AlbertTokenizer": "tf_albert.text.tokenizer",
    "load_predictor": "tf_albert.tasks.load",
}
_MODULES = (
    *("convert", "data", "hub", "layers", "modeling", "optimizers", "tasks", "text", "training"),
)
__version__ = "0.1.0"
__all__ = [  # noqa: PLE0604 - computed, so that a name is written once
    *_PUBLIC,
    "hub",
    "layers",
    "optimizers",
]


def __getattr__(name: str) -> Any:
    """Imports a public name on its first use: TensorFlow takes seconds to load."""
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"tf_albert.{name}")
    else:
        raise AttributeError(f"module 'tf_albert' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


register_with_keras()
