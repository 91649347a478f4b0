"""What the `config.json` of a Hugging Face folder says: sizes, heads, labels, unknown keys."""

import json

import numpy as np
import pytest

from tests.convert.huggingface.live_transformers import ARCHITECTURES, save_random
from tests.convert.shapes import CONFIG, refuses, rewrite
from tf_albert import AlbertClassifier
from tf_albert.convert import formats

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
    assert report.dropped == {}
    assert AlbertClassifier.from_pretrained(tmp_path / "ours").labels == names
    formats.convert(tmp_path / "ours", tmp_path / "back", "huggingface")
    config = json.loads((tmp_path / "back/config.json").read_text())
    assert (config["id2label"], config["problem_type"]) == (labels, "single_label_classification")


def test_a_name_for_two_classes_is_told(tmp_path):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    labels = {str(number): "same" for number in range(10)}
    rewrite(tmp_path / "theirs" / "config.json", id2label=labels)
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    assert report.dropped["config.json: id2label"].startswith("a name stands for two classes: same")


@pytest.mark.parametrize(
    ("architecture", "changes", "told"),
    [
        (
            "AlbertForSequenceClassification",
            {"id2label": {"0": "no", "1": "yes"}, "num_labels": 10},
            {"id2label": "of 2 classes, where the stored head has 10"},
        ),
        (
            "AlbertForSequenceClassification",
            {"id2label": None, "num_labels": 3},
            {"num_labels": "of 3 classes, where the stored head has 10"},
        ),
        (
            "AlbertForTokenClassification",
            {"id2label": {str(number): f"LABEL_{number}" for number in range(17)}},
            {"id2label": "of 17 classes, where the stored head has 13"},
        ),
    ],
)
def test_stored_head_decides_how_many_classes_there_are(tmp_path, architecture, changes, told):
    save_random(architecture, CONFIG, tmp_path / "theirs")
    rewrite(tmp_path / "theirs" / "config.json", **changes)
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    assert report.dropped == {f"config.json: {key}": reason for key, reason in told.items()}
    number = {"AlbertForSequenceClassification": 10, "AlbertForTokenClassification": 13}
    stored = formats.read(tmp_path / "ours").arrays["head/kernel"]
    assert stored.shape == (45, number[architecture])


def test_any_labels_at_once_come_both_ways(tmp_path):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    rewrite(tmp_path / "theirs" / "config.json", problem_type="multi_label_classification")
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    assert report.dropped == {}
    assert AlbertClassifier.from_pretrained(tmp_path / "ours").multi_label
    formats.convert(tmp_path / "ours", tmp_path / "back", "huggingface")
    config = json.loads((tmp_path / "back/config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"


def test_several_numbers_are_told(tmp_path):
    save_random("AlbertForSequenceClassification", CONFIG, tmp_path / "theirs")
    rewrite(tmp_path / "theirs" / "config.json", problem_type="regression")
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    reason = "a model here gives one number, or 10 logits of whatever they are"
    assert report.dropped == {"config.json: problem_type": reason}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
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


def test_provenance_of_a_folder(theirs):
    provenance = formats.read(theirs).provenance()
    assert provenance["files_sha256"].keys() == {"config.json", "model.safetensors"}
    assert json.dumps(provenance)
