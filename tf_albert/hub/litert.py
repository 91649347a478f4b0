"""A classifier as a LiteRT file (`.tflite`), for phones and small machines: ids in, logits out.

Format: https://ai.google.dev/edge/litert; quantization:
https://ai.google.dev/edge/litert/models/post_training_quantization.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tf_albert import files
from tf_albert.hub.classifier import check_fit
from tf_albert.hub.reusable import require
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import INPUTS
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.types import StrPath, Tensor

FORMS = ("float32", "float16", "int8", "full_int8")
# What stays in float32 in `full_int8`. With the mask's -10,000 among them the int8 steps between
# attention scores would be 39 wide, and texts without padding would calibrate the mask away;
# the sums and variances of a normalization have too wide a range.
FLOAT_OPERATIONS = (
    *("BATCH_MATMUL", "SOFTMAX", "RESHAPE", "STRIDED_SLICE"),
    *("ADD", "SUB", "MUL", "MEAN", "SQUARED_DIFFERENCE", "RSQRT"),
)
# Single texts, or tuples of the one or two texts of each example.
Texts: TypeAlias = Sequence[str] | Sequence[tuple[str, ...]]


def save_litert(
    classifier: AlbertClassifier,
    preprocessor: AlbertPreprocessor,
    path: StrPath,
    form: str = "float32",
    texts: Texts | None = None,
) -> None:
    """Writes a classifier as a LiteRT file that needs nothing of tf_albert or TensorFlow.

    The file has one signature, `serving_default`: `input_word_ids`, `input_mask` and
    `input_type_ids`, int32 `(1, sequence_length)`, to `logits`, float32 `(1, num_classes)`. Sizes
    are fixed, one row a call, which is what the kernels of phones are made for. Weights that layers
    share are stored once.

    Args:
        classifier: `AlbertClassifier`, of any precision.
        preprocessor: `AlbertPreprocessor`, of the tokenizer the classifier was trained with. Its
            `sequence_length` is that of the file.
        path: str or path. The file to write.
        form: str. How the weights are stored, and what is computed in int8:

            - `float32`: as they are;
            - `float16`: half the size, computed in float32;
            - `int8`: a quarter of the size; products with weights in int8, with the range of each
              input measured when it comes;
            - `full_int8`: the same with ranges measured on `texts` beforehand. Attention's own
              products, softmax, sums and normalizations stay in float32.
        texts: list of str, or of tuples of one or two str; for `full_int8` alone. Some hundred
            texts such as the file will see.

    Raises:
        ValueError: an argument of another class, an unknown form, a preprocessor that does not fit
            the classifier, texts missing or not wanted, or `path` is a folder.

    Example::

        tf_albert.hub.save_litert(classifier, preprocess, "sentiment.tflite", "int8")
        run = ai_edge_litert.interpreter.Interpreter("sentiment.tflite").get_signature_runner()
        run(**{name: rows.numpy() for name, rows in preprocess(["a fine film"]).items()})["logits"]
    """
    check_litert(path, form, texts)
    require(classifier, (AlbertClassifier,), "Other models have no LiteRT form.")
    require(preprocessor, (AlbertPreprocessor,), "A tokenizer goes into one of these.")
    check_fit(classifier.config, preprocessor.tokenizer, preprocessor.sequence_length)
    converter = _converter(classifier, preprocessor.sequence_length)
    if texts:  # there for `full_int8` alone, by `check_litert`
        content = _convert_calibrated(converter, _rows(preprocessor, texts))
    else:
        content = _convert(converter, form)
    files.write_bytes(path, content)


def check_litert(path: StrPath, form: str, texts: Texts | None) -> None:
    """Checks the arguments for a LiteRT file before a model is loaded.

    Args:
        path: str or path. The file to write.
        form: str. How the weights are stored: `float32`, `float16`, `int8` or `full_int8`.
        texts: list of str, or of tuples of one or two str; None for every form but `full_int8`.

    Raises:
        ValueError: an unknown form, texts missing or not wanted, or `path` is a folder.
    """
    if form not in FORMS:
        raise ValueError(f"A LiteRT file has no form {form!r}. Known forms: {', '.join(FORMS)}.")
    if form == "full_int8" and not texts:
        raise ValueError(
            "The form 'full_int8' needs texts to measure the ranges of its values on. Give some "
            "hundred (`texts`; `--calibration FILE`), or use the form 'int8', which needs none."
        )
    if form != "full_int8" and texts:
        raise ValueError(
            f"The form {form!r} measures nothing on texts. Leave them out, or use 'full_int8'."
        )
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder; a LiteRT file is to be written there. Name a file.")


def _converter(classifier: AlbertClassifier, sequence_length: int) -> tf.lite.TFLiteConverter:
    """Returns a converter of the classifier with its weights as constants.

    Weights that are variables end in a file that reads them from nowhere: its logits are NaN.
    """
    # A copy, for float32 and padded rows: the caller's model stays as it is.
    model = AlbertClassifier(classifier.config, **classifier.head_arguments(), dtype="float32")
    model.set_weights(classifier.get_weights())
    model.encoder.skip_padding = False
    weights = [
        [variable.numpy() for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    @tf.function(autograph=False)
    def call(**inputs: Tensor) -> dict[str, Tensor]:
        constants = [[tf.constant(value) for value in values] for values in weights]
        logits, _ = model.stateless_call(*constants, inputs, training=False)
        return {"logits": logits}

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
    converter: tf.lite.TFLiteConverter, rows: list[dict[str, np.ndarray]]
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


def _rows(preprocessor: AlbertPreprocessor, texts: Texts) -> list[dict[str, np.ndarray]]:
    """Returns the inputs of each text, a list of dicts of arrays of shape `(1, length)`."""
    columns = texts if isinstance(texts[0], str) else tuple(map(list, zip(*texts, strict=True)))
    inputs = {name: np.asarray(values) for name, values in preprocessor(columns).items()}
    return [
        {name: values[row : row + 1] for name, values in inputs.items()}
        for row in range(len(texts))
    ]
