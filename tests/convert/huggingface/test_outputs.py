"""Against live transformers: weights and heads, in both directions."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.convert.huggingface.live_transformers import ARCHITECTURES, MISSING, outputs, save_random
from tests.convert.shapes import (
    CONFIG,
    assert_close,
    configs,
    inputs_of,
    model_of,
    outputs_here,
    sharing_nothing,
)
from tests.helpers import GOOGLE, randomize
from tf_albert import AlbertEncoder, AlbertPretrainer, AlbertSpanLabeler
from tf_albert.convert import formats
from tf_albert.convert.names import weights_by_name
from tf_albert.convert.native.read import read_provenance
from tf_albert.convert.native.write import save_pretrained

pytestmark = pytest.mark.usefixtures("transformers")
ACTIVATIONS = st.sampled_from(["gelu", "gelu_new", "gelu_erf", "relu"])
EPSILONS = st.sampled_from([1e-12, 1e-5])


def written_model(architecture, config):
    """Returns a random model that is written for a class of transformers."""
    model = model_of(ARCHITECTURES[architecture], config)
    if architecture == "AlbertForMaskedLM":
        # As they are before any training.
        for layer in (model.encoder.pooler, model.sentence_order_head):
            layer.bias.assign(np.zeros(layer.bias.shape))
    return model


def written_equals_live(architecture, config, folder):
    """What is written opens in transformers without a missing key, and computes the same."""
    model = written_model(architecture, config)
    model.save_pretrained(folder / "ours")
    formats.convert(folder / "ours", folder / "theirs", "huggingface")
    inputs = inputs_of(config, ARCHITECTURES[architecture])
    assert_close(
        outputs_here(model, inputs), outputs(architecture, folder / "theirs", inputs), inputs
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_written_model_computes_the_same_in_transformers(tmp_path, architecture):
    written_equals_live(architecture, CONFIG, tmp_path)


@given(
    config=configs(),
    act=ACTIVATIONS,
    epsilon=EPSILONS,
    architecture=st.sampled_from(list(ARCHITECTURES)),
    shares=st.booleans(),
)
@settings(max_examples=6)
def test_written_models_of_many_shapes(
    tmp_path_factory, transformers, config, act, epsilon, architecture, shares
):
    config = config.replace(hidden_act=act, layer_norm_epsilon=epsilon)
    config = config if shares else sharing_nothing(config)
    written_equals_live(architecture, config, tmp_path_factory.mktemp("shapes"))


def read_equals_live(architecture, config, folder):
    save_random(architecture, config, folder)
    model = getattr(tf_albert, ARCHITECTURES[architecture]).from_pretrained(
        folder, allow_missing=MISSING.get(architecture, [])
    )
    inputs = inputs_of(config, ARCHITECTURES[architecture])
    assert_close(outputs_here(model, inputs), outputs(architecture, folder, inputs), inputs)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_model_that_transformers_made_computes_the_same_here(tmp_path, architecture):
    read_equals_live(architecture, CONFIG, tmp_path)


@given(
    config=configs(),
    act=ACTIVATIONS,
    epsilon=EPSILONS,
    architecture=st.sampled_from(list(ARCHITECTURES)),
)
@settings(max_examples=8)
def test_models_of_many_shapes_that_transformers_made(
    tmp_path_factory, transformers, config, act, epsilon, architecture
):
    config = config.replace(hidden_act=act, layer_norm_epsilon=epsilon)
    read_equals_live(architecture, config, tmp_path_factory.mktemp("shapes"))


def test_weights_of_the_original_give_its_outputs_in_transformers(tmp_path):
    formats.convert(GOOGLE / "encoder", tmp_path / "theirs", "huggingface")
    expected = np.load(GOOGLE / "encoder" / "expected.npz")
    theirs = outputs("AlbertForPreTraining", tmp_path / "theirs", expected)
    for name in ("sequence_output", "pooled_output"):
        np.testing.assert_allclose(theirs[name], expected[name], atol=1e-5)
    for ours, recorded in (("mlm_logits", "mlm_log_probs"), ("sop_logits", "sop_log_probs")):
        logits = theirs[ours].reshape(-1, theirs[ours].shape[-1])
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        np.testing.assert_allclose(log_probs, expected[recorded], atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_round_trip_is_bit_identical(tmp_path, architecture):
    from safetensors.numpy import load_file

    save_random(architecture, CONFIG, tmp_path / "theirs")
    missing = MISSING.get(architecture, [])
    formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert", allow_missing=missing)
    formats.convert(tmp_path / "ours", tmp_path / "back", "huggingface")
    folders = [tmp_path / part for part in ("theirs", "back")]
    first, second = (load_file(folder / "model.safetensors") for folder in folders)
    assert sorted(first) == sorted(second)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)
    before, after = (json.loads((folder / "config.json").read_text()) for folder in folders)
    shared = before.keys() & after.keys()
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}


def test_what_masked_lm_lacks_is_told_to_be_fresh(tmp_path, caplog):
    save_random("AlbertForMaskedLM", CONFIG, tmp_path / "theirs")
    AlbertPretrainer.from_pretrained(tmp_path / "theirs")
    fresh = "pooler/bias, pooler/kernel, sentence_order_head/bias, sentence_order_head/kernel"
    assert f"{fresh} starts fresh" in caplog.text
    assert "AlbertForMaskedLM has none" in caplog.text


def test_released_weights_become_a_folder_of_the_whole_model(tmp_path):
    """They are of `AlbertForMaskedLM`, with a pooler, which transformers no longer makes for it."""
    from safetensors.numpy import load_file, save_file

    save_random("AlbertForPreTraining", CONFIG, tmp_path / "theirs")
    inputs = inputs_of(CONFIG)
    expected = outputs("AlbertForPreTraining", tmp_path / "theirs", inputs)
    weights = load_file(tmp_path / "theirs/model.safetensors")
    released = {name: array for name, array in weights.items() if not name.startswith("sop_")}
    save_file(released, tmp_path / "theirs/model.safetensors", {"format": "pt"})
    config = json.loads((tmp_path / "theirs/config.json").read_text())
    config["architectures"] = ["AlbertForMaskedLM"]
    (tmp_path / "theirs/config.json").write_text(json.dumps(config))
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    reason = "AlbertForMaskedLM has none"
    assert report.fresh == {f"sentence_order_head/{part}": reason for part in ("bias", "kernel")}
    model = AlbertPretrainer.from_pretrained(tmp_path / "ours")
    for name in ("mlm_logits", "pooled_output"):
        np.testing.assert_allclose(outputs_here(model, inputs)[name], expected[name], atol=1e-5)


def test_names_of_classes_reach_transformers(tmp_path):
    model = model_of("AlbertClassifier", CONFIG)
    labels = [f"label {number}" for number in range(model.num_classes)]
    task = {"task": "table", "labels": labels}
    save_pretrained(model, tmp_path / "ours", provenance={"task": task})
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    config = json.loads((tmp_path / "theirs/config.json").read_text())
    assert config["id2label"] == {str(number): label for number, label in enumerate(labels)}
    assert config["label2id"] == {label: number for number, label in enumerate(labels)}
    report = formats.convert(tmp_path / "theirs", tmp_path / "back", "tf_albert")
    assert report.dropped == {}
    assert read_provenance(tmp_path / "back")["task"] == task


@pytest.mark.parametrize(
    ("task", "activation"),
    [
        ({"labels": ["a", "b", "c"]}, lambda logits: np.exp(logits) / np.exp(logits).sum()),
        (
            {"labels": ["a", "b", "c"], "multi_label": True},
            lambda logits: 1 / (1 + np.exp(-logits)),
        ),
        ({"labels": None}, lambda logits: logits),
    ],
    ids=["one of several", "any number", "a number"],
)
def test_pipeline_of_transformers_reads_logits_as_they_are_meant(
    tmp_path, transformers, tokenizer, task, activation
):
    num_classes = len(task["labels"] or ["score"])
    config = CONFIG.replace(vocab_size=tokenizer.vocab_size)
    model = randomize(tf_albert.AlbertClassifier(config, num_classes))
    save_pretrained(model, tmp_path / "ours", tokenizer, {"task": task})
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    pipeline = transformers.pipeline("text-classification", str(tmp_path / "theirs"), top_k=None)
    found = {row["label"]: row["score"] for row in pipeline(["the object"])[0]}
    inputs = tf_albert.AlbertPreprocessor(tokenizer, 16)(["the object"])
    scores = activation(np.asarray(model(inputs))[0])
    labels = task["labels"] or ["LABEL_0"]
    assert found == pytest.approx(dict(zip(labels, scores.tolist(), strict=True)), abs=1e-5)


def test_trained_sentence_order_is_kept(tmp_path):
    model = written_model("AlbertForMaskedLM", CONFIG)
    model.sentence_order_head.bias.assign([0.0, 1e-9])
    model.save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    assert report.dropped == {}
    outputs("AlbertForPreTraining", tmp_path / "theirs", inputs_of(CONFIG))


def test_what_was_never_trained_is_left_out_aloud(tmp_path):
    written_model("AlbertForMaskedLM", CONFIG).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    reason = "AlbertForMaskedLM has no place for it, and it was never trained: the bias is zeros"
    layers = ("pooler", "sentence_order_head")
    parts = [f"{layer}/{part}" for layer in layers for part in ("kernel", "bias")]
    assert report.dropped == dict.fromkeys(parts, reason)


@pytest.mark.parametrize("embedding_size", [11, 45], ids=["projection", "no projection"])
def test_report_names_every_array_on_both_sides(tmp_path, embedding_size):
    import safetensors

    config = CONFIG.replace(embedding_size=embedding_size)
    model_of("AlbertSpanLabeler", config).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    with safetensors.safe_open(tmp_path / "theirs" / "model.safetensors", "numpy") as stored:
        targets = {target for _, target, _ in report.moved}
        assert targets | report.fresh.keys() == set(stored.keys())
        assert len(report.fresh) == (2 if embedding_size == 45 else 0)
    moved = {source: target for source, target, _ in report.moved}
    assert moved["head/kernel"] == "qa_outputs.weight"
    sources = moved.keys() | report.dropped.keys()
    assert sources == weights_by_name(AlbertSpanLabeler(config)).keys()
    reason = "AlbertForQuestionAnswering has no place for it"
    assert report.dropped == {"pooler/kernel": reason, "pooler/bias": reason}


@pytest.mark.parametrize("sharing", ["attention", "ffn"])
def test_sharing_that_transformers_does_not_have(tmp_path, small_config, sharing):
    config = small_config.replace(parameter_sharing=sharing)
    AlbertEncoder(config).save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match=f"whole or not at all. Received: .*'{sharing}'"):
        formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
