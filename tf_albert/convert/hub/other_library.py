"""TF Hub modules as they compute themselves."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_albert.convert.hub.module import OUTPUTS
from tf_albert.convert.other_library import OtherLibrary
from tf_albert.modeling.encoder import INPUTS


def compute_outputs(
    folder: Path, model_class: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns the outputs of a TF Hub encoder module as it computes them.

    Args:
        folder: path. The module's folder.
        model_class: str. Not used: what is read from modules are encoders.
        inputs: dict of the inputs of the encoder, `(rows, length)`; others are left out.

    Returns:
        dict of output name to array.
    """
    del model_class
    module = tf.saved_model.load(str(folder))
    outputs = module({name: tf.constant(inputs[name]) for name in INPUTS})
    return {name: outputs[name].numpy() for name in OUTPUTS}


MODULE_ITSELF = OtherLibrary("the module itself", ("tensorflow",), compute_outputs)
