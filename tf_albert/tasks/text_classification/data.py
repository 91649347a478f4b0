"""The labelled texts that a recipe names."""

import dataclasses
import itertools
from pathlib import Path

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.text_classification import glue
from tf_albert.tasks.text_classification.label_cells import CLASS, LABEL_SET, NUMBER, in_order
from tf_albert.tasks.text_classification.predictor import TextClassificationDescription
from tf_albert.tasks.text_classification.table import Examples, read_examples


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Labelled texts.

    Args:
        train: `Examples` to train on.
        dev: dict of a name to `Examples` to choose the best model by; the first one counts.
        scored: dict of a name to `Examples` that the chosen model is scored on.
        description: `TextClassificationDescription`.
    """

    train: Examples
    dev: dict[str, Examples]
    scored: dict[str, Examples]
    description: TextClassificationDescription


def read_labelled(recipe: TaskSettings, bad_rows: BadRows) -> Labelled:
    """Returns the `Labelled` texts that a recipe names.

    Args:
        recipe: `TaskSettings`.
        bad_rows: `BadRows`. Told of every row that is left out.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a field that lacks, a table that cannot be read, a label in `dev` that training
            never saw, or a label with too few texts to hold any out.
    """
    if recipe.task == "table":
        return _read_tables(recipe, bad_rows)
    task = glue.TASKS[recipe.task]
    (data,) = _required(recipe, ("data",))
    description = TextClassificationDescription(
        labels=list(task.labels) if task.labels else None,
        text_columns=list(task.text_columns),
        label_column=task.label_column,
        sequence_length=recipe.sequence_length,
        num_segments=len(task.text_columns),
        task=task.name,
    )
    train = glue.read_train(task, data, bad_rows)
    dev = glue.read_dev(task, data, bad_rows)
    scored = {name: dev.pop(name) for name in [Path(name).stem for name in task.scored]}
    if not dev:
        train, dev["dev"] = glue.hold_out(train, data)
    return Labelled(train, dev, scored, description)


def _required(recipe: TaskSettings, needed: tuple[str, ...]) -> list[str]:
    """Returns the values of fields of a recipe, each of which must be given."""
    missing = [name for name in needed if getattr(recipe, name) is None]
    if missing:
        raise ValueError(f"The task {recipe.task!r} needs {', '.join(map(repr, missing))}.")
    return [getattr(recipe, name) for name in needed]


def _read_tables(recipe: TaskSettings, bad_rows: BadRows) -> Labelled:
    needed = ("train", "dev", "text_column", "label_column")
    train_path, dev_path, text_column, label_column = map(str, _required(recipe, needed))
    columns = [column.strip() for column in text_column.split(",")]
    if len(columns) > 2:
        raise ValueError(f"`text_column` takes one or two columns. Received: {text_column}.")
    if len({*columns, label_column}) <= len(columns):
        raise ValueError(
            "`text_column` and `label_column` name one column twice. Received: "
            f"text_column={text_column} and label_column={label_column}."
        )
    label_kind = _label_kind(recipe)
    train, dev = (
        read_examples(path, columns, label_column, label_kind, bad_rows)
        for path in (train_path, dev_path)
    )
    description = TextClassificationDescription(
        labels=_labels(train, recipe, label_kind),
        text_columns=columns,
        label_column=label_column,
        sequence_length=recipe.sequence_length,
        num_segments=len(columns),
        multi_label=recipe.multi_label,
    )
    description.kind.targets(dev, dev_path)  # a label unknown is told before training begins
    return Labelled(train, {"dev": dev}, {}, description)


def _label_kind(recipe: TaskSettings) -> str:
    if recipe.regression and recipe.multi_label:
        raise ValueError("`regression` and `multi_label` exclude one another: set one to false.")
    if recipe.multi_label:
        return LABEL_SET
    return NUMBER if recipe.regression else CLASS


def _labels(train: Examples, recipe: TaskSettings, label_kind: str) -> list[str] | None:
    if label_kind == NUMBER:
        return None
    if label_kind == LABEL_SET:
        labels = in_order(itertools.chain(*train.labels))
        if len(labels) < 2:
            found = f"the label {labels[0]} alone" if labels else "no label"
            raise ValueError(
                f"{recipe.train} has {found} in column {recipe.label_column!r}. For one label that "
                "holds or not, name both cases, and leave out `multi_label`."
            )
        return labels
    labels = in_order(train.labels)
    if len(labels) < 2:
        raise ValueError(
            f"{recipe.train} has one label only ({labels[0]}), in column {recipe.label_column!r}. "
            "A classifier needs two or more; for numbers, give `regression: true`."
        )
    return labels
