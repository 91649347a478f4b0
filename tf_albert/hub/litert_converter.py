"""A classifier's or an encoder's graph and weights become the content of a LiteRT file.

Format: https://ai.google.dev/edge/litert; quantization:
https://ai.google.dev/edge/litert/models/post_training_quantization.
"""

import warnings
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.types import Tensor

FORMS = ("float32", "float16", "int8", "full_int8")
# What stays in float32 in `full_int8`. With the mask's -10,000 among them the int8 steps between
# attention scores would be 39 wide, and texts without padding would calibrate the mask away;
# the sums and variances of a normalization have too wide a range.
FLOAT_OPERATIONS = (
    *("BATCH_MATMUL", "SOFTMAX", "RESHAPE", "STRIDED_SLICE"),
    *("ADD", "SUB", "MUL", "MEAN", "SQUARED_DIFFERENCE", "RSQRT"),
)
# Of an encoder's outputs, those in a file: of every layer would be much for a phone.
ENCODED = ("pooled_output", "sequence_output")


Exportable: TypeAlias = AlbertClassifier | AlbertEncoder


def convert_model(
    model: Exportable,
    sequence_length: int,
    form: str = "float32",
    rows: Sequence[dict[str, np.ndarray]] = (),
) -> bytes:
    """Returns the content of a LiteRT file.

    Args:
        model: `AlbertClassifier` or `AlbertEncoder`, of any precision; it stays as it is.
        sequence_length: int. Tokens a row.
        form: str. One of `FORMS`.
        rows: list of the encoder's inputs, dicts of int32 arrays `(1, sequence_length)`, to measure
            ranges on; for `full_int8` alone.
    """
    converter = _converter(model, sequence_length)
    return _convert_calibrated(converter, rows) if rows else _convert(converter, form)


def _converter(original: Exportable, sequence_length: int) -> tf.lite.TFLiteConverter:
    """Returns a converter of the model with its weights as constants.

    Weights that are variables end in a file that reads them from nowhere: its outputs are NaN.
    """
    # A copy, for float32 and padded rows: the caller's model stays as it is.
    model = type(original)(original.config, **original.head_arguments(), dtype="float32")
    model.set_weights(original.get_weights())
    encodes = isinstance(model, AlbertEncoder)
    encoder = model if encodes else model.encoder
    encoder.skip_padding = False
    weights = [
        [variable.numpy() for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    @tf.function(autograph=False)
    def call(**inputs: Tensor) -> dict[str, Tensor]:
        constants = [[tf.constant(value) for value in values] for values in weights]
        outputs, _ = model.stateless_call(*constants, inputs, training=False)
        return {name: outputs[name] for name in ENCODED} if encodes else {"logits": outputs}

    specs = {name: tf.TensorSpec((1, sequence_length), tf.int32, name) for name in INPUTS}
    function = call.get_concrete_function(**specs)
    return tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())


def _convert(converter: tf.lite.TFLiteConverter, form: str) -> bytes:
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _convert_calibrated(
    converter: tf.lite.TFLiteConverter, rows: Sequence[dict[str, np.ndarray]]
) -> bytes:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: rows
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(FLOAT_OPERATIONS))
    with warnings.catch_warnings():
        # TensorFlow's own calibration uses the interpreter that it warns of.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated")
        # The one public way to leave operations out of quantization.
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_options=options
        )
        return debugger.get_nondebug_quantized_model()
