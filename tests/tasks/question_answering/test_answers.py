"""Answers out of logits: hand-made numbers, and a search through everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_albert.tasks.squad_answers import (
    MOST_ANSWER_TOKENS,
    MOST_ANSWERS,
    candidates,
    candidates_of_beam,
    probabilities,
)
from tf_albert.tasks.squad_windows import TokenizedContext, windows_of

TEXT = "one two three four five six"
OFFSETS = [(0, 3), (4, 7), (8, 13), (14, 18), (19, 23), (24, 27)]


def logits_of(windows, length, **values):
    """Returns logits of 0 but for `start_N` and `end_N` of a token N, in every window with it."""
    logits = {"start": np.zeros((len(windows), length)), "end": np.zeros((len(windows), length))}
    for name, value in values.items():
        side, token = name.split("_")
        for row, window in enumerate(windows):
            places = window.places_of((int(token), int(token)))
            if places:
                logits[side][row, places[0]] = value
    return {f"{side}_logits": values for side, values in logits.items()}


def test_best_answer_is_the_text_between_the_best_start_and_end():
    context = TokenizedContext([11, 12, 13, 14, 15, 16], OFFSETS)
    windows = windows_of([7], context, sequence_length=20, stride=9)
    first, second, *_ = candidates(
        TEXT, windows, logits_of(windows, 20, start_1=3.0, end_3=2.0, end_4=1.5)
    )
    assert (first.text, first.start, first.end, first.score) == ("two three four", 4, 18, 5.0)
    assert (second.text, second.start_score, second.end_score) == ("two three four five", 3.0, 1.5)


def test_end_before_the_start_is_no_answer():
    context = TokenizedContext([11, 12, 13, 14, 15, 16], OFFSETS)
    windows = windows_of([7], context, sequence_length=20, stride=9)
    best = candidates(TEXT, windows, logits_of(windows, 20, start_4=3.0, end_1=2.9))[0]
    assert (best.text, best.score) == ("five", 3.0)


def test_question_and_padding_are_no_answers():
    context = TokenizedContext([11, 12, 13, 14, 15, 16], OFFSETS)
    windows = windows_of([7], context, sequence_length=20, stride=9)
    outputs = logits_of(windows, 20, start_2=1.0, end_2=1.0)
    for logits in outputs.values():
        logits[0, 1] = 50.0  # the question
        logits[0, 15] = 50.0  # padding
    assert candidates(TEXT, windows, outputs)[0].text == "three"


def test_token_of_two_windows_counts_where_it_has_more_context():
    context = TokenizedContext([11, 12, 13, 14, 15, 16], OFFSETS)
    windows = windows_of([7], context, sequence_length=8, stride=2)  # room for 4: 0-3 and 2-5
    assert [(window.first, window.num_tokens) for window in windows] == [(0, 4), (2, 4)]
    outputs = logits_of(windows, 8, end_3=1.0)
    start = outputs["start_logits"]
    start[0, windows[0].places_of((3, 3))[0]] = 9.0  # the last token of the first window
    start[1, windows[1].places_of((3, 3))[0]] = 2.0
    best = candidates(TEXT, windows, outputs)[0]
    assert (best.text, best.score) == ("four", 3.0)


def test_equal_texts_count_once_with_the_higher_score():
    context = TokenizedContext([11, 12, 11], [(0, 3), (4, 7), (8, 11)])
    windows = windows_of([7], context, sequence_length=12, stride=9)
    found = candidates(
        "red and red", windows, logits_of(windows, 12, start_0=1.0, end_0=1.0, start_2=2.0)
    )
    reds = [candidate for candidate in found if candidate.text == "red"]
    assert [(red.start, red.score) for red in reds] == [(0, 2.0)]


def test_context_without_a_token_has_no_answer():
    windows = windows_of([7], TokenizedContext([], []), sequence_length=9, stride=3)
    outputs = {name: np.ones((1, 9)) for name in ("start_logits", "end_logits")}
    assert candidates("", windows, outputs) == []


def test_answers_of_a_beam_are_those_that_were_looked_at():
    """Two windows, two starts in each, two ends for each start; the numbers are by hand."""
    context = TokenizedContext([11, 12, 13, 14, 15, 16], OFFSETS)
    windows = windows_of([7], context, sequence_length=8, stride=2)  # tokens 0-3 and 2-5
    # Of a row [CLS], the question and [SEP] are the places 0 to 2; tokens begin at 3.
    outputs = {
        "start_top_positions": np.array([[4, 6], [0, 5]]),  # two, four (here last); none, five
        "start_top_log_probs": np.array([[-1.0, -2.0], [-0.5, -3.0]]),
        "end_top_positions": np.array([[[5, 3], [6, 0]], [[4, 5], [6, 7]]]),
        "end_top_log_probs": np.array(
            [[[-0.25, -0.5], [-1.0, -2.0]], [[-1.0, -1.0], [-4.0, -5.0]]]
        ),
    }
    found = candidates_of_beam(TEXT, windows, outputs)
    # two-three; five-six; no end before its start; "four" has more context in the second window;
    # place 7 of the second window is [SEP].
    assert [(one.text, one.start_score, one.end_score) for one in found] == [
        ("two three", -1.0, -0.25),
        ("five six", -3.0, -4.0),
    ]


def test_answer_of_a_beam_has_thirty_tokens_at_most():
    words = [f"w{number}" for number in range(40)]
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    offsets = [(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]
    windows = windows_of([7], TokenizedContext([9] * 40, offsets), sequence_length=50, stride=9)
    outputs = {
        "start_top_positions": np.array([[3]]),
        "start_top_log_probs": np.array([[-1.0]]),
        "end_top_positions": np.array([[[32, 33]]]),
        "end_top_log_probs": np.array([[[-1.0, -0.5]]]),
    }
    (only,) = candidates_of_beam(" ".join(words), windows, outputs)
    assert only.text.split() == words[:30]


def test_probabilities():
    np.testing.assert_allclose(probabilities([0.0, np.log(3.0)]), [0.25, 0.75])
    np.testing.assert_allclose(probabilities([1e4, 1e4]), [0.5, 0.5])


@settings(max_examples=40)
@given(
    num_tokens=st.integers(1, 70),
    room=st.integers(1, 45),
    stride=st.integers(1, 30),
    seed=st.integers(0, 1000),
)
def test_search_finds_what_trying_everything_finds(num_tokens, room, stride, seed):
    words = [f"w{number}" for number in range(num_tokens)]
    text = " ".join(words)
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    offsets = [(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]
    windows = windows_of([7, 8], TokenizedContext([9] * num_tokens, offsets), room + 5, stride)
    random = np.random.default_rng(seed)
    start, end = random.normal(size=(2, len(windows), room + 5))
    expected = {}
    for first in range(num_tokens):
        sides = [
            (min(first - w.first, w.first + w.num_tokens - 1 - first) + 0.01 * w.num_tokens, -row)
            if w.places_of((first, first))
            else (-1.0, -row)
            for row, w in enumerate(windows)
        ]
        row = -max(sides)[1]
        for last in range(first, min(first + MOST_ANSWER_TOKENS, num_tokens)):
            if places := windows[row].places_of((first, last)):
                answer = " ".join(words[first : last + 1])
                expected[answer] = start[row, places[0]] + end[row, places[1]]
    found = candidates(text, windows, {"start_logits": start, "end_logits": end})
    best = sorted(expected.values(), reverse=True)[:MOST_ANSWERS]
    np.testing.assert_allclose([candidate.score for candidate in found], best)
    assert all(expected[c.text] == pytest.approx(c.score) for c in found)
    assert all(text[c.start : c.end] == c.text for c in found)
