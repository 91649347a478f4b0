"""Strings of any kind, given to the modules that take raw text."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub.conftest import LABELS, SEQUENCE_LENGTH

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def loaded(modules):
    """The modules as any user of TensorFlow loads them."""
    names = ("classifier", "regressor", "chooser", "preprocessor", "others/labels")
    return {name: tf.saved_model.load(modules / name) for name in names}


def strings(values):
    return tf.constant(values, tf.string, shape=(len(values),))


def test_any_bytes_have_an_answer(loaded):
    @settings(max_examples=60)
    @given(st.lists(st.binary(max_size=80), max_size=4))
    def check(values):
        texts = strings(values)
        outputs = loaded["classifier"].signatures["serving_default"](text=texts)
        assert outputs["probabilities"].shape == (len(values), len(LABELS))
        np.testing.assert_allclose(
            tf.reduce_sum(outputs["probabilities"], axis=1), np.ones(len(values)), rtol=1e-5
        )
        assert {label.decode() for label in outputs["label"].numpy()} <= set(LABELS)
        holds = loaded["others/labels"](texts)["holds"].numpy()
        assert holds.shape == (len(values), len(LABELS))
        pairs = {"text_a": texts, "text_b": texts[::-1]}
        assert np.isfinite(loaded["regressor"](pairs)["score"]).all()
        choices = tf.stack([texts[::-1], texts], axis=1)
        questions = {"context": texts, "question": texts[::-1], "choices": choices}
        probabilities = loaded["chooser"](questions)["probabilities"]
        np.testing.assert_allclose(
            tf.reduce_sum(probabilities, axis=1), np.ones(len(values)), rtol=1e-5
        )

    check()


def test_valid_text_has_the_ids_of_python(loaded, tokenizer):
    @settings(max_examples=100)
    @given(st.lists(st.text(max_size=40), min_size=1, max_size=3))
    def check(texts):
        module = loaded["preprocessor"]
        expected = tokenizer.encode_ids(texts)
        assert module.tokenize(strings(texts)).to_list() == expected
        inputs = module(strings(texts))
        for row, ids in enumerate(expected):
            kept = ids[: SEQUENCE_LENGTH - 2]
            assert int(tf.reduce_sum(inputs["input_mask"][row])) == len(kept) + 2
            found = inputs["input_word_ids"][row, 1 : len(kept) + 1]
            np.testing.assert_array_equal(found, kept)

    check()


@pytest.mark.parametrize(
    "text",
    [
        b"word " * (MEGABYTE // 5),
        b"x" * MEGABYTE,
        b" " * MEGABYTE,
        # SentencePiece's own time grows with the square of their number: a megabyte takes half a
        # minute of a core.
        b"\0" * (MEGABYTE // 10),
        b"\xff" * (MEGABYTE // 10),
        "\u0301".encode() * (MEGABYTE // 2),
    ],
    ids=["words", "one word", "spaces", "NULs", "no UTF-8", "marks alone"],
)
def test_a_string_of_up_to_a_megabyte_has_an_answer(loaded, text):
    outputs = loaded["classifier"](strings([text, b"a fine film"]))
    np.testing.assert_allclose(tf.reduce_sum(outputs["probabilities"], axis=1), [1, 1], rtol=1e-5)
    alone = loaded["classifier"](strings([b"a fine film"]))
    np.testing.assert_allclose(outputs["logits"][1:], alone["logits"], atol=1e-5)
