"""The place of a process among others that are not there."""

import tensorflow as tf


class OneOfSeveral(tf.distribute.OneDeviceStrategy):
    """One device, in a process that stands in a cluster.

    Args:
        cluster: dict of a kind of process to how many of it there are.
        kind: str. This process's own kind.
        number: int. Which one of its kind it is.
    """

    def __init__(self, cluster, kind, number):
        super().__init__("CPU:0")
        hosts = {name: [f"{name}{i}:1" for i in range(count)] for name, count in cluster.items()}
        self._resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(hosts), task_type=kind, task_id=number
        )

    @property
    def cluster_resolver(self):
        return self._resolver
