"""Windows in a graph, held against those that Python cuts."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.hub.context_windows import first_largest, windows_of_batch
from tf_albert.tasks.squad_windows import TokenizedContext, best_windows, windows_of

SIZES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 70)), max_size=5)


def in_graph(sizes, sequence_length, stride):
    questions, contexts = (tf.constant(column, tf.int64) for column in zip(*sizes, strict=True))
    return windows_of_batch(questions, contexts, sequence_length, stride)


@given(sizes=SIZES.filter(bool), sequence_length=st.integers(13, 40), stride=st.integers(1, 30))
def test_windows_are_those_of_python(sizes, sequence_length, stride):
    found = in_graph(sizes, sequence_length, stride)
    rows, best, start = [], [], 0
    for number, (question_size, context_size) in enumerate(sizes):
        context = TokenizedContext([0] * context_size, [(0, 1)] * context_size)
        windows = windows_of([0] * question_size, context, sequence_length, stride)
        best += (best_windows(windows) + len(rows)).tolist()
        rows += [(number, one.first + start, one.num_tokens, one.shift - start) for one in windows]
        start += context_size
    columns = found.contexts, found.firsts, found.sizes, found.shifts
    assert np.stack(columns, axis=1).tolist() == [list(row) for row in rows]
    assert found.numbers.numpy().tolist() == list(range(len(rows)))
    assert found.best.numpy().tolist() == [*best, -1]


def test_places_become_tokens_of_all_contexts():
    # Rows of 9 with 6 tokens of context behind a question of 0 tokens, 3 behind one of 3.
    found = in_graph([(0, 5), (3, 4)], sequence_length=9, stride=2)
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


def test_no_context_has_no_window():
    nothing = tf.constant([], tf.int64)
    found = windows_of_batch(nothing, nothing, 13, 4)
    assert found.numbers.shape == (0,)
    assert found.best.numpy().tolist() == [-1]


def test_question_without_room_is_told():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"no room .* in rows of 11 tokens"):
        in_graph([(1, 20), (8, 20)], sequence_length=11, stride=2)


def test_first_of_the_largest():
    values, groups = tf.constant([1.0, 5.0, 2.0, 5.0, 2.0]), tf.constant([0, 1, 0, 1, 0], tf.int64)
    assert first_largest(values, groups, tf.constant(2, tf.int64)).numpy().tolist() == [2, 1]
