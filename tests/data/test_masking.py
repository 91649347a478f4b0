"""Masking, counted over many rows and looked at in a few."""

import numpy as np
import pytest
import tensorflow as tf

from tf_albert.data.masking import MaskingVocabulary, mask_tokens, num_predictions

PAD, UNK, CLS, SEP, MASK = range(5)
NUM_SPECIAL, VOCAB_SIZE = 5, 103
ROWS, LENGTH = 20_000, 128


@pytest.fixture(scope="module")
def vocabulary():
    """Ids below 5 are special; of the others, those divisible by 3 continue a word."""
    ids = np.arange(VOCAB_SIZE)
    return MaskingVocabulary(
        word_starts=(ids < NUM_SPECIAL) | (ids % 3 != 0), special=ids < NUM_SPECIAL, mask_id=MASK
    )


def make_rows(rows, length, seed=0):
    """Returns ids and types of rows of two segments of random lengths, padded."""
    random = np.random.default_rng(seed)
    ids = np.full((rows, length), PAD, np.int32)
    types = np.zeros_like(ids)
    for row in range(rows):
        total = random.integers(length // 2, length + 1)
        first = random.integers(1, total - 3)
        ids[row, :total] = random.integers(NUM_SPECIAL, VOCAB_SIZE, total)
        ids[row, [0, first + 1, total - 1]] = CLS, SEP, SEP
        types[row, first + 2 : total] = 1
    return ids, types


def mask(vocabulary, ids, types, seed=(1, 2), rows=None):
    masked = mask_tokens(
        tf.constant(ids), tf.constant(types), tf.constant(seed, tf.int64), vocabulary, rows
    )
    return {name: value.numpy() for name, value in masked.items()}


@pytest.fixture(scope="module")
def many(vocabulary):
    """Returns ids, types, what masking made of them, and which tokens are masked."""
    ids, types = make_rows(ROWS, LENGTH)
    masked = mask(vocabulary, ids, types)
    at = np.zeros(ids.shape, bool)
    rows, slots = np.nonzero(masked["masked_lm_weights"])
    at[rows, masked["masked_lm_positions"][rows, slots]] = True
    return ids, types, masked, at


def test_share_of_masked_tokens(many):
    ids, _, _, at = many
    assert at.sum() / (ids >= NUM_SPECIAL).sum() == pytest.approx(0.15, abs=0.005)


def test_lengths_of_ngrams(many):
    lengths = many[2]["ngram_lengths"]
    counts = np.bincount(lengths[lengths > 0], minlength=4)
    assert len(counts) == 4
    np.testing.assert_allclose(counts[1:] / counts.sum(), [6 / 11, 3 / 11, 2 / 11], atol=0.01)


def test_shares_of_mask_random_and_kept(many):
    ids, _, masked, at = many
    before, after = ids[at], masked["input_word_ids"][at]
    # A random token is now and then the one that was there.
    chance = 1 / (VOCAB_SIZE - NUM_SPECIAL)
    shares = [(after == MASK).mean(), (after == before).mean()]
    np.testing.assert_allclose(shares, [0.8, 0.1 + 0.1 * chance], atol=0.005)


def test_random_tokens_are_evenly_drawn_and_never_special(many):
    ids, _, masked, at = many
    after = masked["input_word_ids"][at]
    replaced = after[(after != MASK) & (after != ids[at])]
    assert replaced.min() == NUM_SPECIAL
    counts = np.bincount(replaced, minlength=VOCAB_SIZE)[NUM_SPECIAL:]
    assert 0.7 * counts.mean() < counts.min() <= counts.max() < 1.3 * counts.mean()


def test_every_place_of_a_row_is_masked_alike(many):
    # An n-gram that the segment's end cuts short is not taken: the last two words are masked less.
    ids, _, _, at = many
    ordinary = ids >= NUM_SPECIAL
    shares = (at & ordinary).sum(axis=0) / np.maximum(ordinary.sum(axis=0), 1)
    inner = shares[1 : LENGTH // 2]
    assert 0.12 < inner.min() <= inner.max() < 0.18


def test_special_tokens_are_never_masked(many):
    ids, _, masked, at = many
    assert not at[ids < NUM_SPECIAL].any()
    np.testing.assert_array_equal(masked["input_word_ids"][~at], ids[~at])


def test_original_is_restored_from_positions_and_ids(many):
    ids, _, masked, _ = many
    restored = masked["input_word_ids"].copy()
    rows, slots = np.nonzero(masked["masked_lm_weights"])
    restored[rows, masked["masked_lm_positions"][rows, slots]] = masked["masked_lm_ids"][
        rows, slots
    ]
    np.testing.assert_array_equal(restored, ids)


def test_slots_are_filled_from_the_left_in_order_and_empty_ones_are_zero(many):
    _, _, masked, at = many
    weights, positions = masked["masked_lm_weights"], masked["masked_lm_positions"]
    assert weights.shape == (ROWS, num_predictions(LENGTH))
    np.testing.assert_array_equal(weights.sum(axis=1), at.sum(axis=1))
    assert (np.diff(weights, axis=1) <= 0).all()
    assert (np.diff(positions, axis=1)[weights[:, 1:] > 0] > 0).all()
    assert not positions[weights == 0].any()
    assert not masked["masked_lm_ids"][weights == 0].any()


def test_every_row_has_a_masked_token(many):
    assert many[3].any(axis=1).mean() > 0.999


def test_ngrams_are_whole_words_within_a_segment(vocabulary, many):
    ids, types, masked, at = many
    special = ids < NUM_SPECIAL
    begins = ~special & (vocabulary.word_starts[ids] | np.roll(special, 1, axis=1))
    # From the first token of each n-gram, its words are masked to the end of the last one.
    for row, column in np.argwhere(masked["ngram_lengths"][:2000] > 0):
        words, place = masked["ngram_lengths"][row, column], column
        assert begins[row, column]
        for _ in range(words):
            assert begins[row, place]
            place += 1
            while not special[row, place] and not begins[row, place]:
                place += 1
        assert at[row, column:place].all()
        assert (types[row, column:place] == types[row, column]).all()
    # No token is masked outside of them.
    inside = np.zeros_like(at)
    for row, column in np.argwhere(masked["ngram_lengths"][:2000] > 0):
        words = np.cumsum(begins[row, column:])
        stop = np.argmax((words > masked["ngram_lengths"][row, column]) | special[row, column:])
        inside[row, column : column + stop] = True
    np.testing.assert_array_equal(inside[:2000], at[:2000])


def test_a_replicas_part_is_that_of_the_whole_batch(vocabulary):
    ids, types = make_rows(10, 23)
    whole = mask(vocabulary, ids, types)
    part = mask(vocabulary, ids[4:7], types[4:7], rows=(4, 10))
    for name, value in part.items():
        np.testing.assert_array_equal(value, whole[name][4:7], err_msg=name)


@pytest.mark.parametrize("seed", [(1, 3), (2, 2)])
def test_another_seed_or_step_masks_other_tokens(vocabulary, seed):
    ids, types = make_rows(10, 23)
    first, again, other = (
        mask(vocabulary, ids, types, seed)["masked_lm_positions"] for seed in ((1, 2), (1, 2), seed)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()


def test_row_of_one_token_a_segment(vocabulary):
    ids = np.array([[CLS, 7, SEP, 8, SEP, PAD]], np.int32)
    types = np.array([[0, 0, 0, 1, 1, 0]], np.int32)
    taken = [
        mask(vocabulary, ids, types, (seed, 0))["masked_lm_weights"].sum() for seed in range(40)
    ]
    assert set(taken) == {0, 1}


@pytest.mark.parametrize(("length", "slots"), [(5, 8), (26, 8), (27, 16), (80, 16), (512, 88)])
def test_number_of_slots(length, slots):
    assert num_predictions(length) == slots
