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
    """

    model: str
    output: str
    sequence_length: int | None = None


def run(arguments):
    """Writes the modules and says where they are."""
    for module in hub.save_run(arguments.model, arguments.output, arguments.sequence_length):
        print(f"Wrote {module}")
