"""Reads questions and their contexts: each context once, however many questions it has."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_albert.tasks.question_answering.windows import (
    MOST_QUESTION_TOKENS,
    NUMBERS,
    SPECIAL_TOKENS,
    WINDOWS,
    ContextWindows,
    TokenizedQuestions,
    cut_windows,
)
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import Tensor

# Texts that are tokenized at once: what offsets need in between is many times the texts' own size.
BATCH_SIZE = 256
STRINGS = tf.TensorSpec((None,), tf.string)
IDS = tf.RaggedTensorSpec((None, None), tf.int32)
OFFSETS = tf.RaggedTensorSpec((None, None), tf.int64)
QUESTIONS = TokenizedQuestions(IDS, tf.TensorSpec((None,), tf.int32), NUMBERS, NUMBERS, WINDOWS)


class QuestionReader:
    """Makes windows of questions and contexts, with functions that are traced once.

    Args:
        tokenizer: `AlbertTokenizer`.
        sequence_length: int. Longest row, in tokens.
        stride: int. Tokens between the beginnings of two windows over a context.
    """

    def __init__(self, tokenizer: AlbertTokenizer, sequence_length: int, stride: int) -> None:
        def tokenized(contexts: Tensor) -> tuple[tf.RaggedTensor, ...]:
            ids, *offsets = tokenizer.tokenize_with_offsets(contexts)
            return ids, *in_characters(contexts, *offsets)

        def inputs(questions: TokenizedQuestions, windows: ContextWindows) -> dict[str, Tensor]:
            return questions.inputs(windows, sequence_length, tokenizer.special_ids)

        self.sequence_length = sequence_length
        self._question_ids = tf.function(
            lambda texts: tokenizer(texts)[:, :MOST_QUESTION_TOKENS],
            input_signature=[STRINGS],
            autograph=False,
        )
        self._context_tokens = tf.function(tokenized, input_signature=[STRINGS], autograph=False)
        self._windows = tf.function(
            lambda questions, contexts: cut_windows(questions, contexts, sequence_length, stride),
            input_signature=[IDS, (IDS, OFFSETS, OFFSETS)],
            autograph=False,
        )
        self.inputs = tf.function(inputs, input_signature=[QUESTIONS, WINDOWS], autograph=False)

    def __call__(self, questions: Sequence[str], contexts: Sequence[str]) -> TokenizedQuestions:
        """Returns questions in tokens, with the windows over their contexts.

        Args:
            questions: list of str. Of one with more than 64 tokens the end is left out.
            contexts: list of str. The context of each question.

        Returns:
            `TokenizedQuestions`, whose tokens begin and end at characters of their contexts.

        Raises:
            ValueError: a row has no room for the context.
        """
        question_ids = _in_batches(self._question_ids, questions)
        self._check_room(question_ids)
        numbers = {context: number for number, context in enumerate(dict.fromkeys(contexts))}
        tokens = _in_batches(self._context_tokens, list(numbers))
        of_question = tf.constant([numbers[context] for context in contexts], tf.int64)
        return self._windows(question_ids, tuple(tf.gather(rows, of_question) for rows in tokens))

    def _check_room(self, question_ids: tf.RaggedTensor) -> None:
        sizes = question_ids.row_lengths()
        too_long = tf.boolean_mask(sizes, sizes + SPECIAL_TOKENS >= self.sequence_length)
        if tf.size(too_long) > 0:
            raise ValueError(
                f"A question of {too_long[0]} tokens leaves no room for its context in "
                f"{self.sequence_length}. Use a longer `sequence_length`."
            )


def in_characters(texts: Tensor, *places: tf.RaggedTensor) -> list[tf.RaggedTensor]:
    """Returns places in texts counted in characters.

    Args:
        texts: string tensor `(batch,)`, UTF-8.
        *places: int64 `tf.RaggedTensor` `(batch, places)`, counted in bytes.

    Example:

    >>> in_characters(tf.constant(["aé東b", "é"]), tf.ragged.constant([[1, 3, 6], [2]], tf.int64))
    [<tf.RaggedTensor [[1, 2, 3], [1]]>]
    """
    every_byte = tf.io.decode_raw(tf.strings.reduce_join(texts), tf.uint8)
    # Of a character's bytes all but the first are 10xxxxxx.
    is_first = (every_byte < 0x80) | (every_byte >= 0xC0)
    before = tf.concat([[0], tf.cumsum(tf.cast(is_first, tf.int64))], axis=0)
    texts_begin = tf.cumsum(tf.cast(tf.strings.length(texts), tf.int64), exclusive=True)
    found = []
    for rows in places:
        begin = tf.gather(texts_begin, rows.value_rowids())
        values = tf.gather(before, begin + rows.values) - tf.gather(before, begin)
        found.append(rows.with_values(values))
    return found


def _in_batches(function: Any, texts: Sequence[str]) -> Any:
    """Returns what a `tf.function` gives of all texts, of which it sees some at a time."""
    parts = [
        function(tf.constant(texts[first : first + BATCH_SIZE], tf.string))
        for first in range(0, len(texts), BATCH_SIZE)
    ]
    return tf.nest.map_structure(lambda *rows: tf.concat(rows, axis=0), *parts)
