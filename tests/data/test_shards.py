import json

import numpy as np
import pytest

from tests.data.corpora import random_documents, write_corpus
from tf_albert.data.shards import Corpus


def documents_of(corpus):
    """Returns the documents of a corpus: lists of sentences, lists of ids."""
    tokens = np.concatenate(corpus.tokens)
    sentences = np.split(tokens, corpus.sentence_ends[:-1])
    starts = [0, *corpus.document_ends[:-1]]
    return [
        [sentence.tolist() for sentence in sentences[start:end]]
        for start, end in zip(starts, corpus.document_ends, strict=True)
    ]


@pytest.mark.parametrize(("tokens_per_shard", "shards"), [(1, 7), (100, 3), (10_000, 1)])
def test_documents_come_back(tmp_path, vocabulary, tokens_per_shard, shards):
    documents = random_documents(vocabulary, [2, 9, 5, 3, 12, 4, 6])
    corpus = write_corpus(
        tmp_path / "corpus", vocabulary, documents, tokens_per_shard=tokens_per_shard
    )
    assert len(corpus.tokens) == shards
    assert documents_of(corpus) == documents
    counts = np.bincount(np.concatenate([np.concatenate(part) for part in documents]))
    np.testing.assert_array_equal(corpus.unigram[: len(counts)], counts)
    assert len(corpus.unigram) == corpus.tokenizer_files().vocab_size == 397
    np.testing.assert_array_equal(np.diff(corpus.shard_starts), [len(x) for x in corpus.tokens])


def test_ids_are_mapped_and_small(tmp_path, vocabulary):
    corpus = write_corpus(tmp_path / "corpus", vocabulary, random_documents(vocabulary, [3, 4]))
    assert isinstance(corpus.tokens[0], np.memmap)
    assert corpus.tokens[0].dtype == np.uint16


def test_manifest_counts(tmp_path, vocabulary):
    write_corpus(tmp_path / "corpus", vocabulary, [[[7, 8], [9]], [[5], [6, 7, 8]]])
    manifest = json.loads((tmp_path / "corpus" / "corpus.json").read_text())
    counts = {name: manifest[name] for name in ("shards", "documents", "sentences", "tokens")}
    assert counts == {"shards": 1, "documents": 2, "sentences": 4, "tokens": 7}


@pytest.fixture
def folder(tmp_path, vocabulary):
    documents = random_documents(vocabulary, [5, 9, 5, 8])
    return write_corpus(tmp_path / "corpus", vocabulary, documents, tokens_per_shard=50).folder


def test_folder_that_prepare_did_not_write(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is no prepared corpus: it has no corpus\.json"):
        Corpus.open(tmp_path)


@pytest.mark.parametrize("part", ["tokens", "sentences", "documents"])
@pytest.mark.parametrize("kept", [0, 60, -5])
def test_truncated_shard(folder, part, kept):
    path = folder / f"00001.{part}.npy"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=rf"is damaged: 00001\.{part}\.npy cannot be read"):
        Corpus.open(folder)


def test_truncated_counts(folder):
    path = folder / "unigram.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"is damaged: unigram\.npy cannot be read"):
        Corpus.open(folder)


@pytest.mark.parametrize("content", ["{}", "[1]", '{"shards": "2"}', '{"shards": 0}'])
def test_manifest_that_counts_nothing(folder, content):
    (folder / "corpus.json").write_text(content)
    with pytest.raises(ValueError, match=r"is damaged: corpus\.json does not count its shards"):
        Corpus.open(folder)


def test_missing_shard(folder):
    (folder / "00001.sentences.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"00001\.sentences\.npy"):
        Corpus.open(folder)


@pytest.mark.parametrize("part", ["tokens", "sentences", "documents"])
def test_shard_of_another_corpus(folder, part):
    path = folder / f"00001.{part}.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(
        ValueError, match=rf"is damaged: its shards hold .* {part}, corpus\.json counts"
    ):
        Corpus.open(folder)
