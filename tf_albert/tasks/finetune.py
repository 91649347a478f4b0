"""Fine-tuning, one run or several of different seeds."""

import dataclasses
import shutil
import statistics
from pathlib import Path
from typing import Any

import tensorflow as tf

from tf_albert import files, layout
from tf_albert.backend import require_tensorflow
from tf_albert.tasks.best_checkpoint import BEST_FOLDER
from tf_albert.tasks.finetune_recipe import FinetuneRecipe
from tf_albert.tasks.load import load_predictor
from tf_albert.tasks.run_task import Collapsed, run_task
from tf_albert.training import runs
from tf_albert.training.strategy import is_chief, make_strategy, of_all_workers

RETRY_SEED = 1000
COLLAPSE_FILE = "collapsed.json"


def finetune(recipe: FinetuneRecipe) -> dict[str, Any]:
    """Fine-tunes a model for a task, or goes on with a run that was stopped.

    Each checkpoint is scored on the development set, and the best one kept. A run that collapses is
    begun once more, with another seed and half the rate.

    Args:
        recipe: `FinetuneRecipe`.

    Returns:
        dict of JSON values: what `results.json` in the run's folder holds, the scores on `dev`.

    Raises:
        FileNotFoundError: a file or the pretrained model is not there.
        ValueError: a table or a setting that does not fit.
        FloatingPointError: a loss is not finite.
        tf_albert.training.loop.Interrupted: a signal came; the checkpoint is written.
    """
    require_tensorflow("Fine-tuning by a recipe")
    run = Path(recipe.output)
    if runs.is_finished(run):
        runs.open_run(recipe)
        print(f"{run} is finished: {recipe.steps} steps are done.")
        return runs.read_results(run)
    if recipe.seeds > 1:
        return _several(recipe, run)
    if (run / COLLAPSE_FILE).exists():
        again = files.read_json(run / COLLAPSE_FILE)
        return run_task(dataclasses.replace(recipe, **again), recipe, may_collapse=True)
    try:
        return run_task(recipe, recipe, may_collapse=False)
    except Collapsed as collapsed:
        again = {"seed": recipe.seed + RETRY_SEED, "learning_rate": recipe.learning_rate / 2}
        _begin_again(run, again, collapsed, make_strategy(recipe.strategy))
    return run_task(dataclasses.replace(recipe, **again), recipe, may_collapse=True)


def _begin_again(
    run: Path, again: dict[str, Any], collapsed: Collapsed, strategy: tf.distribute.Strategy
) -> None:
    if is_chief(strategy):
        changes = ", ".join(f"`{name}`={value}" for name, value in again.items())
        print(f"{collapsed} It begins once more, with {changes}.")
        for name in ("checkpoints", BEST_FOLDER):
            shutil.rmtree(run / name, ignore_errors=True)  # its first checkpoint may be yet to come
        (run / f"{BEST_FOLDER}.json").unlink()
        files.write_json(run / COLLAPSE_FILE, again)
    of_all_workers(strategy, again["seed"])  # nobody reads what the chief is still removing


def _several(recipe: FinetuneRecipe, run: Path) -> dict[str, Any]:
    """Runs one seed after another; the best one's model becomes the model of the whole."""
    runs.open_run(recipe)
    metrics = {}
    for seed in range(recipe.seed, recipe.seed + recipe.seeds):
        print(f"Seed {seed}:")
        one = dataclasses.replace(recipe, seed=seed, seeds=1, output=str(_folder(run, seed)))
        metrics[seed] = finetune(one)
    metric = load_predictor(_folder(run, recipe.seed)).description.metric
    scores = {seed: values[metric] for seed, values in metrics.items()}
    best = max(scores, key=scores.__getitem__)
    with files.replacing_folder(run / layout.MODEL_FOLDER, layout.PROVENANCE_FILE) as folder:
        shutil.copytree(_folder(run, best) / layout.MODEL_FOLDER, folder, dirs_exist_ok=True)
    results = {
        "metric": metric,
        "median": statistics.median(scores.values()),
        "best": scores[best],
        "lowest": min(scores.values()),
        "best_seed": best,
        "seeds": {str(seed): values for seed, values in metrics.items()},
    }
    files.write_json(run / runs.RESULTS_FILE, results)
    return results


def _folder(run: Path, seed: int) -> Path:
    return run / f"seed_{seed}"
