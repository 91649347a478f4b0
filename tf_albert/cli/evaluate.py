"""`tf-albert evaluate`: a fine-tuned model's scores on a table or on a task's own files."""

import dataclasses
import json
from pathlib import Path

from tf_albert import files
from tf_albert.cli.finetune import scores
from tf_albert.tasks import registry
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.table import class_ids, read_examples

METRICS_FILE = "metrics.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Scores a fine-tuned model on a table, or on the files of the task it was trained for.

    Args:
        model: Folder of the run or the model.
        data: Table with the columns that the model was trained on, or the folder of its task.
        output: Folder for metrics.json, predictions.jsonl and a picture, or none.
        submission: Folder for the predictions on the test files in GLUE's format, or none.
        batch_size: Rows a batch.
        strict: Whether a row that cannot be used is an error; it is left out and told otherwise.
    """

    model: str
    data: str
    output: str | None = None
    submission: str | None = None
    batch_size: int = 32
    strict: bool = False


def run(arguments):
    """Scores the model, prints the metrics, and writes them with the predictions."""
    for folder in (arguments.output, arguments.submission):
        if folder is not None:
            files.check_replaceable(folder, METRICS_FILE)
    predictor = Predictor.from_pretrained(arguments.model)
    problems = Problems(arguments.strict)
    examples = _read(arguments, predictor.description, problems)
    if problems:
        print(f"{len(problems):,} rows were left out:\n{problems.summary()}")
    outputs = predictor.outputs(examples.texts, arguments.batch_size)
    metrics = predictor.score_outputs(examples, outputs, arguments.data)
    print(scores(metrics))
    if arguments.output is not None:
        with files.replacing_folder(arguments.output, METRICS_FILE) as folder:
            _write(folder, predictor, examples, outputs, metrics)
    if arguments.submission is not None:
        registry.task_of(predictor.description.task)  # a table of one's own has no test files
        with files.replacing_folder(arguments.submission, METRICS_FILE) as folder:
            files.write_json(folder / METRICS_FILE, metrics)
            _write_submission(folder, predictor, arguments)


def _read(arguments, description, problems):
    task = registry.TASKS.get(description.task)
    path = Path(arguments.data)
    if task is None:
        examples = read_examples(
            path,
            description.text_columns,
            description.label_column,
            description.is_regression,
            problems,
        )
    elif path.is_dir():
        examples = next(iter(registry.read_dev(task, path, problems).values()))
    else:
        examples = registry.read_file(task, path, problems)
    description.check_labels(examples, arguments.data)
    return examples


def _write(folder, predictor, examples, outputs, metrics):
    files.write_json(folder / METRICS_FILE, metrics)
    lines = [
        json.dumps(record | {"expected": label}, ensure_ascii=False) + "\n"
        for record, label in zip(
            predictor.records(examples.texts, outputs), examples.labels, strict=True
        )
    ]
    files.write_text(folder / "predictions.jsonl", "".join(lines))
    # Here, since drawing takes long to import and most commands draw nothing.
    from tf_albert.tasks import pictures

    if predictor.description.is_regression:
        pictures.draw_errors(examples.labels, outputs, folder / "errors.png")
        return
    names = predictor.description.labels
    labels, predicted = class_ids(examples, names, "the data"), outputs.argmax(axis=1).tolist()
    pictures.draw_confusion(labels, predicted, names, folder / "confusion.png")
    table = pictures.confusion_table(labels, predicted, names)
    files.write_text(folder / "confusion.txt", table + "\n")


def _write_submission(folder, predictor, arguments):
    name = predictor.description.task
    tests = registry.read_test(registry.task_of(name), arguments.data)
    for file, (examples, numbers) in tests.items():
        outputs = predictor.outputs(examples.texts, arguments.batch_size)
        predictions = predictor.submitted(outputs)
        rows = [f"{number}\t{value}" for number, value in zip(numbers, predictions, strict=True)]
        files.write_text(folder / f"{file}.tsv", "\n".join(["index\tprediction", *rows]) + "\n")
