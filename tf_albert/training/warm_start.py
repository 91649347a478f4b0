"""A pretraining begins with what counting tells of words, so that it need not be learnt first."""

import math

import keras

from tf_albert.data.cooccurrence import cooccurrence_vectors
from tf_albert.data.shards import Corpus
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.training.word_frequencies import log_frequencies

# What a frequent word's own vector adds to its logit (3, 6, 13 and 26 were tried), and what is left
# of a random embedding, which tells rare words apart.
OWN_LOGIT, RANDOM_SHARE = 12.8, 0.25
# Positions and types are added to a word's vector: as small as at random they would drown in it.
BESIDE_SCALE = 4.0
BESIDE = ("position_embeddings", "type_embeddings")


def start_from_frequencies(model: AlbertPretrainer, corpus: Corpus) -> None:
    """Gives the output's bias the logarithms of the words' frequencies.

    From zeros a small model first learns the frequencies with all of its weights, and then says the
    same of every position for most of a short run.

    Args:
        model: `AlbertPretrainer`, untrained.
        corpus: `Corpus`. What it is going to be trained on.
    """
    model.masked_lm_head.output_bias.assign(log_frequencies(corpus.unigram))


def start_from_cooccurrence(model: AlbertPretrainer, corpus: Corpus) -> None:
    """Puts word embeddings near those of words that stand beside the same words.

    Random embeddings have nothing to tell of context: before a word's neighbours can say what it
    is, embeddings and encoder must change together, which takes longer than a short run.

    Args:
        model: `AlbertPretrainer`, untrained.
        corpus: `Corpus`. What it is going to be trained on.
    """
    embedding, width = model.encoder.embedding, model.config.embedding_size
    # The head normalizes, so that what meets the table has the length of this root.
    vectors = OWN_LOGIT / width**0.5 * cooccurrence_vectors(corpus, width)
    embedding.word_embeddings.assign(RANDOM_SHARE * embedding.word_embeddings + vectors)
    for name in BESIDE:
        table = getattr(embedding, name)
        table.assign(BESIDE_SCALE * table)


def scale_embeddings(model: AlbertPretrainer) -> None:
    """Brings a pretrainer's word embeddings to the scale of random ones; its outputs stay the same.

    Word vectors begin large here, and an optimizer like Adam moves every weight by about its rate:
    at a rate that suits the rest, fine-tuning would leave them where they are. The embedding's
    normalization takes any scale out again, and that of the masked-word head takes up the inverse.

    Args:
        model: `AlbertPretrainer`. The factor is a power of two, so no digit of a weight is lost.
    """
    embedding, head = model.encoder.embedding, model.masked_lm_head.normalization
    spread = float(keras.ops.std(embedding.word_embeddings))
    factor = 2.0 ** round(math.log2(model.config.initializer_range / spread))
    for name in ("word_embeddings", *BESIDE):
        table = getattr(embedding, name)
        table.assign(table * factor)
    for weight in (head.gamma, head.beta):
        weight.assign(weight / factor)
