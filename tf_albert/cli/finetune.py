"""`tf-albert finetune`: a pretrained model and a table to a fine-tuned model."""

import itertools
import sys

from tf_albert.cli.arguments import is_packaged
from tf_albert.cli.main import INTERRUPTED
from tf_albert.cli.repeated import joined
from tf_albert.tasks.finetune import FinetuneRecipe as Arguments
from tf_albert.tasks.finetune import finetune
from tf_albert.training.loop import Interrupted
from tf_albert.types import JsonDict


def adapted(arguments: list[str]) -> list[str]:
    """Returns the arguments with the recipe of the task in front, where they name no recipe.

    Args:
        arguments: list of str.
    """
    arguments = joined(arguments, "--text-column")
    given = " ".join(arguments).replace("=", " ").split()
    tasks = [task for name, task in itertools.pairwise(given) if name == "--task"]
    recipe = f"finetune/{tasks[-1]}.yaml" if tasks else None
    if recipe is None or "--config" in given or not is_packaged(recipe):
        return arguments
    return ["--config", recipe, *arguments]


def execute(arguments: Arguments) -> int:
    """Fine-tunes, and prints the scores."""
    try:
        results = finetune(arguments)
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return INTERRUPTED
    print(f"The model is in {arguments.output}.")
    print(scores(results) if arguments.seeds == 1 else _spread(results))
    return 0


def _spread(results: JsonDict) -> str:
    """Returns the scores of several seeds: the best alone would show what was selected."""
    metric = results["metric"]
    lines = [f"seed {seed:15}{row[metric]:12.4f}" for seed, row in results["seeds"].items()]
    return "\n".join(
        [
            f"{metric:20}",
            *lines,
            f"median              {results['median']:12.4f}",
            f"lowest to best      {results['lowest']:12.4f} to {results['best']:.4f} "
            f"(seed {results['best_seed']}, the model that was kept)",
        ]
    )


def scores(results: JsonDict) -> str:
    """Returns metrics as lines of text.

    Args:
        results: dict of str to float or int.
    """
    return "\n".join(
        f"{name:20}{value:12.4f}" if isinstance(value, float) else f"{name:20}{value:12,}"
        for name, value in results.items()
    )
