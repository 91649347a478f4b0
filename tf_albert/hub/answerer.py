"""A span labeler as a TF Hub module that answers questions: strings in, parts of contexts out."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from tf_albert.hub.classifier import check_fit
from tf_albert.hub.encoder import checked, specs_of
from tf_albert.hub.reusable import (
    Function,
    describe,
    require,
    reusable,
    signature,
    trainable_function,
    write_module,
)
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.answerable_span_labeler import BEAM_SIZE
from tf_albert.modeling.encoder import INPUTS
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.question_answering.answers import (
    MOST_ANSWERS,
    WindowAnswers,
    answers_of_windows,
    best_of_each_question,
    lowest_null_scores,
)
from tf_albert.tasks.question_answering.predictor import QuestionAnsweringPredictor
from tf_albert.tasks.question_answering.reader import in_characters
from tf_albert.tasks.question_answering.windows import MOST_QUESTION_TOKENS, cut_windows
from tf_albert.types import JsonDict, StrPath, Tensor

TEXTS = {name: tf.TensorSpec((None,), tf.string, name=name) for name in ("question", "context")}
# Windows that the model sees at once, however long a context is.
BATCH_SIZE = 32


def save_answerer(
    answerer: QuestionAnsweringPredictor, path: StrPath, provenance: JsonDict | None = None
) -> None:
    """Writes what answers questions on contexts as a reusable SavedModel.

    The module takes a dict of strings of shape `(batch,)`, `question` and `context`, and finds the
    answers that `tf-albert predict` finds; contexts of any length are read in windows, 32 at a
    time. It gives a dict of tensors of shape `(batch,)`: `answer`, string, a part of its context;
    `start` and `end`, int32, its first character in the context and the one after its last;
    `start_byte` and `end_byte`, int32, the same in bytes; and `score`, float32, the sum of the
    scores of its start and its end. Where nothing may be the answer, as in a context without a
    word, it is empty, from 0 to 0, and its score is -1e30.

    A model of SQuAD 2.0 gives `null_score` besides, float32. Where it is above the description's
    `null_threshold`, the answer is empty too; `score` is still that of the best part.

    The signature `serving_default` takes `question` and `context`. The signature `ids` takes the
    encoder's inputs and gives what the model says of each row, and so does `labeler`, a part that
    can be called and trained on its own.

    Args:
        answerer: `QuestionAnsweringPredictor`.
        path: str or path. The folder to write; replaced as a whole.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: an argument of another class, a model that is not of the description's task, a
            tokenizer or a description that does not fit it, or `path` is a file.

    Example::

        tf_albert.hub.save_answerer(tf_albert.load_predictor("runs/squad"), "answerer")
        layer = hub.KerasLayer("answerer")                 # needs `import tensorflow_text`
        layer({"question": tf.constant(["Who wrote notes?"]),
               "context": tf.constant(["Ada wrote notes in 1843."])})["answer"]   # [b"Ada"]
    """
    model, tokenizer = _model_of(answerer), answerer.tokenizer
    root = _module(answerer, model)

    def write_assets(folder: Path) -> None:
        tokenizer.save_pretrained(folder)
        model.config.to_json(folder / CONFIG_FILE)

    write_module(
        root,
        path,
        write_assets,
        {
            **describe(model),
            "vocab_size": tokenizer.vocab_size,
            "lower_case": tokenizer.lower_case,
            **dataclasses.asdict(answerer.description),
            **(provenance or {}),
        },
        {
            "serving_default": signature(root.__call__, TEXTS),
            "ids": signature(root.labeler.__call__, specs_of(INPUTS)),
        },
    )


def _model_of(answerer: QuestionAnsweringPredictor) -> TaskModel:
    """Returns the answerer's model, once it is sure that it can answer."""
    require(
        answerer,
        (QuestionAnsweringPredictor,),
        "Make one of a run that was fine-tuned on questions: `tf_albert.load_predictor(run)`.",
    )
    description = answerer.description
    model = require(
        answerer.model,
        (description.model_class,),
        f"It is what the description's task, {description.task!r}, needs.",
    )
    check_fit(model.config, answerer.tokenizer, description.sequence_length)
    return model


def _module(answerer: QuestionAnsweringPredictor, model: TaskModel) -> tf.train.Checkpoint:
    """Returns the reusable object from strings to answers, not yet saved."""
    null_threshold = answerer.description.null_threshold
    label = _label_function(model)

    def call(texts: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        questions, contexts = _paired(texts)
        best = _best_answers(
            answerer, questions, contexts, lambda inputs: label(inputs, training=training)
        )
        return _outputs(contexts, best, null_threshold)

    root = reusable(trainable_function(call, TEXTS), [model])
    root.labeler = reusable(label, [model])
    root.tokenizer = answerer.tokenizer
    return root


def _best_answers(
    answerer: QuestionAnsweringPredictor,
    questions: Tensor,
    contexts: Tensor,
    label: Callable[[dict[str, Tensor]], dict[str, Tensor]],
) -> dict[str, Tensor]:
    """Returns the best answer to each question, in bytes.

    Args:
        answerer: `QuestionAnsweringPredictor`.
        questions, contexts: string tensors `(batch,)`.
        label: function of the encoder's inputs to the model's outputs.

    Returns:
        dict of tensors `(batch,)`: what `best_of_each_question` gives and, where a question may
        have no answer, `null_score`.
    """
    tokenizer, description = answerer.tokenizer, answerer.description
    question_ids = tokenizer(questions)[:, :MOST_QUESTION_TOKENS]
    context_tokens = tokenizer.tokenize_with_offsets(contexts)
    length = description.sequence_length
    read = cut_windows(question_ids, context_tokens, length, description.stride)

    def found_from(first: Tensor) -> dict[str, Tensor]:
        windows = read.windows.part(first, BATCH_SIZE)
        outputs = label(shortened(read.inputs(windows, length, tokenizer.special_ids)))
        found = answers_of_windows(outputs, windows, read.begins, read.ends)._asdict()
        if description.may_be_unanswerable:
            found["no_answer_logits"] = outputs["no_answer_logits"]
        return found

    of_window, num_questions = read.windows.questions, tf.size(questions, tf.int64)
    found = _in_batches(found_from, tf.size(of_window), description.may_be_unanswerable)
    no_answer_logits = found.pop("no_answer_logits", None)
    best = best_of_each_question(WindowAnswers(**found), of_window, num_questions)
    if no_answer_logits is not None:
        best["null_score"] = lowest_null_scores(no_answer_logits, of_window, num_questions)
    return best


def _label_function(model: TaskModel) -> Function:
    """Returns the traced function from the encoder's inputs to what the model gives of each row."""

    def label(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        return model(checked(inputs, model.config), training=training)

    return trainable_function(label, specs_of(INPUTS))


def _paired(texts: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Returns questions and contexts, bound to a check that there are as many of both."""
    questions, contexts = (texts[name] for name in TEXTS)
    check = tf.debugging.assert_equal(
        tf.size(questions),
        tf.size(contexts),
        message="Each question needs its context: give as many of both.",
    )
    with tf.control_dependencies([check]):
        return tf.identity(questions), tf.identity(contexts)


def _in_batches(
    found_from: Callable[[Tensor], dict[str, Tensor]], num_windows: Tensor, has_null: bool
) -> dict[str, Tensor]:
    """Returns what a function finds in the windows, of which it sees some at a time.

    Args:
        found_from: function of the first window's number to a dict of tensors `(windows, ...)`.
        num_windows: int scalar.
        has_null: bool. Whether it finds logits for no answer.
    """
    dtypes = dict.fromkeys(("begins", "ends"), tf.int64)
    dtypes |= dict.fromkeys(("start_scores", "end_scores"), tf.float32)
    signature = {
        name: tf.RaggedTensorSpec((None, None), dtype, ragged_rank=0)
        for name, dtype in dtypes.items()
    }
    if has_null:
        signature["no_answer_logits"] = tf.RaggedTensorSpec((None,), tf.float32)
    found = tf.map_fn(
        found_from,
        tf.range(0, num_windows, BATCH_SIZE),
        fn_output_signature=signature,
        parallel_iterations=1,
    )
    found = {name: batches.values for name, batches in found.items()}
    # Of no windows the number of answers is not known.
    num_answers = BEAM_SIZE**2 if has_null else MOST_ANSWERS
    return {
        name: tf.reshape(values, (-1, num_answers) if name in dtypes else (-1,))
        for name, values in found.items()
    }


def _outputs(contexts: Tensor, best: dict[str, Tensor], null_threshold: float) -> dict[str, Tensor]:
    """Returns the module's outputs.

    Args:
        contexts: string tensor `(batch,)`.
        best: dict of tensors `(batch,)`, as `_best_answers` gives them.
        null_threshold: float.
    """
    begin, end = best["begin"], best["end"]
    outputs = {"score": tf.cast(best["score"], tf.float32)}
    if "null_score" in best:
        outputs["null_score"] = best["null_score"]
        is_empty = tf.cast(best["null_score"], tf.float64) > null_threshold
        begin, end = (tf.where(is_empty, tf.zeros_like(place), place) for place in (begin, end))
    in_bytes = tf.RaggedTensor.from_tensor(tf.stack([begin, end], axis=1))
    places = in_characters(contexts, in_bytes)[0].to_tensor(shape=(None, 2))
    return outputs | {
        "answer": tf.strings.substr(contexts, begin, end - begin),
        "start": tf.cast(places[:, 0], tf.int32),
        "end": tf.cast(places[:, 1], tf.int32),
        "start_byte": tf.cast(begin, tf.int32),
        "end_byte": tf.cast(end, tf.int32),
    }
