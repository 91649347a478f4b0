"""What lies beside a checkpoint: its config, its vocabulary, and other models' files."""

import json
import shutil

import numpy as np
import pytest

from tests.convert.google.google_files import CHECKPOINT, arrays_of, write_checkpoint
from tests.helpers import randomize
from tf_albert import AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(CHECKPOINT, tmp_path / "copy")


def test_config_must_lie_beside_the_checkpoint(copied):
    (copied / "albert_config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no albert_config.json beside it"):
        AlbertEncoder.from_pretrained(copied)


REQUIRED = [
    *("vocab_size", "embedding_size", "hidden_size", "num_hidden_layers", "num_attention_heads"),
    *("intermediate_size", "hidden_act", "max_position_embeddings", "type_vocab_size"),
]


@pytest.mark.parametrize("names", [[name] for name in REQUIRED] + [REQUIRED], ids=str)
def test_size_that_the_config_leaves_out_is_not_guessed(copied, names):
    path = copied / "albert_config.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({key: values[key] for key in values.keys() - set(names)}))
    with pytest.raises(ValueError, match=rf"albert_config\.json lacks {', '.join(names)}, which"):
        AlbertEncoder.from_pretrained(copied)


@pytest.fixture
def hub1_module(tmp_path, tokenizer, vocabulary, small_config):
    """A module of TF1 Hub, and the pretrainer whose weights are in it."""
    model = randomize(AlbertPretrainer(small_config))
    folder = write_checkpoint(tmp_path / "module", small_config, arrays_of(model), "variables")
    (folder / "variables").mkdir()
    for path in folder.glob("variables.*"):
        path.rename(folder / "variables" / path.name)
    (folder / "assets").mkdir()
    (folder / "albert_config.json").rename(folder / "assets" / "albert_config.json")
    shutil.copy(vocabulary, folder / "assets" / "30k-clean.model")
    for name in ("saved_model.pb", "tfhub_module.pb"):
        (folder / name).write_bytes(b"\x08\x03")
    return folder, model


@pytest.mark.parametrize("where", ["", "variables/variables"], ids=["folder", "prefix"])
def test_module_of_tf1_hub(hub1_module, tokenizer, where):
    folder, model = hub1_module
    read = formats.read(folder / where)
    assert (read.format, read.model_class) == ("google", "AlbertPretrainer")
    assert read.tokenizer.encode_ids(["The text"]) == [tokenizer.encode("The text").ids]
    copy = AlbertPretrainer.from_pretrained(folder / where)
    for ours, theirs in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sorted(read.provenance()["files_sha256"]) == [
        "assets/30k-clean.model",
        "assets/albert_config.json",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]


def test_module_of_tf1_hub_without_vocabulary(hub1_module):
    folder, _ = hub1_module
    (folder / "assets" / "30k-clean.model").unlink()
    assert formats.read(folder).tokenizer is None


def test_assets_of_a_neighbour_are_not_taken(copied, vocabulary):
    assets = copied.parent / "assets"
    assets.mkdir()
    shutil.copy(vocabulary, assets / "30k-clean.model")
    assert formats.read(copied).tokenizer is None
    (copied / "albert_config.json").rename(assets / "albert_config.json")
    with pytest.raises(FileNotFoundError, match=r"has no albert_config\.json beside it"):
        AlbertEncoder.from_pretrained(copied)
