"""Where training runs: one device, several, several machines, a TPU."""

import functools
import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tf_albert.data.pipeline import Batches

STRATEGIES = ("one_device", "mirrored", "multi_worker_mirrored", "tpu")


@functools.cache
def make_strategy(name: str) -> tf.distribute.Strategy:
    """Returns a `tf.distribute.Strategy`, the same one whenever it is asked for.

    Two mirrored strategies of one process would number their collective operations alike, and the
    second model that is trained would fail on a "shape mismatch" with the first one's.

    Args:
        name: str. `"one_device"`; `"mirrored"`, all GPUs of this machine, or its logical CPUs where
            it has none; `"multi_worker_mirrored"`, the cluster that `TF_CONFIG` describes; `"tpu"`.

    Raises:
        ValueError: an unknown name, or the hardware or `TF_CONFIG` is not there.
    """
    if name == "one_device":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if name == "multi_worker_mirrored":
        if "TF_CONFIG" not in os.environ:
            raise ValueError(
                "The strategy 'multi_worker_mirrored' needs the environment variable TF_CONFIG, "
                'such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": '
                '"worker", "index": 0}}, with its own index on each machine.'
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        return _tpu_strategy()
    raise ValueError(f"Unknown strategy {name!r}. Known strategies: {', '.join(STRATEGIES)}.")


def _tpu_strategy() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            "The strategy 'tpu' found no TPU. Set TPU_NAME on a machine with access to one, or use "
            f"{', '.join(name for name in STRATEGIES if name != 'tpu')}."
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the files: the only one, the chief, or else the first worker.

    Args:
        strategy: `tf.distribute.Strategy`.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_id is None:
        return True
    # Where a cluster has a chief, its first worker is another process with the number 0.
    is_beside_chief = resolver.task_type == "worker" and "chief" in resolver.cluster_spec().jobs
    return resolver.task_id == 0 and not is_beside_chief


def of_all_workers(strategy: tf.distribute.Strategy, number: int) -> list[int]:
    """Waits until every worker is here, and returns the number that each gives.

    Args:
        strategy: `tf.distribute.Strategy`.
        number: int. This worker's own.

    Returns:
        list of int, the same in every worker.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return [number]
    numbers = strategy.run(lambda: tf.constant([number]))
    return strategy.gather(numbers, axis=0).numpy().tolist()


def distribute(
    strategy: tf.distribute.Strategy, batches: Batches, first_step: int, num_steps: int
) -> Iterator[Any]:
    """Gives the batches of some steps one after another, each replica its own part.

    Batches that are a pure function of step and replica need no distributed dataset, whose
    iterators can keep whoever deletes them waiting (see `tf_albert.data.pipeline`).

    Args:
        strategy: `tf.distribute.Strategy`.
        batches: `Batches`, such as `PretrainingBatches`.
        first_step: int. The step to start with.
        num_steps: int. How many steps.

    Yields:
        For each step the batch, in the form that `strategy.run` takes.
    """
    parts: dict[int, Iterator[Any]] = {}

    def part(context: tf.distribute.experimental.ValueContext) -> Any:
        replica = context.replica_id_in_sync_group
        if replica not in parts:
            replicas = (replica, context.num_replicas_in_sync)
            parts[replica] = iter(batches.dataset(first_step, num_steps, *replicas))
        return next(parts[replica])

    for _ in range(num_steps):
        yield strategy.experimental_distribute_values_from_function(part)
