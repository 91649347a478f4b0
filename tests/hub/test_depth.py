"""Encoders and classifiers with some of their layers, in other hands and from the command line."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests import reference
from tests.helpers import randomize, reference_weights
from tests.hub.conftest import LABELS, SEQUENCE_LENGTH, run_script
from tf_albert.cli.main import main
from tf_albert.convert.native.write import save_pretrained
from tf_albert.modeling.encoder import INPUTS


def reference_probabilities(classifier, inputs, num_layers):
    config = classifier.config.replace(num_hidden_layers=num_layers)
    return reference.softmax(reference.pooled_logits(reference_weights(classifier), config, inputs))


@pytest.fixture(scope="module")
def deep_config(dropout_config):
    return dropout_config.replace(num_hidden_layers=3)


@pytest.fixture(scope="module")
def pretrainer(deep_config):
    return randomize(tf_albert.AlbertPretrainer(deep_config))


@pytest.fixture(scope="module")
def classifier(deep_config):
    return randomize(tf_albert.AlbertClassifier(deep_config, num_classes=len(LABELS)), seed=1)


@pytest.fixture(scope="module")
def many_texts(corpus):
    return [*corpus[40:60], "", "Überall 1,234."]


@pytest.fixture(scope="module")
def threshold(classifier, preprocessor, many_texts):
    """A threshold above which half of the texts are after the first layer."""
    first = reference_probabilities(classifier, preprocessor(many_texts), 1)
    return float(np.median(first.max(axis=1)))


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory, pretrainer, classifier, preprocessor, model_inputs, many_texts, threshold
):
    folder = tmp_path_factory.mktemp("depth")
    tf_albert.hub.save_encoder(pretrainer, folder / "encoder", also_layers=(2, 1))
    tf_albert.hub.save_early_exit_classifier(
        classifier, preprocessor, folder / "early_exit", LABELS, threshold
    )
    np.savez(folder / "inputs.npz", **model_inputs)
    (folder / "texts.json").write_text(json.dumps([many_texts]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(folder):
    """What `depth_stranger.py` found in the folder."""
    run_script("depth_stranger.py", folder)
    with np.load(folder / "found.npz") as arrays:
        return dict(arrays)


def test_consumer_needs_nothing_of_tf_albert(found):
    assert found["ours"].size == 0


@pytest.mark.parametrize("num_layers", [1, 2])
def test_each_number_of_layers_is_a_module(found, pretrainer, model_inputs, num_layers):
    config = pretrainer.config.replace(num_hidden_layers=num_layers)
    expected = reference.encode(reference_weights(pretrainer), config, model_inputs)
    part = f"layers_{num_layers}/"
    outputs = {name.removeprefix(part): x for name, x in found.items() if name.startswith(part)}
    assert outputs.pop("softmaxes") == num_layers
    for number, output in enumerate(expected["encoder_outputs"]):
        np.testing.assert_allclose(outputs.pop(f"encoder_outputs_{number}"), output, atol=1e-5)
    np.testing.assert_array_equal(outputs.pop("default"), outputs["pooled_output"])
    assert set(outputs) == {"pooled_output", "sequence_output"}
    for name, output in outputs.items():
        np.testing.assert_allclose(output, expected[name], atol=1e-5)


def test_parts_train_the_weights_of_the_whole(found, pretrainer):
    distances = {name: x for name, x in found.items() if name.startswith("distance/")}
    still = [name for name, distance in distances.items() if not distance > 1e-6]
    assert len(distances) == len(pretrainer.encoder.trainable_variables)
    assert [name.split("distance/")[1] for name in still] == ["attention_0/key/bias:0"]
    assert np.abs(found["whole/after"] - found["whole/before"]).max() > 1e-3


def test_file_holds_each_weight_once(folder, pretrainer):
    parts = (pretrainer.encoder, pretrainer.masked_lm_head, pretrainer.sentence_order_head)
    size = sum(part.count_params() for part in parts) * 4
    stored = sum(path.stat().st_size for path in (folder / "encoder/variables").glob("*.data-*"))
    assert stored < 1.02 * size + 30_000
    assert pretrainer.encoder.count_params() * 4 > 30_000


def test_texts_leave_where_they_are_sure(found, classifier, preprocessor, many_texts, threshold):
    inputs = preprocessor(many_texts)
    layers, rows = found["early/layer"], np.arange(len(many_texts))
    each = np.stack([reference_probabilities(classifier, inputs, n) for n in (1, 2, 3)])
    assert layers.dtype == np.int32
    assert np.sum(layers == 1) == len(many_texts) // 2
    np.testing.assert_allclose(found["early/probabilities"], each[layers - 1, rows], atol=1e-5)
    is_sure = each.max(axis=2) > threshold
    is_sure[-1] = True
    assert layers.tolist() == (is_sure.argmax(axis=0) + 1).tolist()
    best = found["early/probabilities"].argmax(axis=1)
    assert found["early/label"].tolist() == [LABELS[index] for index in best]
    assert found["early/num_trainable"] == 0


def test_signature_and_no_texts_give_the_same(found):
    for name in ("layer", "label", "probabilities"):
        np.testing.assert_array_equal(found[f"served/{name}"], found[f"early/{name}"])
    assert found["empty/probabilities"].shape == (0, len(LABELS))
    assert found["empty/layer"].shape == found["empty/label"].shape == (0,)


def test_ids_leave_early_too(found, classifier, model_inputs, threshold):
    inputs = {name: model_inputs[name] for name in INPUTS}
    each = np.stack([reference_probabilities(classifier, inputs, n) for n in (1, 2, 3)])
    is_sure = each.max(axis=2) > threshold
    is_sure[-1] = True
    layers = is_sure.argmax(axis=0)
    assert found["ids/layer"].tolist() == (layers + 1).tolist()
    expected = each[layers, np.arange(len(layers))]
    np.testing.assert_allclose(found["ids/probabilities"], expected, atol=1e-5)
    assert found["ids/label"].tolist() == [LABELS[index] for index in expected.argmax(axis=1)]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory, classifier, tokenizer):
    """A folder as fine-tuning leaves it."""
    folder = tmp_path_factory.mktemp("run") / "model"
    task = {"labels": LABELS, "num_segments": 1, "sequence_length": SEQUENCE_LENGTH}
    save_pretrained(classifier, folder, tokenizer, {"task": task})
    return folder


def export(model, output, *options):
    return main(["export", "--model", str(model), "--output", str(output), *options])


def test_command_keeps_the_first_layers(
    model_folder, tmp_path, classifier, preprocessor, many_texts, threshold, capsys
):
    options = ["--num-layers", "2", "--also-layers", "1", "--early-exit", str(threshold)]
    assert export(model_folder, tmp_path, *options) == 0
    assert capsys.readouterr().out.count("Wrote ") == 4
    inputs = preprocessor(many_texts)
    outputs = tf.saved_model.load(tmp_path / "classifier")(tf.constant(many_texts))
    expected = reference_probabilities(classifier, inputs, 2)
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    encoder = tf.saved_model.load(tmp_path / "encoder")
    assert len(encoder(inputs)["encoder_outputs"]) == 2
    assert len(encoder.layers_1(inputs)["encoder_outputs"]) == 1
    early = tf.saved_model.load(tmp_path / "early_exit")(tf.constant(many_texts))
    assert np.bincount(early["layer"]).tolist() == [0, 11, 11]
    is_last = early["layer"] == 2
    np.testing.assert_allclose(early["probabilities"][is_last], expected[is_last], atol=1e-5)
    for name in ("encoder", "classifier", "early_exit"):
        config = tf_albert.AlbertConfig.from_json(tmp_path / name / "assets/albert_config.json")
        assert config == classifier.config.replace(num_hidden_layers=2)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--num-layers", "0"], "from 1 to 3, which the model has. Received: 0."),
        (["--num-layers", "4"], "from 1 to 3, which the model has. Received: 4."),
        (["--num-layers", "two"], "num_layers"),
        (["--also-layers", "1,4"], "from 1 to 3, which the model has. Received: 1, 4."),
        (["--also-layers", "3", "--num-layers", "2"], "from 1 to 2, which the model has"),
        (["--also-layers", "2,1,2"], "must differ. Received: 2, 1, 2."),
        (["--also-layers", "1-2"], "such as 4,6,8. Received: 1-2."),
        (["--early-exit", "1.1"], "it must be from 0 to 1. Received: 1.1."),
        (["--early-exit", "-0.1"], "it must be from 0 to 1. Received: -0.1."),
        (["--early-exit", "half"], "early_exit"),
    ],
)
def test_command_says_what_is_wrong(model_folder, tmp_path, capsys, options, part):
    assert export(model_folder, tmp_path / "modules", *options) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert part in line
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "task", "part"),
    [
        ("regressor", {"labels": None}, "regression gives no probability"),
        ("classifier", {"labels": LABELS, "multi_label": True}, "one of any labels at once"),
        ("pretrainer", None, "one of AlbertPretrainer: leave it out"),
    ],
)
def test_command_lets_classifiers_alone_leave_early(
    request, tokenizer, tmp_path, capsys, name, task, part
):
    provenance = task and {"task": task | {"num_segments": 1, "sequence_length": 23}}
    save_pretrained(request.getfixturevalue(name), tmp_path / "run", tokenizer, provenance)
    assert export(tmp_path / "run", tmp_path / "modules", "--early-exit", "0.9") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert part in line
    assert not (tmp_path / "modules").exists()


@pytest.mark.parametrize(
    "changes", [{"parameter_sharing": "none"}, {"num_hidden_groups": 3}], ids=str
)
def test_layers_that_differ_are_refused(deep_config, tmp_path, changes):
    encoder = tf_albert.AlbertEncoder(deep_config.replace(**changes))
    with pytest.raises(ValueError, match=r"only where all layers are the same.*keep all 3"):
        tf_albert.hub.save_encoder(encoder, tmp_path / "encoder", also_layers=[1])
    assert not list(tmp_path.iterdir())
