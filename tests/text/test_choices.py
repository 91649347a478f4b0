"""Questions with choices in their gaps."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tf_albert import AlbertPreprocessor
from tf_albert.tasks.multiple_choice.data import Choice, choice_texts
from tf_albert.text.choices import choice_inputs, with_choices

TEXTS = st.text(st.sampled_from("aé_東 \x00\n"), max_size=9)


def with_choice(question, choice):
    """Returns a question with a choice as Python's own strings join them."""
    return question.replace("_", choice) if "_" in question else f"{question} {choice}"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who wrote _ , _ ?", "Who wrote a _ b , a _ b ?"),
        ("_", "a _ b"),
        ("What?", "What? a _ b"),
        ("", " a _ b"),
    ],
)
def test_choice_stands_in_the_gaps_or_behind_the_question(question, expected):
    found = with_choices(tf.constant([question]), tf.constant([["a _ b"]]))
    assert found.numpy().tolist() == [[expected.encode()]]


@given(rows=st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=3, max_size=3)), min_size=1))
def test_any_choices_are_joined_as_in_python(rows):
    questions, choices = zip(*rows, strict=True)
    found = with_choices(tf.constant(questions), tf.constant(choices))
    assert found.numpy().tolist() == [
        [with_choice(question, choice).encode() for choice in options] for question, options in rows
    ]


def test_rows_hold_the_context_and_the_question_with_each_choice(tokenizer):
    preprocessor = AlbertPreprocessor(tokenizer, 21)
    choices = [
        Choice("a", "the list is fine", "the _ of it", ("list", "object", "a"), 0),
        Choice("b", "it is", "what?", ("list", "object", "a"), 2),
    ]
    inputs = choice_inputs(preprocessor, *choice_texts(choices))
    for row, choice in enumerate(choices):
        texts = [with_choice(choice.question, option) for option in choice.options]
        for name, value in preprocessor(([choice.passage] * 3, texts)).items():
            np.testing.assert_array_equal(inputs[name][row], value, err_msg=name)
