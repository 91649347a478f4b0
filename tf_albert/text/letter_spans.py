"""Where each letter of normalized text came from, in a graph.

A letter is a normalized character other than the `▁` before words. SentencePiece says where tokens
begin and end, but within a character that stands for several letters (½) all places are the same,
and a dropped mark goes to the letter before it. So a second SentencePiece model writes a text as
one symbol for each letter, and one for each character that becomes none; its tokens are the letters
of the first, with a place for each.
"""

import functools

import numpy as np
import tensorflow as tf

from tf_albert.text.normalizer import compile_charsmap, read_charsmap
from tf_albert.text.shared_model import graph_tokenizer
from tf_albert.types import Tensor

WHITE = (" ", "▁")
# A letter of one byte, of which a token holds a run, since English is made of nothing else; a
# letter of other characters, of which each may give several; and what becomes no letter.
RUN, LETTER, NOTHING = "xy-"
RUN_LENGTHS = (1, 2, 4, 8)
# A character that no rule changes is one letter. It becomes tokens of its bytes: the first counts.
NUM_LETTERS = np.array(
    [0, *(not 0x80 <= byte < 0xC0 for byte in range(256)), 1, 0, *RUN_LENGTHS], "int64"
)
FIRST_RUN_ID = len(NUM_LETTERS) - len(RUN_LENGTHS)


class LetterSpans(tf.Module):
    """Finds the characters that each letter of normalized text came from.

    Args:
        model_proto: bytes. The SentencePiece model that normalizes.

    Call arguments:
        texts: string tensor of shape `(batch,)`, UTF-8.

    Output:
        tuple of two int64 `tf.RaggedTensor` of shape `(batch, letters)`: the first byte of the
        character that each letter came from, and the byte after its last.
    """

    def __init__(self, model_proto: bytes) -> None:
        super().__init__()
        self._tokenizer = graph_tokenizer(letters_model(model_proto))

    def __call__(self, texts: Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        ids, begins, ends = self._tokenizer.tokenize_with_offsets(texts)
        begins, ends = (tf.cast(places.values, tf.int64) for places in (begins, ends))
        # Tokens from within one character have no width, but for the last.
        character = tf.cumsum(tf.cast(ends > begins, tf.int64), exclusive=True)
        ends = tf.gather(tf.math.segment_max(ends, character), character)
        num_letters = tf.gather(NUM_LETTERS, ids.values)
        within = tf.ragged.range(num_letters).values
        begins = tf.repeat(begins, num_letters) + within
        is_run = tf.repeat(ids.values >= FIRST_RUN_ID, num_letters)
        ends = tf.where(is_run, begins + 1, tf.repeat(ends, num_letters))
        splits = tf.gather(tf.concat([[0], tf.cumsum(num_letters)], axis=0), ids.row_splits)
        return (
            tf.RaggedTensor.from_row_splits(begins, splits, validate=False),
            tf.RaggedTensor.from_row_splits(ends, splits, validate=False),
        )


@functools.lru_cache(maxsize=8)
def letters_model(model_proto: bytes) -> bytes:
    """Returns the model that writes a text as symbols for the letters it becomes.

    Args:
        model_proto: bytes. The SentencePiece model that normalizes.

    Returns:
        bytes: a SentencePiece model whose tokens have the `NUM_LETTERS` of their ids.
    """
    from sentencepiece import sentencepiece_model_pb2 as protos

    kinds = protos.ModelProto.SentencePiece
    proto = protos.ModelProto()
    proto.pieces.add(piece="<unk>", type=kinds.UNKNOWN)
    for byte in range(256):
        proto.pieces.add(piece=f"<0x{byte:02X}>", type=kinds.BYTE)
    for piece in (LETTER, NOTHING, *(RUN * length for length in RUN_LENGTHS)):
        proto.pieces.add(piece=piece, score=-1.0)
    spec = proto.trainer_spec
    spec.byte_fallback, spec.unk_id, spec.bos_id, spec.eos_id, spec.pad_id = True, 0, -1, -1, -1
    spec = proto.normalizer_spec
    spec.add_dummy_prefix = spec.remove_extra_whitespaces = spec.escape_whitespaces = False
    spec.precompiled_charsmap = compile_charsmap(_symbols(model_proto))
    return proto.SerializeToString()


def _symbols(model_proto: bytes) -> dict[str, str]:
    """Returns the rules of a model, with the symbols of what they make."""
    from sentencepiece import sentencepiece_model_pb2 as protos

    proto = protos.ModelProto.FromString(model_proto)
    unchanged = (*map(chr, range(1, 128)), *WHITE)
    rules = dict(zip(unchanged, unchanged, strict=True))
    rules |= read_charsmap(proto.normalizer_spec.precompiled_charsmap)
    # SentencePiece leaves these as they are.
    kept = protos.ModelProto.SentencePiece.USER_DEFINED
    rules |= {piece.piece: piece.piece for piece in proto.pieces if piece.type == kept}
    return {source: _symbol(source, target) for source, target in rules.items()}


def _symbol(source: str, target: str) -> str:
    num_letters = sum(character not in WHITE for character in target)
    if num_letters == 1 and len(source) == 1 and source.isascii():
        return RUN
    return LETTER * num_letters or NOTHING
