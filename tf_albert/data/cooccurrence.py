"""Word vectors from the counts of which words stand near which: where pretraining may begin."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from tf_albert.data.shards import Corpus

# More text would take more memory and change the vectors of rare words alone.
MAX_TOKENS = 4_000_000
WINDOW = 5
# Contexts count to this power, which keeps rare ones from ruling (Levy, section 3.1).
CONTEXT_POWER = 0.75
# The length of a word's vector is n / (n + this) for one that occurs n times.
DOUBTFUL_COUNT = 10.0


def cooccurrence_vectors(corpus: Corpus, width: int) -> np.ndarray:
    """Returns a vector for each id, near those of the ids that occur beside the same ids.

    The positive pointwise mutual information of neighbouring tokens, factorized: what word2vec
    learns, in seconds. Paper: Levy, Goldberg and Dagan, Improving Distributional Similarity with
    Lessons Learned from Word Embeddings (2015), sections 2.1 and 2.2, with the singular values to
    the power of one half.

    Args:
        corpus: `Corpus`. Its first 4 million tokens are counted.
        width: int. Length of a vector.

    Returns:
        float32 array of shape `(vocab_size, width)`; rows of length 1 for ids that occur often,
        shorter for rare ones, 0 for those that do not occur. Columns that the corpus cannot fill
        are 0.
    """
    information = _information(_neighbours(corpus))
    rank = min(width, len(corpus.unigram) - 1)
    vectors = np.zeros((len(corpus.unigram), width), np.float32)
    if information.nnz:
        # A start of its own, since a random one would make no two runs alike.
        start = np.random.default_rng(0).normal(size=len(corpus.unigram))
        left, values, _ = svds(information, k=rank, v0=start)
        vectors[:, :rank] = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return vectors * (corpus.unigram / (corpus.unigram + DOUBTFUL_COUNT))[:, None].astype("float32")


def _neighbours(corpus: Corpus) -> sparse.csr_array:
    """Returns how often two ids are neighbours, each pair by one over its distance."""
    tokens = _first_tokens(corpus)
    size = len(corpus.unigram)
    counts = sparse.csr_array((size, size), dtype=np.float32)
    for distance in range(1, min(WINDOW, len(tokens) - 1) + 1):
        pairs = (tokens[:-distance], tokens[distance:])
        weights = np.full(len(pairs[0]), 1.0 / distance, np.float32)
        counts = counts + sparse.coo_array((weights, pairs), shape=(size, size)).tocsr()
    return counts + counts.T


def _first_tokens(corpus: Corpus) -> np.ndarray:
    parts, missing = [], MAX_TOKENS
    for shard in corpus.tokens:
        parts.append(np.asarray(shard[:missing], np.int32))
        missing -= len(parts[-1])
    return np.concatenate(parts)


def _information(counts: sparse.csr_array) -> sparse.csr_array:
    """Returns the positive pointwise mutual information of counted pairs."""
    counts = counts.tocoo()
    words = np.asarray(counts.sum(axis=1), np.float64)
    contexts = words**CONTEXT_POWER
    contexts /= max(contexts.sum(), 1.0)
    values = np.log(counts.data / (words[counts.row] * contexts[counts.col]))
    positive = values > 0
    places = (counts.row[positive], counts.col[positive])
    return sparse.csr_array((values[positive], places), shape=counts.shape)
