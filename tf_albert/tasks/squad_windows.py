"""A question and its context become rows of tokens: windows that overlap.

A token knows by its offsets which characters of the context it came from. So an answer in tokens is
found, and an answer out of tokens is cut, in the text as written; nothing is aligned afterwards.
"""

import dataclasses

import numpy as np

SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]
# Google's run_squad_v1.py, `max_query_length`.
MOST_QUESTION_TOKENS = 64


@dataclasses.dataclass(frozen=True)
class TokenizedContext:
    """A context's tokens with the characters that each came from.

    Args:
        ids: list of int.
        offsets: list of (first character, character after the last).
    """

    ids: list
    offsets: list

    def span_of(self, start, end):
        """Returns the smallest span of tokens that covers some characters.

        Args:
            start: int. The first character.
            end: int. The character after the last.

        Returns:
            tuple of int: the first token and the last one, both in the span; None where no token
            has anything of these characters.
        """
        touching = [
            index
            for index, (begin, stop) in enumerate(self.offsets)
            if begin < end and stop > start and begin < stop
        ]
        return (touching[0], touching[-1]) if touching else None

    def characters_of(self, first, last):
        """Returns the characters of tokens `first` to `last`: (first, after the last)."""
        return self.offsets[first][0], self.offsets[last][1]


@dataclasses.dataclass(frozen=True)
class Window:
    """A part of a context, behind its question.

    Args:
        question_ids: list of int. The question's tokens.
        context: `TokenizedContext`. The whole context.
        first: int. The window's first token of the context.
        num_tokens: int. How many tokens of the context it has.
    """

    question_ids: list
    context: TokenizedContext
    first: int
    num_tokens: int

    @property
    def shift(self):
        """What a token's number in the context is shifted by to be its place in the row."""
        return len(self.question_ids) + 2 - self.first

    def inputs(self, special_ids):
        """Returns `[CLS] question [SEP] context [SEP]` and its types: two lists of int."""
        question = [special_ids["cls"], *self.question_ids, special_ids["sep"]]
        part = self.context.ids[self.first : self.first + self.num_tokens]
        return (
            [*question, *part, special_ids["sep"]],
            [0] * len(question) + [1] * (len(part) + 1),
        )

    def places_of(self, span):
        """Returns where the tokens of a span stand in the row, or None where it is not whole here.

        Args:
            span: tuple of int. The first and the last token in the context.
        """
        first, last = span
        if first < self.first or last >= self.first + self.num_tokens:
            return None
        return first + self.shift, last + self.shift


def tokenize_context(tokenizer, context):
    """Returns the `TokenizedContext` of a text."""
    encoding = tokenizer.encode(context)
    return TokenizedContext(encoding.ids, encoding.offsets)


def windows_of(question_ids, context, sequence_length, stride):
    """Returns the windows over a context, each `stride` tokens after the one before.

    Args:
        question_ids: list of int. Beyond 64 tokens its end is left out.
        context: `TokenizedContext`.
        sequence_length: int. Tokens a row, special ones counted in.
        stride: int. Tokens between the beginnings of two windows.

    Returns:
        list of `Window`; one without tokens for a context without any.

    Raises:
        ValueError: the row has no room for the context.
    """
    question_ids = question_ids[:MOST_QUESTION_TOKENS]
    room = sequence_length - len(question_ids) - SPECIAL_TOKENS
    if room < 1:
        raise ValueError(
            f"A question of {len(question_ids)} tokens leaves no room for its context in "
            f"{sequence_length}. Use a longer `sequence_length`."
        )
    # A long question leaves less room than the stride, and no token may be left out.
    step = min(stride, room)
    num_tokens = len(context.ids)
    firsts = np.arange(0, max(num_tokens - room, 0) + step, step)
    return [
        Window(question_ids, context, int(first), min(room, num_tokens - int(first)))
        for first in firsts
    ]


def best_windows(windows):
    """Returns, for each token of a context, the window that has the most context around it.

    The smaller side counts, and a little the window's length (Google's squad_utils.py,
    `_check_is_max_context`); of equal ones the first.

    Args:
        windows: list of `Window`, as `windows_of` gives them.

    Returns:
        int array `(tokens,)`: indices into `windows`.
    """
    most = np.full(len(windows[0].context.ids), -1.0)
    best = np.zeros(len(most), int)
    for number, window in enumerate(windows):
        here = slice(window.first, window.first + window.num_tokens)
        before = np.arange(window.num_tokens)
        around = np.minimum(before, before[::-1]) + 0.01 * window.num_tokens
        is_more = around > most[here]
        most[here] = np.where(is_more, around, most[here])
        best[here] = np.where(is_more, number, best[here])
    return best
