"""Questions and contexts become windows in a graph: rows of tokens that overlap.

A token knows by its offsets which part of the context it came from. So an answer in tokens is
found, and an answer out of tokens is cut, in the text as written; nothing is aligned afterwards.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_albert.text.packing import pack_inputs
from tf_albert.types import Tensor

SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]
# Google's run_squad_v1.py, `max_query_length`.
MOST_QUESTION_TOKENS = 64
NUMBERS = tf.TensorSpec((None,), tf.int64)


class ContextWindows(NamedTuple):
    """Windows over the contexts of some questions, one below another.

    Tokens are numbered through the contexts of all questions. The number after the last one stands
    for a place of a row that holds no token of a context.

    Args:
        numbers: int64 tensor `(windows,)`. Each window's number.
        questions: int64 tensor `(windows,)`. The question whose context each is cut from.
        firsts: int64 tensor `(windows,)`. The first token of each.
        sizes: int64 tensor `(windows,)`. How many tokens each has.
        shifts: int64 tensor `(windows,)`. What a token's number is shifted by to be its place in
            the window's row.
        best: int64 tensor `(tokens + 1,)`. The window that has the most context around each token.
    """

    numbers: Tensor
    questions: Tensor
    firsts: Tensor
    sizes: Tensor
    shifts: Tensor
    best: Tensor

    def part(self, first: Tensor | int, size: Tensor | int) -> "ContextWindows":
        """Returns at most `size` windows from number `first` on."""
        here = slice(first, first + size)
        return self._replace(
            numbers=self.numbers[here],
            questions=self.questions[here],
            firsts=self.firsts[here],
            sizes=self.sizes[here],
            shifts=self.shifts[here],
        )

    def tokens(self) -> tf.RaggedTensor:
        """Returns the tokens of each window: ragged int64 `(windows, tokens)`."""
        return tf.ragged.range(self.firsts, self.firsts + self.sizes)

    def tokens_at(self, places: Tensor) -> Tensor:
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

    def places_of(self, first_tokens: Tensor, last_tokens: Tensor) -> Tensor:
        """Returns where a span of each question's context stands in the rows of its windows.

        Args:
            first_tokens, last_tokens: int64 tensors `(questions,)`. Both are in the span; where
                there is none the first is larger.

        Returns:
            int64 tensor `(windows, 2)`: the first place and the last one; 0, where `[CLS]` stands,
            in a window that does not have the whole span.
        """
        spans = tf.gather(tf.stack([first_tokens, last_tokens], axis=1), self.questions)
        firsts, lasts = spans[:, 0], spans[:, 1]
        is_whole = (self.firsts <= firsts) & (firsts <= lasts) & (lasts < self.firsts + self.sizes)
        return tf.where(is_whole[:, None], spans + self.shifts[:, None], 0)

    def are_tokens(self, tokens: Tensor) -> Tensor:
        """Returns which numbers are tokens: bool, of the shape of `tokens`."""
        return tokens < tf.size(self.best, tf.int64) - 1

    def have_most_around(self, tokens: Tensor) -> Tensor:
        """Returns where a window has the most context around a token: bool `(windows, places)`."""
        return tf.gather(self.best, tokens) == self.numbers[:, None]


WINDOWS = ContextWindows(*[NUMBERS] * len(ContextWindows._fields))


class TokenizedQuestions(NamedTuple):
    """Questions and their contexts in tokens, and the windows over them.

    Args:
        question_ids: int32 `tf.RaggedTensor` `(questions, tokens)`.
        context_ids: int32 tensor `(tokens + 1,)`. The contexts' tokens, numbered through all
            questions; the last one stands for no token.
        begins, ends: int64 tensors `(tokens + 1,)`. Where each token begins in its context and
            where it ends, in the units that were given; 0 for what is no token.
        windows: `ContextWindows`.
    """

    question_ids: tf.RaggedTensor
    context_ids: Tensor
    begins: Tensor
    ends: Tensor
    windows: ContextWindows

    def inputs(
        self, windows: ContextWindows, sequence_length: int, special_ids: dict[str, int]
    ) -> dict[str, Tensor]:
        """Returns `[CLS] question [SEP] context [SEP]` of some windows.

        Args:
            windows: `ContextWindows`, of these questions.
            sequence_length: int. Length of the rows.
            special_ids: dict of `pad`, `cls` and `sep` to int.

        Returns:
            The encoder's inputs: a dict of int32 tensors `(windows, sequence_length)`.
        """
        segments = [
            tf.gather(self.question_ids, windows.questions),
            tf.gather(self.context_ids, windows.tokens()),
        ]
        return pack_inputs(segments, sequence_length, special_ids)

    def places_of_parts(self, starts: Tensor, stops: Tensor) -> Tensor:
        """Returns where a part of each question's context stands in the rows of its windows.

        Args:
            starts, stops: int64 tensors `(questions,)`. Where each part begins and where it ends,
                in the units of `begins` and `ends`; the same where there is none.

        Returns:
            int64 tensor `(windows, 2)`: the places of the first token that has anything of the part
            and of the last one; 0, where `[CLS]` stands, in a window that does not have them all.
        """
        questions = tf.gather(self.windows.questions, self.windows.best[:-1])
        begins, ends = self.begins[:-1], self.ends[:-1]
        # A `▁` by itself has nothing of any part.
        has_part = (
            (begins < ends)
            & (begins < tf.gather(stops, questions))
            & (ends > tf.gather(starts, questions))
        )
        tokens, questions = tf.where(has_part)[:, 0], tf.boolean_mask(questions, has_part)
        num_questions = tf.size(starts, tf.int64)
        return self.windows.places_of(
            tf.math.unsorted_segment_min(tokens, questions, num_questions),
            tf.math.unsorted_segment_max(tokens, questions, num_questions),
        )


def cut_windows(
    question_ids: tf.RaggedTensor,
    context_tokens: tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor],
    sequence_length: int,
    stride: int,
) -> TokenizedQuestions:
    """Returns questions with the windows over their contexts.

    Args:
        question_ids: int32 `tf.RaggedTensor` `(questions, tokens)`, each of at most 64.
        context_tokens: tuple of three `tf.RaggedTensor` `(questions, tokens)`: the ids of each
            question's context, and where each token begins and ends.
        sequence_length: int. Tokens a row, special ones counted in.
        stride: int. Tokens between the beginnings of two windows.
    """
    sizes = question_ids.row_lengths(), context_tokens[0].row_lengths()
    # One more, for what is no token.
    ids, begins, ends = (tf.pad(rows.values, [[0, 1]]) for rows in context_tokens)
    windows = windows_of_sizes(*sizes, sequence_length, stride)
    return TokenizedQuestions(question_ids, ids, begins, ends, windows)


def windows_of_sizes(
    question_sizes: Tensor, context_sizes: Tensor, sequence_length: int, stride: int
) -> ContextWindows:
    """Returns the windows over each question's context, each `stride` tokens after the one before.

    Args:
        question_sizes: int64 tensor `(questions,)`. Tokens of each question.
        context_sizes: int64 tensor `(questions,)`. Tokens of each question's context.
        sequence_length: int. Tokens a row, special ones counted in.
        stride: int. Tokens between the beginnings of two windows.

    Returns:
        `ContextWindows`; of a context without tokens there is one window without any.

    Raises:
        tf.errors.InvalidArgumentError: a row has no room for its context.
    """
    room = _room(question_sizes, sequence_length)
    # A long question leaves less room than the stride, and no token may be left out.
    step = tf.minimum(tf.cast(stride, tf.int64), room)
    beyond = tf.maximum(context_sizes - room, 0)
    windows = tf.ragged.range(1 - (-beyond // step))
    questions = windows.value_rowids()
    begins = windows.values * tf.gather(step, questions)
    firsts = tf.gather(tf.cumsum(context_sizes, exclusive=True), questions) + begins
    found = ContextWindows(
        numbers=tf.range(tf.size(questions, tf.int64)),
        questions=questions,
        firsts=firsts,
        sizes=tf.minimum(tf.gather(room, questions), tf.gather(context_sizes, questions) - begins),
        shifts=tf.gather(question_sizes, questions) + 2 - firsts,
        best=tf.constant([], tf.int64),
    )
    return found._replace(best=_best_windows(found, tf.reduce_sum(context_sizes)))


def _room(question_sizes: Tensor, sequence_length: int) -> Tensor:
    """Returns the tokens of context that fit into a row, bound to a check that there are any."""
    room = sequence_length - question_sizes - SPECIAL_TOKENS
    check = tf.debugging.assert_positive(
        room,
        message=f"A question leaves no room for its context in rows of {sequence_length} tokens. "
        "Ask a shorter one.",
    )
    with tf.control_dependencies([check]):
        return tf.identity(room)


def _best_windows(windows: ContextWindows, num_tokens: Tensor) -> Tensor:
    """Returns the window with the most context around each token: int64 `(tokens + 1,)`.

    The smaller side counts, and a little the window's length (Google's squad_utils.py,
    `_check_is_max_context`); of equal ones the first.
    """
    tokens = windows.tokens()
    rows = tokens.value_rowids()
    before = tokens.values - tf.gather(windows.firsts, rows)
    sizes = tf.gather(windows.sizes, rows)
    smaller = tf.cast(tf.minimum(before, sizes - 1 - before), tf.float64)
    around = smaller + 0.01 * tf.cast(sizes, tf.float64)
    best = tf.gather(rows, first_largest(around, tokens.values, num_tokens))
    return tf.concat([best, [-1]], axis=0)


def first_largest(values: Tensor, groups: Tensor, num_groups: Tensor) -> Tensor:
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
