"""A preprocessor as a TF Hub module: strings in, the encoder's inputs out.

API: https://www.tensorflow.org/hub/common_saved_model_apis/text, "Transformer encoders".
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_albert.config import DEFAULT_SEQUENCE_LENGTH
from tf_albert.hub.reusable import Function, require, reusable, write_module
from tf_albert.text.packing import pack_inputs
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import JsonDict, StrPath, Tensor

STRINGS = tf.TensorSpec((None,), tf.string)
IDS = tf.RaggedTensorSpec((None, None), tf.int32)


def save_preprocessor(
    preprocessor: AlbertPreprocessor | AlbertTokenizer,
    path: StrPath,
    sequence_length: int | None = None,
    provenance: JsonDict | None = None,
) -> None:
    """Writes a preprocessor as a SavedModel for `hub.KerasLayer` and `hub.load`.

    The module takes strings of shape `(batch,)`, or a list of two such, and gives a dict of int32
    `(batch, sequence_length)`: `input_word_ids`, `input_mask`, `input_type_ids`. Its two halves can
    be called on their own: `tokenize(strings)` gives ragged int32 `(batch, tokens)`, and
    `bert_pack_inputs(segments, seq_length=...)` packs a list of one or two of these.
    `tokenize.get_special_tokens_dict()` tells the special ids. `tokenize_with_offsets(strings)`
    gives besides the ids the first byte of each token and the byte after its last, ragged int64,
    and `detokenize(ids)` makes strings of ragged ids. The vocabulary is a file under `assets/`.

    Args:
        preprocessor: `AlbertPreprocessor`, or an `AlbertTokenizer`.
        path: str or path. The folder to write; replaced as a whole.
        sequence_length: int or None. Tokens a row; None for the preprocessor's own, or
            128 for a tokenizer.
        provenance: dict of JSON values, or None. Added to `provenance.json`.

    Raises:
        ValueError: `preprocessor` is neither, `sequence_length` leaves no room for a token, or
            `path` is a file.

    Example::

        tf_albert.hub.save_preprocessor(tokenizer, "preprocess", sequence_length=128)
        preprocess = hub.KerasLayer("preprocess")          # needs `import tensorflow_text`
        inputs = preprocess(tf.constant(["a fine film"]))
    """
    require(
        preprocessor,
        (AlbertPreprocessor, AlbertTokenizer),
        "Make one: `AlbertPreprocessor(AlbertTokenizer('spiece.model'), sequence_length=128)`.",
    )
    if isinstance(preprocessor, AlbertTokenizer):
        length = DEFAULT_SEQUENCE_LENGTH if sequence_length is None else sequence_length
        preprocessor = AlbertPreprocessor(preprocessor, length)
    elif sequence_length is not None:
        preprocessor = AlbertPreprocessor(preprocessor.tokenizer, sequence_length)
    tokenizer = preprocessor.tokenizer

    @tf.function(autograph=False)
    def preprocess(texts: Tensor | list[Tensor]) -> dict[str, Tensor]:
        return preprocessor(tuple(texts) if isinstance(texts, list) else texts)

    preprocess.get_concrete_function([STRINGS, STRINGS])
    signature = preprocess.get_concrete_function(STRINGS)
    root = _module_of(tokenizer, preprocess)
    root.tokenize = _tokenize_module(tokenizer)
    offsets = _traced(tokenizer.tokenize_with_offsets, STRINGS)
    root.tokenize_with_offsets = _module_of(tokenizer, offsets)
    root.detokenize = _module_of(tokenizer, _traced(tokenizer.detokenize, IDS))
    root.bert_pack_inputs = _packing_module(tokenizer, preprocessor.sequence_length)
    write_module(
        root,
        path,
        tokenizer.save_pretrained,
        {**describe_preprocessor(preprocessor), **(provenance or {})},
        signature,
    )


def describe_preprocessor(preprocessor: AlbertPreprocessor) -> JsonDict:
    """Returns what `provenance.json` says about a preprocessor.

    Args:
        preprocessor: `AlbertPreprocessor`.
    """
    return {
        "preprocessor_class": type(preprocessor).__name__,
        "sequence_length": preprocessor.sequence_length,
        "vocab_size": preprocessor.tokenizer.vocab_size,
        "lower_case": preprocessor.tokenizer.lower_case,
    }


def _module_of(tokenizer: AlbertTokenizer, function: Function) -> tf.train.Checkpoint:
    """Returns the reusable object of a function that tokenizes."""
    module = reusable(function)
    # A model that has only this part can be saved only if the part leads to the vocabulary.
    module.tokenizer = tokenizer
    return module


def _traced(function: Callable[[Tensor], Any], spec: tf.TypeSpec) -> Function:
    """Returns a function of one argument as a `tf.function` of one signature."""

    @tf.function(input_signature=[spec], autograph=False)
    def traced(argument: Tensor) -> Any:
        return function(argument)

    # Offsets make their models when they are traced; while saving is too late to find them.
    traced.get_concrete_function()
    return traced


def _tokenize_module(tokenizer: AlbertTokenizer) -> tf.train.Checkpoint:
    """Returns the reusable object from strings to ragged ids, with the ids of special pieces."""

    @tf.function(autograph=False)
    def get_special_tokens_dict() -> dict[str, Tensor]:
        values = {
            "vocab_size": tokenizer.vocab_size,
            "padding_id": tokenizer.special_ids["pad"],
            "start_of_sequence_id": tokenizer.special_ids["cls"],
            "end_of_segment_id": tokenizer.special_ids["sep"],
            "mask_id": tokenizer.special_ids["mask"],
        }
        return {name: tf.constant(value, tf.int32) for name, value in values.items()}

    get_special_tokens_dict.get_concrete_function()
    module = _module_of(tokenizer, _traced(tokenizer, STRINGS))
    module.get_special_tokens_dict = get_special_tokens_dict
    return module


def _packing_module(tokenizer: AlbertTokenizer, sequence_length: int) -> tf.train.Checkpoint:
    """Returns the trackable that packs one or two segments to a length chosen in the call."""

    @tf.function(autograph=False)
    def pack(inputs: list[Tensor], seq_length: int | Tensor = sequence_length) -> dict[str, Tensor]:
        if inputs[0].ragged_rank > 1:
            # (batch, words, tokens): to the encoder, words are no boundaries.
            return pack([segment.merge_dims(1, -1) for segment in inputs], seq_length=seq_length)
        return pack_inputs(inputs, seq_length, tokenizer.special_ids)

    for shape in ((None, None), (None, None, None)):
        segment = tf.RaggedTensorSpec(shape, tf.int32)
        for segments in ([segment], [segment, segment]):
            pack.get_concrete_function(segments, seq_length=tf.TensorSpec((), tf.int32))
    return reusable(pack)
