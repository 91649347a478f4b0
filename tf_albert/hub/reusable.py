"""Reusable SavedModels: what `hub.KerasLayer` expects, and how a folder of it is written.

API: https://www.tensorflow.org/hub/reusable_saved_models.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import keras
import tensorflow as tf

import tf_albert
from tf_albert import files, layout
from tf_albert.convert.provenance import without_paths, write_provenance
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.trained_parts import merged
from tf_albert.types import JsonDict, StrPath, Tensor

MODULE_FILE = "saved_model.pb"
# Written anew with other bytes on every save; TensorFlow does not need it.
FINGERPRINT_FILE = "fingerprint.pb"

# What `tf.function` returns, and one graph of it.
Function: TypeAlias = tf.types.experimental.PolymorphicFunction
ConcreteFunction: TypeAlias = tf.types.experimental.ConcreteFunction
# What a function takes: one tensor, or several by name.
Specs: TypeAlias = tf.TypeSpec | dict[str, tf.TypeSpec]
Required = TypeVar("Required")


def trainable_function(call: Callable[[Any, bool], Any], spec: Specs) -> Function:
    """Returns `tf.function(inputs, training=False)`, traced with and without training.

    Args:
        call: function of `(inputs, training)`.
        spec: `tf.TypeSpec`, or dict of several by name. What `inputs` are.
    """

    @tf.function(autograph=False)
    def function(inputs: Any, training: bool = False) -> Any:
        return call(inputs, training)

    for training in (True, False):
        function.get_concrete_function(spec, training=training)
    return function


def reusable(function: Function, models: Iterable[keras.layers.Layer] = ()) -> tf.train.Checkpoint:
    """Returns an object that TF Hub can call and train once it is saved.

    Args:
        function: `tf.function`, traced for each form of its inputs.
        models: Keras models or layers whose variables it uses.

    Returns:
        A trackable with `__call__`, `variables`, `trainable_variables`, `regularization_losses`.
    """
    root = tf.train.Checkpoint()
    root.__call__ = function
    # Keras's own variables: with the TensorFlow variables inside them each is stored twice.
    root.variables = _once(variable for model in models for variable in model.variables)
    root.trainable_variables = _once(
        variable for model in models for variable in model.trainable_variables
    )
    root.regularization_losses = []
    return root


def _once(variables: Iterable[keras.Variable]) -> list[keras.Variable]:
    """Returns each of some variables once: a head shares the table of its embedding."""
    return list({id(variable): variable for variable in variables}.values())


def signature(
    call: Callable[[dict[str, Tensor]], dict[str, Tensor]], specs: dict[str, tf.TypeSpec]
) -> ConcreteFunction:
    """Returns the function for TensorFlow Serving of a call on a dict: its inputs have names.

    Args:
        call: function of a dict of tensors to a dict of tensors.
        specs: dict of `tf.TypeSpec` by name.
    """

    @tf.function(autograph=False)
    def serve(**inputs: Tensor) -> dict[str, Tensor]:
        return call(inputs)

    return serve.get_concrete_function(**specs)


def write_module(
    root: tf.train.Checkpoint,
    path: StrPath,
    assets: Callable[[Path], object],
    provenance: JsonDict,
    signatures: ConcreteFunction | dict[str, ConcreteFunction] | None = None,
) -> None:
    """Writes a SavedModel with its assets and its `provenance.json`.

    Args:
        root: `tf.train.Checkpoint`. The reusable object, whose `__call__` is a `tf.function`.
        path: str or path. The folder; replaced as a whole.
        assets: function of a folder. It writes there the files that go into `assets/`.
        provenance: dict of JSON values. What `provenance.json` says besides the sums; of a run's
            paths their last parts alone.
        signatures: concrete function, which becomes `serving_default`; dict of several by name; or
            None.

    Raises:
        OSError: the files cannot be written.
        ValueError: `path` is something else's folder.
    """
    with (
        files.replacing_folder(path, layout.PROVENANCE_FILE) as folder,
        tempfile.TemporaryDirectory() as beside,
    ):
        assets(Path(beside))
        root.assets = [tf.saved_model.Asset(str(file)) for file in sorted(Path(beside).iterdir())]
        try:
            tf.saved_model.save(root, str(folder), signatures=signatures)
        except tf.errors.OpError as error:  # such as a full disk, for which it has no `OSError`
            raise OSError(f"{path} could not be written: {error.message}") from error
        (folder / FINGERPRINT_FILE).unlink(missing_ok=True)
        facts = {"tf_albert_version": tf_albert.__version__, **without_paths(provenance)}
        write_provenance(folder, facts)


def describe(model: keras.Model) -> JsonDict:
    """Returns what `provenance.json` says about a model: its class and its size.

    Args:
        model: a Keras model that is built.
    """
    return {"model_class": type(model).__name__, "num_parameters": model.count_params()}


def require(value: object, classes: tuple[type[Required], ...], hint: str) -> Required:
    """Returns `value`, which must be an instance of one of the classes; a model without LoRA.

    Args:
        value: what the user gave.
        classes: tuple of the classes that are accepted.
        hint: str. What to do instead. It ends the error message.

    Raises:
        ValueError: `value` is of none of the classes.
    """
    if not isinstance(value, classes):
        names = " or ".join(f"`{name.__name__}`" for name in classes)
        raise ValueError(f"Expected {names}. Received: {type(value).__name__}. {hint}")
    return merged(value) if isinstance(value, AlbertModel) else value
