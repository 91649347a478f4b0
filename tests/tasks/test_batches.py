import numpy as np
import pytest
import tensorflow as tf

from tf_albert import AlbertPreprocessor
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.text_classification.predictor import text_batches
from tf_albert.tasks.text_classification.task import LabelledBatches

EXAMPLES = 14


@pytest.fixture
def preprocessor(tokenizer):
    return AlbertPreprocessor(tokenizer, 40)


@pytest.fixture
def batches(preprocessor):
    """Examples whose label is their number; the text has as many words."""
    texts = [("the " * (2 * number + 1),) for number in range(EXAMPLES)]
    return LabelledBatches(preprocessor, texts, np.arange(EXAMPLES, dtype=np.int32), 6, seed=3)


def labels_of(dataset):
    return np.concatenate([batch["labels"] for batch in dataset.as_numpy_iterator()])


def test_every_epoch_has_each_example_once_in_another_order(batches):
    # Seven batches of six are three epochs of fourteen.
    epochs = labels_of(batches.dataset(0, 7)).reshape(3, EXAMPLES)
    np.testing.assert_array_equal(np.sort(epochs), [np.arange(EXAMPLES)] * 3)
    assert (epochs[0] != epochs[1]).any()
    assert (epochs[1] != epochs[2]).any()


def test_later_first_step_goes_on(batches):
    whole = labels_of(batches.dataset(0, 12))
    for first in (1, 2, 7, 11):
        np.testing.assert_array_equal(
            labels_of(batches.dataset(first, 12 - first)), whole[6 * first :]
        )


@pytest.mark.parametrize("step", [0, 4, 7])
def test_no_steps_are_no_batches(batches, step):
    assert list(batches.dataset(step, 0)) == []


@pytest.mark.parametrize("replicas", [2, 3])
def test_replicas_divide_each_batch(batches, replicas):
    whole = labels_of(batches.dataset(2, 4))
    rows = whole.reshape(4, replicas, -1)
    for replica in range(replicas):
        part = labels_of(batches.dataset(2, 4, replica, replicas))
        np.testing.assert_array_equal(part, rows[:, replica].ravel())


def test_another_seed_is_another_order(batches, preprocessor):
    texts = [("a",)] * EXAMPLES
    other = LabelledBatches(preprocessor, texts, np.arange(EXAMPLES, dtype=np.int32), 6, seed=4)
    assert (labels_of(other.dataset(0, 2)) != labels_of(batches.dataset(0, 2))).any()


def test_rows_are_the_texts_of_their_labels(batches, preprocessor):
    for batch in batches.dataset(0, 3).as_numpy_iterator():
        expected = preprocessor(["the " * (2 * number + 1) for number in batch["labels"]])
        length = batch["input_word_ids"].shape[1]
        assert length % 16 == 0 or length == 40
        for name, value in expected.items():
            np.testing.assert_array_equal(batch[name], value[:, :length], err_msg=name)
            assert not np.any(value[:, length:])


def test_labels_are_numbers_of_their_kind(preprocessor):
    for numbers, kind in (([0, 1, 1], np.int32), ([0.5, 1.0, -2.0], np.float32)):
        labels = np.array(numbers, kind)
        batches = LabelledBatches(preprocessor, [("a",), ("b",), ("c",)], labels, 3, seed=0)
        (batch,) = batches.dataset(0, 1).as_numpy_iterator()
        assert batch["labels"].dtype == kind
        np.testing.assert_array_equal(np.sort(batch["labels"]), np.sort(labels))


def test_fewer_examples_than_a_batch(preprocessor):
    with pytest.raises(ValueError, match="2 training examples, fewer than one batch of 3"):
        LabelledBatches(preprocessor, [("a",), ("b",)], np.arange(2), 3, seed=0)


def test_batch_that_replicas_cannot_divide(batches):
    with pytest.raises(ValueError, match=r"batch of 6 cannot be divided among 4 .* multiple of 4"):
        batches.dataset(0, 1, 0, 4)


@pytest.mark.parametrize(("longest", "length"), [(1, 16), (16, 16), (17, 32), (33, 40), (40, 40)])
def test_padding_is_cut_off_to_a_multiple_of_16(longest, length):
    mask = np.zeros((3, 40), np.int32)
    mask[1, :longest] = 1
    mask[2, : longest // 2] = 1
    inputs = {"input_mask": tf.constant(mask), "input_word_ids": tf.constant(mask * 7)}
    for value in shortened(inputs).values():
        assert value.shape == (3, length)
    assert int(tf.reduce_sum(shortened(inputs)["input_mask"])) == mask.sum()


def test_texts_keep_their_order(preprocessor):
    texts = [("the " * number, "a") for number in range(1, 8)]
    found = list(text_batches(preprocessor, texts, 3).as_numpy_iterator())
    assert [len(batch["input_mask"]) for batch in found] == [3, 3, 1]
    lengths = np.concatenate([batch["input_mask"].sum(axis=1) for batch in found])
    assert (np.diff(lengths) > 0).all()
    assert all(batch["input_type_ids"].any() for batch in found)
