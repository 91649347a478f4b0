"""Arrays of Hugging Face's folders that have no place, by names with dots."""

import importlib.util
import json

import numpy as np
import pytest

from tests.helpers import randomize, require
from tf_albert import AlbertClassifier, AlbertEncoder
from tf_albert.convert import formats
from tf_albert.convert.huggingface import safetensors_files


@pytest.fixture
def folder(tmp_path, small_config):
    """A classifier's folder with an array too many."""
    installed = importlib.util.find_spec("safetensors") is not None
    require("parity", installed, "safetensors is not installed: pip install safetensors")
    randomize(AlbertClassifier(small_config, num_classes=3)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    (tmp_path / "theirs" / "provenance.json").unlink()
    arrays, _ = safetensors_files.read(tmp_path / "theirs")
    arrays["albert.adapter.down.weight"] = np.ones((4, 28), "float32")
    safetensors_files.write(tmp_path / "theirs", arrays)
    return tmp_path / "theirs"


def test_array_without_a_place_is_an_error(folder):
    with pytest.raises(ValueError, match=r"more than the model .* describes: albert\.adapter"):
        formats.convert(folder, folder.parent / "out", "tf_albert")
    assert not (folder.parent / "out").exists()
    with pytest.raises(ValueError, match=r"`allow_missing` names albert\.adap, which is no weight"):
        AlbertEncoder.from_pretrained(folder, allow_missing=["albert.adap"])


@pytest.mark.parametrize("allowed", ["albert.adapter", "albert.adapter.down.weight"])
def test_array_without_a_place_is_left_out_where_it_is_named(folder, allowed):
    out = folder.parent / "out"
    report = formats.convert(folder, out, "tf_albert", allow_missing=[allowed])
    reason = "no place here, and allowed to have none"
    assert report.dropped["albert.adapter.down.weight"] == reason
    assert f"albert.adapter.down.weight: left out ({reason})" in report.lines()
    stored = json.loads((out / "provenance.json").read_text())["conversion"]["report"]["dropped"]
    assert stored == report.dropped
