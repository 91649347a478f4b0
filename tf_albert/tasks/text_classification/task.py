"""Classes and numbers for texts, as a fine-tuning run sees them."""

import collections
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import EpochBatches, shortened
from tf_albert.tasks.metrics import with_names
from tf_albert.tasks.task import LOSS_FIELDS, Task
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.text_classification import glue
from tf_albert.tasks.text_classification.data import read_labelled
from tf_albert.tasks.text_classification.labels import Classes, Numbers
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import Tensor

# A loss that is not 2 % below that of guessing by frequency has learned nothing.
FLAT = 0.98
# Numbers that vary no more beside the labels have at least 98 % of the squared error of guessing.
CONSTANT = 0.01
TABLE_FIELDS = ("train", "dev", "text_column", "label_column", "regression", "multi_label")


class TextClassificationTask(Task):
    """Labelled texts: a table of one's own, or a task of GLUE, SNLI or IMDB.

    Args:
        settings: `TaskSettings`. The recipe.
        tokenizer: `AlbertTokenizer` of the pretrained model.
        bad_rows: `BadRows`. Told of every row that is left out.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a field that lacks, a table that cannot be read, a label in `dev` that training
            never saw, or fewer examples than a batch.
    """

    takes: ClassVar = {"table": TABLE_FIELDS, **dict.fromkeys(glue.TASKS, ("data",))}
    loss_fields: ClassVar = {
        "table": LOSS_FIELDS,
        **{name: LOSS_FIELDS for name, row in glue.TASKS.items() if row.labels},
    }
    predictor_class = TextClassificationPredictor

    def __init__(
        self, settings: TaskSettings, tokenizer: AlbertTokenizer, bad_rows: BadRows
    ) -> None:
        labelled = read_labelled(settings, bad_rows)
        self.train, self.dev, self.scored = labelled.train, labelled.dev, labelled.scored
        self.description = labelled.description
        self._predictor = TextClassificationPredictor(None, tokenizer, self.description)
        targets = self.description.kind.targets(self.train, "train")
        self.batches = LabelledBatches(
            self._predictor.preprocessor,
            self.train.texts,
            targets,
            settings.batch_size,
            settings.seed,
        )
        self.objective = self.description.kind.objective_of(settings, targets)

    def sizes(self) -> tuple[str, str]:
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        to_score = ", ".join(f"{len(dev):,} in {name}" for name, dev in self.dev.items())
        for name, examples in self.scored.items():
            to_score += f", {len(examples):,} in {name} once, at the end"
        return f"{len(self.train):,} training examples", to_score

    def make_model(self, encoder: AlbertEncoder) -> TaskModel:
        """Returns an `AlbertClassifier` of as many classes as there are, or of one number."""
        labels, multi_label = self.description.labels, self.description.multi_label
        num_classes = 1 if labels is None else len(labels)
        return AlbertClassifier(encoder, num_classes, labels=labels, multi_label=multi_label)

    def score(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics on the development sets; of those after the first with its name."""
        self._predictor.model = model
        return with_names(
            {
                name: self._predictor.score(examples, where=name)
                for name, examples in self.dev.items()
            }
        )

    def score_test(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics on the test files with labels, each with the file's name."""
        self._predictor.model = model
        return {
            f"{name}_{key}": value
            for name, examples in self.scored.items()
            for key, value in self._predictor.score(examples, where=name).items()
        }

    def collapse(self, metrics: Mapping[str, Any]) -> str | None:
        """Returns how a model with these metrics has collapsed, or None where it has not."""
        labels = next(iter(self.dev.values())).labels
        if isinstance(self.description.kind, Classes):
            return _collapse_to_a_class(metrics, labels)
        if isinstance(self.description.kind, Numbers):
            return _collapse_to_a_number(metrics, labels)
        return None


class LabelledBatches(EpochBatches):
    """Batches of labelled texts: the encoder's inputs, int32 `(rows, length)`, and `labels`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        labels: array `(examples, ...)`: int32 classes, or float32.
        batch_size: int. Rows a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.
    """

    def __init__(
        self,
        preprocessor: AlbertPreprocessor,
        texts: Sequence[tuple[str, ...]],
        labels: np.ndarray,
        batch_size: int,
        seed: int,
    ) -> None:
        columns = tuple(np.array(column, object) for column in zip(*texts, strict=True))
        super().__init__((columns, labels), len(texts), batch_size, seed)
        self.preprocessor = preprocessor

    def element(self, columns: Any) -> dict[str, Tensor]:
        """Returns the batch of the texts and labels of a step."""
        texts, labels = columns
        return shortened(self.preprocessor(texts)) | {"labels": labels}


def _collapse_to_a_class(metrics: Mapping[str, Any], labels: Sequence[str]) -> str | None:
    shares = [count / len(labels) for count in collections.Counter(labels).values()]
    guessing = -sum(share * math.log(share) for share in shares)
    is_flat = metrics["predicted_classes"] == 1 and metrics["loss"] > FLAT * guessing
    if not is_flat or len(shares) == 1:
        return None
    return (
        f"it predicts one class for all {len(labels):,} examples of the development set, with "
        f"a loss of {metrics['loss']:.3f}, where guessing by frequency has {guessing:.3f}"
    )


def _collapse_to_a_number(metrics: Mapping[str, Any], labels: Sequence[float]) -> str | None:
    deviation = float(np.std(labels))
    if metrics["predicted_deviation"] >= CONSTANT * deviation:
        return None
    return (
        f"it predicts one number for all {len(labels):,} examples of the development set: with a "
        f"standard deviation of {metrics['predicted_deviation']:.2g}, where the labels have "
        f"{deviation:.2g}"
    )
