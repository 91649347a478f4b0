"""`tf-albert evaluate`: a fine-tuned model's scores on a table."""

import dataclasses
import json

from tf_albert import files
from tf_albert.cli.finetune import scores
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.table import read_examples

METRICS_FILE = "metrics.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Scores a fine-tuned model on a table.

    Args:
        model: Folder of the run or the model.
        data: Table with the columns that the model was trained on.
        output: Folder for metrics.json and predictions.jsonl, or none.
        batch_size: Rows a batch.
    """

    model: str
    data: str
    output: str | None = None
    batch_size: int = 32


def run(arguments):
    """Scores the model, prints the metrics, and writes them with the predictions."""
    if arguments.output is not None:
        files.check_replaceable(arguments.output, METRICS_FILE)
    predictor = Predictor.from_pretrained(arguments.model)
    task = predictor.description
    examples = read_examples(
        arguments.data, task.text_columns, task.label_column, task.is_regression
    )
    task.check_labels(examples, arguments.data)
    outputs = predictor.outputs(examples.texts, arguments.batch_size)
    metrics = predictor.score_outputs(examples, outputs, arguments.data)
    print(scores(metrics))
    if arguments.output is not None:
        with files.replacing_folder(arguments.output, METRICS_FILE) as folder:
            files.write_json(folder / METRICS_FILE, metrics)
            records = predictor.records(examples.texts, outputs)
            lines = [
                json.dumps(record | {"expected": label}, ensure_ascii=False) + "\n"
                for record, label in zip(records, examples.labels, strict=True)
            ]
            files.write_text(folder / "predictions.jsonl", "".join(lines))
