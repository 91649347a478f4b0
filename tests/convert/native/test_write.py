"""What `save_pretrained` writes."""

import json

import numpy as np
import pytest

from tests.helpers import randomize
from tf_albert import AlbertEncoder, AlbertPretrainer, AlbertTokenizer


def test_folder_holds_what_it_says(pretrained, tokenizer):
    folder, pretrainer = pretrained
    pretrainer.save_pretrained(folder, tokenizer)
    assert sorted(path.name for path in folder.iterdir()) == [
        "albert_config.json",
        "model.weights.h5",
        "provenance.json",
        "spiece.model",
        "tokenizer_config.json",
    ]
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["model_class"] == "AlbertPretrainer"
    assert provenance["num_parameters"] == pretrainer.count_params()
    loaded = AlbertTokenizer.from_pretrained(folder)
    assert loaded.encode("the text").ids == tokenizer.encode("the text").ids


def test_old_folder_is_replaced_as_a_whole(pretrained, small_config):
    folder, _ = pretrained
    (folder / "note.txt").write_text("of the old model")
    AlbertEncoder(small_config).save_pretrained(folder)
    assert not (folder / "note.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["pretrained"]


def test_failed_save_keeps_the_old_model(pretrained, inputs, tmp_path):
    folder, pretrainer = pretrained

    class BrokenTokenizer:
        def save_pretrained(self, folder):
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        randomize(AlbertPretrainer(pretrainer.config), seed=9).save_pretrained(
            folder, BrokenTokenizer()
        )
    copy = AlbertPretrainer.from_pretrained(folder)
    np.testing.assert_array_equal(copy(inputs)["sop_logits"], pretrainer(inputs)["sop_logits"])
    assert [path.name for path in tmp_path.iterdir()] == ["pretrained"]
