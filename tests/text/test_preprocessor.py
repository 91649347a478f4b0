import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.elsewhere import outputs_elsewhere
from tf_albert import AlbertClassifier, AlbertPreprocessor

TEXTS = ["The language.", "a value of the object"]
PAIRS = ["an exception", "none"]


@pytest.fixture
def preprocess(tokenizer):
    return AlbertPreprocessor(tokenizer, sequence_length=24)


def expected_ids(tokenizer, *segments):
    row = [tokenizer.special_ids["cls"]]
    for segment in segments:
        row += [*tokenizer.encode(segment).ids, tokenizer.special_ids["sep"]]
    return row + [tokenizer.special_ids["pad"]] * (24 - len(row))


def as_lists(rows):
    return {name: np.asarray(value).tolist() for name, value in rows.items()}


def test_strings_become_the_three_inputs(preprocess, tokenizer):
    rows = preprocess(TEXTS)
    assert rows["input_word_ids"].numpy().tolist() == [expected_ids(tokenizer, t) for t in TEXTS]
    lengths = [len(tokenizer.encode(text).ids) + 2 for text in TEXTS]
    assert rows["input_mask"].numpy().sum(axis=1).tolist() == lengths
    assert not rows["input_type_ids"].numpy().any()


def test_pairs_have_two_types(preprocess, tokenizer):
    rows = preprocess((TEXTS, PAIRS))
    assert rows["input_word_ids"].numpy().tolist() == [
        expected_ids(tokenizer, *pair) for pair in zip(TEXTS, PAIRS, strict=True)
    ]
    second = [len(tokenizer.encode(text).ids) + 1 for text in PAIRS]
    assert rows["input_type_ids"].numpy().sum(axis=1).tolist() == second


@pytest.mark.parametrize("text", ["The language.", np.array("The language.")], ids=type)
def test_one_string_is_a_batch_of_one(preprocess, text):
    assert as_lists(preprocess(text)) == as_lists(preprocess(["The language."]))


def test_arrays_and_tensors_are_strings_too(preprocess):
    expected = as_lists(preprocess(TEXTS))
    assert as_lists(preprocess(np.array(TEXTS))) == expected
    assert as_lists(preprocess(tf.constant(TEXTS))) == expected


def test_in_a_dataset(preprocess):
    single = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(preprocess)
    assert as_lists(next(iter(single))) == as_lists(preprocess(TEXTS))
    pairs = tf.data.Dataset.from_tensor_slices((TEXTS, PAIRS)).batch(2)
    pairs = pairs.map(lambda first, second: preprocess((first, second)))
    assert as_lists(next(iter(pairs))) == as_lists(preprocess((TEXTS, PAIRS)))


def test_strings_to_classes_in_one_functional_model(preprocess, small_config):
    texts = keras.Input((), dtype="string")
    classifier = AlbertClassifier(small_config, num_classes=3)
    model = keras.Model(texts, classifier(preprocess(texts)))
    assert model.output_shape == (None, 3)
    np.testing.assert_allclose(model(tf.constant(TEXTS)), classifier(preprocess(TEXTS)), atol=1e-6)


def test_functional_model_returns_from_a_keras_file(preprocess, small_config, tmp_path, stranger):
    first, second = keras.Input((), dtype="string"), keras.Input((), dtype="string")
    outputs = AlbertClassifier(small_config, num_classes=3)(preprocess((first, second)))
    model = keras.Model([first, second], outputs)
    inputs = [np.array(TEXTS, object), np.array(PAIRS, object)]
    loaded = outputs_elsewhere(model, inputs, stranger, tmp_path)
    np.testing.assert_allclose(loaded, model([tf.constant(part) for part in inputs]), atol=1e-6)


def test_config_returns_the_layer(preprocess):
    copy = AlbertPreprocessor.from_config(preprocess.get_config())
    assert as_lists(copy(TEXTS)) == as_lists(preprocess(TEXTS))


def test_too_short_a_sequence_is_refused(tokenizer):
    with pytest.raises(
        ValueError,
        match=r"`sequence_length` must be at least 3, to hold \[CLS\], a token and \[SEP\]\. "
        r"Received: 2\.",
    ):
        AlbertPreprocessor(tokenizer, sequence_length=2)
    assert AlbertPreprocessor(tokenizer, 3)(TEXTS)["input_word_ids"].shape == (2, 3)


def test_three_texts_are_refused(preprocess):
    with pytest.raises(ValueError, match=r"One or two segments can be packed\. Received: 3"):
        preprocess((TEXTS, TEXTS, TEXTS))


def test_pairs_as_one_array_are_refused_and_not_flattened(tokenizer):
    preprocess = AlbertPreprocessor(tokenizer, sequence_length=9)
    with pytest.raises(ValueError, match=r"Received: \(3, 2\)\. Pairs are given as a tuple"):
        preprocess([["a", "b"]] * 3)
