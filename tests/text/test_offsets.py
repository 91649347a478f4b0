import functools
import re

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import sentencepiece_model_pb2

from tests.helpers import write_vocabulary
from tests.text.original import preprocess_text
from tf_albert import AlbertTokenizer
from tf_albert.text.letter_spans import letters_model


def in_characters(text, spans):
    """Returns spans of bytes as spans of characters."""
    if text.isascii():
        return list(spans)
    content = text.encode()
    return [(len(content[:begin].decode()), len(content[:end].decode())) for begin, end in spans]


@functools.cache
def in_graph(tokenizer):
    signature = [tf.TensorSpec([None], tf.string)]
    return tf.function(tokenizer.tokenize_with_offsets, input_signature=signature)


def graph_encodings(tokenizer, texts):
    """Returns ids and spans, in characters, of each text, from a graph."""
    ids, begins, ends = in_graph(tokenizer)(tf.constant(texts))
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
        # A mark that is dropped belongs to no token: after a letter, before one, by itself.
        ("a\u0301 a", [("▁a", 0, 1), ("▁a", 3, 4)]),
        ("\u0301a a", [("▁a", 1, 2), ("▁a", 3, 4)]),
        ("\u0301 \u0301 a\u0301\u0301", [("▁a", 4, 5)]),
        # U+00A8 is a space and a mark: white space before a word.
        ("a\u00a8a", [("▁a", 0, 1), ("▁a", 2, 3)]),
        # A `▁` by itself: from nothing, and from a space.
        ("京", [("▁", 0, 0), ("<unk>", 0, 1)]),
        ("a 京", [("▁a", 0, 1), ("▁", 2, 2), ("<unk>", 2, 3)]),
        ("\u0301 京", [("▁", 2, 2), ("<unk>", 2, 3)]),
        # One character that stands for three, at the start, after a space, before a letter.
        ("½", [("▁1", 0, 1), ("<unk>", 0, 1)]),
        ("a ½", [("▁a", 0, 1), ("▁1", 2, 3), ("<unk>", 2, 3)]),
        ("⑤a", [("▁5", 0, 1), ("a", 1, 2)]),
        # Two unknown ones are one token, which ends within the second; U+33C2 is "am".
        ("⁄½a", [("▁", 0, 0), ("<unk>", 0, 1), ("1", 1, 2), ("<unk>", 1, 2), ("a", 2, 3)]),
        ("京\u33c2", [("▁", 0, 0), ("<unk>", 0, 1), ("a", 1, 2), ("<unk>", 1, 2)]),
        # A comma is split off digits, and a character that is both cannot be divided.
        ("a 5,", [("▁a", 0, 1), ("▁5", 2, 3), (",", 3, 4)]),
        ("5\u0308,", [("▁5", 0, 1), (",", 2, 3)]),
        ("5,\u0308a", [("▁5", 0, 1), (",", 1, 2), ("a", 3, 4)]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10½", [("▁101", 0, 3), ("⁄", 2, 3), ("2", 2, 3)]),
        ("1½", [("▁11", 0, 2), ("⁄", 1, 2), ("2", 1, 2)]),
        ("12¼", [("▁", 0, 0), ("121", 0, 3), ("⁄", 2, 3), ("4", 2, 3)]),
        ("²½", [("▁21", 0, 2), ("⁄", 1, 2), ("2", 1, 2)]),
        ("aⅧ", [("▁", 0, 0), ("avi", 0, 2), ("ii", 1, 2)]),
        ("T℡", [("▁", 0, 0), ("t", 0, 1), ("tel", 1, 2)]),
        ("½", [("▁1", 0, 1), ("⁄", 0, 1), ("2", 0, 1)]),
        # A space within one character.
        ("a ﷻ", [("▁a", 0, 1), ("▁", 2, 2), ("جل", 2, 3), ("▁", 2, 3), ("جلاله", 2, 3)]),
        # Three letters of which SentencePiece makes one, and the mark after them.
        ("\u1100\u1161\u11a8\u0301", [("▁", 0, 0), ("\uac01", 0, 3)]),
        ("\u0301word", [("▁word", 1, 5)]),
        ("5\u0308,", [("▁5", 0, 1), (",", 2, 3)]),
        # SentencePiece's own map makes a space of U+200B, and nothing of a control character.
        ("a\u200bb", [("▁a", 0, 1), ("▁b", 2, 3)]),
        ("\x07word\x07", [("▁word", 1, 5)]),
    ],
)
def test_spans_of_the_released_vocabulary(released, text, expected):
    encoding = released.encode(text)
    pairs = zip(encoding.pieces, encoding.offsets, strict=True)
    assert [(piece, *span) for piece, span in pairs] == expected
    assert_graph_equals_python(released, [text])


@pytest.fixture(scope="module")
def released(data_folder):
    return AlbertTokenizer(data_folder / "spiece.model")


def test_a_symbol_of_the_vocabulary_is_one_character(tmp_path):
    path = write_vocabulary(tmp_path / "spiece.model", {"▁": -9, "a": -3, "2": -3, "½a": -3})
    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
    proto.pieces[-1].type = proto.SentencePiece.USER_DEFINED
    path.write_bytes(proto.SerializeToString())
    tokenizer = AlbertTokenizer(path)
    encoding = tokenizer.encode("a½aa½")
    assert encoding.pieces == ["▁", "a", "½a", "a", "1⁄", "2"]
    assert encoding.offsets == [(0, 0), (0, 1), (1, 3), (3, 4), (4, 5), (4, 5)]
    assert_graph_equals_python(tokenizer, ["a½aa½", "a"])


# Characters that stand for several, dropped marks, white space of all kinds, digits and commas,
# other scripts, and a run of letters. None of these is composed with its neighbour.
EXPANDING = "½¼⅞²⑽🄆Ⅷ℡㎏ﷺﷻﬃĳ№…ำ"
MARKS = "\u0301\u0308\u0e31\u0e49\u064b\u093c\u20dd\x07\x00"
SPACES = " \t\u3000\u2028\u200b\u00a8\u2581"
HARD = st.text(
    st.sampled_from(EXPANDING + MARKS + SPACES)
    | st.sampled_from("0123459,,,.")
    | st.sampled_from("aéßİΣςŁ각京ขあ٣😀\u200d'-(" + "AbcdefghIJ")
)


BYTE, CONTINUING_BYTE = re.compile("<0x[0-9A-F]{2}>"), re.compile("<0x[89AB][0-9A-F]>")


@functools.cache
def own_normalizer(vocabulary):
    """Returns what normalizes by the vocabulary's own map, after Google's steps."""
    return sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))


def spans_by_characters(tokenizer, text):
    """Returns the spans of a text's pieces that follow from each character by itself."""
    own, places = own_normalizer(tokenizer.vocabulary), []
    for place, character in enumerate(text):
        normal = own.normalize(preprocess_text(character)) if not character.isspace() else ""
        places += [place] * len(normal.replace("▁", ""))
    spans, start = [], 0
    for piece in tokenizer.encode(text).pieces:
        if CONTINUING_BYTE.fullmatch(piece):
            spans.append(spans[-1])
            continue
        stop = start + (1 if BYTE.fullmatch(piece) else len(piece.replace("▁", "")))
        covered = places[start:stop]
        is_within = places[start - 1 : start] == places[start : start + 1] != []
        if not covered and is_within:
            covered = places[start : start + 1]
        spans.append((covered[0], covered[-1] + 1) if covered else (places[start],) * 2)
        start = stop
    assert start == len(places)
    return spans


@settings(max_examples=300)
@given(text=HARD)
def test_each_token_has_the_smallest_span_of_what_it_came_from(tokenizer, text):
    assert tokenizer.encode(text).offsets == spans_by_characters(tokenizer, text)
    assert_graph_equals_python(tokenizer, [text])


@settings(max_examples=100)
@given(texts=st.lists(HARD | st.text(), min_size=1, max_size=3))
def test_each_byte_of_a_character_has_the_span_of_that_character(byte_tokenizer, texts):
    for text in texts:
        assert byte_tokenizer.encode(text).offsets == spans_by_characters(byte_tokenizer, text)
    assert_graph_equals_python(byte_tokenizer, texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 京a", [("▁a", 0, 1), ("▁", 2, 2), ("<0xE4>", 2, 3), ("<0xBA>", 2, 3)]),
        ("½", [("▁", 0, 0), ("1", 0, 1), ("<0xE2>", 0, 1), ("<0x81>", 0, 1)]),
        ("éé", [("▁", 0, 0), ("<0x65>", 0, 1), ("<0x65>", 1, 2)]),
    ],
)
def test_spans_of_bytes_by_hand(tmp_path, text, expected):
    assert_spans_of_bytes(tmp_path, {"▁": -9, "▁a": -2, "a": -5, "1": -3}, text, expected)


def test_word_start_as_bytes_is_no_letter(tmp_path):
    starts = [("<0xE2>", 0, 0), ("<0x96>", 0, 0), ("<0x81>", 0, 0), ("a", 0, 1)]
    assert_spans_of_bytes(tmp_path, {"a": -2}, "a 京", starts)


def assert_spans_of_bytes(folder, pieces, text, expected):
    """Checks the first tokens of a text, by a vocabulary of some pieces and all bytes."""
    path = write_vocabulary(folder / "spiece.model", pieces)
    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
    for byte in range(256):
        proto.pieces.add(piece=f"<0x{byte:02X}>", type=proto.SentencePiece.BYTE)
    proto.trainer_spec.byte_fallback = True
    path.write_bytes(proto.SerializeToString())
    tokenizer = AlbertTokenizer(path)
    encoding = tokenizer.encode(text)
    pairs = zip(encoding.pieces, encoding.offsets, strict=True)
    assert [(piece, *span) for piece, span in pairs][: len(expected)] == expected
    assert_graph_equals_python(tokenizer, [text, text[::-1], ""])


@settings(max_examples=300)
@given(text=HARD)
def test_each_token_of_the_released_vocabulary_has_too(released, text):
    assert released.encode(text).offsets == spans_by_characters(released, text)
    assert_graph_equals_python(released, [text])


@settings(max_examples=200)
@given(text=HARD)
def test_a_span_gives_the_letters_of_its_token_and_no_end_of_it_is_idle(released, text):
    encoding = released.encode(text)
    for piece, (begin, end) in zip(encoding.pieces, encoding.offsets, strict=True):
        letters = piece.replace("▁", "")
        assert letters in normal_letters(released, text[begin:end])
        if letters:
            assert normal_letters(released, text[begin])
            assert normal_letters(released, text[end - 1])


def normal_letters(tokenizer, text):
    pieces = tokenizer.encode(text).pieces
    return "".join(pieces).replace("▁", "")


@settings(max_examples=60)
@given(texts=st.lists(HARD, min_size=1, max_size=6))
def test_texts_of_one_batch_do_not_touch_each_other(released, texts):
    assert_graph_equals_python(released, texts)


def test_lines_of_the_data_are_the_same_in_python_and_in_a_graph(released, data_folder):
    """Every fourth line: all of them, which have been compared too, take four times as long."""
    paths = [*data_folder.glob("wiki/*.txt"), *data_folder.glob("glue/*/*.tsv")]
    assert len(paths) == 10
    for path in paths:
        lines = path.read_text(encoding="utf-8").split("\n")[::4]
        for start in range(0, len(lines), 10_000):
            assert_graph_equals_python(released, lines[start : start + 10_000])


@pytest.mark.parametrize("is_used_before", [True, False])
def test_offsets_stay_in_a_saved_module(vocabulary, tmp_path, is_used_before):
    module = tf.Module()
    module.tokenizer = AlbertTokenizer(vocabulary)
    text = "A ½ of 5, é"
    if is_used_before:
        module.tokenizer.tokenize_with_offsets([text])
    module.call = in_graph(module.tokenizer)
    tf.saved_model.save(module, str(tmp_path / "module"))
    loaded = tf.saved_model.load(str(tmp_path / "module"))
    _, begins, ends = loaded.call(tf.constant([text]))
    spans = in_characters(text, np.stack([begins[0], ends[0]], axis=1).tolist())
    assert spans == module.tokenizer.encode(text).offsets


def test_a_saved_module_of_ids_alone_holds_no_model_for_offsets(vocabulary, tmp_path):
    module = tf.Module()
    module.tokenizer = AlbertTokenizer(vocabulary)
    signature = [tf.TensorSpec([None], tf.string)]
    module.call = tf.function(module.tokenizer.__call__, input_signature=signature)
    tf.saved_model.save(module, str(tmp_path / "ids"))
    module.tokenizer.tokenize_with_offsets(["a"])
    tf.saved_model.save(module, str(tmp_path / "offsets"))
    sizes = [(tmp_path / name / "saved_model.pb").stat().st_size for name in ("ids", "offsets")]
    assert sizes[0] + len(letters_model(module.tokenizer.model_proto)) < sizes[1]
