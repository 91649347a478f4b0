"""A classifier as a TF Hub module that needs no preprocessing: strings in, labels out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow as tf

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.hub.encoder import checked, specs_of
from tf_albert.hub.preprocessor import describe_preprocessor
from tf_albert.hub.reusable import (
    ConcreteFunction,
    Function,
    Specs,
    describe,
    require,
    reusable,
    signature,
    trainable_function,
    write_module,
)
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.classifier import HOLDS_FROM, AlbertClassifier
from tf_albert.modeling.encoder import INPUTS
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.types import JsonDict, StrPath, Tensor

LABELS_FILE = "labels.txt"
TEXTS = ("text_a", "text_b")


def save_classifier(
    classifier: AlbertClassifier,
    preprocessor: AlbertPreprocessor,
    path: StrPath,
    labels: Sequence[str] | None = None,
    num_segments: int = 1,
    provenance: JsonDict | None = None,
    multi_label: bool = False,
) -> None:
    """Writes a classifier from raw strings as a reusable SavedModel.

    The module takes strings of shape `(batch,)`; with `num_segments=2`, a dict of two such,
    `text_a` and `text_b`. It gives a dict: `probabilities` and `logits`, float32
    `(batch, num_classes)`, and `label`, string `(batch,)`. With `multi_label` the probabilities are
    independent, and `holds` replaces `label`: int32 `(batch, num_classes)`, 1 for each label that
    is at least as likely as not. A regression gives `score` alone, float32 `(batch,)`. The
    signature `serving_default` takes `text`, or `text_a` and `text_b`, and `ids` the encoder's
    inputs, int32 `(batch, length)`; both give the same.

    Args:
        classifier: `AlbertClassifier`.
        preprocessor: `AlbertPreprocessor`, of the tokenizer the classifier was trained with.
        path: str or path. The folder to write; replaced as a whole.
        labels: list of str, one per class in the order of the logits; None for a regression.
        num_segments: 1 for single texts, 2 for pairs.
        provenance: dict of JSON values, or None. Added to `provenance.json`.
        multi_label: bool. Whether any number of labels may hold at once.

    Raises:
        ValueError: an argument of another class, labels that are not one per class, a
            preprocessor that does not fit the classifier, or `path` is a file.

    Example::

        tf_albert.hub.save_classifier(classifier, preprocess, "sentiment", ["bad", "good"])
        layer = hub.KerasLayer("sentiment")                # needs `import tensorflow_text`
        layer(tf.constant(["a fine film"]))["label"]       # [b"good"]
        trained = hub.KerasLayer("sentiment", trainable=True, output_key="logits")
    """
    labels = list(labels or [])
    check_classifier(classifier, preprocessor, labels, multi_label)
    score = _scorer(classifier, _reader(labels, multi_label))

    def call(texts: Tensor | dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        return score(preprocessed(preprocessor, texts), training=training)

    root = reusable(trainable_function(call, text_specs(num_segments)), [classifier])
    task = {"labels": labels, "num_segments": num_segments, "multi_label": multi_label}
    write_text_module(root, score, path, classifier, preprocessor, {**task, **(provenance or {})})


def check_classifier(
    classifier: AlbertClassifier,
    preprocessor: AlbertPreprocessor,
    labels: Sequence[str],
    multi_label: bool = False,
) -> None:
    """Checks that these make a module from strings to labels.

    Args:
        classifier: `AlbertClassifier`.
        preprocessor: `AlbertPreprocessor`, of the tokenizer the classifier was trained with.
        labels: list of str, one per class in the order of the logits; empty for a regression.
        multi_label: bool. Whether any number of labels may hold at once.

    Raises:
        ValueError: an argument of another class, labels that are not one per class, or a
            preprocessor that does not fit the classifier.
    """
    classifier = require(classifier, (AlbertClassifier,), "For an encoder there is `save_encoder`.")
    require(preprocessor, (AlbertPreprocessor,), "A tokenizer goes into one of these.")
    _check_labels(labels, classifier.num_classes, multi_label)
    check_fit(classifier.config, preprocessor.tokenizer, preprocessor.sequence_length)


def write_text_module(
    root: tf.train.Checkpoint,
    score: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    path: StrPath,
    classifier: AlbertClassifier,
    preprocessor: AlbertPreprocessor,
    facts: JsonDict,
) -> None:
    """Writes a module from strings, with tokenizer, config and labels among its assets.

    Args:
        root: `tf.train.Checkpoint`. The reusable object, called with string tensors `(batch,)`:
            one, or a dict of `text_a` and `text_b`.
        score: function from the encoder's inputs to the same outputs.
        path: str or path. The folder to write; replaced as a whole.
        classifier: `AlbertClassifier`.
        preprocessor: `AlbertPreprocessor`.
        facts: dict of JSON values, `labels` and `num_segments` among them, for `provenance.json`.

    Raises:
        OSError: the files cannot be written.
        ValueError: `path` is a file, or something else's folder.
    """
    labels = facts["labels"]
    root.tokenizer = preprocessor.tokenizer

    def write_assets(folder: Path) -> None:
        preprocessor.tokenizer.save_pretrained(folder)
        classifier.config.to_json(folder / CONFIG_FILE)
        if labels:
            files.write_text(folder / LABELS_FILE, "".join(f"{label}\n" for label in labels))

    write_module(
        root,
        path,
        write_assets,
        {**describe(classifier), **describe_preprocessor(preprocessor), **facts},
        {
            "serving_default": _text_signature(root, facts["num_segments"]),
            "ids": signature(score, specs_of(INPUTS)),
        },
    )


def _check_labels(labels: Sequence[str], num_classes: int, multi_label: bool) -> None:
    if num_classes == 1 and not multi_label:
        if labels:
            raise ValueError(
                f"A regression (`num_classes` = 1) has no labels. Received: {len(labels)} labels."
            )
        return
    if len(labels) != num_classes or len(set(labels)) != num_classes:
        raise ValueError(
            f"The classifier has {num_classes} classes; `labels` must hold as many different "
            f"names. Received: {labels}."
        )
    if not all(isinstance(label, str) and label.splitlines() == [label] for label in labels):
        raise ValueError(
            f"Each label is a line of {LABELS_FILE}: a string, not empty, without a line break. "
            f"Received: {labels}."
        )


def check_fit(config: AlbertConfig, tokenizer: PieceTokenizer, sequence_length: int) -> None:
    """Checks that a model takes the rows that are made for it.

    Args:
        config: `AlbertConfig` of the model.
        tokenizer: `PieceTokenizer`.
        sequence_length: int. Tokens a row.

    Raises:
        ValueError: rows longer than the model's positions, or more pieces than it embeds.
    """
    if sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"The `sequence_length` is {sequence_length}; the model has "
            f"`max_position_embeddings`={config.max_position_embeddings}. Use a `sequence_length` "
            f"of at most {config.max_position_embeddings}."
        )
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"The tokenizer has {tokenizer.vocab_size} pieces, the model embeds "
            f"{config.vocab_size}. Use the tokenizer that the model was trained with."
        )


def text_specs(num_segments: int) -> Specs:
    """Returns the spec of a module's texts: strings `(batch,)`, or a dict of two such.

    Args:
        num_segments: int. Texts an example.

    Raises:
        ValueError: `num_segments` is neither 1 nor 2.
    """
    if num_segments not in (1, 2):
        raise ValueError(f"`num_segments` must be 1 or 2. Received: {num_segments!r}.")
    strings = tf.TensorSpec((None,), tf.string)
    return strings if num_segments == 1 else dict.fromkeys(TEXTS, strings)


def _reader(labels: Sequence[str], multi_label: bool) -> Callable[[Tensor], dict[str, Tensor]]:
    """Returns what makes the module's outputs of logits."""

    def read(logits: Tensor) -> dict[str, Tensor]:
        if not labels:
            return {"score": logits[:, 0]}
        if multi_label:
            probabilities = tf.sigmoid(logits)
            holds = tf.cast(probabilities >= HOLDS_FROM, tf.int32)
            return {"logits": logits, "probabilities": probabilities, "holds": holds}
        label = tf.gather(tf.constant(labels), tf.argmax(logits, axis=-1))
        return {"logits": logits, "probabilities": tf.nn.softmax(logits), "label": label}

    return read


def preprocessed(
    preprocessor: AlbertPreprocessor, texts: Tensor | dict[str, Tensor]
) -> dict[str, Tensor]:
    """Returns the encoder's inputs for the texts of a module: int32 `(batch, sequence_length)`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: string tensor `(batch,)`, or a dict of two such, `text_a` and `text_b`.
    """
    return preprocessor(tuple(texts[name] for name in TEXTS) if isinstance(texts, dict) else texts)


def _scorer(classifier: AlbertClassifier, read: Callable[[Tensor], dict[str, Tensor]]) -> Function:
    """Returns the traced function from the encoder's inputs to what `read` makes of the logits."""

    def score(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        return read(classifier(checked(inputs, classifier.config), training=training))

    return trainable_function(score, specs_of(INPUTS))


def _text_signature(root: tf.train.Checkpoint, num_segments: int) -> ConcreteFunction:
    """Returns the function for TensorFlow Serving that takes `text`, or both texts of a pair."""
    names = ("text",) if num_segments == 1 else TEXTS
    specs = {name: tf.TensorSpec((None,), tf.string, name=name) for name in names}
    return signature(lambda texts: root.__call__(texts.get("text", texts)), specs)
