"""ALBERT's tokenizer in plain Python: no TensorFlow, so that worker processes start at once."""

import dataclasses
import hashlib
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tf_albert import files, layout
from tf_albert.addresses import address_of, check_path
from tf_albert.text import byte_pieces
from tf_albert.text.normalizer import with_normalization
from tf_albert.text.stored_tokenizer import TOKENIZER_FILE, VOCABULARY_FILE, stored_lower_case
from tf_albert.text.word_starts import WORD_START, begins_word
from tf_albert.types import StrPath

if TYPE_CHECKING:
    import sentencepiece

SPECIAL_PIECES = {"pad": "<pad>", "unk": "<unk>", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


@dataclasses.dataclass(frozen=True)
class Encoding:
    """The tokens of one text.

    Args:
        ids: list of int.
        pieces: list of str; `▁` marks the start of a word.
        offsets: list of (begin, end), in characters of the text as given: the smallest span that
            covers what the token came from, without the space before a `▁` and without marks that
            are dropped around it. A `▁` by itself has an empty one; every token of a character that
            stands for several (½), or that is written as bytes, has that character.
    """

    ids: list[int]
    pieces: list[str]
    offsets: list[tuple[int, int]]


class PieceTokenizer:
    """Splits text into the pieces of a SentencePiece model, as Google's ALBERT code does.

    Source: Google's tokenization.py, `preprocess_text` and `encode_pieces`: a piece that ends with
    a digit and a comma is split once more.

    Args:
        vocabulary: str or path. A SentencePiece model with `<pad>`, `<unk>`, `[CLS]`, `[SEP]` and
            `[MASK]`; or bytes, what such a file holds.
        lower_case: bool. Whether text is lower-cased: true for every released ALBERT.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no SentencePiece model, or lacks a special piece.
    """

    def __init__(self, vocabulary: StrPath | bytes, lower_case: bool = True) -> None:
        # TensorFlow's own modules take no arguments here, and a tokenizer may be one.
        super().__init__()
        # The file may be gone when the tokenizer is saved or sent to another process.
        if isinstance(vocabulary, bytes):
            self.vocabulary, self.vocabulary_bytes = Path(VOCABULARY_FILE), vocabulary
        else:
            self.vocabulary = Path(vocabulary)
            self.vocabulary_bytes = self._read()
        self.lower_case = bool(lower_case)
        self._processor = self._load()
        self.vocab_size = self._processor.vocab_size()
        self.special_ids = self._special_ids()
        self._bytes = byte_pieces.byte_values(self._processor)
        # A proxy, since TensorFlow cannot save a dict with keys that are no strings.
        self._expansions = types.MappingProxyType(self._digit_comma_expansions())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.vocabulary_bytes, self.lower_case)

    def _read(self) -> bytes:
        check_path(self.vocabulary)
        if not self.vocabulary.is_file():
            raise FileNotFoundError(
                f"{self.vocabulary} does not exist. Expected a SentencePiece model; "
                "`tf-albert vocab` trains one."
            )
        return self.vocabulary.read_bytes()

    def _load(self) -> "sentencepiece.SentencePieceProcessor":
        import sentencepiece

        try:
            self.model_proto = with_normalization(self.vocabulary_bytes, self.lower_case)
            return sentencepiece.SentencePieceProcessor(model_proto=self.model_proto)
        except Exception as error:  # protobuf's and SentencePiece's errors share no base class
            raise ValueError(
                f"{self.vocabulary} is no SentencePiece model. `tf-albert vocab` trains one."
            ) from error

    def _special_ids(self) -> dict[str, int]:
        unk = self._processor.unk_id()
        ids = {name: self._processor.piece_to_id(piece) for name, piece in SPECIAL_PIECES.items()}
        missing = [
            piece for name, piece in SPECIAL_PIECES.items() if name != "unk" and ids[name] == unk
        ]
        if missing:
            raise ValueError(
                f"{self.vocabulary} lacks the special pieces {', '.join(missing)}. Train a "
                "vocabulary with `tf-albert vocab`, which adds them."
            )
        return ids

    def _digit_comma_expansions(self) -> dict[int, list[tuple[str, int]]]:
        """Returns the ids that Google's code splits again, each with what it becomes."""
        pieces = (self.id_to_piece(index) for index in range(self.vocab_size))
        return {
            index: self._split_digit_comma(piece)
            for index, piece in enumerate(pieces)
            if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit()
        }

    def _split_digit_comma(self, piece: str) -> list[tuple[str, int]]:
        parts = self._processor.encode(piece[:-1].replace(WORD_START, ""), out_type=str)
        if piece[0] != WORD_START and parts[0][0] == WORD_START:
            parts = parts[1:] if len(parts[0]) == 1 else [parts[0][1:], *parts[1:]]
        return [(part, self._processor.piece_to_id(part)) for part in (*parts, piece[-1])]

    def id_to_piece(self, index: int) -> str:
        """Returns the piece of an id.

        Args:
            index: int. The id.
        """
        return self._processor.id_to_piece(int(index))

    def encode(self, text: str) -> Encoding:
        """Returns the `Encoding` of a text.

        Args:
            text: str.
        """
        letters = [*self._letter_spans(text), (len(text), len(text))]
        pieces, ids = (self._processor.encode(text, out_type=kind) for kind in (str, int))
        tokens = zip(pieces, ids, strict=True)
        parts = [part for token in tokens for part in self._expansions.get(token[1], [token])]
        encoding = Encoding([index for _, index in parts], [piece for piece, _ in parts], [])
        values, start = self._bytes[encoding.ids].tolist(), 0
        for place, (piece, _) in enumerate(parts):
            if byte_pieces.continues(values[place]):
                encoding.offsets.append(encoding.offsets[-1])
                continue
            stop = start + _num_letters(piece, values[place : place + 3])
            encoding.offsets.append(_span(letters, start, stop))
            start = stop
        return encoding

    def _letter_spans(self, text: str) -> list[tuple[int, int]]:
        """Returns the span of the character that each letter of the normalized text came from."""
        normal, places = self._processor.normalize(text, with_offsets=True)
        spans, end = [], len(text)
        for index in reversed(range(len(normal))):
            begin, following = places[index : index + 2]
            if begin < following:
                end = self._without_dropped(text, begin, following)
            if normal[index] != WORD_START:
                spans.append((begin, end))
        return spans[::-1]

    def _without_dropped(self, text: str, begin: int, end: int) -> int:
        """Returns where a character ends, before the marks after it that are dropped."""
        while end - begin > 1 and not self._processor.normalize(text[end - 1]):
            end -= 1
        return end

    def encode_ids(self, texts: list[str]) -> list[list[int]]:
        """Returns the ids of many texts, fast: a list of lists of int.

        Args:
            texts: list of str.
        """
        rows = self._processor.encode(texts, out_type=int, num_threads=1)
        expansions = {
            index: [part for _, part in parts] for index, parts in self._expansions.items()
        }
        return [_expand(row, expansions) for row in rows]

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids, special pieces left out.

        Args:
            ids: list of int.
        """
        left_out = {self.special_ids[name] for name in ("pad", "cls", "sep", "mask")}
        return self._processor.decode([int(index) for index in ids if int(index) not in left_out])

    def word_starts(self) -> np.ndarray:
        """Returns which pieces begin a word for whole-word masking: bool, `(vocab_size,)`.

        As in Google's create_pretraining_data.py (`_is_start_piece_sp`), a piece continues a word
        only where it is made of English letters and punctuation; a lone mark begins one. The bytes
        of a character stay together: the first is as the character is, the others continue it.
        """
        pieces = (self.id_to_piece(index) for index in range(self.vocab_size))
        return np.array(list(map(begins_word, pieces, self._bytes.tolist())))

    def ordinary_pieces(self) -> list[str]:
        """Returns the pieces that stand for the text they are: neither special ones nor bytes."""
        kept = ~self.special_mask() & (self._bytes == byte_pieces.NO_BYTE)
        return [self.id_to_piece(index) for index in np.flatnonzero(kept).tolist()]

    def special_mask(self) -> np.ndarray:
        """Returns which ids are no text at all, such as `[CLS]`: bool, `(vocab_size,)`."""
        is_special = np.zeros(self.vocab_size, bool)
        is_special[list(self.special_ids.values())] = True
        return is_special

    @property
    def vocabulary_sha256(self) -> str:
        """The SHA-256 sum of the vocabulary's file."""
        return hashlib.sha256(self.vocabulary_bytes).hexdigest()

    def save_pretrained(self, folder: StrPath) -> None:
        """Writes `spiece.model` and `tokenizer_config.json` into a folder.

        Args:
            folder: str or path. Exists; what else is in it stays.
        """
        self.write_vocabulary(Path(folder) / VOCABULARY_FILE)
        files.write_json(Path(folder) / TOKENIZER_FILE, {"lower_case": self.lower_case})

    def write_vocabulary(self, path: StrPath) -> None:
        """Writes the SentencePiece model to a file, byte for byte as it was read.

        Args:
            path: str or path. The file.
        """
        Path(path).write_bytes(self.vocabulary_bytes)

    @classmethod
    def from_pretrained(cls, where: StrPath) -> Self:
        """Returns the tokenizer of a model, in any format in which one is stored.

        Args:
            where: str or path. What `save_pretrained` wrote, or a training run; what
                `from_pretrained` of a model takes (a folder of Google, Hugging Face or keras-hub,
                `hf://owner/name`, or the name of a released model), with its weights or without.

        Raises:
            FileNotFoundError: there is no tokenizer.
            OSError: a host does not have it.
            ValueError: a file is damaged, or says what this package has not.

        Example::

            tokenizer = tf_albert.AlbertTokenizer.from_pretrained("runs/tiny")
        """
        if address_of(where) is None:
            folder = layout.model_folder(where)
            if (lower_case := stored_lower_case(folder)) is not None:
                return cls(folder / VOCABULARY_FILE, lower_case)
        return _formats().read_tokenizer(where, cls)


def _formats() -> Any:
    # An upward import: the formats in which a tokenizer is stored stand above it.
    from tf_albert.convert import formats

    return formats


def _expand(ids: list[int], expansions: Mapping[int, Sequence[int]]) -> list[int]:
    if not any(index in expansions for index in ids):
        return ids
    return [part for index in ids for part in expansions.get(index, (index,))]


def num_letters(piece: str) -> int:
    """Returns how many characters of a text's normalized form a piece has; `▁` is none.

    >>> num_letters("▁hello")
    5
    """
    return len(piece) - piece.count(WORD_START)


def _num_letters(piece: str, values: list[int]) -> int:
    """Returns how many letters a piece has, by it and the bytes from it on."""
    if values[0] == byte_pieces.NO_BYTE:
        return num_letters(piece)
    return int(not byte_pieces.is_word_start(values))


def _span(letters: list[tuple[int, int]], start: int, stop: int) -> tuple[int, int]:
    """Returns the smallest span that covers some letters, of which there may be none."""
    if start < stop:
        return letters[start][0], letters[stop - 1][1]
    # A `▁` by itself came from space, unless it lies within a character that stands for several.
    if start > 0 and letters[start - 1] == letters[start]:
        return letters[start]
    return letters[start][0], letters[start][0]
