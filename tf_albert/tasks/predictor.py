"""What the predictors of all kinds of task share: a fine-tuned model that answers."""

import abc
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import tensorflow as tf

from tf_albert import files, layout
from tf_albert.backend import require_tensorflow
from tf_albert.config import DEFAULT_SEQUENCE_LENGTH, AlbertConfig
from tf_albert.convert.native.read import read_provenance
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.examples import PAIR, as_examples
from tf_albert.tasks.tables import Rows, read_rows
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
        require_tensorflow("A predictor")
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
        folder, facts = layout.model_folder(where), facts_of_folder(where)
        task = facts.get("task") or cls.told_by(facts)
        if (name := task.get("task")) not in cls.task_names:
            found = f"was fine-tuned for the task {name!r}" if name else "was not fine-tuned"
            raise ValueError(f"{folder} {found}: it {cls.what_else}")
        description = cls.description_class(**task)
        model = description.model_class.from_pretrained(folder, preprocessor=None)
        return cls(model, AlbertTokenizer.from_pretrained(folder), description)

    @classmethod
    def told_by(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Returns what a model is for that no run of fine-tuning wrote: its description's fields.

        Args:
            facts: dict. What `facts_of_folder` gives.

        Returns:
            dict of JSON values; {} where the model's class and labels do not tell.
        """
        del facts
        return {}

    def examples_of(self, inputs: Any) -> list[tuple[Any, ...]]:
        """Returns what a caller gives as the examples that `predicted` takes.

        Args:
            inputs: an example, a list of examples, or a tuple of columns.

        Raises:
            ValueError: inputs of another form.
        """
        return as_examples(inputs, PAIR[: self.num_segments])

    def __call__(self, inputs: Any, batch_size: int = 32) -> list[dict[str, Any]]:
        """Returns the answer to each input: a list of dicts of JSON values.

        Args:
            inputs: an example or a list of examples. For a classifier of texts strings, or pairs
                of strings; for a span labeler pairs of a question and its context; for a token
                classifier strings, or lists of words; for a multiple-choice model tuples of a
                passage, a question and a list of options. Where an example has several parts, a
                dict of them by name will do, and so will a tuple of lists, one for each part.
            batch_size: int. Rows a batch.

        Raises:
            ValueError: inputs of another form.
        """
        examples_given = self.examples_of(inputs)
        return list(self.predicted(examples_given, batch_size)) if examples_given else []

    @property
    def text_columns(self) -> Sequence[str]:
        """Columns of the table that the model was trained on; none where it was no table."""
        return ()

    def name_columns(self, text_columns: list[str] | None, label_column: str | None) -> None:
        """Sets which columns of a table `evaluate` reads, where they are not those of training.

        Args:
            text_columns: list of one or two str, or None for those of training.
            label_column: str, or None for that of training.

        Raises:
            ValueError: the model is of a kind of task whose files are no tables.
        """
        raise ValueError(
            f"`text_column` and `label_column` are for tables of labelled texts, and the model was "
            f"trained for the task {self.description.task!r}, whose files are read as they are "
            "published. Leave them out."
        )

    def rows_of(self, path: StrPath, with_own_columns: bool) -> Rows:
        """Yields (number of the line, row) of a table whose texts are to be answered.

        Args:
            path: str or path. A table, as `tables.read_rows` reads it.
            with_own_columns: bool. Whether `text_columns` are going to be read, and no others.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: another format, or a row that cannot be read.
        """
        del with_own_columns
        return read_rows(path, BadRows(strict=True))

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


def facts_of_folder(where: StrPath) -> dict[str, Any]:
    """Returns what `provenance.json` says of a model, and its `max_position_embeddings`.

    Args:
        where: str or path. The folder of a run or of a model.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: damaged files.
    """
    folder = layout.model_folder(where)
    provenance = read_provenance(folder)
    longest = AlbertConfig.from_json(folder / layout.CONFIG_FILE).max_position_embeddings
    return provenance | {"max_position_embeddings": longest}


def sequence_length_of(facts: dict[str, Any], default: int = DEFAULT_SEQUENCE_LENGTH) -> int:
    """Returns the tokens a row of a model that no run of fine-tuning made.

    Args:
        facts: dict. What `facts_of_folder` gives.
        default: int. What to take where they say nothing, and the model has the positions.
    """
    return facts.get("sequence_length") or min(default, facts["max_position_embeddings"])


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
