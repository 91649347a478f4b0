"""Answers out of logits: hand-made numbers, and a search through everything."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.question_answering import reference
from tf_albert.modeling.answerable_span_labeler import BEAM_SIZE
from tf_albert.tasks.question_answering.answers import (
    answers_of_windows,
    best_of_each_question,
    candidates_of_questions,
    lowest_null_scores,
    probabilities,
)
from tf_albert.tasks.question_answering.windows import windows_of_sizes

TEXT = "one two three four five six"
OFFSETS = [(0, 3), (4, 7), (8, 13), (14, 18), (19, 23), (24, 27)]
SEQUENCE_LENGTH, STRIDE = 47, 11
# Tokens of question and context; some contexts fill several rows, and one has no token.
SIZES = [(3, 100), (11, 0), (0, 44), (7, 37), (13, 61)]
LETTERS = "abcdefghijklmnopqrstuvwxyz" * 10


def windows_over(*sizes, sequence_length, stride):
    return windows_of_sizes(*np.array(sizes, np.int64).T, sequence_length, stride)


def found_in(windows, offsets, outputs):
    """Returns the `WindowAnswers` in windows over contexts with these offsets."""
    begins, ends = np.array([*offsets, (0, 0)], np.int64).T
    outputs = {name: tf.constant(values) for name, values in outputs.items()}
    return answers_of_windows(outputs, windows, begins, ends)


def candidates(text, windows, offsets, outputs):
    """Returns the answers to the only question."""
    found = found_in(windows, offsets, outputs)
    return candidates_of_questions(found, windows.questions, [text])[0]


def place_of(windows, row, token):
    return token + int(windows.shifts[row])


def logits_of(windows, length, **values):
    """Returns logits of 0 but for `start_N` and `end_N` of a token N, in every window with it."""
    shape = (len(windows.numbers), length)
    logits = {"start": np.zeros(shape, np.float32), "end": np.zeros(shape, np.float32)}
    for name, value in values.items():
        side, token = name.split("_")
        for row in range(shape[0]):
            place = place_of(windows, row, int(token))
            if int(windows.tokens_at(np.full(shape, place))[row, 0]) == int(token):
                logits[side][row, place] = value
    return {f"{side}_logits": values for side, values in logits.items()}


def test_best_answer_is_the_text_between_the_best_start_and_end():
    windows = windows_over((1, 6), sequence_length=20, stride=9)
    outputs = logits_of(windows, 20, start_1=3.0, end_3=2.0, end_4=1.5)
    first, second, *_ = candidates(TEXT, windows, OFFSETS, outputs)
    assert (first.text, first.start, first.end, first.score) == ("two three four", 4, 18, 5.0)
    assert (second.text, second.start_score, second.end_score) == ("two three four five", 3.0, 1.5)


def test_end_before_the_start_is_no_answer():
    windows = windows_over((1, 6), sequence_length=20, stride=9)
    best = candidates(TEXT, windows, OFFSETS, logits_of(windows, 20, start_4=3.0, end_1=2.9))[0]
    assert (best.text, best.score) == ("five", 3.0)


def test_question_and_padding_are_no_answers():
    windows = windows_over((1, 6), sequence_length=20, stride=9)
    outputs = logits_of(windows, 20, start_2=1.0, end_2=1.0)
    for logits in outputs.values():
        logits[0, 1] = 50.0  # the question
        logits[0, 15] = 50.0  # padding
    assert candidates(TEXT, windows, OFFSETS, outputs)[0].text == "three"


def test_token_of_two_windows_counts_where_it_has_more_context():
    windows = windows_over((1, 6), sequence_length=8, stride=2)  # room for 4: 0-3 and 2-5
    assert windows.firsts.numpy().tolist() == [0, 2]
    outputs = logits_of(windows, 8, end_3=1.0)
    start = outputs["start_logits"]
    start[0, place_of(windows, 0, 3)] = 9.0  # the last token of the first window
    start[1, place_of(windows, 1, 3)] = 2.0
    best = candidates(TEXT, windows, OFFSETS, outputs)[0]
    assert (best.text, best.score) == ("four", 3.0)


def test_equal_texts_count_once_with_the_higher_score():
    windows = windows_over((1, 3), sequence_length=12, stride=9)
    outputs = logits_of(windows, 12, start_0=1.0, end_0=1.0, start_2=2.0)
    found = candidates("red and red", windows, [(0, 3), (4, 7), (8, 11)], outputs)
    reds = [candidate for candidate in found if candidate.text == "red"]
    assert [(red.start, red.score) for red in reds] == [(0, 2.0)]


def test_context_without_a_token_has_no_answer():
    windows = windows_over((1, 0), sequence_length=9, stride=3)
    outputs = {name: np.ones((1, 9), np.float32) for name in ("start_logits", "end_logits")}
    assert candidates("", windows, [], outputs) == []
    best = best_of_each_question(found_in(windows, [], outputs), windows.questions, 1)
    assert {name: value.numpy().tolist() for name, value in best.items()} == {
        "score": [np.float32(-1e30)],
        "begin": [0],
        "end": [0],
    }


def test_token_of_minus_infinity_is_in_no_answer():
    windows = windows_over((1, 3), sequence_length=12, stride=9)
    outputs = logits_of(windows, 12, start_0=-np.inf, end_2=-np.inf)
    found = candidates("red and red", windows, [(0, 3), (4, 7), (8, 11)], outputs)
    assert [candidate.text for candidate in found] == ["and"]


def test_answers_of_a_beam_are_those_that_were_looked_at():
    """Two windows, two starts in each, two ends for each start; the numbers are by hand."""
    windows = windows_over((1, 6), sequence_length=8, stride=2)  # tokens 0-3 and 2-5
    # Of a row [CLS], the question and [SEP] are the places 0 to 2; tokens begin at 3.
    outputs = {
        "start_top_positions": np.array([[4, 6], [0, 5]]),  # two, four (here last); none, five
        "start_top_log_probs": np.array([[-1.0, -2.0], [-0.5, -3.0]], np.float32),
        "end_top_positions": np.array([[[5, 3], [6, 0]], [[4, 5], [6, 7]]]),
        "end_top_log_probs": np.array(
            [[[-0.25, -0.5], [-1.0, -2.0]], [[-1.0, -1.0], [-4.0, -5.0]]], np.float32
        ),
    }
    found = candidates(TEXT, windows, OFFSETS, outputs)
    # two-three; five-six; no end before its start; "four" has more context in the second window;
    # place 7 of the second window is [SEP].
    assert [(one.text, one.start_score, one.end_score) for one in found] == [
        ("two three", -1.0, -0.25),
        ("five six", -3.0, -4.0),
    ]


def test_answer_of_a_beam_has_thirty_tokens_at_most():
    words = [f"w{number}" for number in range(40)]
    windows = windows_over((1, 40), sequence_length=50, stride=9)
    outputs = {
        "start_top_positions": np.array([[3]]),
        "start_top_log_probs": np.array([[-1.0]], np.float32),
        "end_top_positions": np.array([[[32, 33]]]),
        "end_top_log_probs": np.array([[[-1.0, -0.5]]], np.float32),
    }
    (only,) = candidates(" ".join(words), windows, offsets_of(words), outputs)
    assert only.text.split() == words[:30]


def offsets_of(words):
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    return [(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]


def test_probabilities():
    np.testing.assert_allclose(probabilities([0.0, np.log(3.0)]), [0.25, 0.75])
    np.testing.assert_allclose(probabilities([1e4, 1e4]), [0.5, 0.5])


def test_lowest_null_score_of_each_question_counts():
    found = lowest_null_scores(tf.constant([3.0, -1.0, 2.0]), tf.constant([0, 0, 1]), 2)
    assert found.numpy().tolist() == [-1.0, 2.0]


@settings(max_examples=40)
@given(
    num_tokens=st.integers(1, 70),
    room=st.integers(1, 45),
    stride=st.integers(1, 30),
    seed=st.integers(0, 1000),
)
def test_search_finds_what_trying_everything_finds(num_tokens, room, stride, seed):
    words = [f"w{number}" for number in range(num_tokens)]
    text, offsets, length = " ".join(words), offsets_of(words), room + 5
    windows = reference.windows_of(2, num_tokens, length, stride)
    random = np.random.default_rng(seed)
    shape = (len(windows), length)
    # Few values, so that many sums are equal; some tokens are in no answer.
    outputs = {
        name: random.choice([*range(-6, 6), -np.inf], shape).astype("float32")
        for name in ("start_logits", "end_logits")
    }
    expected = reference.candidates(text, offsets, windows, outputs)
    in_graph = windows_over((2, num_tokens), sequence_length=length, stride=stride)
    assert candidates(text, in_graph, offsets, outputs) == expected


@pytest.fixture(params=range(8))
def random(request):
    return np.random.default_rng(request.param)


@pytest.fixture
def contexts(random):
    """The offsets of each context's tokens, of which each has no letter, one or two."""
    edges = [np.cumsum(random.integers(0, 3, size)).tolist() for _, size in SIZES]
    return [list(zip([0, *ends], ends, strict=False)) for ends in edges]


def assert_as_the_reference(outputs, contexts, candidates_of):
    """Asserts that all answers and the best are those of the reference, equal ones in its order."""
    windows = windows_over(*SIZES, sequence_length=SEQUENCE_LENGTH, stride=STRIDE)
    found = found_in(windows, [span for context in contexts for span in context], outputs)
    answers = candidates_of_questions(found, windows.questions, [LETTERS] * len(SIZES))
    best = best_of_each_question(found, windows.questions, len(SIZES))
    for number, (sizes, offsets) in enumerate(zip(SIZES, contexts, strict=True)):
        rows = {name: value[windows.questions.numpy() == number] for name, value in outputs.items()}
        of_context = reference.windows_of(*sizes, SEQUENCE_LENGTH, STRIDE)
        expected = candidates_of(LETTERS, offsets, of_context, rows)
        assert answers[number] == expected
        places = (expected[0].start, expected[0].end) if expected else (0, 0)
        assert (best["begin"][number], best["end"][number]) == places
        assert best["score"][number] == (expected[0].score if expected else np.float32(-1e30))


def num_windows():
    return len(windows_over(*SIZES, sequence_length=SEQUENCE_LENGTH, stride=STRIDE).numbers)


# In float32 sums of the second scales are their starts alone.
@pytest.mark.parametrize("scales", [(1, 1), (1024, 2**-17)])
def test_answers_of_all_spans(random, contexts, scales):
    shape = (num_windows(), SEQUENCE_LENGTH)
    # All below 0, lest what stands beyond the row's end go unnoticed where it is taken for 0.
    outputs = {
        name: (random.integers(-9, -3, shape) * scale).astype("float32")
        for name, scale in zip(("start_logits", "end_logits"), scales, strict=True)
    }
    assert_as_the_reference(outputs, contexts, reference.candidates)


def test_answers_of_a_beam(random, contexts):
    starts = (num_windows(), BEAM_SIZE)
    ends = (*starts, BEAM_SIZE)
    outputs = {
        "start_top_log_probs": random.integers(-3, 0, starts).astype("float32"),
        "start_top_positions": random.integers(0, SEQUENCE_LENGTH, starts, "int32"),
        "end_top_log_probs": random.integers(-3, 0, ends).astype("float32"),
        "end_top_positions": random.integers(0, SEQUENCE_LENGTH, ends, "int32"),
    }
    assert_as_the_reference(outputs, contexts, reference.candidates_of_beam)
