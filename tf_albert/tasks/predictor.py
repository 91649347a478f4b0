"""What the predictors of all kinds of task share: a fine-tuned model that answers."""

import abc
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import tensorflow as tf

from tf_albert import files, layout
from tf_albert.convert.native.read import read_provenance
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath

PREDICTIONS_FILE = "predictions.jsonl"


class Description(abc.ABC):
    """What a model was fine-tuned for; a dataclass, whose fields are kept in `provenance.json`.

    Attributes:
        task: str. The name of the task, as `tf-albert finetune --task` takes it.
        sequence_length: int. Longest row, in tokens.
    """

    task: str
    sequence_length: int

    @property
    @abc.abstractmethod
    def metric(self) -> str:
        """The metric that the best checkpoint and the best seed are chosen by."""

    @property
    @abc.abstractmethod
    def model_class(self) -> type[TaskModel]:
        """The class of the model."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A model's scores on some data, and the files that tell more.

    Args:
        metrics: dict of JSON values. The scores, by name.
        write: function of a folder that writes the predictions, and pictures, there.
        submit: function of a folder that writes the predictions there as the task's own scorer
            takes them; None where it takes none.
    """

    metrics: dict[str, Any]
    write: Callable[[Path], None]
    submit: Callable[[Path], None] | None = None


class Predictor(abc.ABC):
    """A fine-tuned model with what it needs to read its inputs.

    Args:
        model: the model, or None where it is set before the first answer.
        tokenizer: `AlbertTokenizer` that the model was trained with.
        description: what the model was fine-tuned for.

    Attributes:
        task_names: tuple of str. The tasks whose models it applies.
        submitted_tasks: tuple of str. Those of them whose scorers take files of predictions.
        description_class: the dataclass of descriptions.
        what_else: str. What a model of none of these tasks does, and what makes one that is.
        num_segments: int. Texts an example, which a line of text holds with tabs between them; 0
            where a line does not hold an example.
    """

    task_names: ClassVar[tuple[str, ...]]
    submitted_tasks: ClassVar[tuple[str, ...]] = ()
    description_class: ClassVar[Callable[..., Any]]
    what_else: ClassVar[str]
    num_segments: int

    def __init__(self, model: Any, tokenizer: AlbertTokenizer, description: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.description = description
        # Traced once for all batches, and for all checkpoints of a run: the model stays the same.
        self._outputs_of = tf.function(
            lambda inputs: self.model(inputs, training=False),
            reduce_retracing=True,
            autograph=False,
        )

    @classmethod
    def from_pretrained(cls, where: StrPath) -> Self:
        """Returns the predictor of a fine-tuned model's folder or run.

        Args:
            where: str or path.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: damaged files, or a model that was fine-tuned for another kind of task.
        """
        folder, task = layout.model_folder(where), read_task(where)
        if (name := task.get("task")) not in cls.task_names:
            found = f"was fine-tuned for the task {name!r}" if name else "was not fine-tuned"
            raise ValueError(f"{folder} {found}: it {cls.what_else}")
        description = cls.description_class(**task)
        model = description.model_class.from_pretrained(folder)
        return cls(model, AlbertTokenizer.from_pretrained(folder), description)

    @abc.abstractmethod
    def predicted(self, texts: Sequence[tuple[str, ...]], batch_size: int = 32) -> Iterator[dict]:
        """Yields what is written of the answer to each text: dicts of JSON values.

        Args:
            texts: list of tuples of `num_segments` str.
            batch_size: int. Rows a batch.
        """

    @abc.abstractmethod
    def evaluate(
        self, data: StrPath, bad_rows: BadRows, batch_size: int = 32, with_submission: bool = False
    ) -> Evaluation:
        """Returns the scores on a file of the task, or on its folder.

        Args:
            data: str or path. The task's folder, of which the development files are scored, or one
                file.
            bad_rows: `BadRows`. Told of every row that cannot be used.
            batch_size: int. Rows a batch.
            with_submission: bool. Whether a submission is going to be written, for which there may
                be more to read.

        Raises:
            FileNotFoundError: a file is not there.
            ValueError: a file of another form, or a label that training never saw.
        """


def read_task(where: StrPath) -> dict[str, Any]:
    """Returns what a model was fine-tuned for: the `task` of its `provenance.json`, or {}.

    Args:
        where: str or path. The folder of a run or of a model.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: damaged files.
    """
    return read_provenance(layout.model_folder(where)).get("task") or {}


def file_to_score(data: StrPath, name: str) -> Path:
    """Returns the file to score on: `data`, or the one of that name where it is a folder.

    Args:
        data: str or path.
        name: str.
    """
    path = Path(data)
    return path / name if path.is_dir() else path


def write_predictions(folder: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Writes `predictions.jsonl`, a JSON object a line.

    Args:
        folder: path. A folder that exists.
        records: iterable of dicts of JSON values.
    """
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    files.write_text(folder / PREDICTIONS_FILE, "".join(lines))
