"""Weights become SavedModels that TF Hub can load, call and train.

Enters: a model of `tf_albert.modeling` and a tokenizer. Leaves: a folder for `hub.KerasLayer` and
`hub.load`, which needs nothing of tf_albert: an encoder (ids in), a preprocessor (strings to ids),
a classifier (strings in, labels out, after all layers or as soon as it is sure), an answerer
(questions and contexts in, answers out), a chooser (contexts, questions and choices in, a choice
out) or a tagger (sentences in, labels of words out), each with its `provenance.json`; or a LiteRT
file of a classifier, for phones. `HubLayer` is the way back: any such module as a layer of Keras 3.
API: https://www.tensorflow.org/hub/common_saved_model_apis/text.
Next: `tf_albert.cli` offers it as a command; `export/` makes a release of it.
"""

from tf_albert.hub.answerer import save_answerer
from tf_albert.hub.chooser import save_chooser
from tf_albert.hub.classifier import save_classifier
from tf_albert.hub.early_exit import classify_early, save_early_exit_classifier
from tf_albert.hub.encoder import save_encoder
from tf_albert.hub.layer import HubLayer
from tf_albert.hub.litert import save_litert
from tf_albert.hub.preprocessor import save_preprocessor
from tf_albert.hub.run import save_run, save_run_litert
from tf_albert.hub.tagger import save_tagger

__all__ = [
    "HubLayer",
    "classify_early",
    "save_answerer",
    "save_chooser",
    "save_classifier",
    "save_early_exit_classifier",
    "save_encoder",
    "save_litert",
    "save_preprocessor",
    "save_run",
    "save_run_litert",
    "save_tagger",
]
