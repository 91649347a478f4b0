"""Questions with options, as a fine-tuning run sees them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import EpochBatches, shortened
from tf_albert.tasks.multiple_choice.data import FOLDERS, Choice, choice_texts, read_race
from tf_albert.tasks.multiple_choice.predictor import (
    MultipleChoiceDescription,
    MultipleChoicePredictor,
)
from tf_albert.tasks.task import FILES, Task, train_and_dev
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.text.choices import choice_inputs
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training.objectives import ClassificationObjective
from tf_albert.types import Tensor


class MultipleChoiceTask(Task):
    """Questions on passages, with options of which one is right.

    Args:
        settings: `TaskSettings`. The recipe.
        tokenizer: `AlbertTokenizer` of the pretrained model.
        bad_rows: `BadRows`. Told of every question that is left out.

    Raises:
        FileNotFoundError: a folder is not there.
        ValueError: a folder without questions, or fewer questions than a batch.
    """

    takes: ClassVar = {"race": FILES}
    loss_fields: ClassVar = {"race": ("label_smoothing",)}
    predictor_class = MultipleChoicePredictor

    def __init__(
        self, settings: TaskSettings, tokenizer: AlbertTokenizer, bad_rows: BadRows
    ) -> None:
        train, dev = train_and_dev(settings, FOLDERS)
        self.train, self.dev = read_race(train, bad_rows), read_race(dev, bad_rows)
        self.description = MultipleChoiceDescription(settings.sequence_length)
        self._predictor = MultipleChoicePredictor(None, tokenizer, self.description)
        self.batches = ChoiceBatches(
            self._predictor.preprocessor, self.train, settings.batch_size, settings.seed
        )
        self.objective = ClassificationObjective(label_smoothing=settings.label_smoothing)

    def sizes(self) -> tuple[str, str]:
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        return f"{len(self.train):,} questions to train on", f"{len(self.dev):,}"

    def make_model(self, encoder: AlbertEncoder) -> TaskModel:
        """Returns an `AlbertMultipleChoice`."""
        return AlbertMultipleChoice(encoder)

    def score(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics on the development set."""
        self._predictor.model = model
        return self._predictor.score(self.dev)


class ChoiceBatches(EpochBatches):
    """Batches of questions with options.

    They hold the encoder's inputs, int32 `(rows, options, length)`, and `labels`, int32 `(rows,)`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        choices: list of `Choice`, all with as many options.
        batch_size: int. Questions a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.
    """

    def __init__(
        self,
        preprocessor: AlbertPreprocessor,
        choices: Sequence[Choice],
        batch_size: int,
        seed: int,
    ) -> None:
        labels = np.array([choice.label for choice in choices], np.int32)
        super().__init__((*choice_texts(choices), labels), len(choices), batch_size, seed)
        self.preprocessor = preprocessor

    def element(self, columns: Any) -> dict[str, Tensor]:
        """Returns the batch of the texts and labels of a step."""
        *texts, labels = columns
        return shortened(choice_inputs(self.preprocessor, *texts)) | {"labels": labels}
