"""A TF Hub module as a layer of Keras 3, which `hub.KerasLayer` is not."""

import warnings

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tf_albert")
class HubLayer(keras.layers.Layer):
    """Any Reusable SavedModel as a Keras 3 layer, its weights registered and trainable.

    `hub.KerasLayer` is a layer of tf_keras. In a functional model of Keras 3 it raises; wrapped in
    a layer of Keras 3 it trains with its weights silently frozen, since Keras 3 does not see them.
    API: https://www.tensorflow.org/hub/reusable_saved_models.

    Args:
        handle: str or path. The module's folder, or an address that `hub.resolve` takes. It is
            loaded again from there where a `.keras` file is, so open such files only where you
            trust their modules.
        trainable: bool. Whether the module's trainable weights are the layer's.
        signature: str or None. The name of a signature to call in the module's place, which no
            gradient is taught through.
        output_key: str or None. Which output to return where there are several.
        arguments: dict or None. Further arguments of the module's call; JSON values.
        **kwargs: as for every Keras layer (`name`, `dtype`).

    Call arguments:
        inputs: what the module takes.
        training: bool. Passed on where the module's call takes it.

    Output:
        What the module gives; float outputs in the compute type of the layer.

    Raises:
        OSError: there is no module.
        ValueError: a signature is to be trained or is not there, the object cannot be called, or
            `output_key` names no output.

    Example::

        inputs = {name: keras.Input((128,), dtype="int32", name=name) for name in
                  ("input_word_ids", "input_mask", "input_type_ids")}
        pooled = HubLayer("modules/encoder", trainable=True, output_key="pooled_output")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    """

    def __init__(
        self,
        handle,
        trainable=False,
        signature=None,
        output_key=None,
        arguments=None,
        **kwargs,
    ):
        if signature is not None and trainable:
            raise ValueError(
                f"The signature {signature!r} cannot be trained: it does not say which weights are "
                "its own. Leave out `signature` to train the module's own call."
            )
        super().__init__(trainable=trainable, autocast=False, **kwargs)
        self.handle = str(handle)
        self.signature = signature
        self.output_key = output_key
        self.arguments = dict(arguments or {})
        self._module = _load(self.handle)
        self._function = _function_of(self._module, signature, self.handle)
        self._takes_training = signature is None and _takes(self._module, "training")
        self._register_weights()
        self.built = True

    def _register_weights(self):
        trainable = list(getattr(self._module, "trainable_variables", []))
        of_training = {id(variable) for variable in trainable}
        everything = [*trainable, *getattr(self._module, "variables", [])]
        for variable in {id(variable): variable for variable in everything}.values():
            self._track_variable(_as_keras(variable, id(variable) in of_training))
        if self.trainable and not trainable:
            warnings.warn(
                f"{self.handle} names no trainable variables, so nothing of it will be trained. "
                "Export it with `variables` and `trainable_variables`, or leave `trainable` out.",
                stacklevel=3,
            )

    def call(self, inputs, training=False):
        arguments = dict(self.arguments)
        if self._takes_training:
            arguments["training"] = bool(training)
        if self.signature is not None:
            outputs = self._function(**_named(inputs, self._function))
        else:
            outputs = self._function(inputs, **arguments)
        if training and self.trainable:
            for loss in getattr(self._module, "regularization_losses", []):
                self.add_loss(loss())
        return keras.tree.map_structure(self._cast, self._chosen(outputs))

    def _chosen(self, outputs):
        if self.output_key is None:
            return outputs
        if not isinstance(outputs, dict) or self.output_key not in outputs:
            known = ", ".join(outputs) if isinstance(outputs, dict) else "one output without a name"
            raise ValueError(f"{self.handle} has no output {self.output_key!r}. It has: {known}.")
        return outputs[self.output_key]

    def _cast(self, output):
        is_float = tf.is_tensor(output) and output.dtype.is_floating
        return tf.cast(output, self.compute_dtype) if is_float else output

    def get_config(self):
        return super().get_config() | {
            "handle": self.handle,
            "signature": self.signature,
            "output_key": self.output_key,
            "arguments": self.arguments,
        }


def _load(handle):
    if tf.io.gfile.exists(handle):
        return tf.saved_model.load(handle)
    import tensorflow_hub as hub

    return tf.saved_model.load(hub.resolve(handle))


def _function_of(module, signature, handle):
    signatures = getattr(module, "signatures", {})
    if signature is not None:
        if signature not in signatures:
            known = ", ".join(signatures) or "none"
            raise ValueError(f"{handle} has no signature {signature!r}. It has: {known}.")
        return signatures[signature]
    if not callable(module):
        raise ValueError(
            f"{handle} is no Reusable SavedModel: it cannot be called. Its signatures: "
            f"{', '.join(signatures) or 'none'}; `signature` takes one, without training."
        )
    return module


def _takes(module, argument):
    """Whether the module's call has an argument of a name."""
    function = module.__call__
    specification = getattr(function, "function_spec", None) or function._function_spec
    names = specification.fullargspec
    return argument in (*names.args, *names.kwonlyargs)


def _as_keras(variable, trainable):
    """Returns a Keras variable that is the module's own, not a copy of it."""
    # Keras's names hold no slashes.
    name = variable.name.split(":")[0].replace("/", "_")
    return keras.Variable(
        variable, trainable=trainable, dtype=variable.dtype.name, shape=variable.shape, name=name
    )


def _named(inputs, function):
    if isinstance(inputs, dict):
        return inputs
    (name,) = function.structured_input_signature[1]
    return {name: inputs}
