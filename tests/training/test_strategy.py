import time

import pytest
import tensorflow as tf

from tests.training.clusters import OneOfSeveral
from tf_albert.training.strategy import is_chief, make_strategy


def test_one_device_is_the_first():
    strategy = make_strategy("one_device")
    assert strategy.num_replicas_in_sync == 1
    assert strategy is tf.distribute.get_strategy()
    assert is_chief(strategy)


def test_mirrored_takes_the_logical_processors_where_there_is_no_gpu():
    strategy = make_strategy("mirrored")
    gpus = len(tf.config.list_logical_devices("GPU"))
    assert strategy.num_replicas_in_sync == (gpus or 2)
    assert is_chief(strategy)
    # A second one would number its collective operations as the first one does.
    assert make_strategy("mirrored") is strategy


def test_several_machines_need_their_addresses(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=r"needs the environment variable TF_CONFIG, such as \{"):
        make_strategy("multi_worker_mirrored")


@pytest.mark.parametrize(
    ("cluster", "kind", "number", "chief"),
    [
        ({"worker": 2}, "worker", 0, True),
        ({"worker": 2}, "worker", 1, False),
        ({"chief": 1, "worker": 3}, "chief", 0, True),
        ({"chief": 1, "worker": 3}, "worker", 0, False),
        ({"chief": 1, "worker": 3}, "worker", 1, False),
    ],
)
def test_one_process_of_a_cluster_is_its_chief(cluster, kind, number, chief):
    assert is_chief(OneOfSeveral(cluster, kind, number)) is chief


def test_missing_tpu_is_said_at_once():
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"'tpu' found no TPU. Set TPU_NAME .* or use one_device"):
        make_strategy("tpu")
    assert time.monotonic() - start < 20


def test_unknown_name():
    with pytest.raises(ValueError, match=r"'gpu'. Known strategies: one_device, mirrored, multi_"):
        make_strategy("gpu")
