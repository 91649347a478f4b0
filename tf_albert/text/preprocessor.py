"""Strings to the encoder's inputs, as a Keras layer."""

import weakref
from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from tf_albert.backend import require_tensorflow
from tf_albert.config import INPUTS
from tf_albert.text.packing import pack_inputs
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import JsonDict, StrPath, Tensor


class _NamedTokenizer(NamedTuple):
    """What a configuration says of a tokenizer."""

    vocabulary_sha256: str
    lower_case: bool

    @classmethod
    def of(cls, tokenizer: AlbertTokenizer) -> Self:
        return cls(tokenizer.vocabulary_sha256, tokenizer.lower_case)


# The tokenizers of this process: a layer made anew from a configuration, as `clone_model` does,
# finds its own here.
_TOKENIZERS: weakref.WeakValueDictionary[_NamedTokenizer, AlbertTokenizer] = (
    weakref.WeakValueDictionary()
)


@keras.saving.register_keras_serializable("tf_albert")
class AlbertPreprocessor(keras.layers.Layer):
    """Tokenizes strings, or pairs of strings, and packs them for the encoder.

    Use it in `Dataset.map`, give it to a task model as `preprocessor`, or call it on lists of
    strings. A `.keras` file with this layer holds its vocabulary.

    Args:
        tokenizer: `AlbertTokenizer`.
        sequence_length: int. Tokens a row, `[CLS]` and `[SEP]` counted in; at least 3.

    Call arguments:
        texts: strings of shape `(batch,)`, or a tuple of two such for pairs. A Python string is
            taken as a batch of one; a string tensor of shape `()`, as `Dataset.map` gives before
            `batch`, is one row.
        y: None, or labels, which are passed on.
        sample_weight: None, or weights of the examples, which are passed on.

    Output:
        A dict of int32 tensors of shape `(batch, sequence_length)`, or `(sequence_length,)` for one
        row: `input_word_ids`, `input_mask`, `input_type_ids`. With `y`, a tuple of it and of what
        was passed on.

    Raises:
        ValueError: `sequence_length` leaves no room for a token, or not one or two texts, or
            strings of another shape.

    Example::

        preprocess = AlbertPreprocessor(AlbertTokenizer("spiece.model"), sequence_length=128)
        preprocess(["a fine film"])["input_word_ids"]              # (1, 128)
        preprocess((["a premise"], ["a hypothesis"]))["input_type_ids"]
        dataset = tf.data.Dataset.from_tensor_slices((["a fine film"], [1]))
        dataset.map(preprocess).batch(8)                           # ({...: (8, 128)}, (8,))
    """

    def __init__(
        self,
        tokenizer: "AlbertTokenizer | _NamedTokenizer",
        sequence_length: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(tokenizer, (AlbertTokenizer, _NamedTokenizer)):
            raise ValueError(
                f"`tokenizer` must be an AlbertTokenizer. Received: {type(tokenizer).__name__}. "
                "`AlbertTokenizer.from_pretrained(folder)` makes one."
            )
        if sequence_length < 3:
            raise ValueError(
                "`sequence_length` must be at least 3, to hold [CLS], a token and [SEP]. "
                f"Received: {sequence_length}."
            )
        self.sequence_length = sequence_length
        self._set_tokenizer(tokenizer)
        self.supports_jit = False  # XLA knows no strings
        self.built = True

    def _set_tokenizer(self, tokenizer: "AlbertTokenizer | _NamedTokenizer") -> None:
        self._tokenizer = tokenizer
        if isinstance(tokenizer, AlbertTokenizer):
            _TOKENIZERS[_NamedTokenizer.of(tokenizer)] = tokenizer

    @property
    def tokenizer(self) -> AlbertTokenizer:
        """The `AlbertTokenizer`.

        Raises:
            ValueError: the layer was made from a configuration, which names the vocabulary and does
                not hold it.
        """
        if isinstance(self._tokenizer, _NamedTokenizer):
            raise ValueError(
                "This preprocessor was made from a configuration alone, without its vocabulary (of "
                f"the SHA-256 sum {self._tokenizer.vocabulary_sha256}). Load the `.keras` file, "
                "which holds it, or make the layer with its tokenizer: "
                "`AlbertPreprocessor(AlbertTokenizer(path))`."
            )
        return self._tokenizer

    @property
    def vocab_size(self) -> int | None:
        """Number of pieces in the vocabulary; None while it is not loaded."""
        return None if isinstance(self._tokenizer, _NamedTokenizer) else self.tokenizer.vocab_size

    def __call__(self, texts: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        if any(isinstance(text, keras.KerasTensor) for text in keras.tree.flatten(texts)):
            require_tensorflow("A model that takes strings")
            return super().__call__(texts, **kwargs)
        # Keras converts lists of strings to no tensor; `call` does.
        return keras.utils.pack_x_y_sample_weight(self.call(texts), y, sample_weight)

    def call(self, texts: Any, training: bool = False) -> dict[str, Tensor]:
        texts = _segments(texts)
        is_row = all(tf.is_tensor(text) and text.shape.rank == 0 for text in texts)
        segments = [_strings(text) for text in texts]
        rows = pack_inputs(
            [self.tokenizer(segment) for segment in segments],
            self.sequence_length,
            self.tokenizer.special_ids,
        )
        return {name: row[0] for name, row in rows.items()} if is_row else rows

    def compute_output_spec(self, texts: Any, training: bool = False) -> dict[str, Any]:
        shape = (*keras.tree.flatten(texts)[0].shape[:1], self.sequence_length)
        return {name: keras.KerasTensor(shape, "int32") for name in INPUTS}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.tokenizer, self.get_config())

    def get_config(self) -> JsonDict:
        return super().get_config() | {
            "vocabulary_sha256": self._tokenizer.vocabulary_sha256,
            "lower_case": self._tokenizer.lower_case,
            "sequence_length": self.sequence_length,
        }

    @classmethod
    def from_config(cls, config: JsonDict) -> Self:
        config = dict(config)
        lower_case = config.pop("lower_case")
        if "vocabulary" in config:  # a path, which version 0.1 stored
            return cls(AlbertTokenizer(config.pop("vocabulary"), lower_case), **config)
        named = _NamedTokenizer(config.pop("vocabulary_sha256"), lower_case)
        return cls(_TOKENIZERS.get(named, named), **config)

    def save_assets(self, folder: StrPath) -> None:
        """Writes the tokenizer's files, for Keras, into a folder of a `.keras` file.

        Args:
            folder: str or path. A folder that exists.
        """
        self.tokenizer.save_pretrained(folder)

    def load_assets(self, folder: StrPath) -> None:
        """Reads what `save_assets` wrote.

        Args:
            folder: str or path.
        """
        self._set_tokenizer(AlbertTokenizer.from_pretrained(folder))


def _rebuilt(
    layer_class: type[AlbertPreprocessor], tokenizer: AlbertTokenizer, config: JsonDict
) -> AlbertPreprocessor:
    layer = layer_class.from_config(config)
    layer._set_tokenizer(tokenizer)
    return layer


def _segments(texts: Any) -> tuple[Any, ...]:
    # A tuple of tensors returns from a `.keras` file as a list; a list of strings is one batch.
    if isinstance(texts, list) and any(tf.is_tensor(text) for text in texts):
        return tuple(texts)
    return texts if isinstance(texts, tuple) else (texts,)


def _strings(text: Any) -> Tensor:
    text = tf.convert_to_tensor(text, tf.string)
    if text.shape.rank is not None and text.shape.rank > 1:
        raise ValueError(
            f"Strings must have the shape (batch,). Received: {tuple(text.shape)}. Pairs are given "
            "as a tuple of two: `preprocess((first, second))`."
        )
    return tf.reshape(text, [-1])
