"""The pieces of one byte, as which a vocabulary with `byte_fallback` writes unknown characters.

The bytes of a character came from it together. So its first one stands for its letter, and each
that continues it is where the token before it is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import sentencepiece

NO_BYTE = -1
# `▁` in UTF-8: a vocabulary that lacks it writes it as bytes too, and it is no letter.
WORD_START_BYTES = tuple("▁".encode())


def byte_values(processor: "sentencepiece.SentencePieceProcessor") -> np.ndarray:
    """Returns the byte that each piece stands for, -1 for one that is no byte.

    Args:
        processor: `SentencePieceProcessor`.

    Returns:
        int64 array of shape `(vocab_size,)`.
    """
    values = [
        int(processor.id_to_piece(index)[1:-1], 16) if processor.is_byte(index) else NO_BYTE
        for index in range(processor.vocab_size())
    ]
    return np.array(values, np.int64)


def continues(values: Any) -> Any:
    """Returns which bytes continue a character of UTF-8.

    Args:
        values: int, int64 array or tensor. A byte, or -1 for what is none.

    >>> [continues(byte) for byte in "ä".encode()], continues(NO_BYTE)
    ([False, True], False)
    """
    return (values >= 0x80) & (values < 0xC0)


def is_word_start(values: Sequence[int]) -> bool:
    """Returns whether some bytes begin with those of `▁`.

    Args:
        values: list of int. Bytes, or -1 for what is none.
    """
    return tuple(values[: len(WORD_START_BYTES)]) == WORD_START_BYTES
