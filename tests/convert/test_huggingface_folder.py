"""What is in a Hugging Face folder besides whole weights: config, labels, tokenizer, shards."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import tf_albert
from tests.convert.live_transformers import ARCHITECTURES, save_random
from tests.convert.shapes import CONFIG, refuses, rewrite
from tests.helpers import randomize
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats, safetensors_files

pytestmark = pytest.mark.usefixtures("transformers")
# As a version 2 of transformers wrote it, with Google's inert keys.
OLD_KEYS = {
    "net_structure_type": 0,
    "gap_size": 0,
    "num_memory_blocks": 0,
    "down_scale_factor": 1,
    "layers_to_keep": [],
    "output_past": True,
    "pruned_heads": {},
    "do_sample": False,
    "num_beams": 1,
    "torchscript": False,
    "finetuning_task": None,
    "torch_dtype": "float32",
    "_num_labels": 2,
    "position_embedding_type": "absolute",
    "is_decoder": False,
}


@pytest.fixture
def theirs(tmp_path):
    save_random("AlbertForPreTraining", CONFIG, tmp_path / "theirs")
    return tmp_path / "theirs"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_transformers_writes_is_all_known(tmp_path, transformers, architecture):
    save_random(architecture, CONFIG, tmp_path)
    whole = transformers.AlbertConfig.from_pretrained(tmp_path).to_dict() | OLD_KEYS
    rewrite(tmp_path / "config.json", **whole)
    checkpoint = formats.read(tmp_path)
    assert checkpoint.config == CONFIG.replace(hidden_act="gelu_new")
    assert checkpoint.dropped == {}


def test_key_that_nobody_knows_is_told(theirs):
    rewrite(theirs / "config.json", rotary_base=10000, my_note="good")
    report = formats.convert(theirs, theirs.parent / "ours", "tf_albert")
    assert report.dropped == {
        "config.json: rotary_base": "unknown to this package",
        "config.json: my_note": "unknown to this package",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("net_structure_type", 1),
        ("gap_size", 2),
        ("num_memory_blocks", 1),
        ("down_scale_factor", 2),
        ("layers_to_keep", [0]),
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
        ("add_cross_attention", True),
        ("pruned_heads", {"0": [1]}),
        ("quantization_config", {"load_in_8bit": True}),
    ],
)
def test_key_that_changes_the_outputs_is_refused(theirs, key, value):
    rewrite(theirs / "config.json", **{key: value})
    refuses(theirs, rf"config\.json has {key}=.* Expected: .*, as in every ALBERT")


def test_output_layer_of_its_own_is_refused(theirs):
    rewrite(theirs / "config.json", tie_word_embeddings=False)
    refuses(theirs, "tie_word_embeddings=False, and predictions.decoder.weight is not stored")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "bert"}, "is of the model type 'bert'. Expected: 'albert'"),
        ({"architectures": ["AlbertForX"]}, r"architectures='AlbertForX'. Expected one of"),
        ({"hidden_act": "silu"}, "hidden_act='silu'. Expected one of: gelu"),
        ({"num_attention_heads": None}, "num_attention_heads"),
        ({"vocab_size": 42}, r"has the shape \(43, 11\) .* ask for \(42, 11\)"),
        ({"num_hidden_groups": 1}, r"has more than the model .*albert_layer_groups\.1"),
        ({"num_hidden_layers": 8, "num_hidden_groups": 4}, "lacks .*albert_layer_groups.3"),
        ({"inner_group_num": 3}, "lacks .*albert_layers.2"),
        ({"inner_group_num": 3, "num_hidden_groups": 2}, "more than .*albert_layer_groups.2"),
    ],
)
def test_config_of_other_weights(theirs, changes, message):
    rewrite(theirs / "config.json", **changes)
    refuses(theirs, message)


@pytest.mark.parametrize("name", ["predictions.decoder.weight", "extra.weight"])
def test_array_of_its_own_is_named(theirs, name):
    from safetensors.numpy import load_file, save_file

    arrays = load_file(theirs / "model.safetensors")
    arrays[name] = np.ones((43, 11), "float32")
    save_file(arrays, theirs / "model.safetensors", metadata={"format": "pt"})
    refuses(theirs, f"`{name}` in .* should be tied|has more than the model .*: {name}")


def test_labels_are_told(tmp_path):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    names = [chr(ord("a") + number) for number in range(10)]
    labels = {str(number): name for number, name in enumerate(names)}
    rewrite(tmp_path / "theirs" / "config.json", id2label=labels)
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    reason = f"a model here has no names of its classes: {', '.join(names)}"
    assert report.dropped == {"config.json: id2label": reason}
    assert AlbertClassifier.from_pretrained(tmp_path / "ours").num_classes == 10


@pytest.mark.parametrize("kind", ["regression", "multi_label_classification"])
def test_what_logits_are_is_told(tmp_path, kind):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    rewrite(tmp_path / "theirs" / "config.json", problem_type=kind)
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    reason = f"a model here gives logits, of whatever they are: {kind}"
    assert report.dropped == {"config.json: problem_type": reason}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id2label": {"0": "no", "1": "yes"}}, r"\(45, 10\) .* ask for \(45, 2\)"),
        ({"id2label": {"0": "no", "2": "yes"}}, "Expected a name for each of the numbers from 0"),
        ({"id2label": ["no", "yes"]}, "Expected a name for each of the numbers from 0"),
        ({"classifier_dropout_prob": "0.1"}, "classifier_dropout_prob='0.1'. Expected a number"),
        ({"classifier_dropout_prob": 1.0}, "classifier_dropout_prob=1.0. Expected a number"),
    ],
)
def test_head_of_another_form(tmp_path, changes, message):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    rewrite(tmp_path / "theirs" / "config.json", **changes)
    refuses(tmp_path / "theirs", message)


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [("AlbertForSequenceClassification", 0.1), ("AlbertForTokenClassification", 0.3)],
)
def test_dropout_of_a_head_that_is_null(tmp_path, architecture, expected):
    config = CONFIG.replace(hidden_dropout_prob=0.3)
    save_random(architecture, config, tmp_path)
    rewrite(tmp_path / "config.json", classifier_dropout_prob=None)
    assert formats.read(tmp_path).head_arguments["dropout"] == expected


def test_shards_and_half_precision(tmp_path, transformers):
    import torch

    save_random("AlbertForPreTraining", CONFIG, tmp_path / "whole")
    expected = AlbertEncoder.from_pretrained(tmp_path / "whole").get_weights()
    model = transformers.AlbertForPreTraining.from_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="9KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    for ours, theirs in zip(
        AlbertEncoder.from_pretrained(tmp_path / "shards").get_weights(), expected, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for dtype in (torch.bfloat16, torch.float16):
        model.to(dtype).save_pretrained(tmp_path / "half")
        half = AlbertEncoder.from_pretrained(tmp_path / "half").get_weights()[0]
        word_embeddings = model.albert.embeddings.word_embeddings.weight
        np.testing.assert_array_equal(half, word_embeddings.detach().float().numpy())


def test_large_weights_are_written_in_shards(tmp_path, transformers, monkeypatch):
    pretrainer = randomize(AlbertPretrainer(CONFIG))
    pretrainer.save_pretrained(tmp_path / "ours")
    monkeypatch.setattr(safetensors_files, "MAX_SHARD_BYTES", 9_000)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    names = sorted(path.name for path in (tmp_path / "theirs").glob("*.safetensors"))
    count = len(names)
    assert count > 2
    assert names == [f"model-{n + 1:05d}-of-{count:05d}.safetensors" for n in range(count)]
    _, loaded = transformers.AlbertForPreTraining.from_pretrained(
        tmp_path / "theirs", output_loading_info=True
    )
    assert not loaded["missing_keys"]
    assert not loaded["unexpected_keys"]
    for ours, again in zip(
        pretrainer.get_weights(),
        AlbertPretrainer.from_pretrained(tmp_path / "theirs").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, again)


@pytest.mark.parametrize("lower_case", [True, False])
def test_tokenizer_returns_and_opens_in_transformers(
    tmp_path, small_config, vocabulary, lower_case, transformers
):
    tokenizer = tf_albert.AlbertTokenizer(vocabulary, lower_case=lower_case)
    AlbertEncoder(small_config).save_pretrained(tmp_path / "ours", tokenizer)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "theirs")
    text = "The value of Each item is Returned"
    assert theirs(text)["input_ids"][1:-1] == tokenizer.encode(text).ids
    special = {"pad": "pad", "unk": "unk", "cls": "cls", "sep": "sep", "mask": "mask"}
    assert {name: getattr(theirs, f"{name}_token_id") for name in special} == tokenizer.special_ids
    assert theirs.model_max_length == small_config.max_position_embeddings
    read = formats.read(tmp_path / "theirs").tokenizer
    assert read.lower_case is lower_case
    assert read.encode(text).ids == tokenizer.encode(text).ids


def test_tokenizer_without_a_sentencepiece_model_is_named(theirs):
    (theirs / "tokenizer.json").write_text("{}")
    report = formats.convert(theirs, theirs.parent / "ours", "tf_albert")
    assert "no SentencePiece model; put the spiece.model" in report.dropped["tokenizer.json"]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
def test_pickle_is_refused_with_the_way_out(theirs, name):
    (theirs / "model.safetensors").unlink()
    (theirs / name).write_bytes(b"never opened")
    refuses(theirs, r"holds a pickle, which is code .* python -c .*save_pretrained.*theirs")


def test_command_against_pickles_works(theirs):
    import torch
    from safetensors.torch import load_file

    before = AlbertEncoder.from_pretrained(theirs).get_weights()
    state = load_file(theirs / "model.safetensors")
    torch.save(state, theirs / "pytorch_model.bin")
    (theirs / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="holds a pickle") as refusal:
        AlbertEncoder.from_pretrained(theirs)
    command = re.search(r"python -c .*", str(refusal.value))[0]
    subprocess.run(command.replace("python", sys.executable, 1), shell=True, check=True)
    for ours, expected in zip(
        AlbertEncoder.from_pretrained(theirs).get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(ours, expected)


def test_missing_library_names_its_extra(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    refuses(theirs, "pip install safetensors", ModuleNotFoundError)


def test_provenance_of_a_folder(theirs):
    provenance = formats.read(theirs).provenance()
    assert provenance["files_sha256"].keys() == {"config.json", "model.safetensors"}
    assert json.dumps(provenance)
