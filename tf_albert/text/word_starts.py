"""Which pieces begin a word, for masking whole ones."""

from tf_albert.text.byte_pieces import NO_BYTE, continues

WORD_START = "▁"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;?@[\\]^_`{|}~€£–")


def begins_word(piece: str, byte: int) -> bool:
    """Returns whether a piece begins a word.

    Source: Google's create_pretraining_data.py, `_is_start_piece_sp`.

    Args:
        piece: str.
        byte: int. The byte that it stands for, or -1 for none.

    >>> begins_word("▁he", NO_BYTE), begins_word("llo", NO_BYTE), begins_word("<0xE4>", 0xE4)
    (True, False, True)
    """
    if byte != NO_BYTE:
        return not continues(byte) and chr(byte) not in _LETTERS
    if piece.startswith((WORD_START, "<")) or piece in _PUNCTUATION:
        return True
    return not all(character in _LETTERS | _PUNCTUATION for character in piece)
