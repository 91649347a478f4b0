"""`tf-albert finetune`: a pretrained model and a table to a fine-tuned model."""

import sys

from tf_albert.cli.main import INTERRUPTED
from tf_albert.tasks.finetune import FinetuneRecipe as Arguments  # noqa: F401 - main reads it
from tf_albert.tasks.finetune import finetune
from tf_albert.training.loop import Interrupted


def run(arguments):
    """Fine-tunes, and prints the scores."""
    try:
        results = finetune(arguments)
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return INTERRUPTED
    print(f"The model is in {arguments.output}.")
    print(scores(results))
    return 0


def scores(results):
    """Returns metrics as lines of text."""
    return "\n".join(
        f"{name:20}{value:12.4f}" if isinstance(value, float) else f"{name:20}{value:12,}"
        for name, value in results.items()
    )
