"""Which fields of a recipe a task takes."""

import dataclasses

from tf_albert.tasks.load import TASKS
from tf_albert.tasks.task import FILES, LOSS_FIELDS
from tf_albert.tasks.task_settings import TaskSettings


def check_recipe(recipe: TaskSettings, num_seeds: int) -> None:
    """Raises a `ValueError` for what a recipe's task would ignore.

    Args:
        recipe: `TaskSettings`.
        num_seeds: int. How many runs of different seeds the recipe asks for.

    Raises:
        ValueError: an unknown task, a field that the task does not take, files named beside the
            folder with the files, or several seeds for several workers.
    """
    if recipe.task not in TASKS:
        raise ValueError(f"Unknown task {recipe.task!r}. Known tasks: {', '.join(TASKS)}.")
    taken, given = TASKS[recipe.task].takes[recipe.task], _given(recipe)
    others = [name for name in given if name not in taken]
    if others:
        raise ValueError(
            f"The task {recipe.task!r} does not take {', '.join(map(repr, others))}. "
            f"It takes {', '.join(map(repr, taken))}."
        )
    if "data" in given and len(files := [name for name in FILES if name in given]) > 1:
        raise ValueError(
            f"The task {recipe.task!r} takes 'data', or 'train' and 'dev', not both. "
            f"Received: {', '.join(map(repr, files))}."
        )
    _check_loss(recipe)
    # Which seed is best is decided by the models, which the first worker alone has.
    if num_seeds > 1 and recipe.strategy == "multi_worker_mirrored":
        raise ValueError(
            f"Several workers train one seed a run; received seeds={num_seeds}. Start a run for "
            "each `seed`, with an `output` of its own."
        )


def _check_loss(recipe: TaskSettings) -> None:
    taken = () if recipe.regression else TASKS[recipe.task].loss_fields.get(recipe.task, ())
    idle = [name for name in LOSS_FIELDS if getattr(recipe, name) and name not in taken]
    if idle:
        what = f"The task {recipe.task!r}{' with `regression`' if recipe.regression else ''}"
        raise ValueError(
            f"{what} does not take {' and '.join(map(repr, idle))}: its labels are not classes."
        )


def _given(recipe: TaskSettings) -> list[str]:
    """Returns the fields of a recipe that a task may take and that are set."""
    takes = (names for task, kind in TASKS.items() for names in kind.takes[task])
    known = set(takes)
    return [
        field.name
        for field in dataclasses.fields(recipe)
        if field.name in known and getattr(recipe, field.name) != field.default
    ]
