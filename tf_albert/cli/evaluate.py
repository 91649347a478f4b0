"""`tf-albert evaluate`: a fine-tuned model's scores on a table or on a task's own files."""

import dataclasses
import json
from pathlib import Path

from tf_albert import files
from tf_albert.cli.finetune import scores
from tf_albert.config import check_counts
from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.tasks import choice_task, registry, span_task, tag_task
from tf_albert.tasks.answering import SPAN_TASKS, QuestionAnswerer
from tf_albert.tasks.choosing import Chooser, choice_metrics
from tf_albert.tasks.conll import read_conll
from tf_albert.tasks.kinds import LabelSets, Numbers
from tf_albert.tasks.loading import load_predictor
from tf_albert.tasks.metrics import with_names
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.race import LETTERS, read_race
from tf_albert.tasks.squad import read_squad
from tf_albert.tasks.table import read_examples
from tf_albert.tasks.tagging import Tagger
from tf_albert.tasks.tagging_metrics import tagging_metrics

METRICS_FILE = "metrics.json"
# In every folder that is written, and in none of anybody else's.
MARK = ".tf_albert_evaluation"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Scores a fine-tuned model on a table, or on the files of the task it was trained for.

    Args:
        model: Folder of the run or the model.
        data: Table with the columns that the model was trained on; or the folder of its task, all
            of whose development files are scored; or one of these files, for RACE a folder.
        output: Folder for metrics.json, predictions.jsonl and a picture (for SQuAD the files that
            its scripts read), replaced as a whole, or none.
        submission: Folder for the predictions on the test files in GLUE's format, for SQuAD for
            the predictions.json of `data`, replaced as a whole, or none.
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


def execute(arguments):
    """Scores the model, prints the metrics, and writes them with the predictions."""
    for folder in (arguments.output, arguments.submission):
        if folder is not None:
            files.check_replaceable(folder, MARK)
    _check_apart(arguments)
    predictor = load_predictor(arguments.model)
    _check_submission(arguments, predictor.description.task)
    problems = Problems(arguments.strict)
    kinds = {
        QuestionAnswerer: _answers,
        Tagger: _tags,
        Chooser: _choices,
        Predictor: _labels,
    }
    evaluate = kinds[type(predictor)]
    metrics, write, submit = evaluate(arguments, predictor, problems)
    if problems:
        print(f"Rows left out or used in part: {len(problems):,}.\n{problems.summary()}")
    print(scores(metrics))
    for place, write_into in ((arguments.output, write), (arguments.submission, submit)):
        if place is not None:
            with files.replacing_folder(place, MARK) as folder:
                (folder / MARK).touch()
                files.write_json(folder / METRICS_FILE, metrics)
                write_into(folder)


def _check_apart(arguments):
    if arguments.output is None or arguments.submission is None:
        return
    output, submission = (Path(p).resolve() for p in (arguments.output, arguments.submission))
    if output.is_relative_to(submission) or submission.is_relative_to(output):
        raise ValueError(
            f"{output} and {submission} are one folder, or one holds the other, and each is "
            "replaced as a whole. Name two."
        )


def _check_submission(arguments, task):
    submitted = [name for name, one in registry.TASKS.items() if one.test] + [*SPAN_TASKS]
    if arguments.submission is not None and task not in submitted:
        raise ValueError(
            f"{arguments.model} was fine-tuned for the task {task!r}, which takes no submission; "
            f"{', '.join(submitted)} do. Leave out `submission`; `output` is for predictions."
        )


def _of_task(data, name):
    """Returns the file to score on: `data`, or the one of that name where it is a folder."""
    path = Path(data)
    return path / name if path.is_dir() else path


def _answers(arguments, answerer, problems):
    """Scores a model that answers questions.

    Returns:
        tuple: the metrics; the function of a folder that writes the predictions there; and the one
        that writes a submission, None where the task takes none.
    """
    path = _of_task(arguments.data, span_task.FILES[answerer.description.task][1])
    questions = read_squad(path, problems)
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

    def submit(folder):
        values = answerer.official_files(answered)["predictions.json"]
        files.write_json(folder / "predictions.json", values)

    return answerer.score_answers(questions, answered), write, submit


def _tags(arguments, tagger, problems):
    """Scores a model that labels words; returns as `_answers` does."""
    sentences = read_conll(_of_task(arguments.data, tag_task.FILES[1]), problems)
    tagger.tell_lost(sentences, problems)
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

    return tagging_metrics([list(one.labels) for one in sentences], predicted), write, None


def _choices(arguments, chooser, problems):
    """Scores a model that chooses; returns as `_answers` does."""
    dev = Path(arguments.data, choice_task.FOLDERS[1])
    choices = read_race(dev if dev.is_dir() else arguments.data, problems)
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

    return choice_metrics(choices, probabilities), write, None


def _labels(arguments, predictor, problems):
    """Scores a classifier or regressor; returns as `_answers` does."""
    parts = _read(arguments, predictor.description, problems)
    task = registry.TASKS.get(predictor.description.task)
    tests = _read_tests(task, arguments.data) if arguments.submission is not None else {}
    outputs = {
        name: predictor.outputs(examples.texts, arguments.batch_size)
        for name, examples in parts.items()
    }

    def write(folder):
        for number, (name, examples) in enumerate(parts.items()):
            place = folder / name if number else folder
            _write_labels(place, predictor, examples, outputs[name])

    def submit(folder):
        for name, (examples, numbers) in tests.items():
            found = predictor.outputs(examples.texts, arguments.batch_size)
            submitted = map(predictor.description.kind.submitted, found)
            _write_submission(folder / f"{name}.tsv", numbers, submitted)

    scored = {
        name: predictor.score_outputs(examples, outputs[name], arguments.data)
        for name, examples in parts.items()
    }
    return with_names(scored), write, submit


def _read_tests(task, data):
    """Returns the test files of a task's folder, and says which of GLUE's is not there."""
    if not Path(data).is_dir():
        raise ValueError(f"A submission needs the folder of the task. `data` is {data}.")
    tests = registry.read_test(task, data)
    for file, name in task.diagnostic.items():
        if name not in tests:
            print(f"{name} is left out: {file} is neither in {data} nor in `diagnostic` beside it.")
    return tests


def _write_labels(folder, predictor, examples, outputs):
    records = predictor.records(examples.texts, outputs)
    pairs = zip(records, examples.labels, strict=True)
    _write_lines(folder, (record | {"expected": label} for record, label in pairs))
    _draw(folder, predictor.description, examples, outputs)


def _write_submission(path, numbers, submitted):
    """Writes predictions on a test file as GLUE takes them."""
    pairs = zip(numbers, submitted, strict=True)
    rows = ["index\tprediction", *(f"{number}\t{value}" for number, value in pairs)]
    files.write_text(path, "\n".join(rows) + "\n")


def _write_lines(folder, records):
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    files.write_text(folder / "predictions.jsonl", "".join(lines))


def _read(arguments, description, problems):
    """Returns the examples of each file that is scored: a dict of name to `Examples`."""
    task = registry.TASKS.get(description.task)
    path = Path(arguments.data)
    if task is None:
        columns, kind = description.text_columns, description.kind.label_kind
        parts = {path.name: read_examples(path, columns, description.label_column, kind, problems)}
    elif path.is_dir() and not registry.is_part(task, path):
        parts = registry.read_dev(task, path, problems)
    else:
        parts = {path.name: registry.read_file(task, path, problems)}
    for examples in parts.values():
        description.kind.targets(examples, arguments.data)  # before anything is computed
    return parts


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
