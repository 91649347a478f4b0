"""The training loop, for pretraining and fine-tuning alike."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from tf_albert.data.pipeline import Batches
from tf_albert.modeling.trained_parts import depths, enable_lora, freeze
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.training.checkpoints import list_checkpoints, restore_checkpoint, save_checkpoint
from tf_albert.training.loop_settings import LoopSettings
from tf_albert.training.objectives import Objective
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.reporting import Reporter
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.signals import held_signals
from tf_albert.training.step import make_train_step
from tf_albert.training.strategy import distribute, is_chief, of_all_workers
from tf_albert.types import Tensor

if TYPE_CHECKING:
    import keras

    from tf_albert.modeling.model import AlbertModel


class Interrupted(Exception):
    """A run was stopped by a signal, after its checkpoint was written where this process does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """What the loop trains.

    Args:
        run: path. The run's folder.
        make_model: function of nothing that makes the model; called under the strategy.
        objective: one of `tf_albert.training.objectives`.
        batches: `Batches`, such as `PretrainingBatches`.
        tokenizer: `PieceTokenizer`. Saved with each checkpoint.
        on_start: function of (model, strategy), called before the first step, or None.
        on_checkpoint: function of (model, strategy, step) to a dict of metrics, called after each
            checkpoint of the recipe, or None.
        is_over: function of nothing to whether the run may end before its last step, asked after
            `on_checkpoint`; or None.
    """

    run: Path
    make_model: Callable[[], "AlbertModel"]
    objective: Objective
    batches: Batches
    tokenizer: PieceTokenizer
    on_start: Callable[["AlbertModel", tf.distribute.Strategy], None] | None = None
    on_checkpoint: (
        Callable[["AlbertModel", tf.distribute.Strategy, int], dict[str, float]] | None
    ) = None
    is_over: Callable[[], bool] | None = None


def train(
    training: Training, settings: LoopSettings, strategy: tf.distribute.Strategy
) -> "AlbertModel":
    """Trains a model to the end, going on from the run's last checkpoint if there is one.

    Args:
        training: `Training`.
        settings: `LoopSettings`.
        strategy: `tf.distribute.Strategy`.

    Returns:
        The trained model.

    Raises:
        FloatingPointError: a loss or a weight is not finite; the message names the step and the
            last good checkpoint.
        Interrupted: Ctrl-C or SIGTERM came; the checkpoint is written.
        ValueError: the checkpoint does not fit the model, the batch cannot be divided, or the
            workers have different checkpoints.
    """
    _check_division(training.batches.batch_size, settings.accumulation, strategy)
    with strategy.scope():
        model = training.make_model()
        model.encoder.remat, model.encoder.loop_layers = settings.remat, settings.loop_layers
        schedule = WarmupLinearDecay(settings.learning_rate, settings.warmup_steps, settings.steps)
        choose_parts(model, settings)
        optimizer = make_optimizer(
            settings.optimizer, schedule, settings.weight_decay, settings.clip_norm
        )
        optimizer.build(model.trainable_variables)
        optimizer.rate_scales = rate_scales(model, settings.layer_decay)
    done = _restore(training.run, model, optimizer)
    _check_same_step(training.run, of_all_workers(strategy, done))
    reporter = Reporter(training.run, done, settings.steps, quiet=not is_chief(strategy))
    if done:
        reporter.say(f"Going on from step {done} of {settings.steps}.")
    elif training.on_start:
        training.on_start(model, strategy)
    step_function = make_train_step(
        model,
        optimizer,
        training.objective,
        strategy,
        settings.accumulation,
        settings.jit_compile,
    )
    loop = _Loop(training, settings, strategy, model, optimizer, reporter)
    if done and loop.is_over():
        return model
    with held_signals() as signalled:
        dataset = distribute(strategy, training.batches, done, settings.steps - done)
        for step, batch in enumerate(dataset, done + 1):
            if loop.after_step(step, step_function(batch), bool(signalled)):
                break
    return model


def choose_parts(model: "AlbertModel", settings: LoopSettings) -> None:
    """Has training move those weights of a fresh model alone that a recipe chooses.

    Args:
        model: an `AlbertModel` with an `encoder`.
        settings: `LoopSettings`.
    """
    if settings.lora_rank:
        enable_lora(model.encoder, settings.lora_rank)
    else:
        freeze(model.encoder, settings.freeze)


def rate_scales(model: "AlbertModel", layer_decay: float) -> tuple[float, ...]:
    """Returns what the rate of each trainable weight is multiplied by.

    Args:
        model: an `AlbertModel` with an `encoder`.
        layer_decay: float. The factor from one depth to that below it.
    """
    below = depths(model.encoder)
    powers = (below.get(id(variable), 0) for variable in model.trainable_variables)
    return tuple(layer_decay**power for power in powers) if layer_decay < 1 else ()


def _check_division(batch_size: int, accumulation: int, strategy: tf.distribute.Strategy) -> None:
    replicas = strategy.num_replicas_in_sync
    if batch_size % (replicas * accumulation):
        raise ValueError(
            f"A batch of {batch_size} cannot be divided among {replicas} replicas with "
            f"`accumulation`={accumulation}. Use a `batch_size` that is a multiple of "
            f"{replicas * accumulation}."
        )


@dataclasses.dataclass
class _Loop:
    """What happens between two steps."""

    training: Training
    settings: LoopSettings
    strategy: tf.distribute.Strategy
    model: "AlbertModel"
    optimizer: "keras.optimizers.Optimizer"
    reporter: Reporter
    pending: list[dict[str, Tensor]] = dataclasses.field(default_factory=list)

    def after_step(self, step: int, metrics: dict[str, Tensor], signalled: bool) -> bool:
        """Reports and writes what is due; returns whether the run is over before its last step."""
        self.pending.append(metrics)
        settings = self.settings
        is_due = step == settings.steps or step % settings.checkpoint_every == 0
        is_checkpoint = is_due or signalled
        if is_checkpoint or step % settings.log_every == 0:
            self._report(step)
        if is_due:
            self._evaluate(step)
        if is_checkpoint:
            self._checkpoint(step)
        if signalled and step < settings.steps:
            raise Interrupted(f"Stopped after step {step} of {settings.steps}. {self._how_on()}")
        return is_due and self.is_over()

    def is_over(self) -> bool:
        """Whether the run may end before its last step."""
        return self.training.is_over is not None and self.training.is_over()

    def _report(self, step: int) -> None:
        first = step - len(self.pending) + 1
        rows = [{name: float(value) for name, value in row.items()} for row in self.pending]
        self.pending.clear()
        for number, row in enumerate(rows, first):
            if not math.isfinite(row["loss"]):
                raise FloatingPointError(
                    f"The loss of step {number} is {row['loss']}. {self._good()}"
                )
        means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
        tokens = means.pop("tokens") * len(rows)
        self.reporter.report(step, means, tokens)

    def _checkpoint(self, step: int) -> None:
        if not self.reporter.quiet:
            try:
                save_checkpoint(
                    self.training.run,
                    step,
                    self.model,
                    self.optimizer,
                    self.training.tokenizer,
                    self.settings.keep_checkpoints,
                )
            except FloatingPointError as error:
                raise FloatingPointError(f"{error} {self._good()}") from error
        self.reporter.skip()

    def _evaluate(self, step: int) -> None:
        # Not where a signal came: a run that was stopped is to end as one that was not.
        if self.training.on_checkpoint:
            metrics = self.training.on_checkpoint(self.model, self.strategy, step)
            self.reporter.record(step, metrics)
            self.reporter.say("  ".join(f"{name} {value:.4g}" for name, value in metrics.items()))
        self.reporter.skip()

    def _how_on(self) -> str:
        if self.reporter.quiet:
            return "This worker writes no checkpoint; the run goes on from the last one there is."
        return f"The checkpoint is in {self.training.run}; the same command goes on from there."

    def _good(self) -> str:
        checkpoints = list_checkpoints(self.training.run)
        advice = "Lower the learning rate or lengthen the warm-up, in a new output folder."
        if not checkpoints:
            return f"No checkpoint was written before it. {advice}"
        return f"The last good checkpoint is {checkpoints[-1][1]}. {advice}"


def _restore(run: Path, model: "AlbertModel", optimizer: "keras.optimizers.Optimizer") -> int:
    checkpoints = list_checkpoints(run)
    return restore_checkpoint(checkpoints[-1][1], model, optimizer) if checkpoints else 0


def _check_same_step(run: Path, steps: list[int]) -> None:
    # The first worker alone writes checkpoints; one with a disk of its own would begin anew.
    if len(set(steps)) > 1:
        raise ValueError(
            f"The workers would go on from different steps: {', '.join(map(str, steps))}. "
            f"Let {run} be a folder that all of them share."
        )
