"""The best spans in a graph, held against those that Python finds; many logits are equal."""

import numpy as np
import pytest
import tensorflow as tf

from tf_albert.hub.best_spans import best_of_each_context, best_of_each_window
from tf_albert.hub.context_windows import windows_of_batch
from tf_albert.modeling.answerable_span_labeler import BEAM_SIZE
from tf_albert.tasks.squad_answers import candidates, candidates_of_beam
from tf_albert.tasks.squad_windows import TokenizedContext, windows_of

SEQUENCE_LENGTH, STRIDE = 47, 11
# Tokens of question and context; some contexts fill several rows, and one has no token.
SIZES = [(3, 100), (11, 0), (0, 44), (7, 37), (13, 61)]
TEXT = "abcdefghijklmnopqrstuvwxyz" * 10


def context_of(size, random):
    """Returns a context of which each token has no letter, one or two."""
    ends = np.cumsum(random.integers(0, 3, size))
    offsets = zip([0, *ends[:-1]], ends, strict=True) if size else []
    return TokenizedContext([0] * size, [(int(begin), int(end)) for begin, end in offsets])


@pytest.fixture(params=range(8))
def random(request):
    return np.random.default_rng(request.param)


@pytest.fixture
def read(random):
    """Contexts, their windows in Python, and a function of outputs to the answers in a graph."""
    contexts = [context_of(size, random) for _, size in SIZES]
    windows = [
        windows_of([0] * size, context, SEQUENCE_LENGTH, STRIDE)
        for (size, _), context in zip(SIZES, contexts, strict=True)
    ]
    in_graph = windows_of_batch(*np.array(SIZES, np.int64).T, SEQUENCE_LENGTH, STRIDE)
    offsets = [span for context in contexts for span in context.offsets]
    begins, stops = tf.constant([*offsets, (0, 0)], tf.int64, (len(offsets) + 1, 2)).numpy().T

    def answers(outputs):
        found = best_of_each_window(outputs, in_graph, begins, stops)
        best = best_of_each_context(found, in_graph.contexts, tf.constant(len(SIZES), tf.int64))
        return [dict(zip(best, row, strict=True)) for row in zip(*best.values(), strict=True)]

    return windows, answers


def rows_of(outputs, windows):
    """Yields the outputs of each context's windows."""
    first = 0
    for some in windows:
        yield {name: value[first : first + len(some)] for name, value in outputs.items()}
        first += len(some)


def assert_best(found, best):
    begin, stop = (found["begin"], found["stop"])
    if not best:
        assert (begin, stop, found["score"]) == (0, 0, -1e30)
        return
    assert (begin, stop, found["score"]) == (best[0].start, best[0].end, best[0].score)


# In float32 sums of the second scales are their starts alone.
@pytest.mark.parametrize("scales", [(1, 1), (1024, 2**-17)])
def test_best_of_all_spans(random, read, scales):
    windows, answers = read
    shape = (sum(map(len, windows)), SEQUENCE_LENGTH)
    # All below 0, lest what stands beyond the row's end go unnoticed where it is taken for 0.
    outputs = {
        name: (random.integers(-9, -3, shape) * scale).astype("float32")
        for name, scale in zip(("start_logits", "end_logits"), scales, strict=True)
    }
    for found, some, rows in zip(answers(outputs), windows, rows_of(outputs, windows), strict=True):
        assert_best(found, candidates(TEXT, some, rows))


def test_best_of_a_beam(random, read):
    windows, answers = read
    count = sum(map(len, windows))
    starts, ends = (count, BEAM_SIZE), (count, BEAM_SIZE, BEAM_SIZE)
    outputs = {
        "start_top_log_probs": random.integers(-3, 0, starts).astype("float32"),
        "start_top_positions": random.integers(0, SEQUENCE_LENGTH, starts, "int32"),
        "end_top_log_probs": random.integers(-3, 0, ends).astype("float32"),
        "end_top_positions": random.integers(0, SEQUENCE_LENGTH, ends, "int32"),
        "no_answer_logits": random.normal(size=count).astype("float32"),
    }
    for found, some, rows in zip(answers(outputs), windows, rows_of(outputs, windows), strict=True):
        assert_best(found, candidates_of_beam(TEXT, some, rows))
        assert found["null_score"] == rows["no_answer_logits"].min()
