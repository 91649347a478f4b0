"""Questions answered in plain Python, a token after another: what the graph is held against."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_albert.modeling.encoder import INPUTS
from tf_albert.tasks.question_answering.answers import Answered, Candidate


@dataclasses.dataclass(frozen=True)
class Window:
    """A part of a context: the tokens `first` to `first + num_tokens`, behind a question's."""

    num_question_tokens: int
    first: int
    num_tokens: int

    @property
    def shift(self):
        return self.num_question_tokens + 2 - self.first

    def places_of(self, first, last):
        """Returns the places of two tokens in the row, or None where they are not both here."""
        if first < self.first or last >= self.first + self.num_tokens:
            return None
        return first + self.shift, last + self.shift


def windows_of(num_question_tokens, num_tokens, sequence_length, stride):
    room = sequence_length - num_question_tokens - 3
    windows, first = [], 0
    while True:
        windows.append(Window(num_question_tokens, first, min(room, num_tokens - first)))
        if first + room >= num_tokens:
            return windows
        first += min(stride, room)


def best_window(windows, token):
    """Returns the number of the window with the most context around a token."""
    around = [
        min(token - one.first, one.first + one.num_tokens - 1 - token) + 0.01 * one.num_tokens
        if one.places_of(token, token)
        else -1.0
        for one in windows
    ]
    return around.index(max(around))


def row_of(window, question_ids, context_ids, special_ids):
    """Returns `[CLS] question [SEP] context [SEP]` and its types: two lists of int."""
    question = [special_ids["cls"], *question_ids, special_ids["sep"]]
    part = [*context_ids[window.first : window.first + window.num_tokens], special_ids["sep"]]
    return [*question, *part], [0] * len(question) + [1] * len(part)


def span_of(offsets, start, end):
    """Returns the first token and the last one that have any of some characters, or None."""
    touching = [
        number
        for number, (begin, stop) in enumerate(offsets)
        if begin < end and stop > start and begin < stop
    ]
    return (touching[0], touching[-1]) if touching else None


def candidates(text, offsets, windows, outputs):
    """Returns the best answers out of logits; the best 20 of each window come into question."""
    found = []
    for number, window in enumerate(windows):
        starts, ends = (outputs[f"{side}_logits"][number] for side in ("start", "end"))
        pairs = []
        for first in range(window.first, window.first + window.num_tokens):
            if best_window(windows, first) != number:
                continue
            for last in range(first, min(first + 30, window.first + window.num_tokens)):
                start, end = (starts[first + window.shift], ends[last + window.shift])
                if np.isfinite(start + end):
                    pairs.append((start + end, first, last, start, end))
        pairs.sort(key=lambda pair: -pair[0])
        found += [pair[1:] for pair in pairs[:20]]
    return best_of_each_text(text, offsets, found)


def candidates_of_beam(text, offsets, windows, outputs):
    """Returns the best answers out of those that a beam looked at."""
    found = []
    for number, window in enumerate(windows):
        ends = outputs["end_top_positions"][number]
        for i, j in np.ndindex(ends.shape):
            first = int(outputs["start_top_positions"][number, i]) - window.shift
            last = int(ends[i, j]) - window.shift
            is_within = window.first <= first <= last < window.first + window.num_tokens
            if is_within and last - first < 30 and best_window(windows, first) == number:
                scores = (
                    outputs["start_top_log_probs"][number, i],
                    outputs["end_top_log_probs"][number, i, j],
                )
                found.append((first, last, *scores))
    return best_of_each_text(text, offsets, found)


def best_of_each_text(text, offsets, found):
    best = {}
    for first, last, start, end in sorted(found, key=lambda one: -(float(one[2]) + float(one[3]))):
        begin, stop = offsets[first][0], offsets[last][1]
        if begin < stop:
            candidate = Candidate(text[begin:stop], begin, stop, float(start), float(end))
            best.setdefault(candidate.text, candidate)
    return list(best.values())[:20]


def answer(answerer, question, context):
    """Returns what a predictor's `answers` should say to a question, with an empty id."""
    tokenizer, description = answerer.tokenizer, answerer.description
    question_ids = tokenizer.encode(question).ids[:64]
    encoding = tokenizer.encode(context)
    length = description.sequence_length
    windows = windows_of(len(question_ids), len(encoding.ids), length, description.stride)
    inputs = {name: np.zeros((len(windows), length), np.int32) for name in INPUTS}
    for number, window in enumerate(windows):
        ids, types = row_of(window, question_ids, encoding.ids, tokenizer.special_ids)
        inputs["input_word_ids"][number] = tokenizer.special_ids["pad"]
        inputs["input_word_ids"][number, : len(ids)] = ids
        inputs["input_mask"][number, : len(ids)] = 1
        inputs["input_type_ids"][number, : len(ids)] = types
    outputs = tf.nest.map_structure(np.asarray, answerer.model(inputs, training=False))
    arguments = context, encoding.offsets, windows, outputs
    if "no_answer_logits" not in outputs:
        return Answered("", candidates(*arguments), None)
    null_score = float(outputs["no_answer_logits"].min())
    return Answered("", candidates_of_beam(*arguments), null_score)
