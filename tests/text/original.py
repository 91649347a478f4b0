"""What Google's tokenization.py does before and after SentencePiece, one step after the other."""

import unicodedata


def preprocess_text(text, lower_case=True):
    """Google's `preprocess_text`."""
    text = " ".join(text.strip().split())
    text = unicodedata.normalize("NFKD", text)
    text = "".join(character for character in text if not unicodedata.combining(character))
    return text.lower() if lower_case else text


def encode_pieces(processor, text):
    """Google's `encode_pieces`, of a text that `preprocess_text` returned.

    Args:
        processor: `sentencepiece.SentencePieceProcessor` of a model as Google released it.
        text: str.
    """
    pieces = []
    for piece in processor.encode(text, out_type=str):
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            pieces.extend(_split_comma(processor, piece))
        else:
            pieces.append(piece)
    return pieces


def _split_comma(processor, piece):
    parts = processor.encode(piece[:-1].replace("▁", ""), out_type=str)
    if not piece.startswith("▁") and parts[0].startswith("▁"):
        parts = parts[1:] if parts[0] == "▁" else [parts[0][1:], *parts[1:]]
    return [*parts, ","]
