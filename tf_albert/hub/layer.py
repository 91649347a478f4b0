"""A TF Hub module as a layer of Keras 3, which `hub.KerasLayer` is not."""

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import keras
import tensorflow as tf

from tf_albert import files
from tf_albert.addresses import check_encrypted
from tf_albert.types import JsonDict, StrPath, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class HubLayer(keras.layers.Layer):
    """Any Reusable SavedModel as a Keras 3 layer, its weights registered and trainable.

    `hub.KerasLayer` is a layer of tf_keras. In a functional model of Keras 3 it raises; wrapped in
    a layer of Keras 3 it trains with its weights silently frozen, since Keras 3 does not see them.
    API: https://www.tensorflow.org/hub/reusable_saved_models.

    Args:
        handle: str or path. The module's folder, or an address that `hub.resolve` takes. A `.keras`
            file names it, and whoever opens the file loads it again from there, with the same graph
            and assets, so open such files only where you trust their modules. Or what `hub.load`
            gave, or a part of it, such as a preprocessor's `tokenize`; a model with such a layer
            can be exported, but goes into no `.keras` file.
        trainable: bool. Whether the module's trainable weights are the layer's.
        signature: str or None. The name of a signature to call in the module's place, which no
            gradient is taught through.
        output_key: str or None. Which output to return where there are several.
        arguments: dict or None. Further arguments of the module's call; JSON values.
        **kwargs: what every Keras layer takes (`name`, `dtype`).

    Call arguments:
        inputs: what the module takes; tensors, ragged ones among them, arrays or a list of strings.
        training: bool. Passed on where the module's call takes it and the layer is trainable; one
            that is not stays as it is, dropout included, as with `hub.KerasLayer`.

    Output:
        What the module gives; float outputs in the compute type of the layer.

    Raises:
        OSError: there is no module.
        ValueError: an `http://` address, a signature is to be trained or is not there, the object
            cannot be called, `output_key` names no output, what a signature takes by name comes
            without names, a configuration is asked of a layer without a path, or a `.keras` file
            was saved with another module.

    Example::

        inputs = {name: keras.Input((128,), dtype="int32", name=name) for name in
                  ("input_word_ids", "input_mask", "input_type_ids")}
        pooled = HubLayer("modules/encoder", trainable=True, output_key="pooled_output")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    """

    def __init__(
        self,
        handle: StrPath | Any,
        trainable: bool = False,
        signature: str | None = None,
        output_key: str | None = None,
        arguments: JsonDict | None = None,
        **kwargs: Any,
    ) -> None:
        if signature is not None and trainable:
            raise ValueError(
                f"The signature {signature!r} cannot be trained: it does not say which weights are "
                "its own. Leave out `signature` to train the module's own call."
            )
        super().__init__(trainable=trainable, autocast=False, **kwargs)
        self.handle = str(handle) if isinstance(handle, os.PathLike) else handle
        self.signature = signature
        self.output_key = output_key
        self.arguments = dict(arguments or {})
        self._module = _load(self.handle)
        self._function = _function_of(self._module, signature, self.handle)
        self._takes_training = signature is None and _takes(self._module, "training")
        self._register_weights()
        self.supports_jit = False  # XLA does not compile strings, nor what a module may hold
        self.built = True

    def _register_weights(self) -> None:
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

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        if isinstance(inputs, list) and all(isinstance(text, str) for text in inputs):
            inputs = tf.constant(inputs, tf.string)  # Keras would take each for an input
        return super().__call__(inputs, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        arguments = dict(self.arguments)
        if self._takes_training:
            arguments["training"] = bool(training and self.trainable)
        if self.signature is not None:
            outputs = self._function(**_named(inputs, self._function))
        else:
            outputs = self._function(inputs, **arguments)
        if training and self.trainable:
            for loss in getattr(self._module, "regularization_losses", []):
                self.add_loss(loss())
        return keras.tree.map_structure(self._cast, self._chosen(outputs))

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        # Keras's own inference takes ragged tensors for dense ones.
        specs = keras.tree.map_structure(_spec_of, inputs)
        function = tf.function(self.call, autograph=False).get_concrete_function(specs)
        return keras.tree.map_structure(_symbol_of, function.structured_outputs)

    def _chosen(self, outputs: Any) -> Any:
        if self.output_key is None:
            return outputs
        if not isinstance(outputs, dict) or self.output_key not in outputs:
            known = ", ".join(outputs) if isinstance(outputs, dict) else "one output without a name"
            raise ValueError(f"{self.handle} has no output {self.output_key!r}. It has: {known}.")
        return outputs[self.output_key]

    def _cast(self, output: Tensor) -> Tensor:
        is_float = tf.is_tensor(output) and output.dtype.is_floating
        return tf.cast(output, self.compute_dtype) if is_float else output

    def get_config(self) -> JsonDict:
        if not isinstance(self.handle, str):
            raise ValueError(
                "A layer of a loaded object cannot be made again from its configuration. Give "
                "`HubLayer` the module's path, or save the model with `model.export`."
            )
        return super().get_config() | {
            "handle": self.handle,
            "signature": self.signature,
            "output_key": self.output_key,
            "arguments": self.arguments,
            "module_sha256": _sum_of(self.handle),
        }

    @classmethod
    def from_config(cls, config: JsonDict) -> Self:
        config = dict(config)
        wanted = config.pop("module_sha256", None)  # version 0.1 stored none
        if wanted is not None and _sum_of(config["handle"]) != wanted:
            raise ValueError(
                f"{config['handle']} holds another module than the one that this layer was saved "
                "with: its graph or its assets differ. Put that module there, or make the layer "
                "anew."
            )
        return cls(**config)


def _sum_of(handle: str) -> str:
    """Returns the SHA-256 sum of a module's graph and assets; its weights Keras stores itself."""
    import tensorflow_hub as hub

    folder = Path(hub.resolve(handle))
    assets = sorted(path for path in (folder / "assets").rglob("*") if path.is_file())
    sums = [files.sha256(path) for path in (folder / "saved_model.pb", *assets)]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def _load(handle: Any) -> Any:
    if not isinstance(handle, str):
        return handle
    check_encrypted(handle)
    import tensorflow_hub as hub
    import tensorflow_text  # noqa: F401 - a preprocessor's module needs its operations

    # A path stays what it is.
    return tf.saved_model.load(hub.resolve(handle))


def _function_of(module: Any, signature: str | None, handle: Any) -> Callable[..., Any]:
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


def _takes(module: Any, argument: str) -> bool:
    """Whether the module's call has an argument of a name."""
    function = module.__call__
    specification = getattr(function, "function_spec", None) or function._function_spec
    names = specification.fullargspec
    return argument in (*names.args, *names.kwonlyargs)


def _spec_of(symbol: keras.KerasTensor) -> tf.TypeSpec:
    """Returns what TensorFlow knows of a symbolic tensor of Keras."""
    if symbol.ragged:
        return tf.RaggedTensorSpec(symbol.shape, symbol.dtype, symbol.ragged_rank)
    return tf.TensorSpec(symbol.shape, symbol.dtype)


def _symbol_of(output: Tensor) -> keras.KerasTensor:
    """Returns a symbolic tensor of Keras for one of TensorFlow."""
    is_ragged = isinstance(output, tf.RaggedTensor)
    more = {"ragged_rank": output.ragged_rank} if is_ragged else {}
    return keras.KerasTensor(output.shape, output.dtype, ragged=is_ragged, **more)


def _as_keras(variable: tf.Variable, trainable: bool) -> keras.Variable:
    """Returns a Keras variable that is the module's own, not a copy of it."""
    # Keras's names hold no slashes.
    name = variable.name.split(":")[0].replace("/", "_")
    return keras.Variable(
        variable, trainable=trainable, dtype=variable.dtype.name, shape=variable.shape, name=name
    )


def _named(inputs: Any, function: Any) -> dict[str, Tensor]:
    if isinstance(inputs, dict):
        return inputs
    names = sorted(function.structured_input_signature[1])
    if len(names) != 1:
        raise ValueError(
            f"This signature takes tensors by name: give a dict of {', '.join(names)}. "
            f"Received: {type(inputs).__name__}."
        )
    return {names[0]: inputs}
