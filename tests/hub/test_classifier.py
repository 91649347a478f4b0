"""The classifier's module, in the hands of a process that never imports tf_albert."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.hub.conftest import LABELS, SEQUENCE_LENGTH
from tf_albert.modeling.encoder import INPUTS


@pytest.fixture(scope="session")
def logits(classifier, preprocessor, texts):
    return np.asarray(classifier(preprocessor(texts[0])))


@pytest.mark.parametrize("check", ["classify", "classify_served"])
def test_strings_become_labels(found, logits, check):
    outputs = found(check)
    assert set(outputs) == {"label", "logits", "probabilities"}
    np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs["probabilities"], probabilities, atol=1e-5)
    expected = [LABELS[index] for index in logits.argmax(axis=1)]
    assert len(set(expected)) > 1
    assert outputs["label"].tolist() == expected


def test_ids_become_labels_and_scores(found, classifier, regressor, model_inputs):
    inputs = {name: model_inputs[name] for name in INPUTS}
    outputs = found("classify_ids")
    assert set(outputs) == {"label", "logits", "probabilities"}
    logits = np.asarray(classifier(inputs))
    np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)
    np.testing.assert_allclose(outputs["probabilities"], tf.nn.softmax(logits), atol=1e-5)
    assert outputs["label"].tolist() == [LABELS[index] for index in logits.argmax(axis=1)]
    scores = np.asarray(regressor(inputs))[:, 0]
    np.testing.assert_allclose(found("score_ids")["score"], scores, atol=1e-5)


def test_any_number_of_labels_holds(found, logits, modules):
    outputs = found("classify_labels")
    assert set(outputs) == {"holds", "logits", "probabilities"}
    np.testing.assert_allclose(outputs["probabilities"], 1 / (1 + np.exp(-logits)), atol=1e-5)
    assert outputs["holds"].tolist() == (logits >= 0).astype(int).tolist()
    assert len(set(outputs["holds"].sum(axis=1).tolist())) > 1
    provenance = json.loads((modules / "others/labels/provenance.json").read_text(encoding="utf-8"))
    assert (provenance["labels"], provenance["multi_label"]) == (LABELS, True)


@pytest.mark.parametrize("check", ["score", "score_served"])
def test_pairs_become_a_score(found, regressor, preprocessor, texts, check):
    outputs = found(check)
    expected = np.asarray(regressor(preprocessor((texts[0], texts[1]))))[:, 0]
    assert set(outputs) == {"score"}
    np.testing.assert_allclose(outputs["score"], expected, atol=1e-5)


def test_dropout_acts_in_training_alone(found):
    spread = found("classify_dropout")
    assert spread["without"] == 0
    assert spread["with"] > 1e-3


def test_one_fit_step_changes_every_weight_but_the_key_bias(found):
    distances = found("classify_fit")
    key_bias = [name for name in distances if "key/bias" in name]
    assert len(key_bias) == 1
    assert distances.pop(key_bias[0]) < 1e-6
    assert len(distances) == 26
    assert not [name for name, distance in distances.items() if not distance > 1e-6]


def test_awkward_strings_do_no_harm(found):
    outputs = found("classify_awkward")
    np.testing.assert_allclose(outputs["awkward"].sum(axis=1), np.ones(4), rtol=1e-5)
    assert outputs["empty"].shape == (0, 3)
    assert outputs["no_label"].shape == (0,)


def test_assets_and_provenance_tell_the_task(modules):
    folder = modules / "classifier"
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert (folder / "assets/labels.txt").read_text().splitlines() == LABELS
    assert (folder / "assets/spiece.model").is_file()
    assert provenance["labels"] == LABELS
    assert provenance["num_segments"] == 1
    assert provenance["sequence_length"] == SEQUENCE_LENGTH
    assert not (modules / "regressor/assets/labels.txt").exists()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "3 classes"),
        (["a", "b"], "3 classes"),
        (["a", "b", "b"], "different"),
        (["a", "b", ""], "not empty"),
        (["a", "b", "c\nd"], "line break"),
        (["a", "b", 3], "a string"),
    ],
)
def test_labels_must_be_one_per_class(classifier, preprocessor, tmp_path, labels, message):
    with pytest.raises(ValueError, match=message):
        tf_albert.hub.save_classifier(classifier, preprocessor, tmp_path / "module", labels)
    assert not list(tmp_path.iterdir())


def test_regression_has_no_labels(regressor, preprocessor, tmp_path):
    with pytest.raises(ValueError, match="has no labels"):
        tf_albert.hub.save_classifier(regressor, preprocessor, tmp_path / "module", ["a"])


def test_other_classes_are_refused(pretrainer, classifier, preprocessor, tokenizer, tmp_path):
    with pytest.raises(ValueError, match=r"AlbertPretrainer\. .*save_encoder"):
        tf_albert.hub.save_classifier(pretrainer, preprocessor, tmp_path / "module", LABELS)
    with pytest.raises(ValueError, match=r"`AlbertPreprocessor`\. Received: AlbertTokenizer"):
        tf_albert.hub.save_classifier(classifier, tokenizer, tmp_path / "module", LABELS)


def test_preprocessor_must_fit(classifier, tokenizer, small_config, tmp_path):
    long = tf_albert.AlbertPreprocessor(tokenizer, 42)
    with pytest.raises(ValueError, match="`max_position_embeddings`=41"):
        tf_albert.hub.save_classifier(classifier, long, tmp_path / "module", LABELS)
    small = tf_albert.AlbertClassifier(small_config.replace(vocab_size=396), num_classes=3)
    short = tf_albert.AlbertPreprocessor(tokenizer, 20)
    with pytest.raises(ValueError, match="397 pieces, the model embeds 396"):
        tf_albert.hub.save_classifier(small, short, tmp_path / "module", LABELS)


def test_num_segments_is_one_or_two(classifier, preprocessor, tmp_path):
    with pytest.raises(ValueError, match="must be 1 or 2"):
        tf_albert.hub.save_classifier(classifier, preprocessor, tmp_path / "m", LABELS, 3)
