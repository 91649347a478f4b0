"""What every ALBERT model shares: its config, how Keras saves it, and `save_pretrained`."""

import inspect
from typing import Any, ClassVar, Self

import keras

from tf_albert.config import DEFAULT_SEQUENCE_LENGTH, INPUTS, AlbertConfig
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

JIT = "jit_compile"


class AlbertModel(keras.Model):
    """A Keras model of which every weight exists once it is made.

    Args:
        config: `AlbertConfig`, or the dict that its `to_dict` gave.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Attributes:
        input_ranks: dict of str to int. The int32 tensors that a call takes in a dict, and the
            number of their axes.
    """

    input_ranks: ClassVar[dict[str, int]] = dict.fromkeys(INPUTS, 2)

    def __init__(self, config: AlbertConfig | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = as_config(config)

    def _part(self, layer_class: type, name: str, **arguments: Any) -> Any:
        """Returns a built layer; it takes from the config the sizes that it has arguments for."""
        taken = inspect.signature(layer_class).parameters
        sizes = {name: size for name, size in self.config.to_dict().items() if name in taken}
        part = layer_class(**sizes, **arguments, dtype=self.dtype_policy, name=name)
        part.build()
        return part

    def head_arguments(self) -> dict[str, Any]:
        """Returns what the constructor takes besides the config: JSON values by name."""
        return {}

    def get_config(self) -> dict[str, Any]:
        # A config rebuilds the encoder too, so it may stand in the encoder's place.
        encoder_or_config = next(iter(inspect.signature(type(self)).parameters))
        return {
            encoder_or_config: self.config.to_dict(),
            **self.head_arguments(),
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }

    def compile(self, *args: Any, **kwargs: Any) -> None:
        if inspect.signature(super().compile).bind(*args, **kwargs).arguments.get(JIT) is True:
            self._set_skip_padding(False)  # what is left out of rows makes shapes XLA cannot know
        super().compile(*args, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        # Keras leaves this to a class whose `compile` is its own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def export(
        self,
        filepath: StrPath,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Writes the model as Keras does: a SavedModel, or a LiteRT file.

        Args:
            filepath: str or path. The folder or file to write.
            format: str. What Keras's `Model.export` takes: `tf_saved_model`, `litert` and others.
            verbose: bool or None. Whether Keras prints the signature.
            input_signature: what Keras takes; None for int32 rows `(batch, length)`, in a
                SavedModel of any length, in other formats of the preprocessor's or of 128 tokens.
            **kwargs: what Keras takes besides.

        Raises:
            ValueError: a format that Keras does not know.

        Example::

            classifier.export("served")
            served = tf.saved_model.load("served")  # its variables live as long as it does
            served.serve(dict(preprocess(["a fine film"])))
        """
        if input_signature is None:
            length = None if format == "tf_saved_model" else self._export_length()
            input_signature = [self._input_specs(length)]
        # Other formats than TensorFlow's want shapes that do not depend on the rows' padding.
        skipped = self._set_skip_padding(None if format == "tf_saved_model" else False)
        try:
            export = keras.Model.export.__get__(self._exported_model())
            export(str(filepath), format, verbose, input_signature, **kwargs)
        finally:
            self._set_skip_padding(skipped)

    def _exported_model(self) -> keras.Model:
        return self

    def _export_length(self) -> int:
        """Returns the tokens a row of a format whose rows are all of one length."""
        return min(DEFAULT_SEQUENCE_LENGTH, self.config.max_position_embeddings)

    def _set_skip_padding(self, value: bool | None) -> bool:
        """Sets the encoder's `skip_padding`, None to leave it; returns what it was."""
        encoder: Any = getattr(self, "encoder", self)
        skipped = encoder.skip_padding
        encoder.skip_padding = skipped if value is None else value
        return skipped

    def _input_specs(self, length: int | None) -> dict[str, keras.InputSpec]:
        return {
            name: keras.InputSpec("int32", shape=(*(None,) * (rank - 1), length), name=name)
            for name, rank in self.input_ranks.items()
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        dtype = keras.saving.deserialize_keras_object(config["dtype"])
        return cls(**(config | {"dtype": dtype}))

    @classmethod
    def from_pretrained(cls, where: StrPath, **arguments: Any) -> Self:
        """Returns a model of this class with the weights in a folder, an archive or on a host.

        Args:
            where: str or path. What is there is found out:

                - a folder that `save_pretrained` or a training run wrote, of this class or of
                  another one around an encoder;
                - Google's checkpoint: its prefix, its folder, or the released `.tar.gz`;
                - a Hugging Face folder (`config.json` and `model.safetensors`);
                - a preset of keras-hub, or a TF Hub module;
                - one of these on a host: `hf://owner/name`, `kaggle://owner/model/keras/variation`
                  or an `https://` address;
                - the name of a released model, `albert-base-v2` (`tf-albert models` lists them),
                  where no folder here has that name.
            **arguments: what the constructor takes besides the encoder (`num_classes`, say, for a
                classifier on a pretrained encoder), and `allow_missing`, names of weights that may
                start fresh.

        Raises:
            FileNotFoundError: there is no such folder, or a file of it is missing.
            ModuleNotFoundError: the client of a host or the reader of a format is not installed.
            OSError: a host does not have it.
            ValueError: damaged files, or weights that do not fit the config.

        Example::

            encoder = tf_albert.AlbertEncoder.from_pretrained("runs/tiny")
            classifier = tf_albert.AlbertClassifier.from_pretrained("runs/tiny", num_classes=3)
        """
        return _formats().load(where, cls, **arguments)

    def save_pretrained(self, folder: StrPath, tokenizer: PieceTokenizer | None = None) -> None:
        """Writes `albert_config.json`, `model.weights.h5`, `provenance.json` and the tokenizer.

        Args:
            folder: str or path. Replaced as a whole.
            tokenizer: `AlbertTokenizer` or None. Its files go into the same folder.

        Raises:
            ValueError: `folder` is a file, or holds something else than a model.
        """
        _formats().save(self, folder, tokenizer)


def _formats() -> Any:
    # The one upward import: the formats in which a model is stored stand above the models.
    from tf_albert.convert import formats

    return formats


def as_config(config: AlbertConfig | dict[str, Any]) -> AlbertConfig:
    """Returns an `AlbertConfig` from one, or from the dict that `get_config` stored."""
    return config if isinstance(config, AlbertConfig) else AlbertConfig.from_dict(config)
