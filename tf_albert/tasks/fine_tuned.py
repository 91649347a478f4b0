"""What every fine-tuned model folder tells, and where the files of a task lie."""

from pathlib import Path

from tf_albert import layout
from tf_albert.convert.native.read import read_provenance
from tf_albert.text.tokenizer import AlbertTokenizer


def read_task(where):
    """Returns what a model was fine-tuned for: the `task` of its `provenance.json`, or {}.

    Args:
        where: str or path. The folder of a run or of a model.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: damaged files.
    """
    return read_provenance(layout.model_folder(where)).get("task") or {}


def read_fine_tuned(where, names, otherwise):
    """Returns the folder, the task and the tokenizer of a model fine-tuned for one of some tasks.

    Args:
        where: str or path. The folder of a run or of a model.
        names: tuple of str. Names of tasks.
        otherwise: str. What is to be said of a model that was fine-tuned for none of them.

    Returns:
        tuple of path, dict and `AlbertTokenizer`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the model was fine-tuned for none of these tasks.
    """
    folder, task = layout.model_folder(where), read_task(where)
    if task.get("task") not in names:
        raise ValueError(f"{folder} {otherwise}")
    return folder, task, AlbertTokenizer.from_pretrained(folder)


def train_and_dev(recipe, names):
    """Returns where a recipe's data to train on and to score on lie.

    Args:
        recipe: `FinetuneRecipe`.
        names: tuple of two str. What the two are called in a folder `data`.

    Raises:
        ValueError: the recipe has neither `data` nor both of `train` and `dev`.
    """
    if recipe.data is not None:
        return tuple(Path(recipe.data) / name for name in names)
    if recipe.train is None or recipe.dev is None:
        raise ValueError(
            f"The task {recipe.task!r} needs `data`, a folder with {' and '.join(names)}, or "
            "`train` and `dev`."
        )
    return recipe.train, recipe.dev
