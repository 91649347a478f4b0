"""Tokenized documents on disk: flat ids, with where each sentence and each document ends.

A corpus is a folder of `NNNNN.tokens.npy` (ids), `NNNNN.sentences.npy` (token offsets where
sentences end), `NNNNN.documents.npy` (sentence offsets where documents end), the tokenizer's files,
`unigram.npy` (how often each id occurs) and `corpus.json`. Ids are memory-mapped when read.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from tf_albert import files
from tf_albert.text.pieces import VOCABULARY_FILE, PieceTokenizer
from tf_albert.types import JsonDict, StrPath

MANIFEST_FILE = "corpus.json"
UNIGRAM_FILE = "unigram.npy"
TOKENS_PER_SHARD = 4_000_000  # 8 MB of ids, held twice while they are written
PARTS = ("tokens", "sentences", "documents")
COUNTED = ("shards", *PARTS)


class ShardWriter:
    """Writes documents of ids into a folder, a shard at a time, in bounded memory.

    Args:
        folder: path. Exists and is empty.
        tokenizer: `PieceTokenizer`. Its files are written beside the shards.
        tokens_per_shard: int. A shard is closed once it holds so many ids.
    """

    def __init__(
        self,
        folder: StrPath,
        tokenizer: PieceTokenizer,
        tokens_per_shard: int = TOKENS_PER_SHARD,
    ) -> None:
        self.folder = Path(folder)
        self.tokenizer = tokenizer
        self.tokens_per_shard = tokens_per_shard
        self.unigram = np.zeros(tokenizer.vocab_size, np.int64)
        self.counts = dict.fromkeys(("shards", "documents", "sentences", "tokens"), 0)
        self._id_type = np.uint16 if tokenizer.vocab_size <= 2**16 else np.int32
        self._clear()

    def _clear(self) -> None:
        self._tokens: list[np.ndarray] = []
        self._sentence_lengths: list[int] = []
        self._document_lengths: list[int] = []
        self._size = 0

    def add(self, sentences: list[list[int]]) -> None:
        """Adds one document.

        Args:
            sentences: list of lists of int: ids, none of them empty.
        """
        ids = np.array([index for sentence in sentences for index in sentence], self._id_type)
        self._tokens.append(ids)
        # A document at a time: for a whole shard NumPy would make 64-bit numbers of all ids first.
        self.unigram += np.bincount(ids, minlength=len(self.unigram))
        self._sentence_lengths.extend(map(len, sentences))
        self._document_lengths.append(len(sentences))
        self._size += len(ids)
        if self._size >= self.tokens_per_shard:
            self.close_shard()

    def close_shard(self) -> None:
        """Writes what was added since the last shard."""
        if not self._size:
            return
        arrays = {
            "tokens": np.concatenate(self._tokens),
            "sentences": np.cumsum(self._sentence_lengths, dtype=np.int64),
            "documents": np.cumsum(self._document_lengths, dtype=np.int64),
        }
        for part, array in arrays.items():
            np.save(self.folder / f"{self.counts['shards']:05d}.{part}.npy", array)
            self.counts[part] += len(array)
        self.counts["shards"] += 1
        self._clear()

    def finish(self, **facts: Any) -> None:
        """Writes the last shard, the tokenizer and the manifest.

        Args:
            **facts: JSON values for the manifest.
        """
        self.close_shard()
        np.save(self.folder / UNIGRAM_FILE, self.unigram)
        self.tokenizer.save_pretrained(self.folder)
        files.write_json(
            self.folder / MANIFEST_FILE,
            {
                **self.counts,
                "vocabulary_sha256": files.sha256(self.folder / VOCABULARY_FILE),
                "lower_case": self.tokenizer.lower_case,
                **facts,
            },
        )


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Tokenized documents, opened for reading.

    Args:
        folder: path. What `tf-albert prepare` wrote.
        tokens: list of int arrays, a memory map per shard.
        sentence_ends: int64 array `(sentences,)`. Where each ends, in tokens of the whole corpus.
        document_ends: int64 array `(documents,)`. Where each ends, in sentences.
        unigram: int64 array `(vocab_size,)`. How often each id occurs.
    """

    folder: Path
    tokens: list[np.ndarray]
    sentence_ends: np.ndarray
    document_ends: np.ndarray
    unigram: np.ndarray

    @classmethod
    def open(cls, folder: StrPath) -> Self:
        """Returns the corpus in a folder.

        Args:
            folder: str or path. What `tf-albert prepare` wrote.

        Raises:
            FileNotFoundError: the folder is none that `prepare` wrote, or lacks a file.
            ValueError: the files do not fit each other.
        """
        folder = Path(folder)
        if not (folder / MANIFEST_FILE).exists():
            raise FileNotFoundError(
                f"{folder} is no prepared corpus: it has no {MANIFEST_FILE}. "
                "Make one with `tf-albert prepare`."
            )
        manifest = _read_manifest(folder)
        shards = [_open_shard(folder, index) for index in range(manifest["shards"])]
        tokens, sentences, documents = (list(part) for part in zip(*shards, strict=True))
        corpus = cls(
            folder=folder,
            tokens=tokens,
            sentence_ends=_joined(sentences, [len(part) for part in tokens]),
            document_ends=_joined(documents, [len(part) for part in sentences]),
            unigram=_load(folder, UNIGRAM_FILE),
        )
        for name, parts in zip(PARTS, (tokens, sentences, documents), strict=True):
            if (count := sum(map(len, parts))) != manifest[name]:
                raise ValueError(
                    f"{folder} is damaged: its shards hold {count:,} {name}, {MANIFEST_FILE} "
                    f"counts {manifest[name]:,}. Run `tf-albert prepare` again."
                )
        return corpus

    @property
    def shard_starts(self) -> np.ndarray:
        """Where each shard starts, in tokens of the whole corpus: int64 `(shards + 1,)`."""
        return np.cumsum([0, *map(len, self.tokens)])

    def tokenizer_files(self) -> PieceTokenizer:
        """Returns the `PieceTokenizer` of the corpus."""
        return PieceTokenizer.from_pretrained(self.folder)


def _read_manifest(folder: Path) -> JsonDict:
    manifest = files.read_json(folder / MANIFEST_FILE)
    counts = [manifest.get(name) for name in COUNTED] if isinstance(manifest, dict) else [None]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise ValueError(
            f"{folder} is damaged: {MANIFEST_FILE} does not count its {', '.join(COUNTED)}. "
            "Run `tf-albert prepare` again."
        )
    return manifest


def _open_shard(folder: Path, index: int) -> list[np.ndarray]:
    return [
        _load(folder, f"{index:05d}.{part}.npy", "r" if part == "tokens" else None)
        for part in PARTS
    ]


def _load(folder: Path, name: str, mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    try:
        return np.load(folder / name, mmap_mode=mmap_mode)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{folder} is damaged: {name} cannot be read ({error}). Run `tf-albert prepare` again."
        ) from error


def _joined(ends: list[np.ndarray], lengths: list[int]) -> np.ndarray:
    starts = np.cumsum([0, *lengths[:-1]])
    return np.concatenate([part + start for part, start in zip(ends, starts, strict=True)])
