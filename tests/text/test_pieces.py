import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import write_vocabulary
from tf_albert.text.normalizer import normalize
from tf_albert.text.pieces import PieceTokenizer

PIECES = {"▁": -9, "▁a": -2, "a": -3, ",": -3, "▁5": -2, "5": -3, "▁5,": -1, "5,": -1} | {
    "7": -4,
    "7,": -1,
    "b": -3,
    "▁b,": -1,
}


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    path = tmp_path_factory.mktemp("by_hand") / "spiece.model"
    return PieceTokenizer(write_vocabulary(path, PIECES))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("5, a", ["▁5", ",", "▁a"]),
        ("a5,", ["▁a", "5", ","]),
        ("a7,", ["▁a", "7", ","]),
        ("a 5,5,", ["▁a", "▁5", ",", "5", ","]),
        ("b, a", ["▁b,", "▁a"]),
        ("5 a", ["▁5", "▁a"]),
    ],
)
def test_piece_of_digit_and_comma_is_split_again(by_hand, text, pieces):
    encoding = by_hand.encode(text)
    assert encoding.pieces == pieces
    assert [by_hand.id_to_piece(index) for index in encoding.ids] == pieces
    assert by_hand.encode_ids([text]) == [encoding.ids]


def test_offsets_of_a_piece_that_is_split_again(by_hand):
    assert by_hand.encode(" a 5,5,").offsets == [(1, 2), (3, 4), (4, 5), (5, 6), (6, 7)]


def test_unknown_text_has_the_id_of_the_vocabulary(tmp_path):
    special = ("[CLS]", "<pad>", "[MASK]", "<unk>", "[SEP]")
    tokenizer = PieceTokenizer(
        write_vocabulary(tmp_path / "spiece.model", {"▁a": -1, "▁": -9}, special)
    )
    assert tokenizer.special_ids == {"pad": 1, "unk": 3, "cls": 0, "sep": 4, "mask": 2}
    assert tokenizer.encode("a 日").ids == [5, 6, 3]


def test_recorded_texts_give_the_original_pieces_and_ids(data_folder):
    tokenizer = PieceTokenizer(data_folder / "spiece.model")
    lines = (data_folder / "google" / "tokens.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == 166
    for record in records:
        encoding = tokenizer.encode(record["text"])
        assert (encoding.pieces, encoding.ids) == (record["pieces"], record["ids"])
    texts = [record["text"] for record in records]
    assert tokenizer.encode_ids(texts) == [record["ids"] for record in records]


@given(text=st.text())
def test_many_at_once_are_encoded_as_one_by_one(tokenizer, text):
    encoding = tokenizer.encode(text)
    assert tokenizer.encode_ids([text, "and"]) == [encoding.ids, tokenizer.encode("and").ids]
    assert len(encoding.ids) == len(encoding.pieces) == len(encoding.offsets)


ORDINARY = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("éÅñßØ \n"))


@given(text=ORDINARY)
def test_offsets_cover_the_text_of_the_token(tokenizer, text):
    encoding = tokenizer.encode(text)
    for piece, (begin, end) in zip(encoding.pieces, encoding.offsets, strict=True):
        if piece != "▁":
            assert normalize(text[begin:end]) == piece.lstrip("▁")


@given(text=ORDINARY)
def test_offsets_cover_every_letter_in_order(tokenizer, text):
    encoding = tokenizer.encode(text)
    spans = [
        span for piece, span in zip(encoding.pieces, encoding.offsets, strict=True) if piece != "▁"
    ]
    assert [place for span in spans for place in range(*span)] == [
        place for place, character in enumerate(text) if not character.isspace()
    ]


@given(text=st.text())
def test_offsets_lie_within_any_text(tokenizer, text):
    offsets = tokenizer.encode(text).offsets
    assert all(0 <= begin <= end <= len(text) for begin, end in offsets)
    assert offsets == sorted(offsets)


def test_characters_that_become_several_are_covered_by_each_token(by_hand):
    # U+1F106 is "5," in one character.
    encoding = by_hand.encode("a \U0001f106 a")
    assert encoding.pieces == ["▁a", "▁5", ",", "▁a"]
    assert encoding.offsets == [(0, 1), (2, 3), (2, 3), (4, 5)]


def test_decoding_returns_the_normalized_text(tokenizer):
    text = "The  Python Language: 3 versions."
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids) == "the python language: 3 versions."
    special = tokenizer.special_ids
    framed = [special["cls"], *ids, special["sep"], special["pad"], special["mask"]]
    assert tokenizer.decode(np.array(framed)) == "the python language: 3 versions."
    assert tokenizer.decode([]) == ""


def test_nothing_becomes_no_tokens(tokenizer):
    assert tokenizer.encode("").ids == tokenizer.encode(" \n").ids == []
    assert tokenizer.encode_ids([]) == []


def test_words_start_where_google_says(by_hand):
    starts = {by_hand.id_to_piece(i): s for i, s in enumerate(by_hand.word_starts().tolist())}
    assert {piece for piece, start in starts.items() if start} == {
        *("<pad>", "<unk>", "▁", "▁a", ",", "▁5", "5", "▁5,", "5,", "7", "7,", "▁b,")
    }


def test_bytes_of_a_character_are_one_word(byte_tokenizer):
    starts = byte_tokenizer.word_starts().astype(int).tolist()
    text = "東 é😀"
    words = "".join("|" * starts[index] + "." for index in byte_tokenizer.encode(text).ids)
    # "é" becomes "e", which continues its `▁`; the others are a word each, of three bytes and four.
    assert words == "|.|...|..|...."
    byte = {byte_tokenizer.id_to_piece(index): index for index in range(byte_tokenizer.vocab_size)}
    assert [starts[byte[f"<0x{ord(character):02X}>"]] for character in "zZ7,~"] == [0, 0, 1, 1, 1]


def test_special_ids_are_no_text(by_hand):
    assert np.flatnonzero(by_hand.special_mask()).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("lower_case", [True, False])
def test_saved_tokenizer_returns(vocabulary, tmp_path, lower_case):
    PieceTokenizer(vocabulary, lower_case).save_pretrained(tmp_path)
    loaded = PieceTokenizer.from_pretrained(tmp_path)
    assert loaded.lower_case is lower_case
    pieces = loaded.encode("The Language").pieces
    assert pieces == PieceTokenizer(vocabulary, lower_case).encode("The Language").pieces
    assert ("▁the" in pieces) is lower_case


def test_tokenizer_may_be_saved_where_it_lies(vocabulary, tmp_path):
    PieceTokenizer(vocabulary).save_pretrained(tmp_path)
    PieceTokenizer(tmp_path / "spiece.model").save_pretrained(tmp_path)
    assert (tmp_path / "spiece.model").read_bytes() == vocabulary.read_bytes()


def test_missing_vocabulary_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"spiece\.model does not exist\. Expected a SentencePiece model; "
        r"`tf-albert vocab` trains one\.",
    ):
        PieceTokenizer(tmp_path / "spiece.model")


@pytest.mark.parametrize("content", [b"", b"no model", bytes(range(256))], ids=len)
def test_file_that_is_no_vocabulary_is_named(tmp_path, content):
    (tmp_path / "spiece.model").write_bytes(content)
    with pytest.raises(ValueError, match=r"spiece\.model is no SentencePiece model\."):
        PieceTokenizer(tmp_path / "spiece.model")


def test_half_a_vocabulary_is_named(vocabulary, tmp_path):
    (tmp_path / "spiece.model").write_bytes(vocabulary.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=r"spiece\.model is no SentencePiece model\."):
        PieceTokenizer(tmp_path / "spiece.model")


def test_missing_special_pieces_are_named(tmp_path):
    path = write_vocabulary(tmp_path / "spiece.model", PIECES, ("<pad>", "<unk>", "[CLS]", "[SEP]"))
    with pytest.raises(ValueError, match=r"lacks the special pieces \[MASK\]\. Train a vocabulary"):
        PieceTokenizer(path)


def test_missing_settings_are_named(vocabulary, tmp_path):
    PieceTokenizer(vocabulary).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no tokenizer_config\.json, so whether text"):
        PieceTokenizer.from_pretrained(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "{}", "1", '{"lower_case": "no"}'])
def test_broken_settings_are_named(vocabulary, tmp_path, content):
    PieceTokenizer(vocabulary).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(content)
    with pytest.raises(ValueError, match=r"tokenizer_config\.json must hold \{.lower_case.: true"):
        PieceTokenizer.from_pretrained(tmp_path)
