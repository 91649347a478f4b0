"""Folders of this package, read: whole, damaged, moved, and of other classes."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from tests.helpers import randomize
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer


def test_pretrainer_returns(pretrained, inputs):
    folder, pretrainer = pretrained
    copy, expected = AlbertPretrainer.from_pretrained(folder)(inputs), pretrainer(inputs)
    np.testing.assert_array_equal(copy["mlm_logits"], expected["mlm_logits"])
    np.testing.assert_array_equal(copy["sop_logits"], expected["sop_logits"])


@pytest.mark.parametrize(
    "changes",
    [
        {"parameter_sharing": "none", "hidden_act": "relu"},
        {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2},
    ],
)
def test_encoder_returns(small_config, tmp_path, inputs, changes):
    encoder = randomize(AlbertEncoder(small_config.replace(**changes)))
    encoder.save_pretrained(tmp_path / "encoder")
    copy = AlbertEncoder.from_pretrained(tmp_path / "encoder")
    np.testing.assert_array_equal(copy(inputs)["pooled_output"], encoder(inputs)["pooled_output"])


def test_encoder_out_of_a_pretrainer(pretrained, inputs):
    folder, pretrainer = pretrained
    encoder = AlbertEncoder.from_pretrained(folder)
    assert type(encoder) is AlbertEncoder
    np.testing.assert_array_equal(
        encoder(inputs)["pooled_output"], pretrainer.encoder(inputs)["pooled_output"]
    )


def test_classifier_on_the_encoder_of_a_pretrainer(pretrained, inputs):
    folder, pretrainer = pretrained
    classifier = AlbertClassifier.from_pretrained(folder, num_classes=3)
    assert tuple(classifier(inputs).shape) == (5, 3)
    np.testing.assert_array_equal(
        classifier.encoder(inputs)["pooled_output"], pretrainer.encoder(inputs)["pooled_output"]
    )


@pytest.fixture
def fine_tuned(small_config, tmp_path):
    """A folder with a classifier of three classes, and the classifier."""
    classifier = randomize(AlbertClassifier(small_config, num_classes=3, dropout=0.2))
    classifier.save_pretrained(tmp_path / "fine_tuned")
    return tmp_path / "fine_tuned", classifier


@pytest.mark.parametrize("arguments", [{}, {"num_classes": 3}, {"dropout": 0.4}])
def test_classifier_returns_with_its_head(fine_tuned, inputs, arguments):
    folder, classifier = fine_tuned
    copy = AlbertClassifier.from_pretrained(folder, **arguments)
    np.testing.assert_array_equal(copy(inputs), classifier(inputs))
    assert copy.head_arguments() == {"num_classes": 3, "dropout": 0.2} | arguments


def test_classifier_of_more_classes_gets_a_fresh_head_aloud(fine_tuned, inputs, caplog):
    folder, classifier = fine_tuned
    copy = AlbertClassifier.from_pretrained(folder, num_classes=7)
    assert "head/bias, head/kernel starts fresh in" in caplog.text
    assert "the source's head has 3 classes" in caplog.text
    assert tuple(copy(inputs).shape) == (5, 7)
    np.testing.assert_array_equal(
        copy.encoder(inputs)["pooled_output"], classifier.encoder(inputs)["pooled_output"]
    )


@pytest.mark.parametrize(
    ("model_class", "arguments"),
    [(AlbertEncoder, {}), (AlbertPretrainer, {}), (AlbertClassifier, {"num_classes": 2})],
)
def test_precision_is_the_one_asked_for(pretrained, inputs, model_class, arguments):
    folder, pretrainer = pretrained
    model = model_class.from_pretrained(folder, dtype="mixed_bfloat16", **arguments)
    encoder = getattr(model, "encoder", model)
    assert model.dtype_policy.name == encoder.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(
        encoder.embedding.word_embeddings, pretrainer.encoder.embedding.word_embeddings
    )


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"nowhere does not exist\. Expected a model: a folder that `save_pretrained` ",
    ):
        AlbertEncoder.from_pretrained(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "message"),
    {
        "albert_config.json": "lacks albert_config.json, which provenance.json names. Copy",
        "model.weights.h5": "lacks model.weights.h5, which provenance.json names. Copy",
        "provenance.json": "is no model folder: it lacks provenance.json. Name a",
    }.items(),
)
def test_missing_file_is_named(pretrained, name, message):
    folder, _ = pretrained
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=message):
        AlbertEncoder.from_pretrained(folder)


@pytest.mark.parametrize("place", [0, 2000, -1])
def test_flipped_byte_is_found(pretrained, place):
    path = pretrained[0] / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ValueError,
        match=r"model\.weights\.h5 is damaged or was replaced: its SHA-256 sum is not the one in "
        r"provenance\.json\. Copy the folder again\.",
    ):
        AlbertEncoder.from_pretrained(pretrained[0])


@pytest.mark.parametrize("tenth", [0, 3, 9])
@pytest.mark.parametrize("name", ["albert_config.json", "model.weights.h5", "provenance.json"])
def test_truncated_file_is_found(pretrained, name, tenth):
    path = pretrained[0] / name
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * tenth // 10])
    with pytest.raises(ValueError, match=f"{name} is (damaged or was replaced|not a JSON file)"):
        AlbertEncoder.from_pretrained(pretrained[0])


def replace_config(folder, config):
    """Puts another config into a model folder, and its sum into the provenance."""
    path = folder / "albert_config.json"
    config.to_json(path)
    provenance = json.loads((folder / "provenance.json").read_text())
    provenance["files_sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "provenance.json").write_text(json.dumps(provenance))


def test_config_that_was_edited_is_found(pretrained, small_config):
    folder, _ = pretrained
    small_config.replace(hidden_act="relu").to_json(folder / "albert_config.json")
    with pytest.raises(ValueError, match=r"albert_config\.json is damaged or was replaced: "):
        AlbertEncoder.from_pretrained(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"vocab_size": 398},
        {"embedding_size": 28},
        {"intermediate_size": 37},
        {"num_hidden_groups": 2},
        {"parameter_sharing": "none"},
        {"inner_group_num": 2},
    ],
    ids=str,
)
def test_config_of_other_weights_is_refused(pretrained, small_config, changes):
    folder, _ = pretrained
    replace_config(folder, small_config.replace(**changes))
    with pytest.raises(
        ValueError,
        match=r"model\.weights\.h5 do not fit the model that albert_config\.json beside them "
        r".*Take both files from the same folder\.",
    ):
        AlbertPretrainer.from_pretrained(folder)


def test_config_of_fewer_weights_is_refused(small_config, tmp_path):
    AlbertEncoder(small_config.replace(parameter_sharing="none")).save_pretrained(tmp_path / "out")
    replace_config(tmp_path / "out", small_config)
    with pytest.raises(ValueError, match=r"do not fit the model .*the same folder\."):
        AlbertEncoder.from_pretrained(tmp_path / "out")


def test_unknown_model_class_names_the_known_ones(pretrained):
    path = pretrained[0] / "provenance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_class": "Bert"}))
    with pytest.raises(
        ValueError, match=r"names the model class 'Bert'\. Known classes: AlbertEncoder, "
    ):
        AlbertEncoder.from_pretrained(pretrained[0])


def change_provenance(folder, change):
    path = folder / "provenance.json"
    provenance = json.loads(path.read_text())
    path.write_text(json.dumps(change(provenance)))


@pytest.mark.parametrize("name", ["model_class", "head_arguments", "num_parameters"])
def test_missing_fact_is_named(pretrained, name):
    folder, _ = pretrained
    change_provenance(folder, lambda facts: {key: facts[key] for key in facts if key != name})
    with pytest.raises(ValueError, match=rf"provenance\.json lacks {name}\. Copy the folder again"):
        AlbertEncoder.from_pretrained(folder)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ([], r"provenance\.json must hold one JSON object\."),
        ({"head_arguments": []}, r"`head_arguments` in .* must be a JSON object"),
        ({"conversion": 3}, r"`conversion` in .* must be a JSON object"),
        ({"conversion": {"earlier": "x"}}, r"`earlier` in .* must be a JSON object"),
        ({"files_sha256": ["a"]}, r"`files_sha256` in .* must be a JSON object"),
        ({"head_arguments": {"size": 3}}, r"the head_arguments \{'size': 3\}, which it does not"),
        ({"model_class": []}, r"names the model class \[\]\. Known classes: AlbertEncoder"),
        ({"num_parameters": "many"}, r"many parameters were saved"),
    ],
    ids=str,
)
def test_odd_provenance_is_an_error(pretrained, facts, message):
    folder, _ = pretrained
    change_provenance(folder, lambda old: old | facts if isinstance(facts, dict) else facts)
    with pytest.raises(ValueError, match=message):
        AlbertEncoder.from_pretrained(folder)


def test_folder_may_move(pretrained, inputs, tmp_path):
    folder, pretrainer = pretrained
    moved = shutil.move(folder, tmp_path / "elsewhere")
    np.testing.assert_array_equal(
        AlbertPretrainer.from_pretrained(str(moved))(inputs)["sop_logits"],
        pretrainer(inputs)["sop_logits"],
    )
