"""Presets of keras-hub of which a file is damaged: a clear error, and nothing written."""

import shutil

import keras_hub
import pytest

from tests.convert.keras_hub.live_keras_hub import save_random
from tests.convert.shapes import CONFIG, check_truncated, refuses, rewrite
from tests.helpers import randomize
from tf_albert import AlbertEncoder
from tf_albert.convert import formats


@pytest.fixture(scope="module")
def saved(tmp_path_factory, vocabulary):
    """A classifier with its tokenizer, as keras-hub saves them."""
    folder = tmp_path_factory.mktemp("saved") / "theirs"
    save_random("AlbertTextClassifier", CONFIG.replace(vocab_size=397), folder)
    keras_hub.models.AlbertTokenizer(proto=vocabulary.read_bytes()).save_to_preset(str(folder))
    return folder


@pytest.fixture
def theirs(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "theirs")


@pytest.mark.parametrize("name", ["config.json", "task.json", "metadata.json", "tokenizer.json"])
def test_truncated_config(theirs, name):
    check_truncated(theirs, name, rf"/{name} is not a JSON file")


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
def test_truncated_weights(theirs, name):
    check_truncated(theirs, name, r"keras-hub cannot open|holds [\d,]+ parameters")


def test_truncated_vocabulary(theirs):
    name = "assets/tokenizer/vocabulary.spm"
    check_truncated(theirs, name, "vocabulary.spm (is no SentencePiece model|lacks the special)")


@pytest.mark.parametrize("name", ["config.json", "task.json", "metadata.json", "tokenizer.json"])
@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"'])
def test_json_of_another_kind(theirs, name, content):
    (theirs / name).write_text(content)
    refuses(theirs, rf"{name} holds no JSON object")


@pytest.mark.parametrize("name", ["config.json", "task.json", "tokenizer.json"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_name": ["AlbertBackbone"]}, r"of the class \['AlbertBackbone'\]. Expected one"),
        ({"class_name": None}, "of the class None. Expected one of: Albert"),
        ({"config": [1]}, "has no `config` of the Albert"),
    ],
)
def test_values_of_another_kind(theirs, name, changes, message):
    rewrite(theirs / name, **changes)
    refuses(theirs, rf"{name} {message}|{name} is {message}")


@pytest.mark.parametrize("nested", [None, 3, {}, {"config": []}])
def test_task_without_a_backbone(theirs, nested):
    rewrite(theirs / "task.json", config={"num_classes": 10, "backbone": nested})
    refuses(theirs, r"task\.json describes no `backbone`")


@pytest.mark.parametrize("name", ["model.weights.h5", "task.weights.h5"])
def test_missing_weights(theirs, name):
    (theirs / name).unlink()
    refuses(theirs, rf"lacks {name}\. Copy the preset again", FileNotFoundError)


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json", "metadata.json"])
def test_flipped_byte_is_found_by_the_sum(tmp_path, small_config, name):
    randomize(AlbertEncoder(small_config)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    path = tmp_path / "theirs" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refuses(tmp_path / "theirs", rf"{name} is damaged or was replaced")
