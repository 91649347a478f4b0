"""Weights become SavedModels that TF Hub can load, call and train.

Enters: a model of `tf_albert.modeling` and a tokenizer. Leaves: a folder for `hub.KerasLayer` and
`hub.load`, which needs nothing of tf_albert: an encoder (ids in), a preprocessor (strings to ids),
a classifier (strings in, labels out, after all layers or as soon as it is sure), an answerer
(questions and contexts in, answers out), a chooser (contexts, questions and choices in, a choice
out) or a tagger (sentences in, labels of words out), each with its `provenance.json`; or a LiteRT
file of a classifier or an encoder, for phones. `HubLayer` is the way back: any such module as a
layer of Keras 3.
API: https://www.tensorflow.org/hub/common_saved_model_apis/text.
Next: `tf_albert.cli` offers it as a command; `export/` makes a release of it.
"""

import importlib
from typing import Any

from tf_albert.backend import require_tensorflow

_PUBLIC = {
    "HubLayer": "layer",
    "classify_early": "early_exit",
    "save_answerer": "answerer",
    "save_chooser": "chooser",
    "save_classifier": "classifier",
    "save_early_exit_classifier": "early_exit",
    "save_encoder": "encoder",
    "save_litert": "litert",
    "save_preprocessor": "preprocessor",
    "save_run": "run",
    "save_run_litert": "litert",
    "save_tagger": "tagger",
}
# A tokenizer is no Keras model.
ANY_BACKEND = ("save_preprocessor",)
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    """Imports a public name on its first use: Keras needs `HubLayer` alone to load a file."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tf_albert.hub' has no attribute {name!r}")
    if name not in ANY_BACKEND:
        require_tensorflow(f"tf_albert.hub.{name}")
    value = getattr(importlib.import_module(f"tf_albert.hub.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
