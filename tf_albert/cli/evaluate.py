"""`tf-albert evaluate`: a fine-tuned model's scores on a table or on a task's own files."""

import dataclasses
import json
from pathlib import Path

from tf_albert import files
from tf_albert.cli.finetune import scores
from tf_albert.config import check_counts
from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.tasks import registry
from tf_albert.tasks.answering import QuestionAnswerer
from tf_albert.tasks.choosing import Chooser, choice_metrics
from tf_albert.tasks.conll import read_conll
from tf_albert.tasks.kinds import LabelSets, Numbers
from tf_albert.tasks.loading import load_predictor
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.race import LETTERS, read_race
from tf_albert.tasks.squad import read_squad
from tf_albert.tasks.table import read_examples
from tf_albert.tasks.tagging import Tagger
from tf_albert.tasks.tagging_metrics import tagging_metrics

METRICS_FILE = "metrics.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Scores a fine-tuned model on a table, or on the files of the task it was trained for.

    Args:
        model: Folder of the run or the model.
        data: Table with the columns that the model was trained on, the folder of its task, or a
            file of SQuAD.
        output: Folder for metrics.json, predictions.jsonl and a picture (for SQuAD the files that
            its scripts read), or none.
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

    def __post_init__(self):
        check_counts(self, ("batch_size",))


def run(arguments):
    """Scores the model, prints the metrics, and writes them with the predictions."""
    for folder in (arguments.output, arguments.submission):
        if folder is not None:
            files.check_replaceable(folder, METRICS_FILE)
    predictor = load_predictor(arguments.model)
    problems = Problems(arguments.strict)
    kinds = {
        QuestionAnswerer: _answers,
        Tagger: _tags,
        Chooser: _choices,
        Predictor: _labels,
    }
    evaluate = kinds[type(predictor)]
    metrics, write = evaluate(arguments, predictor, problems)
    if problems:
        print(f"Rows left out: {len(problems):,}.\n{problems.summary()}")
    print(scores(metrics))
    if arguments.output is not None:
        with files.replacing_folder(arguments.output, METRICS_FILE) as folder:
            files.write_json(folder / METRICS_FILE, metrics)
            write(folder)
    if arguments.submission is not None:
        _submit(arguments, predictor, metrics)


def _answers(arguments, answerer, problems):
    """Returns the metrics of a model that answers questions, and what writes its predictions."""
    questions = read_squad(arguments.data, problems)
    answered = answerer.answers(questions, arguments.batch_size)

    def write(folder):
        for name, values in answerer.official_files(answered).items():
            files.write_json(folder / name, values)
        pairs = zip(questions, answered, strict=True)
        _write_lines(
            folder,
            (
                {
                    "id": question.id,
                    "question": question.text,
                    "answer": answerer.text_of(answer),
                    "expected": list(question.golds),
                }
                for question, answer in pairs
            ),
        )

    return answerer.score_answers(questions, answered), write


def _tags(arguments, tagger, problems):
    """Returns the metrics of a model that labels words, and what writes its predictions."""
    sentences = read_conll(arguments.data, problems)
    predicted = tagger.labels_of([one.words for one in sentences], arguments.batch_size)

    def write(folder):
        pairs = zip(sentences, predicted, strict=True)
        _write_lines(
            folder,
            (
                {"words": list(one.words), "labels": found, "expected": list(one.labels)}
                for one, found in pairs
            ),
        )

    return tagging_metrics([list(one.labels) for one in sentences], predicted), write


def _choices(arguments, chooser, problems):
    """Returns the metrics of a model that chooses, and what writes its predictions."""
    choices = read_race(arguments.data, problems)
    probabilities = chooser.probabilities(choices, arguments.batch_size)

    def write(folder):
        pairs = zip(choices, probabilities, strict=True)
        _write_lines(
            folder,
            (
                {
                    "id": one.id,
                    "answer": LETTERS[row.argmax()],
                    "probability": round(float(row.max()), 6),
                    "expected": LETTERS[one.label],
                }
                for one, row in pairs
            ),
        )

    return choice_metrics(choices, probabilities), write


def _labels(arguments, predictor, problems):
    """Returns the metrics of a classifier or regressor, and what writes its predictions."""
    examples = _read(arguments, predictor.description, problems)
    outputs = predictor.outputs(examples.texts, arguments.batch_size)

    def write(folder):
        records = predictor.records(examples.texts, outputs)
        pairs = zip(records, examples.labels, strict=True)
        _write_lines(folder, (record | {"expected": label} for record, label in pairs))
        _draw(folder, predictor.description, examples, outputs)

    return predictor.score_outputs(examples, outputs, arguments.data), write


def _write_lines(folder, records):
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    files.write_text(folder / "predictions.jsonl", "".join(lines))


def _read(arguments, description, problems):
    task = registry.TASKS.get(description.task)
    path = Path(arguments.data)
    if task is None:
        examples = read_examples(
            path,
            description.text_columns,
            description.label_column,
            description.kind.label_kind,
            problems,
        )
    elif path.is_dir():
        examples = next(iter(registry.read_dev(task, path, problems).values()))
    else:
        examples = registry.read_file(task, path, problems)
    description.kind.targets(examples, arguments.data)  # before anything is computed
    return examples


def _draw(folder, description, examples, outputs):
    # Imported here: drawing takes long to load and most commands draw nothing.
    from tf_albert.tasks import pictures

    kind = description.kind
    targets = kind.targets(examples, "the data")
    if isinstance(kind, Numbers):
        pictures.draw_errors(targets, outputs, folder / "errors.png")
    elif isinstance(kind, LabelSets):
        held = outputs >= HOLDS_FROM
        pictures.draw_label_scores(targets, held, kind.labels, folder / "labels.png")
        table = pictures.label_table(targets, held, kind.labels)
        files.write_text(folder / "labels.txt", table + "\n")
    else:
        labels, predicted = targets.tolist(), outputs.argmax(axis=1).tolist()
        pictures.draw_confusion(labels, predicted, kind.labels, folder / "confusion.png")
        table = pictures.confusion_table(labels, predicted, kind.labels)
        files.write_text(folder / "confusion.txt", table + "\n")


def _submit(arguments, predictor, metrics):
    """Writes the predictions on a task's test files as GLUE takes them."""
    task = registry.TASKS[predictor.description.task]
    with files.replacing_folder(arguments.submission, METRICS_FILE) as folder:
        files.write_json(folder / METRICS_FILE, metrics)
        for name, (examples, numbers) in registry.read_test(task, arguments.data).items():
            outputs = predictor.outputs(examples.texts, arguments.batch_size)
            submitted = map(predictor.description.kind.submitted, outputs)
            pairs = zip(numbers, submitted, strict=True)
            rows = ["index\tprediction", *(f"{number}\t{value}" for number, value in pairs)]
            files.write_text(folder / f"{name}.tsv", "\n".join(rows) + "\n")
