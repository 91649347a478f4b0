"""Contexts become windows in a graph, as `tasks.squad_windows` cuts them in Python."""

from typing import NamedTuple

import tensorflow as tf

from tf_albert.tasks.squad_windows import SPECIAL_TOKENS


class ContextWindows(NamedTuple):
    """Windows over the contexts of a batch, one below another.

    Tokens are numbered through all contexts of the batch. The number after the last one stands for
    a place of a row that holds no token of a context.

    Args:
        numbers: int64 tensor `(windows,)`. Each window's number in the batch.
        contexts: int64 tensor `(windows,)`. The context that each is cut from.
        firsts: int64 tensor `(windows,)`. The first token of each.
        sizes: int64 tensor `(windows,)`. How many tokens each has.
        shifts: int64 tensor `(windows,)`. What a token's number is shifted by to be its place in
            the window's row.
        best: int64 tensor `(tokens + 1,)`. The window that has the most context around each token.
    """

    numbers: tf.Tensor
    contexts: tf.Tensor
    firsts: tf.Tensor
    sizes: tf.Tensor
    shifts: tf.Tensor
    best: tf.Tensor

    def part(self, first, size):
        """Returns at most `size` windows from number `first` on."""
        here = slice(first, first + size)
        return ContextWindows(*(values[here] for values in self[:-1]), self.best)

    def tokens(self):
        """Returns the tokens of each window: ragged int64 `(windows, tokens)`."""
        return tf.ragged.range(self.firsts, self.firsts + self.sizes)

    def tokens_at(self, places):
        """Returns the tokens at some places of the windows' rows.

        Args:
            places: int tensor `(windows, places)`, or `(1, places)` for the same in every row.

        Returns:
            int64 tensor `(windows, places)`.
        """
        tokens = tf.cast(places, tf.int64) - self.shifts[:, None]
        firsts = self.firsts[:, None]
        is_here = (tokens >= firsts) & (tokens < firsts + self.sizes[:, None])
        return tf.where(is_here, tokens, tf.size(self.best, tf.int64) - 1)

    def are_tokens(self, tokens):
        """Returns which numbers are tokens: bool, of the shape of `tokens`."""
        return tokens < tf.size(self.best, tf.int64) - 1

    def have_most_around(self, tokens):
        """Returns where a window has the most context around a token: bool `(windows, places)`."""
        return tf.gather(self.best, tokens) == self.numbers[:, None]


def windows_of_batch(question_sizes, context_sizes, sequence_length, stride):
    """Returns the windows that `squad_windows.windows_of` gives of each question and its context.

    Args:
        question_sizes: int64 tensor `(batch,)`. Tokens of each question that count.
        context_sizes: int64 tensor `(batch,)`. Tokens of each context.
        sequence_length: int. Tokens a row, special ones counted in.
        stride: int. Tokens between the beginnings of two windows.

    Returns:
        `ContextWindows`; of a context without tokens there is one window without any.
    """
    room = _room(question_sizes, sequence_length)
    step = tf.minimum(tf.cast(stride, tf.int64), room)
    beyond = tf.maximum(context_sizes - room, 0)
    windows = tf.ragged.range(1 - (-beyond // step))
    contexts = windows.value_rowids()
    begins = windows.values * tf.gather(step, contexts)
    firsts = tf.gather(tf.cumsum(context_sizes, exclusive=True), contexts) + begins
    found = ContextWindows(
        numbers=tf.range(tf.size(contexts, tf.int64)),
        contexts=contexts,
        firsts=firsts,
        sizes=tf.minimum(tf.gather(room, contexts), tf.gather(context_sizes, contexts) - begins),
        shifts=tf.gather(question_sizes, contexts) + 2 - firsts,
        best=tf.constant([], tf.int64),
    )
    return found._replace(best=_best_windows(found, tf.reduce_sum(context_sizes)))


def _room(question_sizes, sequence_length):
    """Returns the tokens of context that fit into a row, bound to a check that there are any."""
    room = sequence_length - question_sizes - SPECIAL_TOKENS
    check = tf.debugging.assert_positive(
        room,
        message=f"A question leaves no room for its context in rows of {sequence_length} tokens. "
        "Ask a shorter one.",
    )
    with tf.control_dependencies([check]):
        return tf.identity(room)


def _best_windows(windows, num_tokens):
    """Does what `squad_windows.best_windows` does, for all contexts at once."""
    tokens = windows.tokens()
    rows = tokens.value_rowids()
    before = tokens.values - tf.gather(windows.firsts, rows)
    sizes = tf.gather(windows.sizes, rows)
    smaller = tf.cast(tf.minimum(before, sizes - 1 - before), tf.float64)
    around = smaller + 0.01 * tf.cast(sizes, tf.float64)
    best = tf.gather(rows, first_largest(around, tokens.values, num_tokens))
    return tf.concat([best, [-1]], axis=0)


def first_largest(values, groups, num_groups):
    """Returns where the largest value of each group stands, of equal ones the first.

    Args:
        values: float tensor `(values,)`.
        groups: int64 tensor `(values,)`. The group of each value; none is without one.
        num_groups: int64 scalar.

    Returns:
        int64 tensor `(groups,)`.
    """
    largest = tf.math.unsorted_segment_max(values, groups, num_groups)
    places = tf.range(tf.size(values, tf.int64))
    is_largest = values == tf.gather(largest, groups)
    candidates = tf.where(is_largest, places, tf.int64.max)
    return tf.math.unsorted_segment_min(candidates, groups, num_groups)
