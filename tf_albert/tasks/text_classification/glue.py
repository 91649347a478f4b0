"""The tasks that are known by name: where their files are, and what stands in them."""

import dataclasses
from pathlib import Path

from tf_albert.data.lines import read_lines
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.text_classification.label_cells import CLASS, NUMBER
from tf_albert.tasks.text_classification.table import Examples, read_examples
from tf_albert.types import StrPath

PAIR = ("sentence1", "sentence2")
NLI = ("contradiction", "entailment", "neutral")
# Of the training examples of a task without a development file, one of so many is held out.
HELD_OUT = 10
ENTAILMENT = ("entailment", "not_entailment")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GlueTask:
    """A task of text classification or regression, with its files as they are published.

    Args:
        name: str. As `tf-albert finetune --task` takes it.
        text_columns: tuple of one or two str.
        label_column: str.
        labels: tuple of str, or None for regression.
        metric: str. The metric that the best checkpoint and the best seed are chosen by.
        dev: tuple of str. The development files; the first one counts. Where there is none,
            `hold_out` makes one of the training examples.
        scored: tuple of str. Test files with labels: a run scores them once, by the model it chose.
        test: dict of file to the name that GLUE's submission gives its predictions.
        diagnostic: dict, as `test`. Files that a model of the task is tested on where they lie
            beside its own.
        train: str. The training file.
        columns: tuple of str, or None. Names of the columns of a file without a first row of names.
        id_column: str. What numbers the rows of the test files.
    """

    name: str
    text_columns: tuple[str, ...]
    label_column: str = "label"
    labels: tuple[str, ...] | None = ("0", "1")
    metric: str = "accuracy"
    dev: tuple[str, ...] = ("dev.tsv",)
    scored: tuple[str, ...] = ()
    test: dict[str, str] = dataclasses.field(default_factory=dict)
    diagnostic: dict[str, str] = dataclasses.field(default_factory=dict)
    train: str = "train.tsv"
    columns: tuple[str, ...] | None = None
    id_column: str = "index"


# Columns and files: GLUE's download script and its tasks' own files.
TASKS = {
    task.name: task
    for task in (
        GlueTask(
            name="cola",
            text_columns=("sentence",),
            metric="matthews",
            test={"test.tsv": "CoLA"},
            columns=("source", "label", "mark", "sentence"),
        ),
        GlueTask(name="sst2", text_columns=("sentence",), test={"test.tsv": "SST-2"}),
        GlueTask(
            name="mrpc",
            text_columns=("#1 String", "#2 String"),
            label_column="Quality",
            metric="f1",
            test={"test.tsv": "MRPC"},
        ),
        GlueTask(
            name="stsb",
            text_columns=PAIR,
            label_column="score",
            labels=None,
            metric="pearson",
            test={"test.tsv": "STS-B"},
        ),
        GlueTask(
            name="qqp",
            text_columns=("question1", "question2"),
            label_column="is_duplicate",
            metric="f1",
            test={"test.tsv": "QQP"},
            id_column="id",
        ),
        GlueTask(
            name="mnli",
            text_columns=PAIR,
            label_column="gold_label",
            labels=NLI,
            dev=("dev_matched.tsv", "dev_mismatched.tsv"),
            test={"test_matched.tsv": "MNLI-m", "test_mismatched.tsv": "MNLI-mm"},
            diagnostic={"diagnostic.tsv": "AX"},
        ),
        GlueTask(
            name="qnli",
            text_columns=("question", "sentence"),
            labels=ENTAILMENT,
            test={"test.tsv": "QNLI"},
        ),
        GlueTask(name="rte", text_columns=PAIR, labels=ENTAILMENT, test={"test.tsv": "RTE"}),
        GlueTask(name="wnli", text_columns=PAIR, test={"test.tsv": "WNLI"}),
        GlueTask(
            name="snli",
            text_columns=PAIR,
            label_column="gold_label",
            labels=NLI,
            train="snli_1.0_train.jsonl",
            dev=("snli_1.0_dev.jsonl",),
            scored=("snli_1.0_test.jsonl",),
        ),
        GlueTask(
            name="imdb",
            text_columns=("text",),
            labels=("neg", "pos"),
            train="train",
            dev=(),
            scored=("test",),
        ),
    )
}


def read_train(task: GlueTask, folder: StrPath, bad_rows: BadRows) -> Examples:
    """Returns the `Examples` to train on.

    Args:
        task: `GlueTask`.
        folder: str or path. The folder with the files as they are published.
        bad_rows: `BadRows`. Told of every row that is left out.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file of something else, or what `bad_rows` raises.
    """
    return read_file(task, Path(folder) / task.train, bad_rows)


def read_dev(task: GlueTask, folder: StrPath, bad_rows: BadRows) -> dict[str, Examples]:
    """Returns the examples to score on: a dict of the files' names, without endings, to `Examples`.

    The development files come first, then the test files with labels.

    Args:
        task: `GlueTask`.
        folder: str or path. The folder with the files as they are published.
        bad_rows: `BadRows`. Told of every row that is left out.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file of something else, or what `bad_rows` raises.
    """
    names = (*task.dev, *task.scored)
    return {Path(name).stem: read_file(task, Path(folder) / name, bad_rows) for name in names}


def hold_out(examples: Examples, where: StrPath) -> tuple[Examples, Examples]:
    """Returns examples without the last tenth of each label's, and that tenth.

    Args:
        examples: `Examples` with classes.
        where: str or path. What they were read from, for the error message.

    Raises:
        ValueError: a label has one example alone.
    """
    places: dict[str, list[int]] = {}
    for place, label in enumerate(examples.labels):
        places.setdefault(label, []).append(place)
    held_out = set()
    for label, of_label in places.items():
        if len(of_label) == 1:
            raise ValueError(
                f"{where} has one text with the label {label!r}, and a part of each's is held "
                "out to choose the best checkpoint by. Give two or more."
            )
        held_out |= {*of_label[-max(len(of_label) // HELD_OUT, 1) :]}
    kept = [place for place in range(len(examples)) if place not in held_out]
    return _part(examples, kept), _part(examples, sorted(held_out))


def _part(examples: Examples, places: list[int]) -> Examples:
    texts, labels = examples.texts, examples.labels
    return Examples([texts[place] for place in places], [labels[place] for place in places])


def read_file(task: GlueTask, path: StrPath, bad_rows: BadRows) -> Examples:
    """Returns the labelled `Examples` of one file, or folder of texts, in the task's own form.

    Args:
        task: `GlueTask`.
        path: str or path. The file, or a folder with a folder of texts for each label.
        bad_rows: `BadRows`. Told of every row that is left out.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: a file of something else, or what `bad_rows` raises.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(task, path, bad_rows)
    other = path.with_suffix(".jsonl")  # the other form of a task that lies in folders
    if not path.exists() and not other.exists():
        raise FileNotFoundError(f"{path} does not exist. Expected data of the task {task.name!r}.")
    path = path if path.exists() else other
    return read_examples(
        path,
        list(task.text_columns),
        task.label_column,
        NUMBER if task.labels is None else CLASS,
        bad_rows,
        header_of(task, path),
        task.labels,
        quoting=False,
    )


def header_of(task: GlueTask, path: StrPath) -> list[str] | None:
    """Returns the names of a file's columns, or None where its first row has them.

    Args:
        task: `GlueTask`.
        path: str or path. One of its files. Those of its test have names in any case.
    """
    return list(task.columns) if task.columns and Path(path).name not in task.test else None


def is_part(task: GlueTask, path: StrPath) -> bool:
    """Whether a folder is one of texts, with a folder for each label, and not the task's whole."""
    labels = task.labels or ()
    return bool(labels) and all((Path(path) / label).is_dir() for label in labels)


def read_test(task: GlueTask, folder: StrPath) -> dict[str, tuple[Examples, list[str]]]:
    """Returns the examples of the test files, whose labels nobody has.

    Args:
        task: `GlueTask`.
        folder: str or path. A diagnostic file may lie in `diagnostic` beside it too, where GLUE's
            download script puts it.

    Returns:
        dict of the name that a submission gives the predictions to (`Examples`, list of str: what
        numbers its rows).

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file of something else. No row of a test file may be left out.
    """
    tests, folder = {}, Path(folder)
    paths = {name: folder / file for file, name in task.test.items()}
    for file, name in task.diagnostic.items():
        for path in (folder.parent / "diagnostic" / file, folder / file):
            if path.exists():
                paths[name] = path
    for name, path in paths.items():
        columns = [*task.text_columns, task.id_column]
        rows = read_examples(path, columns, bad_rows=BadRows(strict=True), quoting=False).texts
        tests[name] = (Examples([row[:-1] for row in rows], None), [row[-1] for row in rows])
    return tests


def _read_folder(task: GlueTask, folder: Path, bad_rows: BadRows) -> Examples:
    """Reads texts that lie in a folder a label, one text a file."""
    texts: list[tuple[str, ...]] = []
    labels = []
    for label in task.labels or ():
        files = sorted((folder / label).glob("*.txt"))
        if not files:
            raise ValueError(
                f"{folder / label} holds no .txt file. Expected one text a file there."
            )
        for file in files:
            text = "".join(line for _, line in read_lines(file))
            if not text.strip():
                bad_rows.add(str(file), "an empty text")
                continue
            texts.append((text,))
            labels.append(label)
    return Examples(texts, labels)
