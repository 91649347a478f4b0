"""One training step and one evaluation step, under any strategy."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tf_albert.training.objectives import Objective
from tf_albert.types import Tensor

if TYPE_CHECKING:
    import keras

    from tf_albert.modeling.model import AlbertModel


def make_train_step(
    model: "AlbertModel",
    optimizer: "keras.optimizers.Optimizer",
    objective: Objective,
    strategy: tf.distribute.Strategy,
    accumulation: int = 1,
    jit_compile: bool = False,
) -> Callable[[Any], dict[str, Tensor]]:
    """Returns the function that trains on one batch.

    The loss is the whole batch's: the sums over all replicas and micro-batches, divided by the
    whole batch's totals. The optimizer sums the gradients over the replicas.

    Args:
        model: a model with an `encoder`.
        optimizer: one of `tf_albert.training.optimizers`, built on the model's trainable variables.
        objective: one of `tf_albert.training.objectives`.
        strategy: the `tf.distribute.Strategy` under which model and optimizer were made.
        accumulation: int. Parts that a replica's rows are divided into to save memory.
        jit_compile: bool. Whether XLA compiles the forward and backward pass.

    Returns:
        A function of a batch (a dict of tensors, or the per-replica values of a distributed
        dataset) to a dict of float32 scalars: each loss and metric, `loss` (their sum), and
        `tokens` (those that are not padding).
    """
    if jit_compile:
        model.encoder.skip_padding = False  # XLA wants static shapes

    # With relaxed shapes a batch of another length is no new program.
    @tf.function(jit_compile=jit_compile, reduce_retracing=True, autograph=False)
    def gradients_of(
        rows: dict[str, Tensor], divisors: dict[str, Tensor]
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        with tf.GradientTape() as tape:
            sums = objective.sums(model(rows, training=True), rows)
            loss = tf.add_n([sums[name] / divisors[name] for name in objective.losses])
        return tape.gradient(loss, [v.value for v in model.trainable_variables]), sums

    def replica_step(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        totals = _sum_over_replicas(objective.totals(batch))
        divisors = objective.divisors(totals)
        first, *others = _micro_batches(batch, accumulation)
        gradients, sums = gradients_of(first, divisors)
        for rows in others:
            more_gradients, more = gradients_of(rows, divisors)
            gradients = _added(gradients, more_gradients)
            sums = {name: value + more[name] for name, value in sums.items()}
        optimizer.apply(gradients, model.trainable_variables)
        return _metrics(objective, sums, divisors) | {
            "tokens": tf.cast(tf.reduce_sum(batch["input_mask"]), tf.float32)
        }

    @tf.function(reduce_retracing=True, autograph=False)
    def train_step(batch: Any) -> dict[str, Tensor]:
        metrics = strategy.run(replica_step, args=(batch,))
        metrics = {
            name: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in metrics.items()
        }
        return metrics | {"loss": tf.add_n([metrics[name] for name in objective.losses])}

    return train_step


def make_evaluation(
    model: "AlbertModel", objective: Objective, strategy: tf.distribute.Strategy
) -> Callable[[Iterable[Any]], dict[str, float]]:
    """Returns the function that evaluates batches.

    Args:
        model: a model with an `encoder`.
        objective: one of `tf_albert.training.objectives`.
        strategy: the `tf.distribute.Strategy` under which the model was made.

    Returns:
        A function of batches, as `tf_albert.training.strategy.distribute` yields them, to a dict of
        float: each loss and metric over all rows, and each total under the name `num_` plus its
        loss.
    """

    def replica_step(batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        return objective.sums(model(batch, training=False), batch), objective.totals(batch)

    @tf.function(reduce_retracing=True, autograph=False)
    def evaluation_step(batch: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        return tf.nest.map_structure(
            lambda value: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None),
            strategy.run(replica_step, args=(batch,)),
        )

    def evaluate(dataset: Iterable[Any]) -> dict[str, float]:
        sums: dict[str, float] = {}
        totals: dict[str, float] = {}
        for batch in dataset:
            for values, collected in zip(evaluation_step(batch), (sums, totals), strict=True):
                for name, value in values.items():
                    collected[name] = collected.get(name, 0.0) + float(value)
        # In few rows there may be nothing of what a metric counts; its sum is 0 then.
        metrics = _metrics(objective, sums, {name: max(n, 1.0) for name, n in totals.items()})
        return metrics | {f"num_{name}": int(total) for name, total in totals.items()}

    return evaluate


def _metrics(
    objective: Objective, sums: dict[str, Any], divisors: dict[str, Any]
) -> dict[str, Any]:
    return {
        name: value / divisors[objective.divided_by.get(name, name)] for name, value in sums.items()
    }


def _sum_over_replicas(totals: dict[str, Tensor]) -> dict[str, Tensor]:
    context = tf.distribute.get_replica_context()
    return {
        name: context.all_reduce(tf.distribute.ReduceOp.SUM, total)
        for name, total in totals.items()
    }


def _micro_batches(batch: dict[str, Tensor], parts: int) -> list[dict[str, Tensor]]:
    if parts == 1:
        return [batch]
    divided = {name: tf.split(value, parts) for name, value in batch.items()}
    return [{name: value[part] for name, value in divided.items()} for part in range(parts)]


def _added(first: list[Tensor], second: list[Tensor]) -> list[Tensor]:
    # Embedding gradients are slices where no dense part joins them.
    return [
        tf.convert_to_tensor(a) + tf.convert_to_tensor(b)
        for a, b in zip(first, second, strict=True)
    ]
