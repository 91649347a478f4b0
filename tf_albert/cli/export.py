"""`tf-albert export`: a model to TF Hub modules."""

import dataclasses

from tf_albert import hub


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Writes a model as TF Hub modules: preprocessor, encoder, and one for its task.

    Args:
        model: Folder of the run or the model.
        output: Folder for the modules, each replaced as a whole.
        sequence_length: Tokens a row of the preprocessor; by default that of fine-tuning, or 128.
        num_layers: How many of the first layers the encoder and the task's module have; by default
            all.
        also_layers: Numbers of layers, a comma between them. For each the encoder has a module
            besides, `layers_4` for 4, on the same weights.
        early_exit: Threshold from 0 to 1. Beside a classifier's module there is then another,
            `early_exit`, which answers a text at the first layer where the largest probability is
            above the threshold.
    """

    model: str
    output: str
    sequence_length: int | None = None
    num_layers: int | None = None
    also_layers: str = ""
    early_exit: float | None = None


def execute(arguments: Arguments) -> None:
    """Writes the modules and says where they are."""
    modules = hub.save_run(
        arguments.model,
        arguments.output,
        arguments.sequence_length,
        arguments.num_layers,
        _numbers(arguments.also_layers),
        arguments.early_exit,
    )
    for module in modules:
        print(f"Wrote {module}")


def _numbers(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(
            f"--also-layers must be numbers, a comma between them, such as 4,6,8. Received: {text}."
        )
    return tuple(map(int, parts))
