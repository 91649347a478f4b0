"""A token classifier as a TF Hub module: sentences in, a label for each of their words out."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from tf_albert import files
from tf_albert.hub.classifier import LABELS_FILE, check_fit
from tf_albert.hub.encoder import checked, specs_of
from tf_albert.hub.reusable import (
    ConcreteFunction,
    Function,
    describe,
    require,
    reusable,
    signature,
    trainable_function,
    write_module,
)
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.encoder import INPUTS
from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.token_classification.metrics import OUTSIDE
from tf_albert.tasks.token_classification.predictor import TokenClassificationPredictor
from tf_albert.tasks.token_classification.word_tokens import rows_of_words, words_of
from tf_albert.types import JsonDict, StrPath, Tensor

STRINGS = tf.TensorSpec((None,), tf.string, name="text")


def save_tagger(
    tagger: TokenClassificationPredictor, path: StrPath, provenance: JsonDict | None = None
) -> None:
    """Writes what labels the words of sentences as a reusable SavedModel.

    The module takes strings of shape `(batch,)`, whose words white space divides, and gives the
    labels that `tf-albert predict` gives. It returns a dict of `tf.RaggedTensor` of shape
    `(batch, words)`: `word` and `label`, strings, and `start_byte` and `end_byte`, int32, the
    word's first byte in its text and the one after its last. A word beyond the longest row has the
    label `O`.

    The signature `serving_default` takes `text` and gives the same as tensors, in which rows end
    with empty strings and zeros. The signature `ids` takes the encoder's inputs, int32
    `(batch, length)`, and gives `logits` and `probabilities`, float32 `(batch, length, classes)`,
    and `label`, string `(batch, length)`, of each token.

    Args:
        tagger: `TokenClassificationPredictor`.
        path: str or path. The folder to write; replaced as a whole.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: an argument of another class, a tokenizer or a description that does not fit the
            model, or `path` is a file.

    Example::

        tf_albert.hub.save_tagger(tf_albert.load_predictor("runs/conll"), "tagger")
        layer = hub.KerasLayer("tagger")                   # needs `import tensorflow_text`
        layer(tf.constant(["Ada lives in Paris"]))["label"]   # [[b"B-PER", b"O", b"O", b"B-LOC"]]
    """
    model = _model_of(tagger)
    score = _scorer(model, tagger.description.labels)
    root = _module(tagger, model, score)

    def write_assets(folder: Path) -> None:
        tagger.tokenizer.save_pretrained(folder)
        model.config.to_json(folder / CONFIG_FILE)
        labels = "".join(f"{label}\n" for label in tagger.description.labels)
        files.write_text(folder / LABELS_FILE, labels)

    write_module(
        root,
        path,
        write_assets,
        {
            **describe(model),
            "vocab_size": tagger.tokenizer.vocab_size,
            "lower_case": tagger.tokenizer.lower_case,
            **dataclasses.asdict(tagger.description),
            **(provenance or {}),
        },
        {"serving_default": _text_signature(root), "ids": signature(score, specs_of(INPUTS))},
    )


def _model_of(tagger: TokenClassificationPredictor) -> AlbertTokenClassifier:
    """Returns the tagger's model, once it is sure that it can label words."""
    require(
        tagger,
        (TokenClassificationPredictor,),
        "Make one of a run that was fine-tuned on CoNLL: `tf_albert.load_predictor(run)`.",
    )
    model = require(tagger.model, (AlbertTokenClassifier,), "It is what gives each token a class.")
    labels = tagger.description.labels
    if len(labels) != model.num_classes:
        raise ValueError(
            f"The model has {model.num_classes} classes; the description must have as many labels. "
            f"Received: {labels}."
        )
    check_fit(model.config, tagger.tokenizer, tagger.description.sequence_length)
    return model


def _scorer(model: AlbertTokenClassifier, labels: list[str]) -> Function:
    """Returns the traced function from the encoder's inputs to what there is of each token."""

    def score(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        logits = model(checked(inputs, model.config), training=training)
        # Of equal values `top_k` takes the first, which `argmax` does not promise.
        best = tf.math.top_k(logits, 1).indices[..., 0]
        label = tf.gather(tf.constant(labels), best)
        return {"logits": logits, "probabilities": tf.nn.softmax(logits), "label": label}

    return trainable_function(score, specs_of(INPUTS))


def _module(
    tagger: TokenClassificationPredictor, model: AlbertTokenClassifier, score: Function
) -> tf.train.Checkpoint:
    """Returns the reusable object from sentences to labels, not yet saved."""
    description = tagger.description

    def call(texts: Tensor, training: bool) -> dict[str, Tensor]:
        words = words_of(texts)
        inputs, places = rows_of_words(words.texts, tagger.tokenizer, description.sequence_length)
        labels = score(inputs, training=training)["label"]
        values = {
            "word": words.texts.values,
            "label": _labels_of_words(labels, words.texts.value_rowids(), places),
            "start_byte": tf.cast(words.begins, tf.int32),
            "end_byte": tf.cast(words.begins + words.sizes, tf.int32),
        }
        return {name: words.texts.with_values(value) for name, value in values.items()}

    root = reusable(trainable_function(call, STRINGS), [model])
    root.tokenizer = tagger.tokenizer
    return root


def _labels_of_words(labels: Tensor, rows: Tensor, places: Tensor) -> Tensor:
    """Returns the label of each word: string `(words,)`.

    Args:
        labels: string tensor `(batch, length)`. The label of each token of the rows.
        rows: int64 tensor `(words,)`. The text of each word.
        places: int64 tensor `(words,)`. Its place in its row, 0 where it has none.
    """
    found = tf.gather_nd(labels, tf.stack([rows, places], axis=1))
    return tf.where(places > 0, found, OUTSIDE)


def _text_signature(root: tf.train.Checkpoint) -> ConcreteFunction:
    """Returns the function for TensorFlow Serving, which has no ragged tensors."""

    def serve(texts: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = root.__call__(texts["text"], training=False)
        return {name: rows.to_tensor() for name, rows in outputs.items()}

    return signature(serve, {"text": STRINGS})
