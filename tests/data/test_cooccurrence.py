"""Vectors of words by their neighbours."""

import numpy as np
import pytest

from tests.data.corpora import ordinary_ids, random_documents, write_corpus
from tf_albert.data import cooccurrence
from tf_albert.data.cooccurrence import cooccurrence_vectors

NUM_TOPICS, WIDTH = 6, 11


@pytest.fixture
def topics(tmp_path, vocabulary):
    """A corpus whose documents each draw from 10 words of one of 6 topics, and those words."""
    random = np.random.default_rng(3)
    words = ordinary_ids(vocabulary)[: NUM_TOPICS * 10].reshape(NUM_TOPICS, 10)
    documents = [
        [random.choice(words[number % NUM_TOPICS], 9).tolist() for _ in range(30)]
        for number in range(48)
    ]
    return write_corpus(tmp_path / "topics", vocabulary, documents), words


def test_words_of_a_topic_are_near_each_other_and_far_from_others(topics):
    corpus, words = topics
    vectors = cooccurrence_vectors(corpus, WIDTH)[words.ravel()]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    same = np.kron(np.eye(NUM_TOPICS), np.ones((10, 10))) > 0
    assert cosine[same].mean() > 0.8
    assert np.abs(cosine[~same]).mean() < 0.1


def test_rare_words_have_short_vectors_and_missing_ones_none(topics):
    corpus, words = topics
    lengths = np.linalg.norm(cooccurrence_vectors(corpus, WIDTH), axis=1)
    counts = corpus.unigram
    np.testing.assert_allclose(lengths, counts / (counts + 10.0), atol=1e-6)
    assert (lengths[words] > 0.9).all()
    assert (lengths[np.setdiff1d(np.arange(len(counts)), words)] == 0).all()


def test_counts_by_hand(tmp_path, vocabulary):
    a, b, c = ordinary_ids(vocabulary)[:3]
    corpus = write_corpus(tmp_path / "corpus", vocabulary, [[[a, b], [c, a]]])
    counts = cooccurrence._neighbours(corpus).toarray()
    # a b c a: next to each other count 1, one further 1/2, two further 1/3.
    assert counts[a, b] == pytest.approx(1 + 1 / 2)
    assert counts[a, c] == pytest.approx(1 / 2 + 1)
    assert counts[b, c] == pytest.approx(1)
    assert counts[a, a] == pytest.approx(2 / 3)
    np.testing.assert_array_equal(counts, counts.T)


def test_the_same_corpus_has_the_same_vectors(topics):
    corpus, _ = topics
    first, second = (cooccurrence_vectors(corpus, WIDTH) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_so_many_tokens_are_read_and_no_more(tmp_path, vocabulary, monkeypatch):
    documents = random_documents(vocabulary, (7, 5, 9))
    corpus = write_corpus(tmp_path / "corpus", vocabulary, documents, tokens_per_shard=13)
    assert len(corpus.tokens) > 2
    tokens = np.concatenate(corpus.tokens)
    np.testing.assert_array_equal(cooccurrence._first_tokens(corpus), tokens)
    monkeypatch.setattr(cooccurrence, "MAX_TOKENS", 17)
    np.testing.assert_array_equal(cooccurrence._first_tokens(corpus), tokens[:17])


def test_a_corpus_without_neighbours_has_no_vectors(tmp_path, vocabulary):
    corpus = write_corpus(tmp_path / "corpus", vocabulary, [[[ordinary_ids(vocabulary)[0]]]])
    assert not cooccurrence_vectors(corpus, WIDTH).any()
