"""Google's format as it is written."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.convert.google.google_files import CHECKPOINT, stored_arrays
from tests.helpers import random_inputs, randomize
from tf_albert import (
    AlbertClassifier,
    AlbertEncoder,
    AlbertMultipleChoice,
    AlbertPretrainer,
    AlbertSpanLabeler,
    AlbertTokenClassifier,
    AlbertTokenizer,
)
from tf_albert.convert import formats


def assert_same_arrays(ours, theirs):
    assert sorted(ours) == sorted(theirs)
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_round_trip_is_bit_identical(tmp_path):
    formats.convert(CHECKPOINT, tmp_path / "ours", "tf_albert")
    formats.convert(tmp_path / "ours", tmp_path / "back", "google")
    assert_same_arrays(stored_arrays(tmp_path / "back"), stored_arrays(CHECKPOINT))
    configs = [
        json.loads((folder / "albert_config.json").read_text())
        for folder in (tmp_path / "back", CHECKPOINT)
    ]
    assert configs[0].items() >= configs[1].items()


def test_report_accounts_for_every_array(tmp_path):
    report = formats.convert(CHECKPOINT, tmp_path / "ours", "tf_albert")
    stored = stored_arrays(CHECKPOINT)
    assert sorted(source for source, _, _ in report.moved) == sorted(stored)
    assert (report.dropped, report.fresh) == ({}, {})
    assert (
        "bert/pooler/dense/bias",
        "pooler/bias",
        stored["bert/pooler/dense/bias"].shape,
    ) in report.moved
    back = formats.convert(tmp_path / "ours", tmp_path / "back", "google")
    assert {(target, source) for source, target, _ in back.moved} == {
        (source, target) for source, target, _ in report.moved
    }
    written = json.loads((tmp_path / "ours" / "provenance.json").read_text())["conversion"]
    assert written["report"] == report.to_json()
    assert written["format"] == "google"
    assert written["layer_norm_epsilon"] == 1e-12
    assert sorted(written["files_sha256"]) == sorted(
        path.name for path in CHECKPOINT.iterdir() if path.name != "expected.npz"
    )


@pytest.mark.parametrize(
    ("model_class", "arguments"),
    [
        (AlbertEncoder, {}),
        (AlbertPretrainer, {}),
        (AlbertClassifier, {"num_classes": 3}),
        (AlbertClassifier, {"num_classes": 1}),
        (AlbertSpanLabeler, {}),
        (AlbertMultipleChoice, {}),
    ],
)
@pytest.mark.parametrize(
    "changes",
    [{}, {"num_hidden_layers": 6, "num_hidden_groups": 3, "inner_group_num": 2}],
    ids=["one group", "groups"],
)
def test_each_head_returns(tmp_path, small_config, model_class, arguments, changes):
    model = randomize(model_class(small_config.replace(**changes), **arguments))
    model.save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "google", "google")
    copy = model_class.from_pretrained(tmp_path / "google")
    assert copy.head_arguments() == model.head_arguments()
    for ours, theirs in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_lower_casing_returns_and_is_reported(tmp_path, small_config, vocabulary):
    for lower_case in (True, False):
        tokenizer = AlbertTokenizer(vocabulary, lower_case)
        AlbertEncoder(small_config).save_pretrained(tmp_path / "ours", tokenizer)
        report = formats.convert(tmp_path / "ours", tmp_path / "google", "google")
        assert ("lower_case=False" in report.dropped) is not lower_case
        formats.convert(tmp_path / "google", tmp_path / "back", "tf_albert")
        for where in ("google", "back"):
            assert formats.read(tmp_path / where).tokenizer.lower_case is lower_case
    (tmp_path / "google" / "provenance.json").unlink()
    assert formats.read(tmp_path / "google").tokenizer.lower_case


@pytest.mark.parametrize(
    ("model_class", "arguments", "other"),
    [
        (AlbertClassifier, {"num_classes": 3}, None),
        (AlbertClassifier, {"num_classes": 1}, AlbertMultipleChoice),
        (AlbertMultipleChoice, {}, AlbertClassifier),
    ],
)
def test_head_dropout_returns_and_is_reported(
    tmp_path, small_config, model_class, arguments, other
):
    model_class(small_config, dropout=0.25, **arguments).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "google", "google")
    assert report.dropped == {"head dropout 0.25": "Google's code has 0.1; see provenance"}
    assert formats.read(tmp_path / "google").model_class == model_class.__name__
    for read_class in filter(None, (model_class, other)):
        copy = read_class.from_pretrained(tmp_path / "google")
        assert copy.head_arguments()["dropout"] == 0.25
    (tmp_path / "google" / "provenance.json").unlink()
    copy = model_class.from_pretrained(tmp_path / "google")
    assert copy.head_arguments() == arguments | {"dropout": 0.1}


def test_saver_of_tensorflow_1_restores_what_is_written(tmp_path, small_config):
    model = randomize(AlbertPretrainer(small_config))
    model.save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "google", "google")
    name = "bert/encoder/transformer/group_0/inner_group_0/attention_1/self/query/kernel"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable(name, (28, 28), use_resource=False)
        tf.compat.v1.train.Saver([variable]).restore(
            session, str(tmp_path / "google" / "model.ckpt-best")
        )
        restored = session.run(variable)
    np.testing.assert_array_equal(restored, model.encoder.attentions[0].query.kernel)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"num_hidden_layers": 22, "num_hidden_groups": 22},
            "rounds layer 15 into another group",
        ),
        ({"parameter_sharing": "none"}, r"shares all of a block\. Received: .*'none'"),
        ({"hidden_act": "gelu_erf"}, r"tanh form of gelu only\. Received: hidden_act='gelu_erf'"),
        ({"layer_norm_epsilon": 1e-5}, r"epsilon of 1e-12\. Received: layer_norm_epsilon=1e-05"),
    ],
)
def test_what_google_cannot_express_is_refused(tmp_path, small_config, changes, message):
    AlbertEncoder(small_config.replace(**changes)).save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match=message):
        formats.convert(tmp_path / "ours", tmp_path / "google", "google")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


def test_head_for_tokens_is_refused_and_its_encoder_is_not(tmp_path, small_config):
    model = randomize(AlbertTokenClassifier(small_config, num_classes=3))
    model.save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match="has no head for tokens"):
        formats.convert(tmp_path / "ours", tmp_path / "google", "google")
    report = formats.convert(
        tmp_path / "ours", tmp_path / "google", "google", model_class=AlbertEncoder
    )
    assert report.dropped == dict.fromkeys(
        ["head/kernel", "head/bias"], "no place in AlbertEncoder"
    )
    inputs = random_inputs(small_config)
    np.testing.assert_array_equal(
        AlbertEncoder.from_pretrained(tmp_path / "google")(inputs)["sequence_output"],
        model.encoder(inputs)["sequence_output"],
    )
