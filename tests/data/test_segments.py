import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.data.segments import chunk_sentences, draw_pairs, kept_lengths, write_pair


def chunks_of(documents, sequence_length, short_probability=0.0, seed=0):
    """Returns the chunks of documents that are given as lists of sentence lengths."""
    lengths = [length for document in documents for length in document]
    return chunk_sentences(
        np.cumsum(lengths),
        np.cumsum([len(document) for document in documents]),
        sequence_length,
        short_probability,
        np.random.default_rng(seed),
    )


def test_sentences_are_taken_until_the_target_is_reached():
    # 13 tokens a row are 10 without the special ones.
    documents = [[4, 5, 3, 2, 9, 1], [20, 3, 4], [2, 2]]
    assert chunks_of(documents, 13).tolist() == [
        [0, 3, 10],  # 4 + 5 + 3 pass 10
        [3, 5, 10],  # 2 + 9 pass 10
        [4, 6, 10],  # the 1 left alone takes the 9 before it along
        [6, 8, 10],  # one sentence is long enough, but has no order
        [7, 9, 10],
        [9, 11, 10],
    ]


def test_exactly_the_target_is_enough():
    assert chunks_of([[4, 6, 3, 8]], 13).tolist() == [[0, 2, 10], [2, 4, 10]]


def test_short_targets_are_even_between_2_and_the_longest():
    targets = chunks_of([[10] * 40_000], 13, short_probability=1.0)[:, 2]
    counts = np.bincount(targets)
    assert len(counts) == 11
    np.testing.assert_allclose(counts[2:] / counts.sum(), np.full(9, 1 / 9), atol=0.01)


def test_share_of_short_targets():
    targets = chunks_of([[1000] * 40_000], 500, short_probability=0.1)[:, 2]
    assert (targets < 497).mean() == pytest.approx(0.1, abs=0.01)


@given(
    documents=st.lists(
        st.lists(st.integers(1, 30), min_size=2, max_size=12), min_size=1, max_size=8
    ),
    sequence_length=st.integers(5, 60),
    short_probability=st.sampled_from([0.0, 0.1, 1.0]),
    seed=st.integers(0, 1000),
)
def test_chunks_cover_every_document_and_cross_none(
    documents, sequence_length, short_probability, seed
):
    chunks = chunks_of(documents, sequence_length, short_probability, seed)
    document_of = np.repeat(np.arange(len(documents)), [len(part) for part in documents])
    lengths = np.concatenate(documents)
    covered = np.zeros(len(lengths), int)
    for first, last, target in chunks:
        assert last - first >= 2
        assert document_of[first] == document_of[last - 1]
        assert 2 <= target <= sequence_length - 3
        # Without its last sentence it would be below the target, or have no order.
        assert last - first == 2 or lengths[first : last - 1].sum() < target
        covered[first:last] += 1
    assert covered.min() == 1
    # Only a sentence that one left alone took along stands in two chunks.
    assert covered.max() <= 2
    assert (covered == 2).sum() <= len(documents)
    assert (np.diff(chunks[:, 0]) > 0).all()


def test_pairs_are_cut_within_the_chunk_and_swapped_half_of_the_time():
    chunks = np.tile([[7, 11, 20]], (30_000, 1))
    cuts, swapped, trims = draw_pairs(chunks, np.random.default_rng(0))
    np.testing.assert_allclose(
        np.bincount(cuts, minlength=12) / 30_000, [0] * 8 + [1 / 3] * 3 + [0], atol=0.01
    )
    assert swapped.mean() == pytest.approx(0.5, abs=0.01)
    assert swapped[cuts == 8].mean() == pytest.approx(0.5, abs=0.02)
    assert trims.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.01)


@given(first=st.integers(1, 100), second=st.integers(1, 100), target=st.integers(2, 60))
def test_surplus_is_taken_from_the_longer_segment(first, second, target):
    kept = kept_lengths(first, second, target)
    assert sum(kept) == min(target, first + second)
    assert 1 <= kept[0] <= first
    assert 1 <= kept[1] <= second
    for (ours, whole), theirs in (((kept[0], first), kept[1]), ((kept[1], second), kept[0])):
        assert ours == whole or ours >= theirs - 1


def test_pair_is_written_between_special_tokens():
    ids, types = np.zeros(9, np.int32), np.zeros(9, np.int32)
    write_pair(ids, types, ([11, 12, 13], [21]), {"cls": 2, "sep": 3})
    assert ids.tolist() == [2, 11, 12, 13, 3, 21, 3, 0, 0]
    assert types.tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0]
