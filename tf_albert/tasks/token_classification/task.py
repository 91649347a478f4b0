"""Sentences with a label a word, as a fine-tuning run sees them."""

import numpy as np

from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.batches import TokenBatches
from tf_albert.tasks.predictor import train_and_dev
from tf_albert.tasks.token_classification.data import read_conll
from tf_albert.tasks.token_classification.predictor import (
    TagDescription,
    Tagger,
    row_of_words,
    tell_lost,
)
from tf_albert.training.objectives import TokenObjective

# The files as CoNLL-2003's are named in most copies.
FILES = ("train.txt", "valid.txt")


class TagTask:
    """What there is to learn from tagged sentences, and to be scored on.

    Args, attributes and raises: as of `TextTask`.
    """

    def __init__(self, recipe, tokenizer, problems):
        train, dev = train_and_dev(recipe, FILES)
        self.train, self.dev = read_conll(train, problems), read_conll(dev, problems)
        labels = sorted({label for sentence in self.train for label in sentence.labels})
        self.description = TagDescription(labels, recipe.sequence_length)
        self._check_labels(dev)
        self._tagger = Tagger(None, tokenizer, self.description)
        rows, classes, weights = self._rows(tokenizer, problems)
        self._tagger.tell_lost(self.dev, problems)
        self.batches = TokenBatches(
            rows, classes, weights, tokenizer.special_ids["pad"], recipe.batch_size, recipe.seed
        )
        self.objective = TokenObjective()

    def _check_labels(self, path):
        seen = {label for sentence in self.dev for label in sentence.labels}
        unknown = sorted(seen - set(self.description.labels))
        if unknown:
            raise ValueError(
                f"{path} has labels that training never saw: {', '.join(unknown[:5])}. "
                f"Known labels: {', '.join(self.description.labels)}."
            )

    def _rows(self, tokenizer, problems):
        """Returns the rows, and for each token its class and whether it counts."""
        length = self.description.sequence_length
        shape = (len(self.train), length)
        classes, weights, rows = np.zeros(shape, np.int32), np.zeros(shape, np.float32), []
        for number, sentence in enumerate(self.train):
            row, places = row_of_words(tokenizer, sentence.words, length)
            rows.append(row)
            tell_lost(sentence, places, problems)
            for place, label in zip(places, sentence.labels, strict=True):
                if place is not None:
                    classes[number, place] = self.description.labels.index(label)
                    weights[number, place] = 1.0
        return rows, classes, weights

    def sizes(self):
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        return f"{len(self.train):,} training sentences", f"{len(self.dev):,}"

    def make_model(self, encoder):
        """Returns the model that is to be trained."""
        return AlbertTokenClassifier(encoder, len(self.description.labels))

    def score(self, model):
        """Returns the metrics on the development set."""
        # One tagger for all checkpoints: each would trace the model anew.
        self._tagger.model = model
        return self._tagger.score(self.dev)

    def collapse(self, metrics):
        """Returns None: at first every tagger says that no word is of any name."""
        del metrics
