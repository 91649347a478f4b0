import hashlib
import importlib.util
import json
import re
import shutil
import tarfile

import numpy as np
import pytest
import tensorflow as tf

from tests.cli.test_main import fails
from tests.helpers import GOOGLE, randomize, require
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer, AlbertTokenizer, hub
from tf_albert.cli.main import main
from tf_albert.convert import formats

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


@pytest.mark.parametrize("name", ["AlbertClassifier", "AlbertTokenClassifier"])
def test_classes_of_a_fresh_head(capsys, model, tmp_path, name):
    command = ["convert", str(model), str(tmp_path / "out"), "--model-class", name]
    fails(capsys, command, f"no head of an {name}", "Give `num_classes` (`tf-albert convert --num")
    assert not (tmp_path / "out").exists()
    code, printed = run(capsys, *command, "--num-classes", 5)
    assert code == 0
    assert "head/kernel: starts fresh (the source is an AlbertPretrainer)" in printed.splitlines()
    assert inspected(capsys, tmp_path / "out")["num_classes"] == "5"


def test_classes_of_a_class_that_has_none(capsys, model, tmp_path):
    command = ["convert", str(model), str(tmp_path / "out"), "--num-classes", "5"]
    fails(capsys, command, "`num_classes` is for AlbertClassifier and AlbertTokenClassifier")
    assert not (tmp_path / "out").exists()


def inspected(capsys, path):
    """Returns the facts that `inspect` prints."""
    code, printed = run(capsys, "inspect", path)
    assert code == 0
    return dict(re.split(" {2,}", line, maxsplit=1) for line in printed.splitlines())


FORMATS = ["tf_albert", "google", "huggingface", "keras_hub", "hub", "archive"]


def require_reader(name):
    installed = name != "huggingface" or importlib.util.find_spec("safetensors") is not None
    require("parity", installed, "safetensors is not installed: pip install safetensors")


def write_as(folder, name, model, tokenizer):
    """Writes a model in a format, and returns its place."""
    if name == "hub":
        hub.save_encoder(model, folder / "hub")
        return folder / "hub"
    model.save_pretrained(folder / "ours", tokenizer)
    target = "google" if name == "archive" else name
    formats.convert(folder / "ours", folder / target, target)
    if name != "archive":
        return folder / target
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / target, "model")
    return folder / "model.tar.gz"


@pytest.mark.parametrize("name", FORMATS)
def test_inspect_of_each_format(capsys, small_config, vocabulary, tmp_path, name):
    require_reader(name)
    rates = {"hidden_dropout_prob": 0.15, "attention_probs_dropout_prob": 0.15}
    config = small_config.replace(num_attention_heads=7, **rates)
    tokenizer = AlbertTokenizer(vocabulary, lower_case=False)
    place = write_as(tmp_path, name, randomize(AlbertEncoder(config)), tokenizer)
    facts = inspected(capsys, place)
    expected = {
        "format": "google" if name == "archive" else name,
        "model_class": "AlbertEncoder",
        "source": str(place),
        "hidden_act": "gelu_new" if name == "huggingface" else "gelu",
        "layer_norm_epsilon": "1e-12",
        "num_attention_heads": "7",
        # The module of an encoder has no vocabulary.
        "lower_case": "null" if name == "hub" else "false",
    }
    assert expected.items() <= facts.items()
    assert {rate: facts[rate] for rate in rates} == dict.fromkeys(rates, "0.15")
    sums = {key.split()[-1]: value for key, value in facts.items() if key.startswith("sha256 of ")}
    root = place.parent if name == "archive" else place
    assert sums
    for path, value in sums.items():
        assert value == hashlib.sha256((root / path).read_bytes()).hexdigest()


def test_inspect_of_other_activation_and_epsilon(capsys, small_config, tmp_path):
    require_reader("huggingface")
    config = small_config.replace(hidden_act="relu", layer_norm_epsilon=1e-6)
    AlbertClassifier(config, num_classes=3, dropout=0.25).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "huggingface", "huggingface")
    expected = {"hidden_act": "relu", "layer_norm_epsilon": "1e-06", "dropout": "0.25"}
    for name in ("ours", "huggingface"):
        assert expected.items() <= inspected(capsys, tmp_path / name).items()


def test_inspect_shows_what_has_no_place(capsys, tmp_path):
    reader = tf.train.load_checkpoint(str(CHECKPOINT / "model.ckpt-best"))
    names = sorted(reader.get_variable_to_shape_map())
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "model.ckpt-1"),
        tensor_names=[*names, "bert/extra", "global_step"],
        shape_and_slices=[""] * (len(names) + 2),
        tensors=[*(reader.get_tensor(name) for name in names), np.ones((3, 4), "float32"), 7],
    )
    shutil.copy(CHECKPOINT / "albert_config.json", tmp_path)
    facts = inspected(capsys, tmp_path)
    assert facts["without a place: bert/extra"] == "[3, 4]"
    assert facts["left out: global_step"] == "the optimizer's"


def test_inspect_shows_every_step_of_the_way(capsys, model, tmp_path):
    steps = {tmp_path / "first": "google", tmp_path / "second": "tf_albert"}
    source = model
    for target, target_format in (steps | {tmp_path / "last": "google"}).items():
        formats.convert(source, target, target_format)
        source = target
    facts = inspected(capsys, tmp_path / "last")
    for back, place in enumerate([*reversed(steps), model]):
        step = "before that, " * back + "converted from"
        assert facts[f"{step}: format"] == steps.get(place, "tf_albert")
        # A folder of Google's is made to be given away: it tells no path of this machine.
        assert facts[f"{step}: source"] == place.name
    weights = hashlib.sha256((model / "model.weights.h5").read_bytes()).hexdigest()
    first = "before that, " * 2 + "converted from: sha256 of model.weights.h5"
    assert facts[first] == weights


def test_current_folder_is_read_and_never_replaced(capsys, model, tmp_path, monkeypatch):
    formats.convert(model, tmp_path / "google", "google")
    for place in (model, tmp_path / "google"):
        monkeypatch.chdir(place)
        assert inspected(capsys, ".")["model_class"] == "AlbertPretrainer"
        before = sorted(tmp_path.rglob("*"))
        fails(capsys, ["convert", str(model), "."], "is the current folder")
        assert sorted(tmp_path.rglob("*")) == before
    code, _ = run(capsys, "convert", ".", tmp_path / "out")
    assert code == 0


def test_other_files_are_not_replaced(capsys, model, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years")
    command = ["convert", str(model), str(tmp_path / "thesis")]
    fails(capsys, command, "thesis holds files but no provenance.json")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_model_that_the_target_cannot_express_leaves_no_folder(capsys, small_config, tmp_path):
    config = small_config.replace(parameter_sharing="attention")
    AlbertEncoder(config).save_pretrained(tmp_path / "ours")
    command = ["convert", str(tmp_path / "ours"), str(tmp_path / "new/deep/out"), "--to", "google"]
    fails(capsys, command, "Google's code shares all of a block")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


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
    assert facts["converted from: source"] == model.name
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


def test_verify_of_vocabularies_of_two_sizes(capsys, model, small_config, tmp_path):
    config = small_config.replace(vocab_size=small_config.vocab_size + 1)
    AlbertPretrainer(config).save_pretrained(tmp_path / "other")
    for pair in ((model, tmp_path / "other"), (tmp_path / "other", model)):
        command = ["verify-conversion", *map(str, pair)]
        fails(capsys, command, "The two are no conversion of each other.")


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
