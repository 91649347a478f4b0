import json

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import write_vocabulary
from tf_albert import AlbertTokenizer


def assert_graph_equals_python(tokenizer, texts):
    assert tokenizer(tf.constant(texts)).to_list() == tokenizer.encode_ids(texts)


def test_recorded_texts_give_the_original_ids_in_a_graph(data_folder):
    tokenizer = AlbertTokenizer(data_folder / "spiece.model")
    lines = (data_folder / "google" / "tokens.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    in_graph = tf.function(tokenizer.__call__)
    ids = in_graph(tf.constant([record["text"] for record in records]))
    assert ids.to_list() == [record["ids"] for record in records]
    assert ids.dtype == tf.int32


@given(texts=st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_gives_the_same_ids_in_python_and_in_a_graph(tokenizer, texts):
    assert_graph_equals_python(tokenizer, texts)


@settings(max_examples=200)
@given(texts=st.lists(st.text(), min_size=1, max_size=8))
def test_released_vocabulary_gives_the_same_ids_too(released, texts):
    assert_graph_equals_python(released, texts)


@settings(max_examples=200)
@given(texts=st.lists(st.text("0123456789,. a$-"), min_size=1, max_size=8))
def test_numbers_give_the_same_ids_too(released, texts):
    assert_graph_equals_python(released, texts)


@pytest.fixture(scope="module")
def released(data_folder):
    return AlbertTokenizer(data_folder / "spiece.model")


def test_piece_of_digit_and_comma_is_split_again_in_a_graph(tmp_path):
    pieces = {"▁": -9, "▁a": -2, ",": -3, "▁5": -2, "5": -3, "▁5,": -1, "5,": -1}
    tokenizer = AlbertTokenizer(write_vocabulary(tmp_path / "spiece.model", pieces))
    a, comma, start, inner = (5 + list(pieces).index(piece) for piece in ("▁a", ",", "▁5", "5"))
    ids = tokenizer(tf.constant(["a", "", "5, a5,", "5"]))
    assert ids.to_list() == [[a], [], [start, comma, a, inner, comma], [start]]


def test_case_is_kept_where_it_is_asked_for(vocabulary, tokenizer):
    cased = AlbertTokenizer(vocabulary, lower_case=False)
    assert_graph_equals_python(cased, ["The Language", "THE"])
    assert cased.encode("The").ids != cased.encode("the").ids
    assert tokenizer.encode("The").ids == tokenizer.encode("the").ids


def test_detokenized_ids_are_the_text(tokenizer):
    texts = ["the python language", "a value, or none."]
    ids = tokenizer(tf.constant(texts))
    assert [text.decode() for text in tokenizer.detokenize(ids).numpy()] == texts


def test_tokenizer_works_in_a_dataset(tokenizer):
    dataset = tf.data.Dataset.from_tensor_slices(["the language", "a value"]).batch(2)
    assert next(iter(dataset.map(tokenizer))).to_list() == tokenizer.encode_ids(
        ["the language", "a value"]
    )
