"""Consecutive sentences become segment pairs whose order may be swapped.

Everything is drawn from (seed, epoch) or (seed, step), so a batch needs no history.
"""

from collections.abc import Sequence

import numpy as np

SPECIAL_TOKENS = 3  # [CLS] a [SEP] b [SEP]


def chunk_sentences(
    sentence_ends: np.ndarray,
    document_ends: np.ndarray,
    sequence_length: int,
    short_probability: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Divides documents into chunks of at least two consecutive sentences.

    As in Google's create_pretraining_data.py (`create_instances_from_document`), sentences are
    taken until a target length is reached: the full one, or, with `short_probability`, a random
    shorter one. A last sentence left alone takes the one before it along, so that no chunk is
    without an order.

    Args:
        sentence_ends: int array `(sentences,)`. Where each sentence ends, in tokens.
        document_ends: int array `(documents,)`. Where each document ends, in sentences.
        sequence_length: int. Tokens a row, `[CLS]` and two `[SEP]` counted in.
        short_probability: float. How often a chunk has a shorter target.
        generator: `numpy.random.Generator`.

    Returns:
        int64 array `(chunks, 3)`: first sentence, end sentence, target length in tokens; in the
        order of the text.
    """
    num_sentences = len(sentence_ends)
    starts = np.concatenate([[0], sentence_ends[:-1]])
    longest = sequence_length - SPECIAL_TOKENS
    targets = np.where(
        generator.random(num_sentences) < short_probability,
        generator.integers(2, longest, num_sentences, endpoint=True),
        longest,
    )
    sizes = np.diff(document_ends, prepend=0)
    document_of = np.repeat(np.arange(len(sizes)), sizes)
    ends = np.searchsorted(sentence_ends, starts + targets) + 1
    ends = np.maximum(ends, np.arange(num_sentences) + 2)
    ends = np.minimum(ends, document_ends[document_of])
    first = _followed(document_ends - sizes, ends, document_ends)
    last = ends[first]
    alone = last - first == 1
    return np.stack([first - alone, last, targets[first]], axis=1)


def _followed(starts: np.ndarray, ends: np.ndarray, document_ends: np.ndarray) -> np.ndarray:
    """Returns the sentences that chunks start at, all documents walked through at once."""
    visited = []
    current, stops = starts, document_ends
    while len(current):
        visited.append(current)
        current = ends[current]
        unfinished = current < stops
        current, stops = current[unfinished], stops[unfinished]
    return np.sort(np.concatenate(visited))


def draw_pairs(
    chunks: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws, for each chunk, where it is cut in two, whether it is swapped, and how it is trimmed.

    Args:
        chunks: int array `(rows, 3)`. First sentence, end sentence, target length in tokens.
        generator: `numpy.random.Generator`.

    Returns:
        cuts: int array `(rows,)`. The sentence at which the second segment begins.
        swapped: int array `(rows,)`. 1 where the second segment comes first, with probability 1/2.
        trims: float array `(rows, 2)`. Share of a segment's surplus that is cut off its front.
    """
    rows = len(chunks)
    cuts = generator.integers(chunks[:, 0] + 1, chunks[:, 1])
    return cuts, generator.integers(0, 2, rows), generator.random((rows, 2))


def kept_lengths(first: int, second: int, target: int) -> tuple[int, int]:
    """Returns how many tokens of two segments are kept: the longer one loses its surplus first.

    Args:
        first: int. Tokens of the first segment.
        second: int. Tokens of the second segment.
        target: int. Most tokens of both together.

    >>> kept_lengths(10, 3, 8), kept_lengths(10, 9, 8), kept_lengths(2, 3, 8)
    ((5, 3), (4, 4), (2, 3))
    """
    half = target - target // 2
    kept_first = min(first, max(half, target - second))
    return kept_first, min(second, target - kept_first)


def write_pair(
    row_ids: np.ndarray,
    row_types: np.ndarray,
    segments: Sequence[np.ndarray],
    special_ids: dict[str, int],
) -> None:
    """Writes `[CLS] a [SEP] b [SEP]` and its segment types into two rows.

    Args:
        row_ids: int array `(length,)`, filled with padding. Takes the ids.
        row_types: int array `(length,)` of zeros. Takes the types.
        segments: two int arrays `(tokens,)`.
        special_ids: dict of `cls` and `sep` to int.
    """
    first, second = segments
    start = len(first) + 2
    stop = start + len(second)
    row_ids[0] = special_ids["cls"]
    row_ids[1 : start - 1] = first
    row_ids[start - 1] = special_ids["sep"]
    row_ids[start:stop] = second
    row_ids[stop] = special_ids["sep"]
    row_types[start : stop + 1] = 1
