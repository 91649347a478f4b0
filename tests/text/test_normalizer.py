import unicodedata

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.text.normalizer import normalize, read_charsmap, with_normalization


def step_by_step(text, lower_case):
    """Google's `preprocess_text`, one step after the other on the whole text."""
    text = " ".join(text.split())
    text = unicodedata.normalize("NFKD", text)
    text = "".join(character for character in text if not unicodedata.combining(character))
    if lower_case:
        text = "".join(character.lower() for character in text)
    return " ".join(text.split())


@given(text=st.text(), lower_case=st.booleans())
def test_normalization_equals_the_steps_one_after_the_other(text, lower_case):
    assert normalize(text, lower_case) == step_by_step(text, lower_case)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  two \t words\n", "two words"),
        ("Café Ångström", "cafe angstrom"),
        ("ﬁne ½ №", "fine 1⁄2 no"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ", "οδοσ"),
        ("a\u3000b\u00a0c", "a b c"),
        ("", ""),
        (" \u0301 ", ""),
    ],
)
def test_normalization_by_hand(text, normal):
    assert normalize(text) == normal


def test_case_is_kept_where_it_is_asked_for():
    assert normalize("Café", lower_case=False) == "Cafe"


@given(text=st.text())
def test_model_with_normalization_reads_raw_text(vocabulary, text):
    """The original model on normalized text, against the new model on the text as it is."""
    model = vocabulary.read_bytes()
    # SentencePiece ends a text at a zero byte.
    text = text.replace("\0", "")
    original = sentencepiece.SentencePieceProcessor(model_proto=model)
    ours = sentencepiece.SentencePieceProcessor(model_proto=with_normalization(model, True))
    assert ours.encode(text) == original.encode(step_by_step(text, True))


def test_rules_of_a_trained_model_are_read(vocabulary):
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(vocabulary.read_bytes())
    marks = {chr(code) for code in range(0x11000) if unicodedata.combining(chr(code))}
    rules = read_charsmap(proto.normalizer_spec.precompiled_charsmap, frozenset({*marks, "②"}))
    # SentencePiece's nmt_nfkc: full-width letters become ASCII, control characters vanish.
    assert (rules["Ａ"], rules["①"], rules["\x01"]) == ("A", "1", "")
    assert "②" not in rules


def test_model_without_rules_has_none():
    assert read_charsmap(b"") == {}
