"""What a fine-tuning run asks of a task, whatever its kind."""

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import EpochBatches
from tf_albert.tasks.predictor import Predictor
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath

# The fields of a recipe that name the files of a task.
FILES = ("data", "train", "dev")
# Those that change the loss where labels are classes.
LOSS_FIELDS = ("class_weights", "label_smoothing")


class Task(abc.ABC):
    """What there is to learn from, what is trained, and what is scored.

    A subclass reads the examples when it is made.

    Args:
        settings: `TaskSettings`. The recipe.
        tokenizer: `AlbertTokenizer` of the pretrained model.
        bad_rows: `BadRows`. Told of every row that cannot be used.

    Attributes:
        takes: dict of the names of the kind's tasks to the fields of a recipe that each takes.
        loss_fields: dict of names of tasks to those of `LOSS_FIELDS` that each takes.
        predictor_class: the `Predictor` of models that were fine-tuned for the task.
        description: the kind's `Description`: what a model of the task is for.
        batches: `EpochBatches`. What the loop trains on.
        objective: one of `tf_albert.training.objectives`: what the loop minimizes.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a field that lacks, a file of another form, or fewer examples than a batch.
    """

    takes: ClassVar[Mapping[str, tuple[str, ...]]]
    loss_fields: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    predictor_class: ClassVar[type[Predictor]]
    description: Any
    batches: EpochBatches
    objective: Any

    @abc.abstractmethod
    def __init__(
        self, settings: TaskSettings, tokenizer: AlbertTokenizer, bad_rows: BadRows
    ) -> None: ...

    @abc.abstractmethod
    def sizes(self) -> tuple[str, str]:
        """Returns two parts of a sentence: what there is to train on, and to score on."""

    @abc.abstractmethod
    def make_model(self, encoder: AlbertEncoder) -> TaskModel:
        """Returns the model to train, around an encoder."""

    @abc.abstractmethod
    def score(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics of a model on the development set, by name."""

    def score_test(self, model: TaskModel) -> dict[str, Any]:
        """Returns the metrics of the chosen model on what no choice was made by, by name.

        Args:
            model: the model, after the run's last step, with its best weights.
        """
        del model
        return {}

    def collapse(self, metrics: Mapping[str, Any]) -> str | None:
        """Returns how a model with these metrics has collapsed, or None where nothing shows it.

        Args:
            metrics: dict. What `score` gave.
        """
        del metrics
        return None


def train_and_dev(settings: TaskSettings, names: tuple[str, str]) -> tuple[StrPath, StrPath]:
    """Returns where a recipe's data to train on and to score on lie.

    Args:
        settings: `TaskSettings`. The recipe.
        names: tuple of two str. What the two are called in a folder `data`.

    Raises:
        ValueError: the recipe has neither `data` nor both of `train` and `dev`.
    """
    if settings.data is not None:
        train, dev = (Path(settings.data) / name for name in names)
        return train, dev
    if settings.train is None or settings.dev is None:
        raise ValueError(
            f"The task {settings.task!r} needs `data`, a folder with {' and '.join(names)}, or "
            "`train` and `dev`."
        )
    return settings.train, settings.dev
