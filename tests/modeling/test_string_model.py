"""Task models that take strings: fit, evaluate, predict, saved and opened elsewhere."""

import copy
import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.processes import run_python

TEXTS = ["The language.", "a value of the object", "an exception", "none", "True or false"]
NAMES = ["statement", "value", "error"]
LABELS = ["statement", "value", "error", "value", "value"]
NUMBERS = [0, 1, 2, 1, 1]


@pytest.fixture
def preprocess(tokenizer):
    return tf_albert.AlbertPreprocessor(tokenizer, sequence_length=24)


@pytest.fixture
def classifier(small_config, preprocess):
    model = tf_albert.AlbertClassifier(small_config, labels=NAMES, preprocessor=preprocess)
    model.compile(tf_albert.optimizers.AdamW(1e-3))
    return model


def dataset(*columns, batch=2):
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch)


def test_every_form_of_strings_evaluates_as_its_ids_do(classifier, preprocess):
    expected = classifier.evaluate(preprocess(TEXTS), np.array(NUMBERS), verbose=0)
    for texts in (TEXTS, (TEXTS,), tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, object)):
        for labels in (LABELS, NUMBERS, np.array(LABELS), np.array(NUMBERS)):
            found = classifier.evaluate(texts, labels, verbose=0)
            np.testing.assert_allclose(found, expected, rtol=1e-6)
    for labels in (LABELS, NUMBERS):
        found = classifier.evaluate(dataset(TEXTS, labels), verbose=0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_predict_takes_texts_and_pairs(classifier, preprocess):
    logits = classifier(preprocess(TEXTS)).numpy()
    np.testing.assert_allclose(classifier.predict(TEXTS, verbose=0), logits, atol=1e-6)
    np.testing.assert_allclose(classifier.predict_on_batch(TEXTS[:3]), logits[:3], atol=1e-6)
    batches = tf.data.Dataset.from_tensor_slices(TEXTS).batch(3)
    np.testing.assert_allclose(classifier.predict(batches, verbose=0), logits, atol=1e-6)
    pairs = (TEXTS, TEXTS[::-1])
    expected = classifier(preprocess(pairs)).numpy()
    np.testing.assert_allclose(classifier.predict(pairs, verbose=0), expected, atol=1e-6)


def test_fit_on_strings_is_fit_on_their_ids(small_config, preprocess):
    weights = []
    for inputs, labels in ((TEXTS, LABELS), (preprocess(TEXTS), np.array(NUMBERS))):
        keras.utils.set_random_seed(3)
        model = tf_albert.AlbertClassifier(small_config, labels=NAMES, preprocessor=preprocess)
        model.compile(tf_albert.optimizers.AdamW(1e-3))
        model.fit(inputs, labels, batch_size=2, epochs=2, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for ours, expected in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_validation_data_may_be_strings_too(classifier):
    split = classifier.fit(TEXTS, LABELS, validation_split=0.4, verbose=0).history
    given = classifier.fit(TEXTS, LABELS, validation_data=(TEXTS, LABELS), verbose=0).history
    of_dataset = dataset(TEXTS, LABELS)
    read = classifier.fit(of_dataset, validation_data=of_dataset, shuffle=False, verbose=0).history
    assert all("val_accuracy" in history for history in (split, given, read))


def test_any_labels_at_once_are_lists_of_names(small_config, preprocess):
    model = tf_albert.AlbertClassifier(
        small_config, labels=NAMES, multi_label=True, preprocessor=preprocess
    )
    model.compile("adam")
    held = [["value"], [], ["error", "statement"], ["value"], NAMES]
    rows = np.array([[0, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0], [1, 1, 1]], "float32")
    expected = model.evaluate(preprocess(TEXTS), rows, verbose=0)
    np.testing.assert_allclose(model.evaluate(TEXTS, held, verbose=0), expected, rtol=1e-6)


def test_a_chooser_takes_passages_questions_and_options(small_config, preprocess):
    model = tf_albert.AlbertMultipleChoice(small_config, preprocessor=preprocess)
    model.compile("adam")
    questions, options = ["Which?", "What is _ ?"], [["a", "b", "c"], ["d", "e", "f"]]
    model.fit((TEXTS[:2], questions, options), [2, 0], verbose=0)
    assert model.predict((TEXTS[:2], questions, options), verbose=0).shape == (2, 3)


@pytest.mark.parametrize("name", ["AlbertSpanLabeler", "AlbertAnswerableSpanLabeler"])
def test_spans_are_predicted_from_pairs_of_strings(small_config, preprocess, name):
    model = getattr(tf_albert, name)(small_config, preprocessor=preprocess)
    questions = ["What?", "Why?"]
    expected = model(preprocess((questions, TEXTS[:2])))
    found = model.predict((questions, TEXTS[:2]), verbose=0)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["a", None], [0, 1], r"Text 1 is None, a NoneType\. Expected a string"),
        (["a", float("nan")], [0, 1], r"Text 1 is nan, a float\. Expected a string"),
        (("a", "b"), [0, 1], r"A tuple of two strings may be a pair or two texts"),
        ((["a", "b"], ["c"]), [0, 1], r"equally many\. Received: \[2, 1\]"),
        (["a", "b"], ["value", "Value"], r"does not have: Value\. Known labels: statement, value"),
    ],
)
def test_what_is_no_text_or_no_label_is_named(classifier, texts, labels, message):
    with pytest.raises(ValueError, match=message):
        classifier.fit(texts, labels, verbose=0)


def test_an_unknown_label_in_a_dataset_is_named(classifier):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Known labels: statement, value"):
        classifier.fit(dataset(["a", "b"], ["value", "Value"]), shuffle=False, verbose=0)


def test_strings_without_a_preprocessor_say_what_to_do(small_config):
    model = tf_albert.AlbertClassifier(small_config, labels=NAMES)
    with pytest.raises(ValueError, match=r"has no preprocessor and takes ids\. Give it one"):
        model.predict(TEXTS)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "binary_crossentropy"])
def test_a_loss_of_probabilities_is_refused(classifier, loss):
    with pytest.raises(ValueError, match="takes probabilities, and the model gives logits"):
        classifier.compile("adam", loss)
    for given in (
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.sparse_categorical_crossentropy,
    ):
        with pytest.raises(ValueError, match="takes probabilities"):
            classifier.compile("adam", given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "`num_classes` must be at least 1, or `labels`"),
        ({"labels": ["a", "a"]}, r"`labels` must differ\. Received: a, a"),
        ({"labels": "ab"}, r"`labels` must be a list of strings\. Received: 'ab'"),
        ({"labels": ["a", "b"], "num_classes": 3}, "`num_classes` is 3, and there are 2 `labels`"),
    ],
)
def test_labels_that_cannot_be(small_config, arguments, message):
    for model_class in (tf_albert.AlbertClassifier, tf_albert.AlbertTokenClassifier):
        with pytest.raises(ValueError, match=message):
            model_class(small_config, **arguments)


def test_a_preprocessor_must_fit_the_model(small_config, tokenizer):
    with pytest.raises(ValueError, match=r"rows of 42 tokens are longer than the model's 41"):
        tf_albert.AlbertClassifier(
            small_config, 2, preprocessor=tf_albert.AlbertPreprocessor(tokenizer, 42)
        )
    config = small_config.replace(vocab_size=small_config.vocab_size + 1)
    with pytest.raises(ValueError, match="vocabulary has 397 pieces, the model's `vocab_size`"):
        tf_albert.AlbertClassifier(
            config, 2, preprocessor=tf_albert.AlbertPreprocessor(tokenizer, 9)
        )


ELSEWHERE = """
import sys, json, keras, tf_albert
model = keras.models.load_model("c.keras")
found = model.predict(json.loads(sys.argv[1]), verbose=0)
print(json.dumps([model.labels, model.loss is not None, found.tolist()]))
"""


def test_a_keras_file_holds_all_it_needs(classifier, tmp_path):
    """In another process and folder, with another vocabulary of the same name lying there."""
    classifier.fit(TEXTS, LABELS, verbose=0)
    classifier.save(tmp_path / "c.keras")
    (tmp_path / "spiece.model").write_bytes(b"another vocabulary")
    result = run_python("-c", ELSEWHERE, json.dumps(TEXTS), folder=tmp_path)
    assert result.returncode == 0, result.stderr
    labels, is_compiled, logits = json.loads(result.stdout.splitlines()[-1])
    assert (labels, is_compiled) == (NAMES, True)
    np.testing.assert_allclose(logits, classifier.predict(TEXTS, verbose=0), atol=1e-6)
    copied = keras.models.clone_model(classifier)
    assert copied.preprocessor.tokenizer is classifier.preprocessor.tokenizer


def test_from_pretrained_attaches_what_was_saved(classifier, tmp_path):
    classifier.save_pretrained(tmp_path / "saved")
    copied = tf_albert.AlbertClassifier.from_pretrained(tmp_path / "saved")
    assert (copied.labels, copied.preprocessor.sequence_length) == (NAMES, 24)
    expected = classifier.predict(TEXTS, verbose=0)
    np.testing.assert_allclose(copied.predict(TEXTS, verbose=0), expected, atol=1e-6)
    without = tf_albert.AlbertClassifier.from_pretrained(tmp_path / "saved", preprocessor=None)
    assert without.preprocessor is None


def test_other_labels_are_another_head(classifier, tmp_path, caplog):
    classifier.save_pretrained(tmp_path / "saved")
    labels = ["value", "statement", "error"]  # in another order, the old head would be wrong
    copied = tf_albert.AlbertClassifier.from_pretrained(tmp_path / "saved", labels=labels)
    assert copied.labels == labels
    assert "the source's head has the labels statement, value, error" in caplog.text
    assert not np.array_equal(copied.head.kernel, classifier.head.kernel)


def _ids_of(arguments):
    preprocessor, texts = arguments
    return preprocessor(texts)["input_word_ids"].numpy().tolist()


def test_tokenizers_and_preprocessors_go_anywhere(preprocess, tokenizer, vocabulary):
    expected = preprocess(TEXTS)["input_word_ids"].numpy().tolist()
    for other in (copy.deepcopy(preprocess), pickle.loads(pickle.dumps(preprocess))):
        assert _ids_of((other, TEXTS)) == expected
        assert other.tokenizer.lower_case
    for other in (copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert other.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0])
    from tf_albert.text.pieces import PieceTokenizer

    cased = PieceTokenizer(vocabulary, lower_case=False)
    assert pickle.loads(pickle.dumps(cased)).encode("The A") == cased.encode("The A")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(_ids_of, [(preprocess, TEXTS)])) == [expected]


SERVED = """
import sys, json, numpy as np, tensorflow as tf
inputs = {k: tf.constant(v, tf.int32) for k, v in json.loads(sys.argv[1]).items()}
served = tf.saved_model.load("served")
print(json.dumps(tf.nest.map_structure(lambda t: t.numpy().tolist(), served.serve(inputs))))
"""


@pytest.mark.parametrize("trained", [False, True])
def test_a_classifier_is_exported_as_keras_users_expect(classifier, preprocess, tmp_path, trained):
    if trained:
        classifier.fit(TEXTS, LABELS, verbose=0)
    classifier.export(tmp_path / "served", verbose=False)
    rows = {name: value.numpy().tolist() for name, value in preprocess(TEXTS[:3]).items()}
    result = run_python("-c", SERVED, json.dumps(rows), folder=tmp_path)
    assert result.returncode == 0, result.stderr
    logits = json.loads(result.stdout.splitlines()[-1])
    np.testing.assert_allclose(logits, classifier.predict(TEXTS[:3], verbose=0), atol=1e-5)


def test_an_encoder_and_a_litert_file_are_exported(classifier, preprocess, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    encoder = classifier.encoder
    encoder.export(tmp_path / "served", verbose=False)
    classifier.export(tmp_path / "c.tflite", format="litert", verbose=False)
    assert encoder.skip_padding  # as it was
    rows = preprocess(TEXTS[:1])
    served = tf.saved_model.load(tmp_path / "served")
    outputs, expected = served.serve(dict(rows)), encoder(rows)
    assert sorted(outputs) == ["pooled_output", "sequence_output"]
    for name, value in outputs.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
    run = Interpreter(str(tmp_path / "c.tflite")).get_signature_runner()
    (logits,) = run(**{name: value.numpy() for name, value in rows.items()}).values()
    np.testing.assert_allclose(logits, classifier(rows), atol=1e-5)


def test_what_xla_cannot_compile_is_not_given_to_it(classifier, preprocess):
    assert not preprocess.supports_jit
    rows = preprocess(TEXTS[:2])
    classifier.compile("adam", jit_compile=True)  # which the rows' padding would stop
    classifier.fit(dict(rows), np.array([0, 2]), verbose=0)
    assert classifier.jit_compile
    strings = keras.Input((), dtype="string")
    model = keras.Model(
        strings, keras.layers.Dense(3)(classifier.encoder(preprocess(strings))["pooled_output"])
    )
    model.compile("adam", "mse")
    assert not model.jit_compile


def test_rows_before_batches(preprocess):
    texts = tf.data.Dataset.from_tensor_slices((TEXTS, NUMBERS))
    rows, labels = next(iter(texts.map(preprocess).batch(8)))
    assert rows["input_word_ids"].shape == (5, 24)
    np.testing.assert_array_equal(rows["input_word_ids"], preprocess(TEXTS)["input_word_ids"])
    assert labels.numpy().tolist() == NUMBERS


def test_inputs_of_another_rank_are_named(classifier, preprocess):
    rows = {name: value[:, None] for name, value in preprocess(TEXTS).items()}
    message = r"`input_word_ids` must be of shape \(batch, length\)\. Received: \(5, 1, 24\)"
    for model in (classifier, classifier.encoder):
        with pytest.raises(ValueError, match=message):
            model(rows)
