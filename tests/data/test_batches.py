"""Pretraining batches of corpora whose ids tell where they stand."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.data.corpora import counting_documents, ordinary_ids, random_documents, write_corpus
from tf_albert.data.batches import PretrainingBatches

LENGTH, ROWS = 29, 6


@pytest.fixture(scope="module")
def counting(vocabulary, tmp_path_factory):
    """A corpus in several shards, of which each token's successor is known."""
    folder = tmp_path_factory.mktemp("counting") / "corpus"
    documents = counting_documents(vocabulary, [2, 9, 14, 3, 40, 17] * 5)
    corpus = write_corpus(folder, vocabulary, documents, tokens_per_shard=300)
    assert len(corpus.tokens) > 3
    return corpus


def rows_of(dataset):
    """Returns the elements of a dataset one after another: dict of name to array."""
    elements = list(dataset.as_numpy_iterator())
    return {name: np.concatenate([part[name] for part in elements]) for name in elements[0]}


def segments_of(ids, types, mask):
    """Returns the two segments of a row without the special tokens."""
    used = mask.sum()
    separator = np.argmax(types) - 1
    return ids[1:separator], ids[separator + 1 : used - 1]


def restored(rows):
    """Returns the ids of rows before masking."""
    ids = rows["input_word_ids"].copy()
    at, slots = np.nonzero(rows["masked_lm_weights"])
    ids[at, rows["masked_lm_positions"][at, slots]] = rows["masked_lm_ids"][at, slots]
    return ids


def test_segments_follow_each_other_or_are_swapped(vocabulary, counting):
    batches = PretrainingBatches(counting, ROWS, LENGTH, seed=3)
    rows = rows_of(batches.dataset(0, 60))
    number = np.full(rows["input_word_ids"].max() + 400, -1)
    ordinary = ordinary_ids(vocabulary)
    number[ordinary] = np.arange(len(ordinary))
    special = counting.tokenizer_files().special_ids
    next_to_each_other = 0
    for ids, types, mask, label in zip(
        restored(rows),
        rows["input_type_ids"],
        rows["input_mask"],
        rows["sentence_order_labels"],
        strict=True,
    ):
        first, second = segments_of(ids, types, mask)
        used = mask.sum()
        np.testing.assert_array_equal(mask, np.arange(LENGTH) < used)
        assert ids[0] == special["cls"]
        assert ids[len(first) + 1] == ids[used - 1] == special["sep"]
        np.testing.assert_array_equal(ids[used:], special["pad"])
        assert types.sum() == len(second) + 1
        for segment in (first, second):
            assert len(segment) > 0
            assert (np.diff(number[segment]) % len(ordinary) == 1).all()
        earlier, later = (second, first) if label else (first, second)
        gap = (number[later[0]] - number[earlier[-1]]) % len(ordinary)
        # More than 1 where a segment was trimmed; a sentence has 11 tokens at most.
        assert gap < len(ordinary) / 2
        next_to_each_other += gap == 1
    assert next_to_each_other > 100
    assert 0.4 < rows["sentence_order_labels"].mean() < 0.6


def test_long_segments_are_trimmed_at_either_end_to_fill_the_row(vocabulary, tmp_path):
    ordinary = ordinary_ids(vocabulary)
    documents = [[ordinary[:50].tolist(), ordinary[50:100].tolist()]] * 40
    corpus = write_corpus(tmp_path / "corpus", vocabulary, documents)
    rows = rows_of(PretrainingBatches(corpus, 40, LENGTH, seed=1).dataset(0, 1))
    lengths, starts = [], set()
    for ids, types, mask in zip(
        restored(rows), rows["input_type_ids"], rows["input_mask"], strict=True
    ):
        for segment in segments_of(ids, types, mask):
            starts.add(segment[0] - ordinary[0])
        lengths.append(mask.sum())
    # One row in ten has a shorter target.
    assert np.mean(np.array(lengths) == LENGTH) > 0.7
    assert min(starts) < 10
    assert max(starts) > 30


def test_half_of_the_pairs_are_swapped_and_every_share_is_met(vocabulary, tmp_path):
    corpus = write_corpus(
        tmp_path / "corpus", vocabulary, random_documents(vocabulary, [60] * 120, longest=30)
    )
    batches = PretrainingBatches(corpus, 400, 128, seed=5)
    rows = rows_of(batches.dataset(0, 50))
    special = corpus.tokenizer_files().special_ids
    ids, used = restored(rows), rows["masked_lm_weights"]
    assert rows["sentence_order_labels"].mean() == pytest.approx(0.5, abs=0.01)
    ordinary = ~np.isin(ids, list(special.values()))
    assert used.sum() / ordinary.sum() == pytest.approx(0.15, abs=0.01)
    at, slots = np.nonzero(used)
    after = rows["input_word_ids"][at, rows["masked_lm_positions"][at, slots]]
    assert (after == special["mask"]).mean() == pytest.approx(0.8, abs=0.01)
    assert (after == rows["masked_lm_ids"][at, slots]).mean() == pytest.approx(0.1, abs=0.01)
    lengths = rows["ngram_lengths"][rows["ngram_lengths"] > 0]
    np.testing.assert_allclose(
        np.bincount(lengths)[1:] / len(lengths), [6 / 11, 3 / 11, 2 / 11], atol=0.01
    )


def assert_equal_rows(rows, expected):
    assert rows.keys() == expected.keys()
    for name, value in rows.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.parametrize("replica", [0, 1, 2])
def test_replicas_have_the_rows_of_one(counting, replica):
    whole = rows_of(PretrainingBatches(counting, ROWS, LENGTH, seed=3).dataset(0, 7))
    batches = PretrainingBatches(counting, ROWS, LENGTH, seed=3)
    part = rows_of(batches.dataset(0, 7, replica, 3))
    at = np.arange(7 * ROWS).reshape(7, 3, ROWS // 3)[:, replica].ravel()
    assert_equal_rows(part, {name: value[at] for name, value in whole.items()})


def test_later_first_step_goes_on_where_an_earlier_run_was(counting):
    batches = PretrainingBatches(counting, ROWS, LENGTH, seed=3)
    steps = 3 * batches.steps_per_epoch
    whole = rows_of(batches.dataset(0, steps))
    rest = rows_of(PretrainingBatches(counting, ROWS, LENGTH, seed=3).dataset(steps - 4, 4))
    assert_equal_rows(rest, {name: value[-4 * ROWS :] for name, value in whole.items()})


@pytest.fixture
def restless_threads():
    """Threads take turns so often that what can happen between them does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_threads_draw_the_same_steps_as_one(vocabulary, tmp_path):
    # An epoch is about a batch, so that every step is a race for a new epoch.
    documents = random_documents(vocabulary, [4, 3, 5, 2])
    corpus = write_corpus(tmp_path / "corpus", vocabulary, documents)
    steps = range(600)
    alone = PretrainingBatches(corpus, 5, 12, seed=4)
    expected = [alone.pairs(step, 0, 5)[0] for step in steps]
    shared = PretrainingBatches(corpus, 5, 12, seed=4)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda step: shared.pairs(step, 0, 5)[0], steps))
    np.testing.assert_array_equal(drawn, expected)


def test_seeds_give_other_batches(counting):
    first, second = (
        rows_of(PretrainingBatches(counting, ROWS, LENGTH, seed).dataset(0, 2)) for seed in (3, 4)
    )
    assert (first["input_word_ids"] != second["input_word_ids"]).any()


def test_every_epoch_has_all_chunks_and_draws_anew(vocabulary, tmp_path):
    # Documents of two sentences are one chunk each, whatever is drawn.
    ordinary = ordinary_ids(vocabulary)
    documents = [[[int(index)] * 3, [int(index)] * 4] for index in ordinary[:12]]
    corpus = write_corpus(tmp_path / "corpus", vocabulary, documents)
    batches = PretrainingBatches(corpus, 4, LENGTH, seed=2)
    assert batches.steps_per_epoch == 3
    rows = rows_of(batches.dataset(0, 6))
    ids = restored(rows)[:, 1].reshape(2, 12)
    np.testing.assert_array_equal(np.sort(ids), [ordinary[:12]] * 2)
    assert (ids[0] != ids[1]).any()
    of_epoch = [
        dict(zip(ids[epoch], rows["masked_lm_positions"][12 * epoch :], strict=False))
        for epoch in (0, 1)
    ]
    assert any((of_epoch[0][index] != of_epoch[1][index]).any() for index in ordinary[:12])


def test_without_shuffling_chunks_come_in_the_order_of_the_text(vocabulary, tmp_path):
    ordinary = ordinary_ids(vocabulary)
    documents = [[[int(index)] * 3, [int(index)] * 4] for index in ordinary[:12]]
    corpus = write_corpus(tmp_path / "corpus", vocabulary, documents)
    rows = rows_of(PretrainingBatches(corpus, 4, LENGTH, 2, shuffle=False).dataset(0, 3))
    np.testing.assert_array_equal(restored(rows)[:, 1], ordinary[:12])


def test_batch_that_replicas_cannot_divide(counting):
    with pytest.raises(ValueError, match=r"batch of 6 cannot be divided among 4 .* multiple of 4"):
        PretrainingBatches(counting, ROWS, LENGTH, 0).dataset(0, 1, 0, 4)


def test_corpus_below_one_batch(vocabulary, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", vocabulary, random_documents(vocabulary, [2, 2]))
    with pytest.raises(ValueError, match=r"gives 2 examples of 29 tokens, fewer than .* 3"):
        PretrainingBatches(corpus, 3, LENGTH, 0)


def test_sequence_length_without_room(counting):
    with pytest.raises(ValueError, match=r"`sequence_length` must be at least 5.*Received: 4"):
        PretrainingBatches(counting, ROWS, 4, 0)


def test_shortest_rows_hold_a_token_of_each_segment(counting):
    rows = rows_of(PretrainingBatches(counting, ROWS, 5, 0).dataset(0, 3))
    np.testing.assert_array_equal(rows["input_mask"], np.ones((3 * ROWS, 5)))
    np.testing.assert_array_equal(rows["input_type_ids"], [[0, 0, 0, 1, 1]] * (3 * ROWS))
