"""`tf-albert evaluate`: a fine-tuned model's scores on a table or on a task's own files."""

import dataclasses
from pathlib import Path

from tf_albert import files
from tf_albert.cli.finetune import scores
from tf_albert.cli.repeated import columns_of, joined
from tf_albert.config import check_counts
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.load import KINDS, load_predictor

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
        text_column: Column of a table with the text, `first,second` for pairs, or the option twice;
            by default those that the model was trained on.
        label_column: Column of a table with the label; by default that of training.
        batch_size: Rows a batch.
        strict: Whether a row that cannot be used is an error; it is left out and told otherwise.
    """

    model: str
    data: str
    output: str | None = None
    submission: str | None = None
    text_column: str | list[str] | None = None
    label_column: str | None = None
    batch_size: int = 32
    strict: bool = False

    def __post_init__(self) -> None:
        check_counts(self, ("batch_size",))


def adapted(arguments: list[str]) -> list[str]:
    """Returns the arguments with `--text-column` once, where it stands there twice.

    Args:
        arguments: list of str.
    """
    return joined(arguments, "--text-column")


def execute(arguments: Arguments) -> None:
    """Scores the model, prints the metrics, and writes them with the predictions."""
    for place in (arguments.output, arguments.submission):
        if place is not None:
            files.check_replaceable(place, MARK)
    _check_apart(arguments)
    predictor = load_predictor(arguments.model)
    if arguments.text_column or arguments.label_column:
        predictor.name_columns(columns_of(arguments.text_column), arguments.label_column)
    _check_submission(arguments, predictor.description.task)
    bad_rows = BadRows(arguments.strict)
    with_submission = arguments.submission is not None
    found = predictor.evaluate(arguments.data, bad_rows, arguments.batch_size, with_submission)
    if bad_rows:
        print(f"Rows left out or used in part: {len(bad_rows):,}.\n{bad_rows.summary()}")
    print(scores(found.metrics))
    for place, write in ((arguments.output, found.write), (arguments.submission, found.submit)):
        if place is not None and write is not None:
            with files.replacing_folder(place, MARK) as folder:
                (folder / MARK).touch()
                files.write_json(folder / METRICS_FILE, found.metrics)
                write(folder)


def _check_apart(arguments: Arguments) -> None:
    if arguments.output is None or arguments.submission is None:
        return
    output, submission = (Path(p).resolve() for p in (arguments.output, arguments.submission))
    if output.is_relative_to(submission) or submission.is_relative_to(output):
        raise ValueError(
            f"{output} and {submission} are one folder, or one holds the other, and each is "
            "replaced as a whole. Name two."
        )


def _check_submission(arguments: Arguments, task: str) -> None:
    submitted = [name for kind in KINDS for name in kind.predictor_class.submitted_tasks]
    if arguments.submission is not None and task not in submitted:
        raise ValueError(
            f"{arguments.model} was fine-tuned for the task {task!r}, which takes no submission; "
            f"{', '.join(submitted)} do. Leave out `submission`; `output` is for predictions."
        )
