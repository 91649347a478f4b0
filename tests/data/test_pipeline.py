"""Elements computed ahead of their use."""

import time

import numpy as np
import tensorflow as tf

from tf_albert.data.pipeline import computed_ahead


def test_elements_keep_their_order_whatever_time_each_takes():
    def late(number):
        time.sleep(0.05 if number % 3 == 0 else 0.0)
        return number * 2

    ahead = computed_ahead(
        tf.data.Dataset.range(13), lambda number: tf.numpy_function(late, [number], tf.int64)
    )
    np.testing.assert_array_equal(list(ahead.as_numpy_iterator()), np.arange(13) * 2)


def test_no_thread_tunes_the_dataset():
    ahead = computed_ahead(tf.data.Dataset.range(3), lambda number: number)
    assert ahead.options().autotune.enabled is False
