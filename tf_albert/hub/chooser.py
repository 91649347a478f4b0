"""A multiple-choice model as a TF Hub module: a context, a question and its choices in, one out."""

from pathlib import Path

import tensorflow as tf

from tf_albert.hub.classifier import check_fit
from tf_albert.hub.encoder import checked
from tf_albert.hub.preprocessor import describe_preprocessor
from tf_albert.hub.reusable import (
    describe,
    require,
    reusable,
    signature,
    trainable_function,
    write_module,
)
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.encoder import INPUTS
from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.tasks.multiple_choice.predictor import MultipleChoicePredictor
from tf_albert.text.choices import choice_inputs
from tf_albert.types import JsonDict, StrPath, Tensor

TEXTS = {
    "context": tf.TensorSpec((None,), tf.string, name="context"),
    "question": tf.TensorSpec((None,), tf.string, name="question"),
    "choices": tf.TensorSpec((None, None), tf.string, name="choices"),
}
IDS = {name: tf.TensorSpec((None, None, None), tf.int32, name=name) for name in INPUTS}


def save_chooser(
    chooser: MultipleChoicePredictor, path: StrPath, provenance: JsonDict | None = None
) -> None:
    """Writes what chooses one of several answers as a reusable SavedModel.

    The module takes a dict of strings, `context` and `question` of shape `(batch,)` and `choices`
    of shape `(batch, num_choices)`, as many in each call as there are, and finds what
    `tf-albert evaluate` finds. A choice stands in the question's gaps, `_`, or behind the question.
    It gives a dict: `logits` and `probabilities`, float32 `(batch, num_choices)`; `index`, int32
    `(batch,)`, the number of the likeliest choice, from 0; and `choice`, string `(batch,)`, its
    text.

    The signature `serving_default` takes `context`, `question` and `choices`. The signature `ids`
    takes the encoder's inputs, int32 `(batch, num_choices, length)`, and gives `logits`,
    `probabilities` and `index`, and so does `scorer`, a part that can be called and trained on its
    own.

    Args:
        chooser: `MultipleChoicePredictor`.
        path: str or path. The folder to write; replaced as a whole.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: an argument of another class, a tokenizer or a description that does not fit the
            model, or `path` is a file.

    Example::

        tf_albert.hub.save_chooser(tf_albert.load_predictor("runs/race"), "chooser")
        layer = hub.KerasLayer("chooser")                  # needs `import tensorflow_text`
        layer({"context": tf.constant(["Ada wrote notes in 1843."]),
               "question": tf.constant(["Ada wrote _ ."]),
               "choices": tf.constant([["a novel", "notes"]])})["choice"]   # [b"notes"]
    """
    model = _model_of(chooser)
    root = _module(chooser, model)

    def write_assets(folder: Path) -> None:
        chooser.preprocessor.tokenizer.save_pretrained(folder)
        model.config.to_json(folder / CONFIG_FILE)

    write_module(
        root,
        path,
        write_assets,
        {
            **describe(model),
            **describe_preprocessor(chooser.preprocessor),
            "task": chooser.description.task,
            **(provenance or {}),
        },
        {
            "serving_default": signature(root.__call__, TEXTS),
            "ids": signature(root.scorer.__call__, IDS),
        },
    )


def _model_of(chooser: MultipleChoicePredictor) -> AlbertMultipleChoice:
    """Returns the chooser's model, once it is sure that it can choose."""
    require(
        chooser,
        (MultipleChoicePredictor,),
        "Make one of a run that was fine-tuned on RACE: `tf_albert.load_predictor(run)`.",
    )
    model = require(chooser.model, (AlbertMultipleChoice,), "It is what gives each choice a logit.")
    preprocessor = chooser.preprocessor
    check_fit(model.config, preprocessor.tokenizer, preprocessor.sequence_length)
    return model


def _module(chooser: MultipleChoicePredictor, model: AlbertMultipleChoice) -> tf.train.Checkpoint:
    """Returns the reusable object from strings to choices, not yet saved."""
    preprocessor = chooser.preprocessor

    def score(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        logits = model(checked(inputs, model.config), training=training)
        # Of equal values `top_k` takes the first, which `argmax` does not promise.
        index = tf.math.top_k(logits, 1).indices[:, 0]
        # Their shape, which `checked` has hidden, is that of the inputs again.
        logits = tf.reshape(logits, tf.shape(inputs["input_word_ids"])[:2])
        return {"logits": logits, "probabilities": tf.nn.softmax(logits), "index": index}

    scorer = trainable_function(score, IDS)

    def call(texts: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        texts = _paired(texts)
        inputs = choice_inputs(preprocessor, *(texts[name] for name in TEXTS))
        outputs = scorer(inputs, training=training)
        choice = tf.gather(texts["choices"], outputs["index"], batch_dims=1)
        return {**outputs, "choice": choice}

    root = reusable(trainable_function(call, TEXTS), [model])
    root.scorer = reusable(scorer, [model])
    root.tokenizer = preprocessor.tokenizer
    return root


def _paired(texts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the texts, bound to a check that each question has its context and its choices."""
    num_questions = tf.size(texts["question"])
    checks = [
        tf.debugging.assert_equal(
            tf.shape(texts[name])[0],
            num_questions,
            message=f"Each question needs its {name}: give as many rows of both.",
        )
        for name in ("context", "choices")
    ]
    is_any = tf.debugging.assert_positive(
        tf.shape(texts["choices"])[1], message="Each question needs at least one choice."
    )
    with tf.control_dependencies([*checks, is_any]):
        # Hides how many rows there are, as `checked` does; the number of choices is to be seen.
        hidden = {
            name: tf.raw_ops.PlaceholderWithDefault(input=texts[name], shape=[None])
            for name in ("context", "question")
        }
        return hidden | {"choices": tf.identity(texts["choices"])}
