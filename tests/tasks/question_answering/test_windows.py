"""Windows over contexts, and answers in characters and in tokens."""

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.question_answering.data import read_squad
from tf_albert.tasks.squad_windows import (
    TokenizedContext,
    best_windows,
    tokenize_context,
    windows_of,
)
from tf_albert.text.pieces import PieceTokenizer

SPECIAL = {"pad": 0, "cls": 2, "sep": 3}
# "an old|er man" with "older" in two pieces.
CONTEXT = TokenizedContext([11, 12, 13, 14], [(0, 2), (3, 6), (6, 8), (9, 12)])


@pytest.mark.parametrize(
    ("characters", "tokens"),
    [
        ((3, 8), (1, 2)),  # both ends where pieces end
        ((3, 6), (1, 1)),
        ((4, 7), (1, 2)),  # both ends inside of pieces
        ((2, 9), (1, 2)),  # spaces of no token
        ((0, 12), (0, 3)),
        ((2, 3), None),
    ],
)
def test_smallest_span_of_tokens(characters, tokens):
    assert CONTEXT.span_of(*characters) == tokens


def test_token_without_a_character_is_in_no_span():
    context = TokenizedContext([11, 12, 13], [(0, 0), (0, 3), (4, 7)])
    assert context.span_of(0, 3) == (1, 1)


def test_rows_and_places():
    context = TokenizedContext(list(range(20, 30)), [(3 * n, 3 * n + 2) for n in range(10)])
    windows = windows_of([7, 8], context, sequence_length=10, stride=3)  # room for 5 tokens
    assert [(window.first, window.num_tokens) for window in windows] == [(0, 5), (3, 5), (6, 4)]
    ids, types = windows[1].inputs(SPECIAL)
    assert ids == [2, 7, 8, 3, 23, 24, 25, 26, 27, 3]
    assert types == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert [window.places_of((4, 5)) for window in windows] == [None, (5, 6), None]
    assert ids[5:7] == context.ids[4:6]
    # Token 4 is the last of the first window, the second of the second one.
    assert best_windows(windows).tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_long_question_is_cut_and_leaves_no_token_out():
    context = TokenizedContext(list(range(30)), [(n, n + 1) for n in range(30)])
    windows = windows_of(list(range(90)), context, sequence_length=74, stride=50)  # room for 7
    assert {len(window.question_ids) for window in windows} == {64}
    assert [window.first for window in windows] == [0, 7, 14, 21, 28]


def test_context_without_a_token():
    (window,) = windows_of([7], TokenizedContext([], []), sequence_length=10, stride=3)
    assert window.inputs(SPECIAL) == ([2, 7, 3, 3], [0, 0, 0, 1])


def test_row_without_room():
    with pytest.raises(
        ValueError, match=r"64 tokens leaves no room for its context in 67. Use a l"
    ):
        windows_of(list(range(80)), CONTEXT, sequence_length=67, stride=3)


@given(
    num_tokens=st.integers(0, 60),
    question=st.integers(0, 9),
    room=st.integers(1, 17),
    stride=st.integers(1, 25),
)
def test_every_token_is_in_a_window_and_best_in_one(num_tokens, question, room, stride):
    context = TokenizedContext([9] * num_tokens, [(n, n + 1) for n in range(num_tokens)])
    windows = windows_of([7] * question, context, question + room + 3, stride)
    for token, best in enumerate(best_windows(windows)):
        assert windows[best].places_of((token, token))
    assert all(len(window.inputs(SPECIAL)[0]) <= question + room + 3 for window in windows)
    last = windows[-1]
    assert last.first + last.num_tokens == num_tokens
    assert all(window.first + window.num_tokens < num_tokens for window in windows[:-1])


@pytest.mark.parametrize(("sequence_length", "stride"), [(128, 64), (384, 128)])
def test_answers_of_all_files_return_as_they_were_written(data_folder, sequence_length, stride):
    """Whole at piece boundaries, covered inside of pieces, or longer than a window: no fourth."""
    tokenizer = PieceTokenizer(data_folder / "spiece.model")
    kinds, contexts, bad_rows = collections.Counter(), {}, BadRows()
    for path in sorted((data_folder / "squad").glob("*.json")):
        for question in read_squad(path, bad_rows):
            if question.context not in contexts:
                contexts[question.context] = tokenize_context(tokenizer, question.context)
            context = contexts[question.context]
            question_ids = tokenizer.encode_ids([question.text])[0]
            windows = windows_of(question_ids, context, sequence_length, stride)
            kinds.update(
                kind_of(answer, question.context, context, windows) for answer in question.answers
            )
    # Counted once over these files: none is longer than a window, none is not in its context.
    assert kinds == {"exact": 24_801, "covered": 81}
    assert len(bad_rows) == 0


def kind_of(answer, text, context, windows):
    """Returns what becomes of an answer that goes into tokens and out again."""
    span = context.span_of(answer.start, answer.end)
    start, end = context.characters_of(*span)
    if not any(window.places_of(span) for window in windows):
        return "too long"
    if (start, end) == (answer.start, answer.end):
        return "exact"
    # White space at the ends of an answer belongs to no token.
    inside = text[start:end]
    return "covered" if answer.text.strip() in inside else "wrong"
