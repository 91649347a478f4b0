"""Checkpoints as the original implementation leaves them."""

import numpy as np
import tensorflow as tf

from tests.helpers import GOOGLE
from tf_albert.convert.google.names import places
from tf_albert.convert.names import weights_by_name

CHECKPOINT = GOOGLE / "encoder"


def write_checkpoint(folder, config, arrays, name="model.ckpt-7"):
    """Writes a checkpoint and its config as the original implementation leaves them."""
    folder.mkdir(exist_ok=True)
    config.to_json(folder / "albert_config.json")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for key, value in arrays.items():
            tf.compat.v1.get_variable(key, initializer=value)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / name), write_meta_graph=False)
    (folder / "checkpoint").unlink()
    return folder


def arrays_of(model):
    """Returns a model's weights as Google's code names and lays them out."""
    named = places(model.config, type(model).__name__)
    return {
        named[ours].name: np.asarray(weight).T if named[ours].transposed else np.asarray(weight)
        for ours, weight in weights_by_name(model).items()
    }


def stored_arrays(folder):
    """Returns the arrays of a checkpoint of the name that this package gives one."""
    reader = tf.train.load_checkpoint(str(folder / "model.ckpt-best"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
