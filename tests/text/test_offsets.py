import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import write_vocabulary
from tf_albert import AlbertTokenizer


def in_characters(text, spans):
    """Returns spans of bytes as spans of characters."""
    if text.isascii():
        return list(spans)
    content = text.encode()
    return [(len(content[:begin].decode()), len(content[:end].decode())) for begin, end in spans]


def graph_encodings(tokenizer, texts):
    """Returns ids and spans, in characters, of each text, from a graph."""
    ids, begins, ends = tf.function(tokenizer.tokenize_with_offsets)(tf.constant(texts))
    rows = zip(texts, begins.to_list(), ends.to_list(), strict=True)
    return ids.to_list(), [in_characters(text, zip(b, e, strict=True)) for text, b, e in rows]


def assert_graph_equals_python(tokenizer, texts):
    ids, spans = graph_encodings(tokenizer, texts)
    encodings = [tokenizer.encode(text) for text in texts]
    assert ids == [encoding.ids for encoding in encodings]
    assert spans == [encoding.offsets for encoding in encodings]


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    pieces = {"▁": -9, "▁a": -2, "a": -5, ",": -3, "▁5": -2, "5": -3, "▁5,": -1, "1": -4, "▁1": -4}
    return AlbertTokenizer(write_vocabulary(tmp_path_factory.mktemp("v") / "spiece.model", pieces))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a a", [("▁a", 0, 1), ("▁a", 2, 3)]),
        ("  a", [("▁a", 2, 3)]),
        ("á a", [("▁a", 0, 1), ("▁a", 2, 3)]),
        # A `▁` by itself: from nothing, and from a space.
        ("京", [("▁", 0, 0), ("<unk>", 0, 1)]),
        ("a 京", [("▁a", 0, 1), ("▁", 2, 2), ("<unk>", 2, 3)]),
        # One character that stands for three, at the start, after a space, before a letter.
        ("½", [("▁1", 0, 1), ("<unk>", 0, 1)]),
        ("a ½", [("▁a", 0, 1), ("▁1", 2, 3), ("<unk>", 2, 3)]),
        ("⑤a", [("▁5", 0, 1), ("a", 1, 2)]),
        # A comma is split off digits, and a character that is both cannot be divided.
        ("a 5,", [("▁a", 0, 1), ("▁5", 2, 3), (",", 3, 4)]),
        ("a\u3000\uff15\uff0c", [("▁a", 0, 1), ("▁5", 2, 3), (",", 3, 4)]),
        ("🄆", [("▁5", 0, 1), (",", 0, 1)]),
    ],
)
def test_spans_by_hand(by_hand, text, expected):
    encoding = by_hand.encode(text)
    found = [
        (by_hand.id_to_piece(index), begin, end)
        for index, (begin, end) in zip(encoding.ids, encoding.offsets, strict=True)
    ]
    assert found == expected
    assert_graph_equals_python(by_hand, [text])


@settings(max_examples=60)
@given(texts=st.lists(st.text(), min_size=1, max_size=6))
def test_any_text_has_the_same_spans_in_python_and_in_a_graph(tokenizer, texts):
    assert_graph_equals_python(tokenizer, texts)


# Marks, characters that stand for several, white space of all kinds, other scripts.
HARD = "aé\u0301½ﷺ㎏⑽🄆5,. \t\u3000\u2028Σςİß각ขั้京😀\u200d'-\u00a8"


@settings(max_examples=100)
@given(text=st.text(HARD))
def test_spans_lie_in_order_and_cover_what_is_kept(tokenizer, text):
    offsets = tokenizer.encode(text).offsets
    assert all(0 <= begin <= end <= len(text) for begin, end in offsets)
    for (begin, end), (next_begin, next_end) in itertools.pairwise(offsets):
        assert begin <= next_begin
        assert end <= next_end
        # Two tokens share one character at most, and only one that stands for several.
        assert end - next_begin <= 1
    covered = {index for begin, end in offsets for index in range(begin, end)}
    marks = {"\u0301", "\u0e31", "\u0e49"}
    for index, character in enumerate(text):
        if not character.isspace() and character not in marks | {"\u00a8"}:
            assert index in covered, (text, index, offsets)
    assert_graph_equals_python(tokenizer, [text])


def test_every_line_of_the_data_is_the_same_in_python_and_in_a_graph(data_folder):
    released = AlbertTokenizer(data_folder / "spiece.model")
    paths = [*data_folder.glob("wiki/*.txt"), *data_folder.glob("glue/*/*.tsv")]
    assert len(paths) == 10
    for path in paths:
        lines = path.read_text(encoding="utf-8").split("\n")
        for start in range(0, len(lines), 10_000):
            assert_graph_equals_python(released, lines[start : start + 10_000])


def test_offsets_stay_in_a_saved_module(tokenizer, tmp_path):
    module = tf.Module()
    module.tokenizer = tokenizer
    module.call = tf.function(
        tokenizer.tokenize_with_offsets, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path / "module"))
    loaded = tf.saved_model.load(str(tmp_path / "module"))
    text = "A ½ of 5, é"
    _, begins, ends = loaded.call(tf.constant([text]))
    spans = in_characters(text, np.stack([begins[0], ends[0]], axis=1).tolist())
    assert spans == tokenizer.encode(text).offsets
