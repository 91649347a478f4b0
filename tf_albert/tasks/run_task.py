"""One run of fine-tuning, from what a task gives to the best weights."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_albert.config import AlbertConfig
from tf_albert.convert import formats
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.best_checkpoint import BestOnDev
from tf_albert.tasks.finetune_recipe import FinetuneRecipe
from tf_albert.tasks.load import TASKS
from tf_albert.tasks.task import Task
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training import loop, runs
from tf_albert.training.determinism import make_deterministic
from tf_albert.training.precision import policy_of
from tf_albert.training.strategy import is_chief, make_strategy

# Good runs may look like collapsed ones in their first third, or so many steps after the warm-up.
FIRST_SHARE, FIRST_STEPS = 1 / 3, 100


class Collapsed(Exception):
    """A run predicts one class or number for everything, and its loss is that of guessing."""


def run_task(
    recipe: FinetuneRecipe, recorded: FinetuneRecipe, may_collapse: bool
) -> dict[str, Any]:
    """Trains, keeps the best weights by the development set, and writes the finished model.

    Args:
        recipe: `FinetuneRecipe`.
        recorded: `FinetuneRecipe`. The one that was asked for, where this is a second try.
        may_collapse: bool. Whether a run that has collapsed goes on to its end.

    Returns:
        dict of JSON values: the scores on the development sets, and on test sets with labels.

    Raises:
        Collapsed: the run predicts one class or number for everything.
        FileNotFoundError: a file or the pretrained model is not there.
        ValueError: a table or a setting that does not fit.
        FloatingPointError: a loss is not finite.
        tf_albert.training.loop.Interrupted: a signal came; the checkpoint is written.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(policy_of(recipe.dtype))
    if recipe.deterministic:
        make_deterministic()
    tokenizer = AlbertTokenizer.from_pretrained(recipe.init)
    bad_rows = BadRows(recipe.strict)
    task = TASKS[recipe.task](recipe, tokenizer, bad_rows)
    strategy = make_strategy(recipe.strategy)
    run = runs.open_run(recorded)
    chief = is_chief(strategy)
    if chief:
        _say_what_is_there(recipe, task, bad_rows)
    best = BestOnDev(run, task.score, task.description.metric, tokenizer, chief, recipe.patience)
    training = loop.Training(
        run=run,
        make_model=lambda: task.make_model(make_encoder(recipe)),
        objective=task.objective,
        batches=task.batches,
        tokenizer=tokenizer,
        on_checkpoint=_on_checkpoint(best, recipe, None if may_collapse else task.collapse),
        is_over=best.is_over,
    )
    model = loop.train(training, recipe, strategy)
    if chief:  # another worker may stand on a machine without the folder
        best.restore(model)
    results = task.score(model) | task.score_test(model)
    if chief:
        provenance = {
            "task": dataclasses.asdict(task.description),
            "recipe": dataclasses.asdict(recipe),
        }
        runs.finish_run(run, model, tokenizer, results, provenance)
    return results


def _say_what_is_there(recipe: FinetuneRecipe, task: Task, bad_rows: BadRows) -> None:
    train, to_score = task.sizes()
    epochs = recipe.steps * recipe.batch_size / task.batches.num_examples
    print(f"{train}, {epochs:.1f} epochs; to score on: {to_score}.")
    if bad_rows:
        print(f"Rows left out or used in part: {len(bad_rows):,}.\n{bad_rows.summary()}")


def _on_checkpoint(
    best: BestOnDev,
    recipe: FinetuneRecipe,
    collapse: Callable[[dict[str, Any]], str | None] | None,
) -> Callable[..., dict[str, Any]]:
    first = max(FIRST_SHARE * recipe.steps, recipe.warmup_steps + FIRST_STEPS)

    def on_checkpoint(
        model: TaskModel, strategy: tf.distribute.Strategy, step: int
    ) -> dict[str, Any]:
        del strategy
        metrics = best(model, step)
        how = collapse(metrics) if collapse is not None and step >= first else None
        if how:
            raise Collapsed(f"The run has collapsed: after step {step} of {recipe.steps} {how}.")
        return {f"dev_{name}": value for name, value in metrics.items()}

    return on_checkpoint


def make_encoder(recipe: FinetuneRecipe) -> AlbertEncoder:
    """Returns the encoder that a run begins with, without a head.

    Args:
        recipe: `FinetuneRecipe`.

    Raises:
        ValueError: rows of `sequence_length` are longer than the encoder's positions.
    """
    if recipe.from_scratch:
        config = formats.read(recipe.init).config
        encoder = AlbertEncoder(_dropping(config, recipe.encoder_dropout))
    else:
        encoder = _with_dropout(AlbertEncoder.from_pretrained(recipe.init), recipe.encoder_dropout)
    _check_length(recipe, encoder.config)
    return encoder


def _with_dropout(pretrained: AlbertEncoder, rate: float | None) -> AlbertEncoder:
    config = _dropping(pretrained.config, rate)
    if config == pretrained.config:
        return pretrained
    encoder = AlbertEncoder(config)
    encoder.set_weights(pretrained.get_weights())
    return encoder


def _dropping(config: AlbertConfig, rate: float | None) -> AlbertConfig:
    if rate is None:
        return config
    return config.replace(hidden_dropout_prob=rate, attention_probs_dropout_prob=rate)


def _check_length(recipe: FinetuneRecipe, config: AlbertConfig) -> None:
    if recipe.sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"`sequence_length`={recipe.sequence_length} is above the model's "
            f"`max_position_embeddings`={config.max_position_embeddings}. Lower it."
        )
