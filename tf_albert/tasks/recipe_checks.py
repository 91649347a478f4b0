"""Which fields of a recipe say what there is to learn from, and which task takes which of them."""

import dataclasses
import itertools

from tf_albert.tasks.question_answering.predictor import SPAN_TASKS
from tf_albert.tasks.text_classification.glue import TASKS

FILES = ("data", "train", "dev")
TAKEN = {
    "table": ("train", "dev", "text_column", "label_column", "regression", "multi_label"),
    **dict.fromkeys(TASKS, ("data",)),
    **dict.fromkeys(SPAN_TASKS, (*FILES, "stride")),
    "conll": FILES,
    "race": FILES,
}
FIELDS = set(itertools.chain.from_iterable(TAKEN.values()))


def check_fields(recipe):
    """Raises a `ValueError` for what a recipe's task would ignore.

    Args:
        recipe: `FinetuneRecipe`.

    Raises:
        ValueError: an unknown task, a field that the task does not take, files named beside the
            folder with the files, or several seeds for several workers.
    """
    if recipe.task not in TAKEN:
        raise ValueError(f"Unknown task {recipe.task!r}. Known tasks: {', '.join(TAKEN)}.")
    taken, given = TAKEN[recipe.task], _given(recipe)
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
    # Which seed is best is decided by the models, which the first worker alone has.
    if recipe.seeds > 1 and recipe.strategy == "multi_worker_mirrored":
        raise ValueError(
            f"Several workers train one seed a run; received seeds={recipe.seeds}. Start a run for "
            "each `seed`, with an `output` of its own."
        )


def _given(recipe):
    return [
        field.name
        for field in dataclasses.fields(recipe)
        if field.name in FIELDS and getattr(recipe, field.name) != field.default
    ]
