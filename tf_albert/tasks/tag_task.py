"""Sentences with a label a word, as a fine-tuning run sees them."""

import numpy as np

from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.batches import TokenBatches
from tf_albert.tasks.conll import read_conll
from tf_albert.tasks.fine_tuned import train_and_dev
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.tagging import TagDescription, Tagger, tell_lost
from tf_albert.training.objectives import TokenObjective
from tf_albert.types import Tensor

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
        columns = self._columns(problems)
        self._tagger.tell_lost(self.dev, problems)
        self.batches = TokenBatches(*columns, recipe.batch_size, recipe.seed)
        self.objective = TokenObjective()

    def _check_labels(self, path):
        seen = {label for sentence in self.dev for label in sentence.labels}
        unknown = sorted(seen - set(self.description.labels))
        if unknown:
            raise ValueError(
                f"{path} has labels that training never saw: {', '.join(unknown[:5])}. "
                f"Known labels: {', '.join(self.description.labels)}."
            )

    def _columns(self, problems: Problems) -> tuple[dict[str, Tensor], np.ndarray, np.ndarray]:
        """Returns the rows, and for each token its class and whether it counts."""
        inputs, places = self._tagger.rows([sentence.words for sentence in self.train])
        tell_lost(self.train, places, problems)
        numbers = {label: number for number, label in enumerate(self.description.labels)}
        shape = (len(self.train), self.description.sequence_length)
        classes, weights = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        for row, (sentence, of_words) in enumerate(zip(self.train, places, strict=True)):
            classes[row, of_words] = [numbers[label] for label in sentence.labels]
            weights[row, of_words] = 1.0
        # At 0, where [CLS] stands, are the words that have no place.
        classes[:, 0] = weights[:, 0] = 0
        return inputs, classes, weights

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
