"""Texts in parts and in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.data import sentences
from tf_albert.data.sentences import known_language, parts_of, split_sentences


def test_sentences_are_split_at_no_abbreviation():
    text = "Mr. Jones paid $3.50 for it. Was it good?\n\nHe said no."
    assert split_sentences(text) == [
        "Mr. Jones paid $3.50 for it.",
        "Was it good?",
        "He said no.",
    ]


@given(st.text("ab. \n。", max_size=200), st.integers(2, 9))
def test_parts_are_the_text(text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences, "PART", size)
        parts = list(parts_of(text))
    assert "".join(parts) == text
    assert all(0 < len(part) <= size for part in parts) or parts == [""]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Er kam am 3. Mai. Er ging.", ["Er kam am 3. Mai.", "Er ging."]),
        ("zh", "他来了。她走了！你呢？", ["他来了。", "她走了！", "你呢？"]),
        ("hi", "वह आया। वह गई।", ["वह आया।", "वह गई।"]),
    ],
)
def test_sentences_are_split_by_their_language(language, text, expected):
    assert split_sentences(text, language) == expected


@pytest.mark.parametrize(
    ("code", "language"), [("EN", "en"), ("zh_CN.UTF-8", "zh"), ("de-AT", "de")]
)
def test_region_of_a_language_makes_no_difference(code, language):
    assert known_language(code) == language


@pytest.mark.parametrize("code", ["", "xx", "english", "sv", "e"])
def test_language_without_rules(code):
    with pytest.raises(
        ValueError, match=rf"language '{code}' cannot be told. Known .* en, es, .* zh"
    ):
        known_language(code)
