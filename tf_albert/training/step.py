"""One training step and one evaluation step, under any strategy."""

import tensorflow as tf


def make_train_step(model, optimizer, objective, strategy, accumulation=1, jit_compile=False):
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
    @tf.function(jit_compile=jit_compile, reduce_retracing=True)
    def gradients_of(rows, divisors):
        with tf.GradientTape() as tape:
            sums = objective.sums(model(rows, training=True), rows)
            loss = tf.add_n([sums[name] / divisors[name] for name in objective.losses])
        return tape.gradient(loss, [v.value for v in model.trainable_variables]), sums

    def replica_step(batch):
        totals = _sum_over_replicas(objective.totals(batch))
        divisors = objective.divisors(totals)
        gradients, sums = None, None
        for rows in _micro_batches(batch, accumulation):
            part = gradients_of(rows, divisors)
            gradients = part[0] if gradients is None else _added(gradients, part[0])
            sums = part[1] if sums is None else {k: v + part[1][k] for k, v in sums.items()}
        optimizer.apply(gradients, model.trainable_variables)
        return _metrics(objective, sums, divisors) | {
            "tokens": tf.cast(tf.reduce_sum(batch["input_mask"]), tf.float32)
        }

    @tf.function(reduce_retracing=True)
    def train_step(batch):
        metrics = strategy.run(replica_step, args=(batch,))
        metrics = {
            name: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in metrics.items()
        }
        return metrics | {"loss": tf.add_n([metrics[name] for name in objective.losses])}

    return train_step


def make_evaluation(model, objective, strategy):
    """Returns the function that evaluates batches.

    Returns:
        A function of (batches, number of steps) to a dict of float: each loss and metric over all
        rows, and each total under the name `num_` plus its loss.
    """

    def replica_step(batch):
        return objective.sums(model(batch, training=False), batch), objective.totals(batch)

    @tf.function(reduce_retracing=True)
    def evaluation_step(batch):
        return tf.nest.map_structure(
            lambda value: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None),
            strategy.run(replica_step, args=(batch,)),
        )

    def evaluate(dataset):
        sums, totals = {}, {}
        for batch in dataset:
            for values, collected in zip(evaluation_step(batch), (sums, totals), strict=True):
                for name, value in values.items():
                    collected[name] = collected.get(name, 0.0) + float(value)
        # In few rows there may be nothing of what a metric counts; its sum is 0 then.
        metrics = _metrics(objective, sums, {name: max(n, 1.0) for name, n in totals.items()})
        return metrics | {f"num_{name}": int(total) for name, total in totals.items()}

    return evaluate


def _metrics(objective, sums, divisors):
    return {
        name: value / divisors[objective.divided_by.get(name, name)] for name, value in sums.items()
    }


def _sum_over_replicas(totals):
    context = tf.distribute.get_replica_context()
    return {
        name: context.all_reduce(tf.distribute.ReduceOp.SUM, total)
        for name, total in totals.items()
    }


def _micro_batches(batch, parts):
    if parts == 1:
        return [batch]
    divided = {name: tf.split(value, parts) for name, value in batch.items()}
    return [{name: value[part] for name, value in divided.items()} for part in range(parts)]


def _added(first, second):
    # Embedding gradients are slices where no dense part joins them.
    return [
        tf.convert_to_tensor(a) + tf.convert_to_tensor(b)
        for a, b in zip(first, second, strict=True)
    ]
