"""Strings to the encoder's inputs, as a Keras layer."""

from typing import Any, Self

import keras
import tensorflow as tf

from tf_albert.text.packing import pack_inputs
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import JsonDict, Tensor


@keras.saving.register_keras_serializable("tf_albert")
class AlbertPreprocessor(keras.layers.Layer):
    """Tokenizes strings, or pairs of strings, and packs them for the encoder.

    Use it in `Dataset.map`, or call it on lists of strings.

    Args:
        tokenizer: `AlbertTokenizer`.
        sequence_length: int. Tokens a row, `[CLS]` and `[SEP]` counted in; at least 3.

    Call arguments:
        texts: strings of shape `(batch,)`, or a tuple of two such for pairs. One string is taken
            as a batch of one.

    Output:
        A dict of int32 tensors of shape `(batch, sequence_length)`: `input_word_ids`,
        `input_mask`, `input_type_ids`.

    Raises:
        ValueError: `sequence_length` leaves no room for a token, or not one or two texts, or
            strings of another shape.

    Example::

        preprocess = AlbertPreprocessor(AlbertTokenizer("spiece.model"), sequence_length=128)
        preprocess(["a fine film"])["input_word_ids"]              # (1, 128)
        preprocess((["a premise"], ["a hypothesis"]))["input_type_ids"]
    """

    def __init__(
        self, tokenizer: AlbertTokenizer, sequence_length: int = 128, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if sequence_length < 3:
            raise ValueError(
                "`sequence_length` must be at least 3, to hold [CLS], a token and [SEP]. "
                f"Received: {sequence_length}."
            )
        self.tokenizer = tokenizer
        self.sequence_length = sequence_length
        self.built = True

    def __call__(self, texts: Any, **kwargs: Any) -> dict[str, Tensor]:
        if any(isinstance(text, keras.KerasTensor) for text in keras.tree.flatten(texts)):
            return super().__call__(texts, **kwargs)
        # Keras converts lists of strings to no tensor; `call` does.
        return self.call(texts)

    def call(self, texts: Any, training: bool = False) -> dict[str, Tensor]:
        # A tuple of tensors returns from a `.keras` file as a list; a list of strings is one batch.
        if isinstance(texts, list) and any(tf.is_tensor(text) for text in texts):
            texts = tuple(texts)
        texts = texts if isinstance(texts, tuple) else (texts,)
        segments = [_strings(text) for text in texts]
        return pack_inputs(
            [self.tokenizer(segment) for segment in segments],
            self.sequence_length,
            self.tokenizer.special_ids,
        )

    def get_config(self) -> JsonDict:
        return super().get_config() | {
            "vocabulary": str(self.tokenizer.vocabulary),
            "lower_case": self.tokenizer.lower_case,
            "sequence_length": self.sequence_length,
        }

    @classmethod
    def from_config(cls, config: JsonDict) -> Self:
        config = dict(config)
        tokenizer = AlbertTokenizer(config.pop("vocabulary"), config.pop("lower_case"))
        return cls(tokenizer, **config)


def _strings(text: Any) -> Tensor:
    text = tf.convert_to_tensor(text, tf.string)
    if text.shape.rank is not None and text.shape.rank > 1:
        raise ValueError(
            f"Strings must have the shape (batch,). Received: {tuple(text.shape)}. Pairs are given "
            "as a tuple of two: `preprocess((first, second))`."
        )
    return tf.reshape(text, [-1])
