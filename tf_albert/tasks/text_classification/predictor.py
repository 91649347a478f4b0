"""A fine-tuned classifier applied to texts."""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert import files
from tf_albert.data.pipeline import computed_ahead
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.examples import PAIR, as_examples
from tf_albert.tasks.metrics import with_names
from tf_albert.tasks.predictor import (
    Description,
    Evaluation,
    Predictor,
    sequence_length_of,
    write_predictions,
)
from tf_albert.tasks.tables import Rows, read_rows
from tf_albert.tasks.text_classification import glue
from tf_albert.tasks.text_classification.labels import Classes, LabelKind, LabelSets, Numbers
from tf_albert.tasks.text_classification.pictures import draw
from tf_albert.tasks.text_classification.table import Examples, read_examples
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath


@dataclasses.dataclass(frozen=True)
class TextClassificationDescription(Description):
    """What a classifier of texts was trained for; kept in its `provenance.json`.

    Args:
        labels: list of str, the classes in the order of the logits; None for regression.
        text_columns: list of one or two str. Columns of the table it was trained on.
        label_column: str. Its label column.
        sequence_length: int. Longest row, in tokens.
        num_segments: int. Texts an example, 1 or 2.
        task: str. `table`, or a name in `glue.TASKS`.
        multi_label: bool. Whether any number of labels may hold at once.
    """

    labels: list[str] | None
    text_columns: list[str]
    label_column: str
    sequence_length: int
    num_segments: int
    task: str = "table"
    multi_label: bool = False

    @functools.cached_property
    def kind(self) -> LabelKind:
        """What the labels are: `Classes`, `Numbers` or `LabelSets`."""
        if self.labels is None:
            return Numbers()
        return LabelSets(self.labels) if self.multi_label else Classes(self.labels)

    @property
    def metric(self) -> str:
        """The metric that the best checkpoint and the best seed are chosen by."""
        return glue.TASKS[self.task].metric if self.task in glue.TASKS else self.kind.metric

    @property
    def model_class(self) -> type[TaskModel]:
        """The class of the model."""
        return AlbertClassifier


class TextClassificationPredictor(Predictor):
    """A classifier or regressor with what it needs to read texts.

    Args:
        model: `AlbertClassifier`, or None where it is set before the first answer.
        tokenizer: `AlbertTokenizer` that the model was trained with.
        description: `TextClassificationDescription`.

    Example::

        predictor = TextClassificationPredictor.from_pretrained("runs/sst2")
        next(predictor.predicted([("a fine film",)]))["label"]
    """

    task_names = ("table", *glue.TASKS)
    submitted_tasks = tuple(name for name, task in glue.TASKS.items() if task.test)
    description_class = TextClassificationDescription
    what_else = "labels no texts. `tf-albert finetune` makes a model that does."

    def __init__(
        self,
        model: TaskModel | None,
        tokenizer: AlbertTokenizer,
        description: TextClassificationDescription,
    ) -> None:
        super().__init__(model, tokenizer, description)
        self.num_segments = description.num_segments
        self.preprocessor = AlbertPreprocessor(tokenizer, description.sequence_length)

    @classmethod
    def told_by(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Returns what a classifier is for by its labels, or by the numbers of its classes."""
        if facts["model_class"] != AlbertClassifier.__name__:
            return {}
        arguments = facts["head_arguments"]
        number, several = arguments["num_classes"], arguments.get("multi_label", False)
        numbers = None if number == 1 and not several else [str(label) for label in range(number)]
        return {
            "task": "table",
            "labels": arguments.get("labels") or numbers,
            "text_columns": ["text"],
            "label_column": "label",
            "sequence_length": sequence_length_of(facts),
            "num_segments": 1,
            "multi_label": several,
        }

    def examples_of(self, inputs: Any) -> list[tuple[str, ...]]:
        """Returns texts, or pairs, as tuples of strings.

        Args:
            inputs: a string, a list of strings or of pairs, or a tuple of two lists of strings.

        Raises:
            ValueError: inputs of another form.
        """
        is_pair = isinstance(inputs, tuple) and len(inputs) == 2
        first = inputs[0] if isinstance(inputs, list) and inputs else inputs
        are_pairs = is_pair or isinstance(first, (tuple, list, dict))
        return as_examples(inputs, PAIR[: 1 + are_pairs])

    @property
    def text_columns(self) -> Sequence[str]:
        """Columns of the table that the model was trained on."""
        return self.description.text_columns

    def name_columns(self, text_columns: list[str] | None, label_column: str | None) -> None:
        """Sets which columns of a table `evaluate` reads, where they are not those of training."""
        if self.description.task != "table":
            super().name_columns(text_columns, label_column)
        wanted = text_columns or self.description.text_columns
        if len(wanted) > 2:
            raise ValueError(f"A text, or a pair, has one or two columns. Received: {wanted}.")
        self.num_segments = len(wanted)
        self.description = dataclasses.replace(
            self.description,
            text_columns=wanted,
            label_column=label_column or self.description.label_column,
            num_segments=len(wanted),
        )

    def rows_of(self, path: StrPath, with_own_columns: bool) -> Rows:
        """Yields (number of the line, row) of a table; with its own columns one of its task."""
        task = glue.TASKS.get(self.description.task)
        if task is None or not with_own_columns:
            return super().rows_of(path, with_own_columns)
        return read_rows(path, BadRows(strict=True), glue.header_of(task, path), quoting=False)

    def predicted(self, texts: Sequence[tuple[str, ...]], batch_size: int = 32) -> Iterator[dict]:
        """Yields what is written of the prediction for each text: dicts of JSON values."""
        return self.records(texts, self.outputs(texts, batch_size))

    def outputs(self, texts: Sequence[tuple[str, ...]], batch_size: int = 32) -> np.ndarray:
        """Returns probabilities `(examples, classes)`, or numbers `(examples,)` for regression.

        Args:
            texts: list of tuples of str.
            batch_size: int. Rows a batch.
        """
        dataset = text_batches(self.preprocessor, texts, batch_size)
        logits = np.concatenate([self._outputs_of(inputs).numpy() for inputs in dataset])
        return self.description.kind.outputs(logits)

    def score(
        self, examples: Examples, batch_size: int = 32, where: StrPath = "the table"
    ) -> dict[str, Any]:
        """Returns the metrics on labelled examples.

        Args:
            examples: `Examples` with labels.
            batch_size: int. Rows a batch.
            where: str. What the examples come from, for a message about an unknown label.
        """
        return self._metrics(examples, self.outputs(examples.texts, batch_size), where)

    def _metrics(self, examples: Examples, outputs: np.ndarray, where: StrPath) -> dict[str, Any]:
        kind = self.description.kind
        return kind.metrics(kind.targets(examples, where), outputs)

    def records(
        self, texts: Sequence[tuple[str, ...]], outputs: np.ndarray
    ) -> Iterator[dict[str, Any]]:
        """Yields what is written of each prediction: dicts of JSON values.

        Args:
            texts: list of tuples of str.
            outputs: array `(examples, ...)`. What `outputs` gave of them.
        """
        for text, output in zip(texts, outputs, strict=True):
            yield {"text": text[0] if len(text) == 1 else list(text)} | (
                self.description.kind.record(output)
            )

    def evaluate(
        self, data: StrPath, bad_rows: BadRows, batch_size: int = 32, with_submission: bool = False
    ) -> Evaluation:
        """Returns the scores on a table, on the task's folder, or on one of its files.

        Args:
            data: str or path.
            bad_rows: `BadRows`. Told of every row that is left out.
            batch_size: int. Rows a batch.
            with_submission: bool. Whether GLUE's test files are read too.

        Raises:
            FileNotFoundError: a file is not there.
            ValueError: a file of another form, a label that training never saw, or a submission
                without the task's folder.
        """
        parts = self._read(Path(data), bad_rows)
        tests = _read_tests(glue.TASKS[self.description.task], data) if with_submission else {}
        outputs = {name: self.outputs(part.texts, batch_size) for name, part in parts.items()}

        def write(folder: Path) -> None:
            for number, (name, examples) in enumerate(parts.items()):
                self._write(folder / name if number else folder, examples, outputs[name])

        def submit(folder: Path) -> None:
            for name, (examples, numbers) in tests.items():
                found = self.outputs(examples.texts, batch_size)
                submitted = map(self.description.kind.submitted, found)
                _write_submission(folder / f"{name}.tsv", numbers, submitted)

        scored = {name: self._metrics(part, outputs[name], data) for name, part in parts.items()}
        return Evaluation(with_names(scored), write, submit)

    def _read(self, path: Path, bad_rows: BadRows) -> dict[str, Examples]:
        """Returns the examples of each file that is scored, by the file's name."""
        description = self.description
        task = glue.TASKS.get(description.task)
        if task is None:
            columns, kind = description.text_columns, description.kind.label_kind
            column = description.label_column
            parts = {path.name: read_examples(path, columns, column, kind, bad_rows)}
        elif path.is_dir() and not glue.is_part(task, path):
            parts = glue.read_dev(task, path, bad_rows)
        else:
            parts = {path.name: glue.read_file(task, path, bad_rows)}
        for examples in parts.values():
            description.kind.targets(examples, path)  # before anything is computed
        return parts

    def _write(self, folder: Path, examples: Examples, outputs: np.ndarray) -> None:
        records = self.records(examples.texts, outputs)
        pairs = zip(records, examples.labels, strict=True)
        write_predictions(folder, (record | {"expected": label} for record, label in pairs))
        draw(folder, self.description.kind, examples, outputs)


def text_batches(
    preprocessor: AlbertPreprocessor, texts: Sequence[tuple[str, ...]], batch_size: int
) -> tf.data.Dataset:
    """Returns a dataset of the encoder's inputs for texts, in order, the last batch smaller.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        batch_size: int. Rows a batch.
    """
    columns = tuple(np.array(column, object) for column in zip(*texts, strict=True))
    dataset = tf.data.Dataset.from_tensor_slices(columns).batch(batch_size)
    return computed_ahead(dataset, lambda *texts: shortened(preprocessor(texts)))


def _read_tests(task: glue.GlueTask, data: StrPath) -> dict[str, tuple[Examples, list[str]]]:
    """Returns the test files of a task's folder, and says which of GLUE's is not there."""
    if not Path(data).is_dir():
        raise ValueError(f"A submission needs the folder of the task. `data` is {data}.")
    tests = glue.read_test(task, data)
    for file, name in task.diagnostic.items():
        if name not in tests:
            print(f"{name} is left out: {file} is neither in {data} nor in `diagnostic` beside it.")
    return tests


def _write_submission(path: Path, numbers: Iterable[str], submitted: Iterable[str]) -> None:
    """Writes predictions on a test file as GLUE takes them."""
    pairs = zip(numbers, submitted, strict=True)
    rows = ["index\tprediction", *(f"{number}\t{value}" for number, value in pairs)]
    files.write_text(path, "\n".join(rows) + "\n")
