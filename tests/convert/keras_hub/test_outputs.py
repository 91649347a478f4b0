"""Against live keras-hub: weights, heads and configs, in both directions."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.convert.keras_hub.live_keras_hub import CLASSES, SIZES, open_preset, outputs, save_random
from tests.convert.shapes import (
    CONFIG,
    assert_close,
    configs,
    inputs_of,
    model_of,
    outputs_here,
    sharing_nothing,
)
from tests.helpers import GOOGLE
from tf_albert import AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats
from tf_albert.convert.keras_hub.other_library import compute_outputs

MISSING = {"AlbertMaskedLM": ["sentence_order_head"]}
# With dropout, which both libraries store.
WITH_DROPOUT = CONFIG.replace(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)


def read_equals_live(name, config, folder):
    save_random(name, config, folder)
    model = getattr(tf_albert, CLASSES[name]).from_pretrained(
        folder, allow_missing=MISSING.get(name, [])
    )
    assert model.config == config
    inputs = inputs_of(config)
    assert_close(outputs_here(model, inputs), outputs(name, folder, inputs), inputs)


@pytest.mark.parametrize("name", CLASSES)
def test_preset_of_keras_hub_computes_the_same_here(tmp_path, name):
    read_equals_live(name, WITH_DROPOUT, tmp_path / "preset")


@given(config=configs(), name=st.sampled_from(list(CLASSES)))
@settings(max_examples=4)
def test_presets_of_many_shapes(tmp_path_factory, config, name):
    read_equals_live(name, config, tmp_path_factory.mktemp("shapes") / "preset")


def written_equals_live(name, config, folder):
    model = model_of(CLASSES[name], config)
    model.save_pretrained(folder / "ours")
    formats.convert(folder / "ours", folder / "theirs", "keras_hub")
    inputs = inputs_of(config)
    assert_close(outputs_here(model, inputs), outputs(name, folder / "theirs", inputs), inputs)


@pytest.mark.parametrize("name", CLASSES)
def test_written_model_computes_the_same_in_keras_hub(tmp_path, name):
    written_equals_live(name, WITH_DROPOUT, tmp_path)


@given(config=configs(), name=st.sampled_from(list(CLASSES)), shares=st.booleans())
@settings(max_examples=4)
def test_written_models_of_many_shapes(tmp_path_factory, config, name, shares):
    config = config if shares else sharing_nothing(config)
    written_equals_live(name, config, tmp_path_factory.mktemp("shapes"))


def test_weights_of_the_original_give_its_outputs_in_keras_hub(tmp_path):
    formats.convert(GOOGLE / "encoder", tmp_path / "theirs", "keras_hub", model_class=AlbertEncoder)
    expected = np.load(GOOGLE / "encoder" / "expected.npz")
    theirs = outputs("AlbertBackbone", tmp_path / "theirs", expected)
    for name in ("sequence_output", "pooled_output"):
        np.testing.assert_allclose(theirs[name], expected[name], atol=1e-5)


def test_report_names_the_epsilon_and_every_array(tmp_path):
    model_of("AlbertPretrainer", CONFIG).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    assert report.dropped == {
        "masked_lm_head epsilon": "keras-hub's head normalizes with an epsilon of 1e-05, this "
        "package and the original with 1e-12: `mlm_logits` differ slightly",
        "sentence_order_head/bias": "no place in AlbertMaskedLM",
        "sentence_order_head/kernel": "no place in AlbertMaskedLM",
    }
    live = open_preset("AlbertMaskedLM", tmp_path / "theirs")
    assert {target for _, target, _ in report.moved} == {weight.path for weight in live.weights}


@pytest.mark.parametrize("name", CLASSES)
def test_round_trip_is_bit_identical(tmp_path, name):
    save_random(name, WITH_DROPOUT, tmp_path / "theirs")
    formats.convert(
        *(tmp_path / "theirs", tmp_path / "ours", "tf_albert", "keras_hub"),
        allow_missing=MISSING.get(name, []),
    )
    formats.convert(tmp_path / "ours", tmp_path / "back", "keras_hub")
    first, second = (open_preset(name, tmp_path / part) for part in ("theirs", "back"))
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        assert ours.path == theirs.path
        np.testing.assert_array_equal(ours, theirs)
    configs = [getattr(live, "backbone", live).get_config() for live in (first, second)]
    assert {key: configs[0][key] for key in SIZES} == {key: configs[1][key] for key in SIZES}


def test_masked_lm_has_no_sentence_order(tmp_path):
    save_random("AlbertMaskedLM", CONFIG, tmp_path / "theirs")
    with pytest.raises(ValueError, match="lacks sentence_order_head/bias, sentence_order_head/ke"):
        AlbertPretrainer.from_pretrained(tmp_path / "theirs")


def test_activation_of_a_classifier_is_told_and_undone(tmp_path, caplog):
    folder = tmp_path / "theirs"
    save_random("AlbertTextClassifier", CONFIG, folder, activation="softmax")
    report = formats.convert(folder, tmp_path / "ours", "tf_albert")
    assert "keras-hub applies softmax to" in report.dropped["logits activation"]
    assert f"{folder}: keras-hub applies softmax to the outputs" in caplog.text
    inputs = inputs_of(CONFIG)
    logits = tf_albert.AlbertClassifier.from_pretrained(tmp_path / "ours")(inputs)
    theirs = outputs("AlbertTextClassifier", folder, inputs)["logits"]
    np.testing.assert_allclose(keras.ops.softmax(logits), theirs, atol=1e-5)
    # What verifies a conversion compares logits with logits.
    live = compute_outputs(folder, "AlbertClassifier", inputs)
    np.testing.assert_allclose(logits, live["logits"], atol=1e-5)


def test_no_activation_is_nothing_to_tell(tmp_path):
    for name in (None, "linear"):
        save_random("AlbertTextClassifier", CONFIG, tmp_path / str(name), activation=name)
        assert formats.read(tmp_path / str(name)).dropped == {}
