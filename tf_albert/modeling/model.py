"""What every ALBERT model shares: its config, how Keras saves it, and `save_pretrained`."""

import inspect
from typing import Any, Self

import keras

from tf_albert.config import AlbertConfig
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath


class AlbertModel(keras.Model):
    """A Keras model of which every weight exists once it is made.

    Args:
        config: `AlbertConfig`, or the dict that its `to_dict` gave.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.
    """

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
                  or an `https://` address.
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
