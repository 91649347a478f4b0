"""Reusable SavedModels: what `hub.KerasLayer` expects, and how a folder of it is written.

API: https://www.tensorflow.org/hub/reusable_saved_models.
"""

import tempfile
from pathlib import Path

import tensorflow as tf

import tf_albert
from tf_albert import files, layout
from tf_albert.convert.provenance import write_provenance

MODULE_FILE = "saved_model.pb"
# Written anew with other bytes on every save; TensorFlow does not need it.
FINGERPRINT_FILE = "fingerprint.pb"


def trainable_function(call, spec):
    """Returns `tf.function(inputs, training=False)`, traced with and without training.

    Args:
        call: function of `(inputs, training)`.
        spec: nest of `tf.TensorSpec`. What `inputs` are.
    """

    @tf.function(autograph=False)
    def function(inputs, training=False):
        return call(inputs, training)

    for training in (True, False):
        function.get_concrete_function(spec, training=training)
    return function


def reusable(function, models=()):
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


def _once(variables):
    """Returns each of some variables once: a head shares the table of its embedding."""
    return list({id(variable): variable for variable in variables}.values())


def signature(call, specs):
    """Returns the function for TensorFlow Serving of a call on a dict: its inputs have names.

    Args:
        call: function of a dict of tensors to a dict of tensors.
        specs: dict of `tf.TensorSpec` by name.
    """

    @tf.function(autograph=False)
    def serve(**inputs):
        return call(inputs)

    return serve.get_concrete_function(**specs)


def write_module(root, path, assets, provenance, signatures=None):
    """Writes a SavedModel with its assets and its `provenance.json`.

    Args:
        root: what `reusable` returned.
        path: str or path. The folder; replaced as a whole.
        assets: function of a folder. It writes there the files that go into `assets/`.
        provenance: dict of JSON values. What `provenance.json` says besides the sums.
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
        write_provenance(folder, {"tf_albert_version": tf_albert.__version__, **provenance})


def describe(model):
    """Returns what `provenance.json` says about a model: its class and its size."""
    return {"model_class": type(model).__name__, "num_parameters": model.count_params()}


def require(value, classes, hint):
    """Raises a `ValueError` if `value` is of none of the classes."""
    if not isinstance(value, classes):
        names = " or ".join(f"`{name.__name__}`" for name in classes)
        raise ValueError(f"Expected {names}. Received: {type(value).__name__}. {hint}")
