"""`tf-albert export litert`: a classifier or an encoder to a LiteRT file."""

import dataclasses
from pathlib import Path

from tf_albert import hub
from tf_albert.cli.main import without_messages
from tf_albert.cli.predict import read_texts
from tf_albert.tasks.load import read_task


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Writes a model as a LiteRT file (`.tflite`): ids of one row in.

    A classifier gives logits; an encoder, or that of a pretrained model, `pooled_output` and
    `sequence_output`.

    Args:
        model: Folder of the run or the model, in any format that is read here.
        output: The file to write.
        form: `float32`, `float16` (weights), `int8` (weights, and products with them), or
            `full_int8` (the same, with ranges measured on texts beforehand).
        sequence_length: Tokens a row; by default that of fine-tuning, or 128.
        calibration: For `full_int8`: file with some hundred texts, one a line, a tab between the
            texts of a pair.
    """

    model: str
    output: str
    form: str = "float32"
    sequence_length: int | None = None
    calibration: str | None = None


def execute(arguments: Arguments) -> None:
    """Writes the file and says how large it is."""
    texts = None
    if arguments.calibration is not None:
        texts = list(read_texts(arguments.calibration, _num_segments(arguments.model)))
    with without_messages():
        length = hub.save_litert(
            arguments.model,
            None,
            arguments.output,
            arguments.form,
            texts,
            arguments.sequence_length,
        )
    size = f"{Path(arguments.output).stat().st_size / 1e6:.1f} MB"
    print(f"Wrote {arguments.output}: {arguments.form}, {size}, rows of {length} tokens.")


def _num_segments(model: str) -> int:
    return read_task(model).get("num_segments", 1)
