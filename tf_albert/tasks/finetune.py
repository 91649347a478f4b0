"""Fine-tuning, one run or several of different seeds."""

import dataclasses
import shutil
import statistics
from pathlib import Path
from typing import ClassVar

from tf_albert import files, layout
from tf_albert.tasks.best import BEST_FOLDER
from tf_albert.tasks.fields import check_fields
from tf_albert.tasks.loading import load_predictor
from tf_albert.tasks.run_task import Collapsed, run_task
from tf_albert.training import loop, runs
from tf_albert.training.strategy import is_chief, make_strategy, of_all_workers

RETRY_SEED = 1000
COLLAPSE_FILE = "collapsed.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(loop.LoopSettings):
    """Everything that a fine-tuning run depends on.

    Args:
        init: Folder of a pretrained model or run, with its tokenizer.
        output: Folder of the run; the same command goes on with a run that was stopped.
        task: `table`, a table of one's own; or a task whose files are taken as they are published:
            cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli, snli, imdb, squad, squad2,
            conll (names in sentences), race.
        data: Folder with the files of a named task.
        train: Table to train on: TSV, CSV or JSONL; or a file of SQuAD or CoNLL, or a folder of
            RACE.
        dev: The same to score on.
        text_column: Column with the text, or `first,second` for pairs.
        label_column: Column with the label.
        regression: Whether labels are numbers.
        multi_label: Whether a row has any number of labels, with commas between them (in JSONL a
            list).
        strict: Whether a row that cannot be used is an error; it is left out and told otherwise.
        from_scratch: Whether the encoder starts from random weights, for comparison.
        encoder_dropout: Dropout in the encoder; none given keeps the model's own.
        batch_size: Rows a step, over all replicas.
        sequence_length: Longest row, in tokens.
        stride: Tokens from one window over a question's context to the next one (squad, squad2).
        seeds: How many runs, with `seed` and the numbers after it; above 1 their spread is shown.
        patience: Checkpoints without a better score after which a run ends; 0 for none.

    Raises:
        ValueError: a number out of its range, an unknown task, or a field that the task does not
            take.
    """

    init: str
    output: str
    task: str = "table"
    data: str | None = None
    train: str | None = None
    dev: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    regression: bool = False
    multi_label: bool = False
    strict: bool = False
    from_scratch: bool = False
    encoder_dropout: float | None = None
    batch_size: int = 32
    sequence_length: int = 128
    stride: int = 64
    steps: int = 1000
    optimizer: str = "adamw"
    learning_rate: float = 1e-4
    warmup_steps: int = 100
    seeds: int = 1
    patience: int = 0

    # The best checkpoint is kept, so which ones there are decides what the weights are.
    free_fields: ClassVar[tuple] = tuple(
        name for name in loop.LoopSettings.free_fields if name != "checkpoint_every"
    )
    counts: ClassVar[tuple] = (*loop.LoopSettings.counts, "batch_size", "stride", "seeds")

    def __post_init__(self):
        super().__post_init__()
        check_fields(self)


def finetune(recipe):
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


def _begin_again(run, again, collapsed, strategy):
    if is_chief(strategy):
        changes = ", ".join(f"`{name}`={value}" for name, value in again.items())
        print(f"{collapsed} It begins once more, with {changes}.")
        for name in ("checkpoints", BEST_FOLDER):
            shutil.rmtree(run / name, ignore_errors=True)  # its first checkpoint may be yet to come
        (run / f"{BEST_FOLDER}.json").unlink()
        files.write_json(run / COLLAPSE_FILE, again)
    of_all_workers(strategy, again["seed"])  # nobody reads what the chief is still removing


def _several(recipe, run):
    """Runs one seed after another; the best one's model becomes the model of the whole."""
    runs.open_run(recipe)
    metrics = {}
    for seed in range(recipe.seed, recipe.seed + recipe.seeds):
        print(f"Seed {seed}:")
        one = dataclasses.replace(recipe, seed=seed, seeds=1, output=str(_folder(run, seed)))
        metrics[seed] = finetune(one)
    metric = load_predictor(_folder(run, recipe.seed)).description.metric
    scores = {seed: values[metric] for seed, values in metrics.items()}
    best = max(scores, key=scores.get)
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


def _folder(run, seed):
    return run / f"seed_{seed}"
