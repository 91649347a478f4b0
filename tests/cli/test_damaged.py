"""Damaged input through the command: one sentence, exit code 2, nothing written."""

import io
import json
import shutil
import tarfile

import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from tests.cli.test_main import fails
from tests.helpers import randomize, require
from tf_albert import AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats
from tf_albert.hub import save_encoder

FORMATS = ("tf_albert", "google", "huggingface", "keras_hub", "hub")
PLACES = 10


@pytest.fixture(scope="module")
def models(small_config, vocabulary, tmp_path_factory):
    """A folder with one model in each format, each without the sums that our own writing adds."""
    from tf_albert import AlbertTokenizer

    folder = tmp_path_factory.mktemp("models")
    model = randomize(AlbertPretrainer(small_config))
    model.save_pretrained(folder / "tf_albert", AlbertTokenizer(vocabulary))
    for name in ("google", "keras_hub"):
        formats.convert(folder / "tf_albert", folder / name, name)
    save_encoder(model.encoder, folder / "hub")
    for name in ("google", "keras_hub", "hub"):
        (folder / name / "provenance.json").unlink()
    return folder


@pytest.fixture(scope="module")
def with_huggingface(models):
    """The same, with a Hugging Face folder, whole and in shards, where its files can be written."""
    try:
        import safetensors.numpy
    except ModuleNotFoundError:
        require("parity", False, "safetensors is not installed; the extra `parity` has it")
    formats.convert(models / "tf_albert", models / "huggingface", "huggingface")
    (models / "huggingface" / "provenance.json").unlink()
    sharded = shutil.copytree(models / "huggingface", models / "sharded")
    arrays = safetensors.numpy.load_file(sharded / "model.safetensors")
    (sharded / "model.safetensors").unlink()
    shards = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    places = {name: shards[index % 2] for index, name in enumerate(arrays)}
    for file in shards:
        part = {name: array for name, array in arrays.items() if places[name] == file}
        safetensors.numpy.save_file(part, sharded / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": places}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    return models


@pytest.fixture
def attempt(capsys, tmp_path):
    """Converts a source that must fail, and sees that nothing was written."""

    def convert(source, *parts):
        target = tmp_path / "new" / "out"
        before = sorted(tmp_path.rglob("*"))
        fails(capsys, ["convert", str(source), str(target)], *parts)
        assert sorted(tmp_path.rglob("*")) == before

    return convert


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def check_truncated(folder, tmp_path, attempt):
    """Each file of a model is cut at ten places, one of them its start."""
    copied = shutil.copytree(folder, tmp_path / "copy")
    formats.read(copied)  # what is whole is read
    for path in files_of(copied):
        content = path.read_bytes()
        for place in range(PLACES):
            path.write_bytes(content[: place * len(content) // PLACES])
            attempt(copied)
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["tf_albert", "google", "keras_hub", "hub"])
def test_each_file_cut_at_ten_places(models, tmp_path, attempt, name):
    check_truncated(models / name, tmp_path, attempt)


@pytest.mark.parametrize("name", ["huggingface", "sharded"])
def test_each_file_of_hugging_face_cut_at_ten_places(with_huggingface, tmp_path, attempt, name):
    check_truncated(with_huggingface / name, tmp_path, attempt)


def test_archive_cut_at_ten_places(models, tmp_path, attempt):
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(models / "google", "albert")
    content = archive.read_bytes()
    for place in range(PLACES):
        archive.write_bytes(content[: place * len(content) // PLACES])
        attempt(archive)


@pytest.mark.parametrize("name", ["../outside.txt", "/absolute.txt", "a/../../outside.txt"])
def test_archive_that_reaches_outside(tmp_path, attempt, name):
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"mine"))
    attempt(archive, name, "outside of the archive")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("tf_albert", "model.weights.h5"),
        ("tf_albert", "spiece.model"),
        ("google", "*.data-00000-of-00001"),
    ],
)
def test_flipped_byte(models, tmp_path, attempt, name, pattern):
    """Our own files have a sum in provenance.json, those of a checkpoint carry their own."""
    copied = shutil.copytree(models / name, tmp_path / "copy")
    (path,) = copied.glob(pattern)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    attempt(copied)


WRONG = {
    "vocab_size": 396,
    "embedding_size": 11,
    "hidden_size": 32,
    "num_attention_heads": 3,
    "intermediate_size": 37,
    "max_position_embeddings": 40,
    "type_vocab_size": 4,
    "num_hidden_groups": 2,
    "inner_group_num": 2,
}


@pytest.mark.parametrize(("key", "value"), WRONG.items())
def test_wrong_config_beside_right_weights(models, tmp_path, attempt, key, value):
    copied = shutil.copytree(models / "google", tmp_path / "copy")
    config = json.loads((copied / "albert_config.json").read_text())
    (copied / "albert_config.json").write_text(json.dumps(config | {key: value}))
    attempt(copied, *([key] if key == "num_attention_heads" else ["config"]))


def test_checkpoint_of_bert(models, tmp_path, attempt):
    folder = tmp_path / "bert"
    folder.mkdir()
    shutil.copy(models / "google" / "albert_config.json", folder)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name in ("query", "key", "value"):
            scope = f"bert/encoder/layer_0/attention/self/{name}"
            tf.compat.v1.get_variable(f"{scope}/kernel", initializer=np.ones((28, 28), "float32"))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "bert_model.ckpt"))
    attempt(folder, "bert_model.ckpt is a checkpoint of BERT")


def test_preset_of_bert(tmp_path, attempt):
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=31, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=12
    )
    backbone.save_to_preset(str(tmp_path / "bert"))
    attempt(tmp_path / "bert", "BertBackbone")


def test_module_of_something_else(tmp_path, attempt):
    module = tf.Module()
    module.weight = tf.Variable(1.0, name="weight")
    tf.saved_model.save(module, str(tmp_path / "module"))
    attempt(tmp_path / "module", "is no encoder module of ALBERT")


def test_encoder_of_other_sizes_than_its_folder_says(models, small_config, tmp_path, attempt):
    AlbertEncoder(small_config.replace(hidden_size=32)).save_pretrained(tmp_path / "other")
    copied = shutil.copytree(models / "tf_albert", tmp_path / "copy")
    shutil.copy(tmp_path / "other" / "albert_config.json", copied)
    attempt(copied)
