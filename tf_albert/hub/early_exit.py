"""A classifier that asks its head after every layer and answers once it is sure.

Layers that share one block give hidden states of one kind, so one pooler and one head can read all
of them. Method: https://arxiv.org/abs/2004.12993, DeeBERT, which trains a head for each layer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tf_albert.hub.classifier import (
    check_classifier,
    preprocessed,
    text_specs,
    write_text_module,
)
from tf_albert.hub.encoder import checked, specs_of
from tf_albert.hub.reusable import require, reusable
from tf_albert.layers.tokens import FlatTokens
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.depth import check_layers
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.modeling.stack import BlockStack
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.types import JsonDict, StrPath, Tensor


def save_early_exit_classifier(
    classifier: AlbertClassifier,
    preprocessor: AlbertPreprocessor,
    path: StrPath,
    labels: Sequence[str],
    threshold: float,
    num_segments: int = 1,
    provenance: JsonDict | None = None,
) -> None:
    """Writes a classifier from raw strings that leaves each text at the layer where it is sure.

    The module takes strings of shape `(batch,)`; with `num_segments=2`, a dict of two such,
    `text_a` and `text_b`. It gives a dict: `probabilities`, float32 `(batch, num_classes)`,
    `label`, string `(batch,)`, and `layer`, int32 `(batch,)`: the layer that answered, from 1. The
    signature `serving_default` takes `text`, or `text_a` and `text_b`, and `ids` the encoder's
    inputs, int32 `(batch, length)`; both give the same. The module has no trainable variables:
    train the classifier, then save it. A classifier that was trained at its full depth alone is
    less accurate at the layers before.

    Args:
        classifier: `AlbertClassifier` of one class of several, all of whose layers are the same.
        preprocessor: `AlbertPreprocessor`, of the tokenizer the classifier was trained with.
        path: str or path. The folder to write; replaced as a whole.
        labels: list of str, one per class in the order of the logits. One of them holds: for any
            number at once there is `save_classifier`.
        threshold: float, at least 0. A text leaves where its largest probability is above it:
            with 0 after the first layer, with 1 after the last.
        num_segments: 1 for single texts, 2 for pairs.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: an argument of another class, labels that are not one per class, a
            preprocessor that does not fit the classifier, a regression, layers that differ, a
            threshold below 0, or `path` is a file.

    Example::

        tf_albert.hub.save_early_exit_classifier(
            classifier, preprocess, "sentiment", ["bad", "good"], threshold=0.9
        )
        hub.load("sentiment")(tf.constant(["a fine film"]))["layer"]       # [2]
    """
    labels = list(labels or [])
    check_classifier(classifier, preprocessor, labels)
    check_early_exit(classifier, threshold)

    @tf.function(input_signature=[specs_of(INPUTS)], autograph=False)
    def score(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = classify_early(classifier, checked(inputs, classifier.config), threshold)
        best = tf.argmax(outputs["probabilities"], axis=-1)
        return {**outputs, "label": tf.gather(tf.constant(labels), best)}

    @tf.function(autograph=False)
    def call(texts: Tensor | dict[str, Tensor]) -> dict[str, Tensor]:
        return score(preprocessed(preprocessor, texts))

    call.get_concrete_function(text_specs(num_segments))
    root = reusable(call, [classifier])
    root.trainable_variables = []
    facts = {"labels": labels, "num_segments": num_segments, "threshold": threshold}
    write_text_module(root, score, path, classifier, preprocessor, {**facts, **(provenance or {})})


def classify_early(
    classifier: AlbertClassifier, inputs: dict[str, Tensor], threshold: float | Tensor
) -> dict[str, Tensor]:
    """Returns what a classifier says of each row at the first layer where it is sure.

    A layer computes the first tokens before the others, since they are what the head looks at: a
    row that is sure leaves before its other tokens are computed. A row that goes on has its keys,
    values and first token computed twice, about a fifth of a layer. Padding is not computed.

    Args:
        classifier: `AlbertClassifier` of one class of several, all of whose layers are the same.
        inputs: dict of the encoder's inputs, int tensors of shape `(batch, length)`:
            `input_word_ids`, `input_mask` and `input_type_ids`.
        threshold: float, at least 0, or scalar float32 tensor. A row leaves where its largest
            probability is above it.

    Returns:
        dict: `probabilities`, float32 `(batch, num_classes)`, and `layer`, int32 `(batch,)`: the
        layer that answered, from 1.

    Raises:
        ValueError: another model, a regression, layers that differ, a threshold below 0, or wrong
            inputs.

    Example::

        answers = tf_albert.hub.classify_early(classifier, preprocess(["a fine film"]), 0.9)
        answers["layer"]                                   # [2]
    """
    check_early_exit(classifier, threshold)
    hidden, tokens = classifier.encoder.embed_tokens(inputs, FlatTokens)
    num_rows = tf.shape(tokens.input_mask)[0]
    rows = _Rows(hidden, tokens.input_mask, tf.range(num_rows))
    answers = _Answers(
        tf.zeros((num_rows, classifier.num_classes)), tf.zeros((num_rows,), tf.int32)
    )

    def ask(number: Tensor, rows: _Rows, answers: _Answers) -> tuple[Tensor, _Rows, _Answers]:
        first = _call_layer(classifier.encoder, rows, first_only=True)
        logits = classifier.logits(classifier.encoder.pooler(first), training=False)
        probabilities = tf.nn.softmax(logits)
        answers = answers.replaced(rows.places, probabilities, number)
        return number, rows.where(tf.reduce_max(probabilities, axis=-1) <= threshold), answers

    def go_deeper(number: Tensor, rows: _Rows, answers: _Answers) -> tuple[Tensor, _Rows, _Answers]:
        rows = rows._replace(hidden=_call_layer(classifier.encoder, rows))
        return ask(number + 1, rows, answers)

    def is_needed(number: Tensor, rows: _Rows, answers: _Answers) -> Tensor:
        is_last = number == classifier.config.num_hidden_layers
        return tf.logical_and(~is_last, tf.size(rows.places) > 0)

    shapes = (
        tf.TensorShape([]),
        _Rows(*map(tf.TensorShape, ([None, hidden.shape[-1]], [None, None], [None]))),
        _Answers(*(value.shape for value in answers)),
    )
    start = ask(tf.constant(1), rows, answers)
    return tf.while_loop(is_needed, go_deeper, start, shapes)[-1]._asdict()


class _Rows(NamedTuple):
    """The rows that are not sure yet: their tokens, one below another, mask and places."""

    hidden: Tensor
    mask: Tensor
    places: Tensor

    def where(self, is_kept: Tensor) -> "_Rows":
        """Returns some of the rows."""
        by_place = tf.broadcast_to(is_kept[:, None], tf.shape(self.mask))
        return _Rows(
            tf.boolean_mask(self.hidden, FlatTokens(self.mask).flatten(by_place)),
            tf.boolean_mask(self.mask, is_kept),
            tf.boolean_mask(self.places, is_kept),
        )


class _Answers(NamedTuple):
    """What the layers said last of each row of the batch."""

    probabilities: Tensor
    layer: Tensor

    def replaced(self, places: Tensor, probabilities: Tensor, number: Tensor) -> "_Answers":
        """Returns the answers with those of a layer in some places."""
        places = places[:, None]
        numbers = tf.fill(tf.shape(places)[:1], number)
        return _Answers(
            tf.tensor_scatter_nd_update(self.probabilities, places, probabilities),
            tf.tensor_scatter_nd_update(self.layer, places, numbers),
        )


def check_early_exit(classifier: AlbertClassifier, threshold: float | Tensor) -> None:
    """Checks that a model can leave early, and that the threshold is a possible one.

    Args:
        classifier: `AlbertClassifier`.
        threshold: float, at least 0, or scalar float32 tensor.

    Raises:
        ValueError: another model, a regression, layers that differ, or a threshold below 0.
    """
    classifier = require(
        classifier, (AlbertClassifier,), "The head reads the pooled output of each layer."
    )
    if classifier.num_classes == 1:
        raise ValueError(
            "A regression gives no probability by which it could leave early. Use "
            "`save_classifier`."
        )
    check_layers(classifier.config, (classifier.config.num_hidden_layers,))
    if not tf.is_tensor(threshold) and not (isinstance(threshold, (int, float)) and threshold >= 0):
        raise ValueError(
            "`threshold` is compared with the largest probability: it must be a number of at "
            f"least 0, of which 1 and above let no row leave early. Received: {threshold!r}."
        )


def _call_layer(encoder: AlbertEncoder, rows: _Rows, first_only: bool = False) -> Tensor:
    """Returns a layer's output for rows; with `first_only`, for the first token of each."""
    stack = BlockStack(
        encoder.attentions,
        encoder.feed_forwards,
        encoder.config.layer_schedule[:1],
        FlatTokens(rows.mask),
        training=False,
        remat=False,
    )
    return stack.last(rows.hidden, first_only)
