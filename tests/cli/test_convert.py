import hashlib
import json
import re
import shutil

import pytest

from tests.cli.test_main import fails
from tests.helpers import GOOGLE, randomize
from tf_albert import AlbertClassifier, AlbertPretrainer
from tf_albert.cli.main import main

CHECKPOINT = GOOGLE / "encoder"


@pytest.fixture
def model(small_config, tokenizer, tmp_path):
    """A folder with a pretrainer and its tokenizer."""
    randomize(AlbertPretrainer(small_config)).save_pretrained(tmp_path / "model", tokenizer)
    return tmp_path / "model"


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().out


def test_convert_prints_what_became_of_each_array(capsys, tmp_path):
    code, printed = run(capsys, "convert", CHECKPOINT, tmp_path / "ours", "--from", "google")
    assert code == 0
    *lines, last = printed.splitlines()
    assert last == f"Wrote {tmp_path / 'ours'}"
    assert len(lines) == 32
    assert lines[0].split() == [
        "bert/embeddings/word_embeddings",
        "->",
        "embedding/word_embeddings",
        "(211,",
        "16)",
    ]


def test_weights_that_start_fresh_are_named_by_commas(capsys, tmp_path):
    code, printed = run(
        capsys,
        *("convert", CHECKPOINT, tmp_path / "ours", "--model-class", "AlbertSpanLabeler"),
        *("--allow-missing", "head/kernel, head/bias"),
    )
    assert code == 0
    assert "head/kernel: starts fresh (allowed to be missing)" in printed.splitlines()


def test_inspect_shows_what_the_shapes_do_not(capsys, model):
    code, printed = run(capsys, "inspect", model)
    assert code == 0
    facts = dict(line.split(maxsplit=1) for line in printed.splitlines() if "sha256" not in line)
    assert facts["model_class"] == "AlbertPretrainer"
    assert facts["hidden_act"] == "gelu"
    assert facts["layer_norm_epsilon"] == "1e-12"
    assert facts["num_attention_heads"] == "4"
    assert facts["lower_case"] == "true"
    assert facts["source"] == str(model)
    assert "sha256 of model.weights.h5" in printed


def test_inspect_shows_the_origin(capsys, model, tmp_path):
    run(capsys, "convert", model, tmp_path / "google", "--to", "google")
    code, printed = run(capsys, "inspect", tmp_path / "google")
    assert code == 0
    facts = dict(re.split(" {2,}", line, maxsplit=1) for line in printed.splitlines())
    assert facts["format"] == "google"
    assert facts["converted from: format"] == "tf_albert"
    assert facts["converted from: source"] == str(model)
    vocabulary = hashlib.sha256((model / "spiece.model").read_bytes()).hexdigest()
    assert facts["converted from: sha256 of spiece.model"] == vocabulary


def test_verify_of_a_conversion(capsys, model, tmp_path):
    run(capsys, "convert", model, tmp_path / "google", "--to", "google")
    code, printed = run(capsys, "verify-conversion", model, tmp_path / "google")
    assert code == 0
    assert printed.splitlines()[2:] == [
        "sequence_output   0.0e+00",
        "pooled_output     0.0e+00",
        "mlm_logits        0.0e+00",
        "sop_logits        0.0e+00",
        "ids of texts      0 of 10 differ",
    ]


def test_verify_of_other_weights_and_other_lower_casing(capsys, model, small_config, tmp_path):
    other = shutil.copytree(model, tmp_path / "other")
    (other / "tokenizer_config.json").write_text(json.dumps({"lower_case": False}))
    (other / "provenance.json").write_text(
        json.dumps(json.loads((other / "provenance.json").read_text()) | {"files_sha256": {}})
    )
    code, printed = run(capsys, "verify-conversion", model, other)
    assert code == 1
    assert "'ALBERT, Bert & Ernie; iPhone, eBay, NASA'" in printed
    assert "The two do not agree" in printed
    randomize(AlbertPretrainer(small_config), seed=9).save_pretrained(tmp_path / "third")
    code, printed = run(capsys, "verify-conversion", model, tmp_path / "third")
    assert code == 1
    assert "0.0e+00" not in printed


def test_a_head_that_is_not_finite_does_not_agree(capsys, small_config, tmp_path):
    classifier = randomize(AlbertClassifier(small_config, num_classes=3))
    classifier.save_pretrained(tmp_path / "good")
    classifier.head.bias.assign([0.0, float("nan"), 0.0])
    classifier.save_pretrained(tmp_path / "bad")
    code, printed = run(capsys, "verify-conversion", tmp_path / "good", tmp_path / "bad")
    assert code == 1
    assert "logits            inf" in printed.splitlines()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["convert", "nowhere", "out"], ["nowhere does not exist"]),
        (["convert", str(CHECKPOINT), "out", "--to", "onnx"], ["'onnx'", "google"]),
        (["convert", str(CHECKPOINT), "out", "--to", "hub"], ["'hub' is only read"]),
        (["convert", str(CHECKPOINT), "out", "--model-class", "Bert"], ["'Bert'", "AlbertEncoder"]),
        (["convert", str(CHECKPOINT)], ["target", "Known options: SOURCE, TARGET, --from, --to"]),
        (["inspect", "nowhere"], ["nowhere does not exist"]),
        (["inspect", "hf://albert"], ["hf://albert names no model"]),
        (["verify-conversion", str(CHECKPOINT), "nowhere"], ["nowhere does not exist"]),
    ],
)
def test_a_wrong_argument_gets_one_sentence_and_leaves_nothing(
    capsys, tmp_path, monkeypatch, arguments, parts
):
    monkeypatch.chdir(tmp_path)
    fails(capsys, arguments, *parts)
    assert list(tmp_path.iterdir()) == []


def test_damaged_source_leaves_nothing(capsys, tmp_path):
    copied = shutil.copytree(CHECKPOINT, tmp_path / "copy")
    (copied / "model.ckpt-best.index").write_bytes(b"")
    fails(capsys, ["convert", str(copied), str(tmp_path / "out")], "model.ckpt-best cannot be read")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
