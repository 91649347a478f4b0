"""Hugging Face folders of which a file is damaged: a clear error, and nothing written."""

import json
import shutil

import pytest

from tests.convert.huggingface.live_transformers import save_random
from tests.convert.shapes import CONFIG, check_truncated, refuses, rewrite
from tests.helpers import randomize
from tf_albert import AlbertEncoder
from tf_albert.convert import formats

INDEX = "model.safetensors.index.json"


@pytest.fixture(scope="module")
def saved(transformers, tmp_path_factory, tokenizer):
    """A folder with everything in it that this package writes, made by transformers."""
    folder = tmp_path_factory.mktemp("saved") / "theirs"
    save_random("AlbertForPreTraining", CONFIG.replace(vocab_size=397), folder)
    tokenizer.write_vocabulary(folder / "spiece.model")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"type": "Unigram"}}))
    return folder


@pytest.fixture
def theirs(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "theirs")


@pytest.fixture
def shards(saved, transformers, tmp_path):
    model = transformers.AlbertForPreTraining.from_pretrained(saved)
    model.save_pretrained(tmp_path / "theirs", max_shard_size="40KB")
    assert not (tmp_path / "theirs" / "model.safetensors").exists()
    return tmp_path / "theirs"


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
def test_truncated_json(theirs, name):
    check_truncated(theirs, name, rf"/{name} is not a JSON file")


def test_truncated_weights(theirs):
    check_truncated(theirs, "model.safetensors", r"model\.safetensors cannot be read")


def test_truncated_vocabulary(theirs):
    expected = "spiece.model (is no SentencePiece model|lacks the special)"
    check_truncated(theirs, "spiece.model", expected)


def test_each_shard_truncated(shards):
    names = [path.name for path in shards.glob("*.safetensors")]
    assert len(names) > 2
    for name in names:
        content = (shards / name).read_bytes()
        for tenth in (0, 3, 9):
            (shards / name).write_bytes(content[: len(content) * tenth // 10])
            refuses(shards, rf"/{name} cannot be read")
        (shards / name).write_bytes(content)
    formats.read(shards)


def test_index_truncated(shards):
    check_truncated(shards, INDEX, rf"/{INDEX} is not a JSON file")


def test_each_shard_missing(shards):
    for path in shards.glob("*.safetensors"):
        path.rename(shards.parent / "aside")
        refuses(shards, rf"lacks {path.name}, which {INDEX} names", FileNotFoundError)
        (shards.parent / "aside").rename(path)


@pytest.mark.parametrize("more", [True, False])
def test_index_of_other_arrays(shards, more):
    index = json.loads((shards / INDEX).read_text())["weight_map"]
    first = next(iter(index))
    if more:
        index["extra.weight"] = index[first]
    else:
        del index[first]
    rewrite(shards / INDEX, weight_map=index)
    refuses(shards, rf"holds other arrays than {INDEX} says")


@pytest.mark.parametrize("file", [5, None, ["a"], "../model.safetensors", "", "/etc/passwd"])
def test_index_of_no_file(shards, file):
    index = json.loads((shards / INDEX).read_text())["weight_map"]
    rewrite(shards / INDEX, weight_map=index | {"pooler.bias": file})
    refuses(shards, "says that `pooler.bias` lies in .* Expected the name of a file beside it")


@pytest.mark.parametrize("weight_map", [None, [], 3])
def test_index_without_names(shards, weight_map):
    rewrite(shards / INDEX, weight_map=weight_map)
    refuses(shards, "has no `weight_map`")


@pytest.mark.parametrize("name", ["tokenizer_config.json", "tokenizer.json", "config.json"])
@pytest.mark.parametrize("content", ["[]", "3", "null", '"albert"'])
def test_json_of_another_kind(theirs, name, content):
    (theirs / name).write_text(content)
    refuses(theirs, rf"{name} (holds no JSON object|is of the model type)")


@pytest.mark.parametrize(
    "architectures",
    [
        None,
        [],
        [["AlbertModel"]],
        [{}],
        [3],
        3,
        "AlbertModel",
        ["AlbertModel", "AlbertForMaskedLM"],
    ],
)
def test_architectures_of_another_kind(theirs, architectures):
    rewrite(theirs / "config.json", architectures=architectures)
    refuses(theirs, r"has architectures=.* Expected (one of|a list of the one class)")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_act": ["gelu"]}, r"hidden_act=\['gelu'\]. Expected one of"),
        ({"model_type": ["albert"]}, r"of the model type \['albert'\]"),
        ({"vocab_size": "397"}, "`vocab_size` must be of type int"),
        ({"layer_norm_eps": {}}, "`layer_norm_epsilon` must be of type float"),
    ],
)
def test_values_of_another_kind(theirs, changes, message):
    rewrite(theirs / "config.json", **changes)
    refuses(theirs, message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do_lower_case": "false"}, "do_lower_case='false'. Expected: true or false"),
        ({"do_lower_case": None}, "do_lower_case=None. Expected: true or false"),
        ({"keep_accents": True}, "keep_accents=true. ALBERT's own tokenizer drops accents"),
        ({"remove_space": False}, "remove_space=false. ALBERT's own tokenizer makes one space"),
    ],
)
def test_tokenizer_of_another_kind(theirs, changes, message):
    rewrite(theirs / "tokenizer_config.json", **changes)
    refuses(theirs, message)


def test_flipped_byte_in_the_header(theirs):
    """Whatever it hits there, it is found or changes nothing."""
    path = theirs / "model.safetensors"
    content = path.read_bytes()
    before = formats.read(theirs).arrays
    for place in (*range(8), *range(8, 400, 7)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        try:
            after = formats.read(theirs)
        except ValueError as error:
            assert "Copy it again" in str(error) or "model.safetensors" in str(error)
        else:
            assert after.unplaced or all(
                (after.arrays[name] == before[name]).all() for name in before
            )


@pytest.mark.usefixtures("transformers")
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_flipped_byte_is_found_by_the_sum(tmp_path, small_config, name):
    randomize(AlbertEncoder(small_config)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    path = tmp_path / "theirs" / name
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    refuses(tmp_path / "theirs", rf"{name} is damaged or was replaced")
