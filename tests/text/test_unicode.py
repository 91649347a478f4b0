"""All of Unicode, in a graph and by Google's steps; what differs is a table in the docs."""

import doctest
import re
import shutil
import unicodedata

import pytest
import sentencepiece
import tensorflow as tf
from sentencepiece import sentencepiece_model_pb2

from tests.helpers import REPOSITORY
from tests.text.original import encode_pieces, preprocess_text
from tf_albert import AlbertTokenizer

# Alone, after a space, between letters, after a mark, at the end of a word and of the text.
CONTEXT = "{0} {0} a{0}b a\u0301{0} ab{0}"
BATCH = 20_000
# The parts of the table: blocks by their first and last code points; the rest is "all others".
BLOCKS = {
    "Latin": [(0x0000, 0x024F), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)],
    "marks (U+0300–036F)": [(0x0300, 0x036F)],
    "Greek": [(0x0370, 0x03FF), (0x1F00, 0x1FFF)],
    "Cyrillic": [(0x0400, 0x052F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)],
    "Arabic": [(0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFEFF)],
    "Hebrew": [(0x0590, 0x05FF), (0xFB1D, 0xFB4F)],
    "Devanagari": [(0x0900, 0x097F), (0xA8E0, 0xA8FF)],
    "Thai": [(0x0E00, 0x0E7F)],
    "Hangul": [(0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)],
    "CJK": [(0x2E80, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F)],
    "half and full width": [(0xFF00, 0xFFEF)],
    "CJK, planes 2 and 3": [(0x20000, 0x3FFFF)],
}
OTHERS = "all others"


def assigned():
    """Returns every character to which Unicode gives a meaning."""
    characters = map(chr, range(0x110000))
    return [c for c in characters if unicodedata.category(c) not in ("Cn", "Cs", "Co")]


def block_of(character):
    for name, ranges in BLOCKS.items():
        if any(first <= ord(character) <= last for first, last in ranges):
            return name
    return OTHERS


@pytest.fixture(scope="module")
def model_proto(request, tmp_path_factory):
    """A vocabulary that has a piece for each character, so that no difference hides in `<unk>`."""
    path = (
        request.getfixturevalue("vocabulary")
        if request.param == "trained"
        else request.getfixturevalue("data_folder") / "spiece.model"
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
    known = {piece.piece for piece in proto.pieces}
    processor = sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
    normal = (
        processor.normalize(preprocess_text(c, lower)) for c in assigned() for lower in (0, 1)
    )
    # SentencePiece cannot hold a piece of a NUL.
    for character in sorted(set("".join(normal)) - known - {"\0", " "}):
        proto.pieces.add(piece=character, score=-20)
    return proto.SerializeToString()


def differences(model_proto, lower_case, folder):
    """Returns the characters that a graph, and Google's steps, treat otherwise than Python."""
    path = folder / "spiece.model"
    path.write_bytes(model_proto)
    tokenizer = AlbertTokenizer(path, lower_case=lower_case)
    original = sentencepiece.SentencePieceProcessor(model_proto=model_proto)
    in_graph = tf.function(tokenizer.tokenize_with_offsets)
    from_graph, from_original = [], []
    characters = assigned()
    for start in range(0, len(characters), BATCH):
        part = characters[start : start + BATCH]
        texts = [CONTEXT.format(character) for character in part]
        rows = zip(*(rows.to_list() for rows in in_graph(tf.constant(texts))), strict=True)
        for character, text, (ids, begins, ends) in zip(part, texts, rows, strict=True):
            encoding = tokenizer.encode(text)
            spans = in_bytes(text, encoding.offsets)
            if (encoding.ids, spans) != (ids, list(zip(begins, ends, strict=True))):
                from_graph.append(character)
            if encoding.pieces != encode_pieces(original, preprocess_text(text, lower_case)):
                from_original.append(character)
    return from_graph, from_original


def in_bytes(text, spans):
    """Returns spans of characters as spans of bytes."""
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    return [(places[begin], places[end]) for begin, end in spans]


def table():
    """Returns the rows of the table in the docs: a dict of block to its two other cells."""
    page = (REPOSITORY / "docs" / "tokenization.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    return {block: (graph, original) for block, graph, original in rows if block != "block"}


def cell(characters):
    return ", ".join(f"{c} (U+{ord(c):04X})" for c in characters) or "none"


# Casing comes before the vocabulary: without it, one vocabulary is enough.
@pytest.mark.parametrize(
    ("model_proto", "lower_case"),
    [("trained", True), ("released", True), ("released", False)],
    indirect=["model_proto"],
)
def test_table_of_the_docs_is_what_all_of_unicode_gives(model_proto, lower_case, tmp_path):
    from_graph, from_original = differences(model_proto, lower_case, tmp_path)
    if not lower_case:
        assert (from_graph, from_original) == ([], [])
        return
    blocks = [*BLOCKS, OTHERS]
    found = {
        block: tuple(
            cell([character for character in characters if block_of(character) == block])
            for characters in (from_graph, from_original)
        )
        for block in blocks
    }
    assert table() == found


def test_examples_of_the_docs_run(data_folder, tmp_path, monkeypatch):
    shutil.copy(data_folder / "spiece.model", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = str(REPOSITORY / "docs" / "tokenization.md")
    results = doctest.testfile(page, module_relative=False, encoding="utf-8")
    assert results.failed == 0
    assert results.attempted > 0


@pytest.mark.parametrize(
    ("text", "ours", "googles"),
    [
        ("\u039f\u03a3", "\u03bf\u03c3", "\u03bf\u03c2"),
        # Two compatibility letters; a final letter after a whole syllable.
        ("\u3145\u3163", "\u1109\u1175", "\uc2dc"),
        ("\uac00\u11a8", "\uac00\u11a8", "\uac01"),
        # The conjoining letters of a syllable, which are the same.
        ("\u1100\u1161\u11a8", "\uac01", "\uac01"),
    ],
)
def test_sequences_of_the_docs_differ_as_they_say(vocabulary, tokenizer, text, ours, googles):
    original = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))
    assert tokenizer.encode(text).pieces == ["▁", ours]
    assert encode_pieces(original, preprocess_text(text)) == ["▁", googles]
