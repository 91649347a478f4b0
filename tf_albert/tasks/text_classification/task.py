"""Classes and numbers for texts, as a fine-tuning run sees them."""

import collections
import math

import numpy as np

from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.tasks.batches import LabelledBatches
from tf_albert.tasks.metrics import with_names
from tf_albert.tasks.text_classification.data import read_labelled
from tf_albert.tasks.text_classification.labels import Classes, Numbers
from tf_albert.tasks.text_classification.predictor import Predictor
from tf_albert.text.preprocessor import AlbertPreprocessor

# A loss that is not 2 % below that of guessing by frequency has learned nothing.
FLAT = 0.98
# Numbers that vary no more beside the labels have at least 98 % of the squared error of guessing.
CONSTANT = 0.01


class TextTask:
    """What there is to learn from labelled texts, and to be scored on.

    Args:
        recipe: `FinetuneRecipe`.
        tokenizer: `AlbertTokenizer`.
        problems: `Problems`. Told of every row that is left out.

    Attributes:
        description: `TaskDescription`.
        batches: what the loop trains on.
        objective: what it minimizes.

    Raises:
        ValueError: what `read_labelled` and `LabelledBatches` raise.
    """

    def __init__(self, recipe, tokenizer, problems):
        labelled = read_labelled(recipe, problems)
        self.train, self.dev, self.description = labelled.train, labelled.dev, labelled.description
        self.preprocessor = AlbertPreprocessor(tokenizer, recipe.sequence_length)
        kind = self.description.kind
        targets = kind.targets(self.train, "train")
        self.batches = LabelledBatches(
            self.preprocessor, self.train.texts, targets, recipe.batch_size, recipe.seed
        )
        self.objective = kind.objective
        self._predictor = None

    def sizes(self):
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        to_score = ", ".join(f"{len(dev):,} in {name}" for name, dev in self.dev.items())
        return f"{len(self.train):,} training examples", to_score

    def make_model(self, encoder):
        """Returns the model that is to be trained."""
        return AlbertClassifier(encoder, len(self.description.labels or [None]))

    def score(self, model):
        """Returns the metrics on the development sets; of those after the first with its name."""
        # One predictor for all checkpoints: each would trace the model anew.
        if self._predictor is None:
            self._predictor = Predictor(model, self.preprocessor, self.description)
        return with_names(
            {
                name: self._predictor.score(examples, where=name)
                for name, examples in self.dev.items()
            }
        )

    def collapse(self, metrics):
        """Returns how a model with these metrics has collapsed, or None where it has not."""
        labels = next(iter(self.dev.values())).labels
        if isinstance(self.description.kind, Classes):
            return _collapse_to_a_class(metrics, labels)
        if isinstance(self.description.kind, Numbers):
            return _collapse_to_a_number(metrics, labels)
        return None


def _collapse_to_a_class(metrics, labels):
    shares = [count / len(labels) for count in collections.Counter(labels).values()]
    guessing = -sum(share * math.log(share) for share in shares)
    is_flat = metrics["predicted_classes"] == 1 and metrics["loss"] > FLAT * guessing
    if not is_flat or len(shares) == 1:
        return None
    return (
        f"it predicts one class for all {len(labels):,} examples of the development set, with "
        f"a loss of {metrics['loss']:.3f}, where guessing by frequency has {guessing:.3f}"
    )


def _collapse_to_a_number(metrics, labels):
    deviation = float(np.std(labels))
    if metrics["predicted_deviation"] >= CONSTANT * deviation:
        return None
    return (
        f"it predicts one number for all {len(labels):,} examples of the development set: with a "
        f"standard deviation of {metrics['predicted_deviation']:.2g}, where the labels have "
        f"{deviation:.2g}"
    )
