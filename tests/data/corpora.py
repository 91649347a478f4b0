"""Small corpora: of ids that are given, and of ids that tell where they stand."""

import numpy as np

from tf_albert.data.shards import Corpus, ShardWriter
from tf_albert.text.pieces import PieceTokenizer


def write_corpus(folder, vocabulary, documents, **options):
    """Writes documents, lists of sentences, lists of ids; returns the `Corpus`."""
    folder.mkdir(parents=True)
    writer = ShardWriter(folder, PieceTokenizer(vocabulary), **options)
    for document in documents:
        writer.add(document)
    writer.finish()
    return Corpus.open(folder)


def ordinary_ids(vocabulary):
    """Returns the ids that are no special pieces."""
    return np.flatnonzero(~PieceTokenizer(vocabulary).special_mask())


def random_documents(vocabulary, sentence_counts, longest=11, seed=0):
    """Returns documents of random ids; sentences have from 1 to `longest` tokens."""
    random = np.random.default_rng(seed)
    ids = ordinary_ids(vocabulary)
    return [
        [random.choice(ids, random.integers(1, longest + 1)).tolist() for _ in range(count)]
        for count in sentence_counts
    ]


def counting_documents(vocabulary, sentence_counts, longest=11, seed=0):
    """Returns documents whose tokens count up, over and over: a token's successor is known."""
    ids = ordinary_ids(vocabulary)
    documents, place = random_documents(vocabulary, sentence_counts, longest, seed), 0
    for document in documents:
        for sentence in document:
            sentence[:] = ids[np.arange(place, place + len(sentence)) % len(ids)].tolist()
            place += len(sentence)
    return documents
