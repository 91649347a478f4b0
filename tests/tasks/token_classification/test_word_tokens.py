"""Words and the tokens that they begin with."""

import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.token_classification.reference import places_of_words
from tf_albert.tasks.token_classification.word_tokens import rows_of_words, words_of

# Letters of one byte to four, marks, white space, what becomes several letters, what becomes none.
WORDS = st.text(st.sampled_from("aetns,.12é\u0301½東😀\u3000\u200b\x00ß\x1c\xa0"), min_size=1)

LENGTH = 14


def ragged(sentences):
    words = tf.constant([word for words in sentences for word in words], tf.string)
    return tf.RaggedTensor.from_row_lengths(words, np.array([len(words) for words in sentences]))


@pytest.fixture(scope="module")
def rows(tokenizer):
    """The function from words to rows of 14 tokens and places, traced once."""
    return tf.function(
        lambda words: rows_of_words(words, tokenizer, LENGTH),
        input_signature=[tf.RaggedTensorSpec((None, None), tf.string)],
    )


@settings(max_examples=60)
@given(sentences=st.lists(st.lists(WORDS, max_size=12), min_size=1, max_size=4))
def test_any_words_begin_where_they_do_in_the_reference(rows, tokenizer, sentences):
    inputs, places = rows(ragged(sentences))
    expected = [places_of_words(tokenizer, words, LENGTH) for words in sentences]
    assert places.numpy().tolist() == [place for row in expected for place in row]
    for number, words in enumerate(sentences):
        ids = tokenizer.encode(" ".join(words)).ids[: LENGTH - 2]
        row = [tokenizer.special_ids["cls"], *ids, tokenizer.special_ids["sep"]]
        padding = [tokenizer.special_ids["pad"]] * (LENGTH - len(row))
        assert inputs["input_word_ids"][number].numpy().tolist() == row + padding


def test_label_stands_at_the_token_that_a_word_begins_with(tokenizer):
    words = ("object", "Zyxwv", "x")
    inputs, places = rows_of_words(ragged([words]), tokenizer, 40)
    encoding = tokenizer.encode("object Zyxwv x")
    # Behind [CLS] each token is one place further on.
    assert [encoding.offsets[place - 1][0] for place in places.numpy()] == [0, 7, 13]
    (ids,) = tf.ragged.boolean_mask(inputs["input_word_ids"], inputs["input_mask"] == 1).to_list()
    assert ids[1:-1] == encoding.ids
    pieces = [tokenizer.id_to_piece(index) for index in ids]
    assert (pieces[0], pieces[-1]) == ("[CLS]", "[SEP]")


def test_label_stands_at_the_first_byte_of_a_word(byte_tokenizer):
    _, places = rows_of_words(ragged([("x東", "東😀", "é")]), byte_tokenizer, 40)
    expected = places_of_words(byte_tokenizer, ("x東", "東😀", "é"), 40)
    assert places.numpy().tolist() == expected
    assert len(set(expected)) == 3


def test_white_space_is_that_of_python():
    spaces = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
    others = ["\x08", "\x0e", "\x1b", "\x84", "\u1fff", "\u200b", "\u2060", "\ufeff"]
    texts = [f"a{character}b" for character in (*spaces, *others)]
    words = words_of(tf.constant(texts)).texts.to_list()
    assert words == [[word.encode() for word in text.split()] for text in texts]
    assert list(map(len, words)) == [2] * len(spaces) + [1] * len(others)
