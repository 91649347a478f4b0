"""Sentences with a label a word, as a fine-tuning run sees them."""

import re
from typing import Any, ClassVar

import numpy as np

from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.task_model import TaskModel
from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import EpochBatches, shortened
from tf_albert.tasks.class_weights import weights_of_classes
from tf_albert.tasks.task import FILES, LOSS_FIELDS, Task, train_and_dev
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.token_classification.data import TEXT_FILES, Columns, read_conll
from tf_albert.tasks.token_classification.predictor import (
    TokenClassificationDescription,
    TokenClassificationPredictor,
    tell_lost,
)
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training.objectives import TokenObjective
from tf_albert.types import StrPath, Tensor


class TokenClassificationTask(Task):
    """Sentences with a label for each word.

    Args:
        settings: `TaskSettings`. The recipe.
        tokenizer: `AlbertTokenizer` of the pretrained model.
        bad_rows: `BadRows`. Told of every sentence that is left out or loses a word.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file of another form, a label in `dev` that training never saw, or fewer
            sentences than a batch.
    """

    takes: ClassVar = {"conll": (*FILES, "word_column", "label_column")}
    loss_fields: ClassVar = {"conll": LOSS_FIELDS}
    predictor_class = TokenClassificationPredictor

    def __init__(
        self, settings: TaskSettings, tokenizer: AlbertTokenizer, bad_rows: BadRows
    ) -> None:
        train, dev = train_and_dev(settings, TEXT_FILES)
        columns = Columns(settings.word_column, _number(settings.label_column))
        self.train, self.dev = (read_conll(path, bad_rows, columns) for path in (train, dev))
        labels = sorted({label for sentence in self.train for label in sentence.labels})
        self.description = TokenClassificationDescription(
            labels,
            settings.sequence_length,
            word_column=columns.word,
            label_column=columns.label,
        )
        self._check_labels(dev)
        self._predictor = TokenClassificationPredictor(None, tokenizer, self.description)
        rows = self._rows(bad_rows)
        self._predictor.tell_lost(self.dev, bad_rows)
        self.batches = TokenBatches(*rows, settings.batch_size, settings.seed)
        _, classes, weights = rows
        self.objective = TokenObjective(
            weights_of_classes(settings.class_weights, labels, classes[weights > 0]),
            settings.label_smoothing,
        )

    def _check_labels(self, path: StrPath) -> None:
        seen = {label for sentence in self.dev for label in sentence.labels}
        unknown = sorted(seen - set(self.description.labels))
        if unknown:
            raise ValueError(
                f"{path} has labels that training never saw: {', '.join(unknown[:5])}. "
                f"Known labels: {', '.join(self.description.labels)}."
            )

    def _rows(self, bad_rows: BadRows) -> tuple[dict[str, Tensor], np.ndarray, np.ndarray]:
        """Returns the rows, and for each token its class and whether it counts."""
        inputs, places = self._predictor.rows([sentence.words for sentence in self.train])
        tell_lost(self.train, places, bad_rows)
        numbers = {label: number for number, label in enumerate(self.description.labels)}
        shape = (len(self.train), self.description.sequence_length)
        classes, weights = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        for row, (sentence, of_words) in enumerate(zip(self.train, places, strict=True)):
            classes[row, of_words] = [numbers[label] for label in sentence.labels]
            weights[row, of_words] = 1.0
        # At 0, where [CLS] stands, are the words that have no place.
        classes[:, 0] = weights[:, 0] = 0
        return inputs, classes, weights

    def sizes(self) -> tuple[str, str]:
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        return f"{len(self.train):,} training sentences", f"{len(self.dev):,}"

    def make_model(self, encoder: AlbertEncoder) -> TaskModel:
        """Returns an `AlbertTokenClassifier` of as many classes as there are labels."""
        return AlbertTokenClassifier(encoder, labels=self.description.labels)

    def score(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics on the development set."""
        self._predictor.model = model
        return self._predictor.score(self.dev)


def _number(label_column: str | int | None) -> int | None:
    """Returns the number of a column, of which a table has the name."""
    if label_column is None or re.fullmatch(r"\d+", str(label_column)):
        return None if label_column is None else int(label_column)
    raise ValueError(
        "The task 'conll' has columns by number: `label_column` is one, counted from 1. Received: "
        f"{label_column!r}."
    )


class TokenBatches(EpochBatches):
    """Batches of rows with a class for each token that counts.

    They hold the encoder's inputs and `labels`, int32, and `label_weights`, float32, all
    `(rows, length)`.

    Args:
        inputs: dict of int32 arrays `(rows, sequence_length)`: the encoder's inputs.
        labels: int array `(rows, sequence_length)`.
        weights: float array `(rows, sequence_length)`. 1 where a label counts.
        batch_size: int. Rows a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.
    """

    def __init__(
        self,
        inputs: dict[str, Tensor],
        labels: np.ndarray,
        weights: np.ndarray,
        batch_size: int,
        seed: int,
    ) -> None:
        columns = inputs | {"labels": labels, "label_weights": weights}
        super().__init__(columns, len(labels), batch_size, seed)

    def element(self, columns: Any) -> dict[str, Tensor]:
        """Returns the batch of the rows of a step."""
        return shortened(columns)
