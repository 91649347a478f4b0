"""TF Hub modules as TensorFlow loads and calls them."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.convert.errors import first_line
from tf_albert.convert.hub.names import is_encoder
from tf_albert.modeling.encoder import INPUTS
from tf_albert.types import StrPath

# Of a module of TensorFlow 2, and of what only one of TF1 Hub has.
MODULE_FILE, HUB1_FILE = "saved_model.pb", "tfhub_module.pb"
OUTPUTS = ("sequence_output", "pooled_output")


def load_encoder(where: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Returns a loaded encoder module, and its variables' values by name.

    Args:
        where: path. The module's folder.

    Raises:
        ValueError: a damaged module, or one that is no ALBERT encoder.
    """
    try:
        module = tf.saved_model.load(str(where))
        # A plain SavedModel has no list of its variables.
        variables = getattr(module, "variables", ())
        stored = {variable.name.removesuffix(":0"): variable.numpy() for variable in variables}
    except Exception as error:  # protobuf's, TensorFlow's and Python's share no base class
        raise ValueError(
            f"{where} cannot be loaded as a TF Hub module: {first_line(error)} Copy it again, or "
            "name an encoder module."
        ) from error
    # What Keras's `model.export` writes has the list and no call.
    if not is_encoder(stored) or not callable(module) or _takes_strings(module):
        found = ", ".join(sorted(stored)[:3]) or "none"
        raise ValueError(
            f"{where} is no encoder module of ALBERT; its first variables: {found}. Name the "
            "encoder's module, not that of a preprocessor, a classifier or another model."
        )
    return module, stored


def _takes_strings(module: Any) -> bool:
    """Whether a module tokenizes by itself, as this package's classifiers do."""
    functions = getattr(module.__call__, "concrete_functions", ())
    specs = tf.nest.flatten([function.structured_input_signature for function in functions])
    return any(isinstance(spec, tf.TensorSpec) and spec.dtype == tf.string for spec in specs)


def outputs_of(module: Any, inputs: dict[str, np.ndarray], where: StrPath) -> dict[str, Any]:
    """Returns what a module gives for the encoder's inputs, both of ALBERT's outputs among it.

    Args:
        module: a loaded module.
        inputs: dict of the inputs of the encoder, int32, `(rows, length)`.
        where: str or path. For the error message.

    Raises:
        ValueError: it cannot be called with them, or gives something else.
    """
    try:
        outputs = module({name: tf.constant(value) for name, value in inputs.items()})
    except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            f"{where} cannot be called with {', '.join(INPUTS)}: {first_line(error)} Name an "
            "encoder module."
        ) from error
    missing = [name for name in OUTPUTS if not isinstance(outputs, dict) or name not in outputs]
    if missing:
        raise ValueError(
            f"{where} does not give {', '.join(missing)}, as an encoder of ALBERT does. Name an "
            "encoder module."
        )
    return outputs
