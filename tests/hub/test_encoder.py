"""The encoder's module, in the hands of a process that never imports tf_albert."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.helpers import randomize
from tf_albert import files
from tf_albert.modeling.encoder import INPUTS


@pytest.fixture(scope="session")
def expected(pretrainer, model_inputs):
    """The source model's own outputs."""
    inputs = {name: tf.constant(value) for name, value in model_inputs.items()}
    return {**pretrainer.encoder(inputs), **pretrainer(inputs)}


@pytest.mark.parametrize("consumer", ["encoder", "text"])
def test_no_process_of_the_consumer_imports_tf_albert(found, consumer):
    assert found(f"{consumer}_imports")["ours"].size == 0


@pytest.mark.parametrize("check", ["encoder_as_layer", "encoder_loaded", "tfsm"])
def test_outputs_are_those_of_the_source(found, expected, check):
    outputs = found(check)
    assert set(outputs) == {
        "default",
        "pooled_output",
        "sequence_output",
        *(f"encoder_outputs_{layer}" for layer in range(2)),
    }
    for name in ("pooled_output", "sequence_output"):
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)
    for layer, output in enumerate(expected["encoder_outputs"]):
        np.testing.assert_allclose(outputs[f"encoder_outputs_{layer}"], output, atol=1e-5)
    np.testing.assert_array_equal(outputs["default"], outputs["pooled_output"])
    assert {output.dtype for output in outputs.values()} == {np.dtype("float32")}


def test_signature_gives_the_same(found, expected):
    outputs = found("encoder_signature")
    assert set(outputs) == {"default", "pooled_output", "sequence_output"}
    np.testing.assert_allclose(outputs["default"], expected["pooled_output"], atol=1e-5)
    np.testing.assert_allclose(outputs["sequence_output"], expected["sequence_output"], atol=1e-5)


def test_mlm_adds_its_logits(found, expected):
    outputs = found("mlm")
    np.testing.assert_allclose(outputs["mlm_logits"], expected["mlm_logits"], atol=1e-5)
    np.testing.assert_allclose(outputs["sequence_output"], expected["sequence_output"], atol=1e-5)


def test_sop_adds_its_logits(found, expected):
    outputs = found("sop")
    np.testing.assert_allclose(outputs["sop_logits"], expected["sop_logits"], atol=1e-5)
    np.testing.assert_allclose(outputs["pooled_output"], expected["pooled_output"], atol=1e-5)


def test_head_belongs_to_mlm_alone(found, pretrainer):
    weights = found("weights")
    head = set(weights["mlm"]) - set(weights["root"])
    assert set(weights["root"]) < set(weights["mlm"])
    assert len(weights["root"]) == len(pretrainer.encoder.trainable_variables)
    # The head shares the encoder's table of words.
    encoder = {id(variable) for variable in pretrainer.encoder.variables}
    own = [v for v in pretrainer.masked_lm_head.trainable_variables if id(v) not in encoder]
    assert len(head) == len(own)
    assert all("masked_lm_head" in name for name in head)
    assert not any("masked_lm_head" in name for name in weights["root_all"])
    assert weights["losses"] == 0
    order = set(weights["sop"]) - set(weights["root"])
    assert len(order) == 2
    assert all("sentence_order_head" in name for name in order)


@pytest.mark.parametrize("check", ["dropout", "tfsm_dropout"])
def test_dropout_acts_in_training_alone(found, check):
    spread = found(check)
    assert spread["without"] == 0
    assert spread["with"] > 1e-3


@pytest.mark.parametrize("check", ["encoder_fit", "tfsm_fit", "mlm_fit", "sop_fit"])
def test_one_fit_step_changes_every_weight_but_the_key_bias(found, check):
    distances = found(check)
    # The key bias adds the same to all scores of a query, which softmax does not see.
    key_bias = [name for name in distances if "key/bias" in name or "key_bias" in name]
    assert len(key_bias) == 1
    assert distances.pop(key_bias[0]) < 1e-6
    assert len(distances) == {"mlm_fit": 29, "sop_fit": 26}.get(check, 24)
    assert not [name for name, distance in distances.items() if not distance > 1e-6]


@pytest.mark.parametrize(("name", "num_others"), [("scorer", 1), ("model", 2)])
def test_what_contains_the_encoder_can_be_saved_and_trained(found, name, num_others):
    again = found("contained_again")
    np.testing.assert_allclose(again[name], found("contained")[name], atol=1e-5)
    assert not np.allclose(again.pop(f"{name}_trained"), again[name], atol=1e-3)
    distances = {key: value for key, value in again.items() if key.startswith(f"{name}_")}
    assert len(distances) == 25 + num_others
    still = [key for key, distance in distances.items() if not distance > 1e-6]
    assert len(still) == 1
    assert "key_bias" in still[0]


def test_static_shapes_reach_the_consumer(found, small_config):
    hidden = small_config.hidden_size
    shapes = found("shapes")
    assert shapes["sequence_output"] == f"(None, 17, {hidden})"
    assert shapes["pooled_output"] == f"(None, {hidden})"


def test_too_long_sequence_is_explained(found):
    assert "longer than the model\\'s 41 positions" in str(found("too_long")["message"])


def test_file_holds_each_weight_once(modules, pretrainer):
    parts = (pretrainer.encoder, pretrainer.masked_lm_head)
    weights = {id(weight): weight for part in parts for weight in part.weights}
    size = sum(weight.value.shape.num_elements() for weight in weights.values()) * 4
    stored = sum(path.stat().st_size for path in (modules / "encoder/variables").glob("*.data-*"))
    # The object graph is stored beside the weights; it does not grow with them.
    assert stored < 1.02 * size + 20_000


def test_provenance_tells_model_and_sums(modules, pretrainer):
    provenance = json.loads((modules / "encoder/provenance.json").read_text(encoding="utf-8"))
    assert provenance["model_class"] == "AlbertPretrainer"
    assert provenance["num_parameters"] == pretrainer.count_params()
    assert provenance["tf_albert_version"] == tf_albert.__version__
    assert provenance["note"] == "a test"
    there = {
        path.relative_to(modules / "encoder").as_posix(): files.sha256(path)
        for path in (modules / "encoder").rglob("*")
        if path.is_file() and path.name != "provenance.json"
    }
    assert provenance["files_sha256"] == there


def test_config_is_an_asset(modules, pretrainer):
    path = modules / "encoder/assets/albert_config.json"
    assert tf_albert.AlbertConfig.from_json(path) == pretrainer.config


@pytest.fixture(scope="module")
def bfloat16_module(small_config, tmp_path_factory):
    """An encoder in mixed precision, and the folder of its module."""
    encoder = randomize(tf_albert.AlbertEncoder(small_config, dtype="mixed_bfloat16"))
    folder = tmp_path_factory.mktemp("bfloat16") / "encoder"
    folder.mkdir()
    for name in ("stale", "provenance.json"):
        (folder / name).write_text("of an earlier save")
    tf_albert.hub.save_encoder(encoder, folder)
    return encoder, folder


def test_mixed_precision_is_float32_outside(bfloat16_module, model_inputs):
    encoder, folder = bfloat16_module
    inputs = {name: tf.constant(model_inputs[name]) for name in INPUTS}
    module = tf.saved_model.load(folder)
    outputs, source = module(inputs), encoder(inputs)
    assert {output.dtype for output in tf.nest.flatten(outputs)} == {tf.float32}
    assert source["pooled_output"].dtype == tf.bfloat16
    # A graph rounds to bfloat16 less often than eager execution does.
    distances = outputs["pooled_output"] - tf.cast(source["pooled_output"], tf.float32)
    assert np.abs(distances).mean() < 0.02
    assert not hasattr(module, "mlm")
    assert not hasattr(module, "sop")


def test_folder_is_replaced_as_a_whole(bfloat16_module):
    _, folder = bfloat16_module
    assert sorted(path.name for path in folder.iterdir()) == [
        "assets",
        "provenance.json",
        "saved_model.pb",
        "variables",
    ]
    assert list(folder.parent.iterdir()) == [folder]


def test_other_models_are_refused(classifier, tmp_path):
    with pytest.raises(ValueError, match=r"Received: AlbertClassifier\. .*`model\.encoder`"):
        tf_albert.hub.save_encoder(classifier, tmp_path / "encoder")
    assert not list(tmp_path.iterdir())


def test_file_in_the_way_is_refused(pretrainer, tmp_path):
    (tmp_path / "encoder").write_text("mine")
    with pytest.raises(ValueError, match="is a file"):
        tf_albert.hub.save_encoder(pretrainer.encoder, tmp_path / "encoder")
    assert (tmp_path / "encoder").read_text() == "mine"
