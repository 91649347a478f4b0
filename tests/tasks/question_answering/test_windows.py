"""Windows over contexts, and the places of answers in them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.question_answering.reference import best_window, row_of, span_of, windows_of
from tf_albert.tasks.question_answering.windows import (
    cut_windows,
    first_largest,
    windows_of_sizes,
)

SPECIAL = {"pad": 0, "cls": 2, "sep": 3}
SIZES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 70)), max_size=5)
# "an old|er man" with "older" in two pieces.
OFFSETS = [(0, 2), (3, 6), (6, 8), (9, 12)]


def of_sizes(sizes, sequence_length, stride):
    questions, contexts = (tf.constant(column, tf.int64) for column in zip(*sizes, strict=True))
    return windows_of_sizes(questions, contexts, sequence_length, stride)


def read(questions, contexts, sequence_length, stride):
    """Returns `TokenizedQuestions` of lists of ids, and of lists of (id, begin, end)."""
    columns = [[[token[part] for token in row] for row in contexts] for part in range(3)]
    dtypes = (tf.int32, tf.int64, tf.int64)
    tokens = [
        tf.ragged.constant(column, dtype, ragged_rank=1, row_splits_dtype=tf.int64)
        for column, dtype in zip(columns, dtypes, strict=True)
    ]
    ids = tf.ragged.constant(questions, tf.int32, ragged_rank=1, row_splits_dtype=tf.int64)
    return cut_windows(ids, tokens, sequence_length, stride)


def tokens_of(offsets):
    return [(10 + number, *span) for number, span in enumerate(offsets)]


def places_of(found, *parts):
    starts, stops = (tf.constant(column, tf.int64) for column in zip(*parts, strict=True))
    return found.places_of_parts(starts, stops).numpy().tolist()


@given(sizes=SIZES.filter(bool), sequence_length=st.integers(13, 40), stride=st.integers(1, 30))
def test_windows_are_those_of_the_reference(sizes, sequence_length, stride):
    found = of_sizes(sizes, sequence_length, stride)
    rows, best, start = [], [], 0
    for number, (question_size, context_size) in enumerate(sizes):
        windows = windows_of(question_size, context_size, sequence_length, stride)
        best += [best_window(windows, token) + len(rows) for token in range(context_size)]
        rows += [(number, one.first + start, one.num_tokens, one.shift - start) for one in windows]
        start += context_size
    columns = found.questions, found.firsts, found.sizes, found.shifts
    assert np.stack(columns, axis=1).tolist() == [list(row) for row in rows]
    assert found.numbers.numpy().tolist() == list(range(len(rows)))
    assert found.best.numpy().tolist() == [*best, -1]


@given(
    num_tokens=st.integers(0, 60),
    question=st.integers(0, 9),
    room=st.integers(1, 17),
    stride=st.integers(1, 25),
)
def test_every_token_is_in_a_window_and_best_in_one(num_tokens, question, room, stride):
    found = of_sizes([(question, num_tokens)], question + room + 3, stride)
    firsts, ends = found.firsts.numpy(), (found.firsts + found.sizes).numpy()
    for token, best in enumerate(found.best.numpy()[:-1]):
        assert firsts[best] <= token < ends[best]
    assert (ends - firsts <= room).all()
    assert ends[-1] == num_tokens
    assert (ends[:-1] < num_tokens).all()


def test_places_become_tokens_of_all_contexts():
    # Rows of 9 with 6 tokens of context behind a question of 0 tokens, 3 behind one of 3.
    found = of_sizes([(0, 5), (3, 4)], sequence_length=9, stride=2)
    assert found.sizes.numpy().tolist() == [5, 3, 2]
    expected = [
        [9, 9, 0, 1, 2, 3, 4, 9, 9],
        [9, 9, 9, 9, 9, 5, 6, 7, 9],
        [9, 9, 9, 9, 9, 7, 8, 9, 9],
    ]
    assert found.tokens_at(tf.range(9)[None]).numpy().tolist() == expected
    last = found.part(2, 2)
    assert last.tokens_at(tf.constant([[6, 0]])).numpy().tolist() == [[8, 9]]
    # Of both windows that have token 7 the first has as much around it and is longer.
    tokens = tf.constant([[7, 8, 9]], tf.int64)
    assert found.have_most_around(tokens).numpy().tolist() == [
        [False, False, False],
        [True, False, False],
        [False, True, False],
    ]


def test_rows_and_places():
    context = [(20 + number, 3 * number, 3 * number + 2) for number in range(10)]
    found = read([[7, 8]], [context], sequence_length=10, stride=3)  # room for 5 tokens
    windows = found.windows
    assert windows.firsts.numpy().tolist() == [0, 3, 6]
    assert windows.sizes.numpy().tolist() == [5, 5, 4]
    inputs = found.inputs(windows, 10, SPECIAL)
    assert inputs["input_word_ids"][1].numpy().tolist() == [2, 7, 8, 3, 23, 24, 25, 26, 27, 3]
    assert inputs["input_type_ids"][1].numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert inputs["input_word_ids"][2].numpy().tolist() == [2, 7, 8, 3, 26, 27, 28, 29, 3, 0]
    assert inputs["input_mask"][2].numpy().tolist() == [1] * 9 + [0]
    # The characters 12 to 17 are the tokens 4 and 5.
    assert places_of(found, (12, 17)) == [[0, 0], [5, 6], [0, 0]]
    # Token 4 is the last of the first window, the second of the second one.
    assert windows.best.numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, -1]


@pytest.mark.parametrize(
    ("characters", "tokens"),
    [
        ((3, 8), (1, 2)),  # both ends where pieces end
        ((3, 6), (1, 1)),
        ((4, 7), (1, 2)),  # both ends inside of pieces
        ((2, 9), (1, 2)),  # spaces of no token
        ((0, 12), (0, 3)),
        ((2, 3), None),
        ((0, 0), None),
    ],
)
def test_smallest_span_of_tokens(characters, tokens):
    found = read([[7]], [tokens_of(OFFSETS)], sequence_length=20, stride=3)
    # Behind [CLS], the question and [SEP].
    expected = [tokens[0] + 3, tokens[1] + 3] if tokens else [0, 0]
    assert places_of(found, characters) == [expected]


def test_token_without_a_character_is_in_no_span():
    found = read([[7]], [tokens_of([(0, 0), (0, 3), (4, 7)])], sequence_length=20, stride=3)
    assert places_of(found, (0, 3)) == [[4, 4]]


@settings(max_examples=30)
@given(st.data())
def test_rows_and_places_of_many_are_those_of_the_reference(data):
    length, stride = data.draw(st.integers(13, 24)), data.draw(st.integers(1, 12))
    questions = data.draw(st.lists(st.lists(st.just(7), max_size=9), min_size=1, max_size=4))
    offsets, parts = [], []
    for _ in questions:
        edges = np.cumsum(data.draw(st.lists(st.integers(0, 3), max_size=40))).tolist()
        offsets.append(list(zip([0, *edges], edges, strict=False)))
        parts.append(sorted(data.draw(st.tuples(st.integers(0, 60), st.integers(0, 60)))))
    contexts = [tokens_of(some) for some in offsets]
    found = read(questions, contexts, length, stride)
    inputs = found.inputs(found.windows, length, SPECIAL)
    rows, places = [], []
    for question, context, some, part in zip(questions, contexts, offsets, parts, strict=True):
        span = span_of(some, *part) if part[0] < part[1] else None
        for window in windows_of(len(question), len(context), length, stride):
            rows.append(row_of(window, question, [token[0] for token in context], SPECIAL))
            places.append(list((span and window.places_of(*span)) or (0, 0)))
    assert places_of(found, *parts) == places
    for number, (ids, types) in enumerate(rows):
        padding = [0] * (length - len(ids))
        assert inputs["input_word_ids"][number].numpy().tolist() == ids + padding
        assert inputs["input_type_ids"][number].numpy().tolist() == types + padding
        assert inputs["input_mask"][number].numpy().tolist() == [1] * len(ids) + padding


def test_context_without_a_token():
    found = read([[7]], [[]], sequence_length=10, stride=3)
    inputs = found.inputs(found.windows, 4, SPECIAL)
    assert inputs["input_word_ids"].numpy().tolist() == [[2, 7, 3, 3]]
    assert inputs["input_type_ids"].numpy().tolist() == [[0, 0, 0, 1]]


def test_no_context_has_no_window():
    nothing = tf.constant([], tf.int64)
    found = windows_of_sizes(nothing, nothing, 13, 4)
    assert found.numbers.shape == (0,)
    assert found.best.numpy().tolist() == [-1]


def test_question_without_room_is_told():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"no room .* in rows of 11 tokens"):
        of_sizes([(1, 20), (8, 20)], sequence_length=11, stride=2)


def test_first_of_the_largest():
    values, groups = tf.constant([1.0, 5.0, 2.0, 5.0, 2.0]), tf.constant([0, 1, 0, 1, 0], tf.int64)
    assert first_largest(values, groups, tf.constant(2, tf.int64)).numpy().tolist() == [2, 1]
