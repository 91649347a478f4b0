"""A span labeler as a TF Hub module that answers questions: strings in, parts of contexts out."""

import dataclasses

import tensorflow as tf

from tf_albert.hub.best_spans import best_of_each_context, best_of_each_window
from tf_albert.hub.classifier import check_fit
from tf_albert.hub.context_windows import windows_of_batch
from tf_albert.hub.encoder import checked, specs_of
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
from tf_albert.tasks.answering import SPAN_MODELS, QuestionAnswerer
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.squad_windows import MOST_QUESTION_TOKENS
from tf_albert.text.packing import pack_inputs

TEXTS = {name: tf.TensorSpec((None,), tf.string, name=name) for name in ("question", "context")}
# Windows that the model sees at once, however long a context is.
BATCH_SIZE = 32


def save_answerer(answerer, path, provenance=None):
    """Writes what answers questions on contexts as a reusable SavedModel.

    The module takes a dict of strings of shape `(batch,)`, `question` and `context`, and finds the
    answers that `QuestionAnswerer` finds; contexts of any length are read in windows, 32 at a time.
    It gives a dict of tensors of shape `(batch,)`: `answer`, string, a part of its context;
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
        answerer: `QuestionAnswerer`.
        path: str or path. The folder to write; replaced as a whole.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: an argument of another class, a model that is not of the description's task, a
            tokenizer or a description that does not fit it, or `path` is a file.

    Example::

        tf_albert.hub.save_answerer(QuestionAnswerer.from_pretrained("runs/squad"), "answerer")
        layer = hub.KerasLayer("answerer")                 # needs `import tensorflow_text`
        layer({"question": tf.constant(["Who wrote notes?"]),
               "context": tf.constant(["Ada wrote notes in 1843."])})["answer"]   # [b"Ada"]
    """
    _check(answerer)
    model, tokenizer = answerer.model, answerer.tokenizer
    root = _module(answerer)

    def write_assets(folder):
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


def _check(answerer):
    """Raises the `ValueError` for what cannot answer."""
    require(
        answerer,
        (QuestionAnswerer,),
        "Make one: `QuestionAnswerer.from_pretrained(run)`, of `tf_albert.tasks.answering`.",
    )
    description = answerer.description
    require(
        answerer.model,
        (SPAN_MODELS[description.task],),
        f"It is what the description's task, {description.task!r}, needs.",
    )
    check_fit(answerer.model.config, answerer.tokenizer, description.sequence_length)


def _module(answerer):
    """Returns the reusable object from strings to answers, not yet saved."""
    model, null_threshold = answerer.model, answerer.description.null_threshold
    label = _label_function(model)

    def call(texts, training):
        questions, contexts = _paired(texts)
        best = _best_of_each_context(
            answerer, questions, contexts, lambda inputs: label(inputs, training=training)
        )
        return _outputs(contexts, best, null_threshold)

    root = reusable(trainable_function(call, TEXTS), [model])
    root.labeler = reusable(label, [model])
    root.tokenizer = answerer.tokenizer
    return root


def _best_of_each_context(answerer, questions, contexts, label):
    """Returns the best answer in each context, as `best_of_each_context` gives it.

    Args:
        answerer: `QuestionAnswerer`.
        questions, contexts: string tensors `(batch,)`.
        label: function of the encoder's inputs to the model's outputs.
    """
    tokenizer, description = answerer.tokenizer, answerer.description
    question_ids = tokenizer(questions)[:, :MOST_QUESTION_TOKENS]
    context_tokens = tokenizer.tokenize_with_offsets(contexts)
    sizes = question_ids.row_lengths(), context_tokens[0].row_lengths()
    windows = windows_of_batch(*sizes, description.sequence_length, description.stride)
    # One more, for what is no token.
    ids, begins, stops = (tf.pad(rows.values, [[0, 1]]) for rows in context_tokens)

    def best_from(first):
        some = windows.part(first, BATCH_SIZE)
        segments = [tf.gather(question_ids, some.contexts), tf.gather(ids, some.tokens())]
        inputs = pack_inputs(segments, description.sequence_length, tokenizer.special_ids)
        return best_of_each_window(label(shortened(inputs)), some, begins, stops)

    found = _in_batches(best_from, tf.size(windows.contexts), description)
    return best_of_each_context(found, windows.contexts, tf.size(contexts, tf.int64))


def _label_function(model):
    """Returns the traced function from the encoder's inputs to what the model gives of each row."""

    def label(inputs, training):
        return model(checked(inputs, model.config), training=training)

    return trainable_function(label, specs_of(INPUTS))


def _paired(texts):
    """Returns questions and contexts, bound to a check that there are as many of both."""
    questions, contexts = (texts[name] for name in TEXTS)
    check = tf.debugging.assert_equal(
        tf.size(questions),
        tf.size(contexts),
        message="Each question needs its context: give as many of both.",
    )
    with tf.control_dependencies([check]):
        return tf.identity(questions), tf.identity(contexts)


def _in_batches(best_from, num_windows, description):
    """Returns what a function finds in the windows, of which it sees some at a time.

    Args:
        best_from: function of the first window's number to a dict of tensors `(windows,)`.
        num_windows: int scalar.
        description: `SpanDescription`.
    """
    dtypes = {"score": tf.float64, "begin": tf.int64, "stop": tf.int64}
    if description.may_be_unanswerable:
        dtypes["null_score"] = tf.float32
    found = tf.map_fn(
        best_from,
        tf.range(0, num_windows, BATCH_SIZE),
        fn_output_signature={
            name: tf.RaggedTensorSpec((None,), dtype) for name, dtype in dtypes.items()
        },
        parallel_iterations=1,
    )
    return {name: batches.values for name, batches in found.items()}


def _outputs(contexts, best, null_threshold):
    """Returns the module's outputs.

    Args:
        contexts: string tensor `(batch,)`.
        best: dict of tensors `(batch,)`, as `best_of_each_context` gives them.
        null_threshold: float.
    """
    begin, stop = best["begin"], best["stop"]
    outputs = {"score": tf.cast(best["score"], tf.float32)}
    if "null_score" in best:
        outputs["null_score"] = best["null_score"]
        is_empty = tf.cast(best["null_score"], tf.float64) > null_threshold
        begin, stop = (tf.where(is_empty, tf.zeros_like(place), place) for place in (begin, stop))
    return outputs | {
        "answer": tf.strings.substr(contexts, begin, stop - begin),
        "start": _num_characters(contexts, begin),
        "end": _num_characters(contexts, stop),
        "start_byte": tf.cast(begin, tf.int32),
        "end_byte": tf.cast(stop, tf.int32),
    }


def _num_characters(texts, num_bytes):
    """Returns how many characters the first bytes of each text are."""
    before = tf.strings.substr(texts, tf.zeros_like(num_bytes), num_bytes)
    return tf.strings.length(before, unit="UTF8_CHAR")
