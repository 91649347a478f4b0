"""Questions with options, as a fine-tuning run sees them."""

from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.tasks.batches import ChoiceBatches
from tf_albert.tasks.multiple_choice.data import read_race
from tf_albert.tasks.multiple_choice.predictor import ChoiceDescription, Chooser
from tf_albert.tasks.predictor import train_and_dev
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.training.objectives import ClassificationObjective

# The folders as they are published.
FOLDERS = ("train", "dev")


class ChoiceTask:
    """What there is to learn from questions with options, and to be scored on.

    Args, attributes and raises: as of `TextTask`.
    """

    def __init__(self, recipe, tokenizer, problems):
        train, dev = train_and_dev(recipe, FOLDERS)
        self.train, self.dev = read_race(train, problems), read_race(dev, problems)
        self.description = ChoiceDescription(recipe.sequence_length)
        preprocessor = AlbertPreprocessor(tokenizer, recipe.sequence_length)
        self.batches = ChoiceBatches(preprocessor, self.train, recipe.batch_size, recipe.seed)
        self.objective = ClassificationObjective()
        self._chooser = Chooser(None, preprocessor, self.description)

    def sizes(self):
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        return f"{len(self.train):,} questions to train on", f"{len(self.dev):,}"

    def make_model(self, encoder):
        """Returns the model that is to be trained."""
        return AlbertMultipleChoice(encoder)

    def score(self, model):
        """Returns the metrics on the development set."""
        # One chooser for all checkpoints: each would trace the model anew.
        self._chooser.model = model
        return self._chooser.score(self.dev)

    def collapse(self, metrics):
        """Returns None: no option is commoner than the others, so there is no guessing by it."""
        del metrics
