"""Damaged checkpoints of Google's, and what is none of ALBERT's."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.convert.google.google_files import CHECKPOINT
from tf_albert.convert import formats


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(CHECKPOINT, tmp_path / "copy")


def refuses(copied, message):
    """Converting `copied` raises an error with a message and writes nothing."""
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        formats.convert(copied, copied.parent / "out", "tf_albert")
    assert [path.name for path in copied.parent.iterdir()] == ["copy"]


@pytest.mark.parametrize("tenth", [0, 3, 9])
@pytest.mark.parametrize(
    "name", ["model.ckpt-best.index", "model.ckpt-best.data-00000-of-00001", "albert_config.json"]
)
def test_truncated_file(copied, name, tenth):
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content[: len(content) * tenth // 10])
    refuses(copied, "model.ckpt-best cannot be read|albert_config.json is not a JSON file")


def test_checkpoint_of_bert(copied, small_config):
    for path in copied.glob("model.ckpt*"):
        path.unlink()
    name = "bert/encoder/layer_0/attention/self/query/kernel"
    tf.raw_ops.SaveV2(
        prefix=str(copied / "bert_model.ckpt"),
        tensor_names=[name],
        shape_and_slices=[""],
        tensors=[np.ones((32, 32), "float32")],
    )
    refuses(copied, r"bert_model\.ckpt is a checkpoint of BERT, .* Take a checkpoint of ALBERT")


def test_vocabulary_of_another_size(copied, vocabulary):
    shutil.copy(vocabulary, copied / "30k-clean.model")
    refuses(copied, r"The vocabulary in .* has 397 pieces, the config names `vocab_size`=211")
