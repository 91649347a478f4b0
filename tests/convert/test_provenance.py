"""What is given away tells nothing of the machine that it was made on."""

import importlib.util

import pytest

import tf_albert
from tests.helpers import assert_tells_no_path, randomize, require
from tf_albert import AlbertClassifier
from tf_albert.convert import formats
from tf_albert.convert.native.write import save_pretrained
from tf_albert.convert.provenance import read_facts, without_paths

NEEDED = {"huggingface": "safetensors", "keras_hub": "keras_hub", "litert": "ai_edge_litert"}


@pytest.fixture(scope="module")
def model(tmp_path_factory, small_config, tokenizer):
    """A fine-tuned model whose provenance names paths: of its files, and of what it came from."""
    folder = tmp_path_factory.mktemp("secret")
    classifier = randomize(AlbertClassifier(small_config.replace(type_vocab_size=2), num_classes=2))
    facts = {
        "task": {"labels": ["and/or", "no"], "num_segments": 1, "sequence_length": 20},
        "recipe": {"train": str(folder / "train.tsv")},
        "conversion": {"source": str(folder), "earlier": {"source": str(folder / "first")}},
    }
    save_pretrained(classifier, folder / "model", tokenizer, facts)
    return folder / "model"


@pytest.mark.parametrize("target", ["google", "huggingface", "keras_hub", "litert"])
def test_no_file_tells_a_path(model, tmp_path, target):
    if target in NEEDED:
        require("parity", importlib.util.find_spec(NEEDED[target]), f"no {NEEDED[target]}")
    if target == "litert":
        tf_albert.hub.save_run_litert(model, tmp_path / "model.tflite")
    else:
        formats.convert(model, tmp_path / "out", target)
        assert read_facts(tmp_path / "out")["task"]["labels"] == ["and/or", "no"]
    assert_tells_no_path(tmp_path, model.parent, tmp_path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/home/ada/texts/", "texts"),
        ("C:\\Users\\ada\\texts", "texts"),
        ("../texts/train.tsv", "train.tsv"),
        ("train.tsv", "train.tsv"),
        ("kaggle://keras/albert/keras/base", "kaggle://keras/albert/keras/base"),
        (["/a/b", 3, None], ["b", 3, None]),
        (None, None),
    ],
)
def test_last_part_of_a_path(value, expected):
    facts = {"recipe": {"data": value, "text_column": "a/b"}, "earlier": {"source": value}}
    found = without_paths({"run": {"conversion": facts}})["run"]["conversion"]
    assert found == {
        "recipe": {"data": expected, "text_column": "a/b"},
        "earlier": {"source": expected},
    }
