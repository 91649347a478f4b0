"""The same weights from the same command, bit for bit."""

import tensorflow as tf


def make_deterministic() -> None:
    """Makes TensorFlow add up in the same order in every run of this process; slower.

    Op determinism alone leaves float32 weights that differ from run to run: Grappler's
    meta-optimizer orders what it fuses by chance.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
