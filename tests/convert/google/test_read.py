import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.convert.google.google_files import (
    CHECKPOINT,
    arrays_of,
    stored_arrays,
    write_checkpoint,
)
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertClassifier, AlbertConfig, AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats
from tf_albert.convert.build import build_model
from tf_albert.convert.google import names as google_names

EXPECTED = np.load(CHECKPOINT / "expected.npz")
INPUTS = {
    name: EXPECTED[name]
    for name in ("input_word_ids", "input_mask", "input_type_ids", "masked_lm_positions")
}

# No two sizes are equal.
GROUPS = {
    "num_hidden_layers": 6,
    "num_hidden_groups": 3,
    "inner_group_num": 2,
    "type_vocab_size": 5,
}


@pytest.fixture
def stored():
    """The arrays and the config of the recorded checkpoint."""
    reader = tf.train.load_checkpoint(str(CHECKPOINT / "model.ckpt-best"))
    arrays = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    return arrays, AlbertConfig.from_json(CHECKPOINT / "albert_config.json")


@pytest.fixture(scope="module")
def pretrainer():
    return AlbertPretrainer.from_pretrained(CHECKPOINT)


def test_encoder_outputs_equal_the_original_implementation(pretrainer):
    encoder = pretrainer.encoder
    embedded = encoder.embedding.embed(INPUTS["input_word_ids"], INPUTS["input_type_ids"])
    outputs = encoder(INPUTS) | {"embedding_output": embedded}
    for name in ("embedding_output", "encoder_outputs", "sequence_output", "pooled_output"):
        np.testing.assert_allclose(outputs[name], EXPECTED[name], atol=1e-5, err_msg=name)


def test_head_outputs_equal_the_original_implementation(pretrainer):
    logits = pretrainer(INPUTS)
    mlm = reference.log_softmax(np.asarray(logits["mlm_logits"])).reshape(9, 211)
    np.testing.assert_allclose(mlm, EXPECTED["mlm_log_probs"], atol=1e-5)
    sop = reference.log_softmax(np.asarray(logits["sop_logits"]))
    np.testing.assert_allclose(sop, EXPECTED["sop_log_probs"], atol=1e-5)


def test_prefix_reads_as_its_folder_does(pretrainer):
    encoder = AlbertEncoder.from_pretrained(CHECKPOINT / "model.ckpt-best")
    for ours, theirs in zip(encoder.weights, pretrainer.encoder.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_classifier_gets_the_encoder_and_a_fresh_head(pretrainer):
    classifier = AlbertClassifier.from_pretrained(CHECKPOINT, num_classes=5)
    np.testing.assert_array_equal(
        classifier.encoder(INPUTS)["pooled_output"], pretrainer.encoder(INPUTS)["pooled_output"]
    )
    assert tuple(classifier(INPUTS).shape) == (3, 5)


def test_classifier_gets_the_head_of_a_fine_tuned_checkpoint(tmp_path, small_config):
    written = randomize(AlbertClassifier(small_config, num_classes=3))
    write_checkpoint(tmp_path, small_config, arrays_of(written))
    inputs = random_inputs(small_config)
    read = AlbertClassifier.from_pretrained(tmp_path, num_classes=3)
    np.testing.assert_array_equal(read(inputs), written(inputs))


@pytest.mark.parametrize(
    "changes",
    [
        GROUPS,
        {"embedding_size": 28},
    ],
    ids=["groups", "no projection"],
)
def test_each_weight_returns_to_its_place(tmp_path, small_config, changes):
    config = small_config.replace(**changes)
    written = randomize(AlbertPretrainer(config))
    write_checkpoint(tmp_path, config, arrays_of(written))
    read = AlbertPretrainer.from_pretrained(tmp_path)
    expected = reference.pretrain_logits(reference_weights(written), config, random_inputs(config))
    logits = read(random_inputs(config))
    np.testing.assert_allclose(logits["mlm_logits"], expected["mlm_logits"], atol=1e-4)
    np.testing.assert_allclose(logits["sop_logits"], expected["sop_logits"], atol=1e-4)


def test_names_of_groups_and_inner_groups(small_config):
    places = google_names.places(small_config.replace(**GROUPS), "AlbertEncoder")
    for index, scope in {2: "group_1/inner_group_0", 5: "group_2/inner_group_1"}.items():
        block = f"bert/encoder/transformer/{scope}"
        names = {
            f"attention_{index}/key/kernel": f"{block}/attention_1/self/key/kernel",
            f"feed_forward_{index}/layer_norm/beta": f"{block}/LayerNorm_1/beta",
        }
        assert {ours: places[ours].name for ours in names} == names


# All up to 48 layers, by Google's rule in Python's floats.
@pytest.mark.parametrize(
    ("layers", "groups"),
    [
        *((22, 22), (23, 23), (26, 26), (39, 39), (43, 43), (44, 22), (44, 44), (45, 45)),
        *((46, 23), (46, 46), (47, 47)),
    ],
)
def test_groups_that_google_rounds_to_others_are_refused(copied, layers, groups):
    change_config(copied, num_hidden_layers=layers, num_hidden_groups=groups)
    with pytest.raises(
        ValueError, match=rf"num_hidden_layers={layers} and num_hidden_groups={groups}, Google's"
    ):
        AlbertEncoder.from_pretrained(copied)


def test_all_other_groups_have_names(small_config):
    refused = 0
    for layers in range(1, 49):
        for groups in range(1, layers + 1):
            if layers % groups == 0:
                config = small_config.replace(num_hidden_layers=layers, num_hidden_groups=groups)
                try:
                    google_names.places(config, "AlbertEncoder")
                except ValueError:
                    refused += 1
    assert refused == 11


def test_optimizer_variables_are_left_out(tmp_path, stored):
    arrays, config = stored
    slots = {
        f"{name}/{slot}": value for name, value in arrays.items() for slot in ("adam_m", "adam_v")
    }
    write_checkpoint(tmp_path, config, arrays | slots | {"global_step": np.int64(7)})
    read = formats.read(tmp_path)
    assert read.dropped == dict.fromkeys([*slots, "global_step"], "the optimizer's")
    model, report = build_model(read, AlbertPretrainer)
    assert report.dropped == read.dropped
    np.testing.assert_allclose(
        model.encoder(INPUTS)["pooled_output"], EXPECTED["pooled_output"], atol=1e-5
    )


def test_unknown_variable_is_named(tmp_path, stored):
    arrays, config = stored
    write_checkpoint(tmp_path, config, arrays | {"bert/extra": np.ones(3, "float32")})
    with pytest.raises(ValueError, match=r"has more than the model .* describes: bert/extra"):
        AlbertEncoder.from_pretrained(tmp_path)


@pytest.mark.parametrize("allowed", ["bert/extra", "bert/extra/kernel", "bert"])
def test_unknown_variable_may_be_left_out_where_it_is_named(tmp_path, stored, allowed):
    arrays, config = stored
    write_checkpoint(tmp_path / "in", config, arrays | {"bert/extra/kernel": np.ones(3, "float32")})
    with pytest.raises(ValueError, match="`allow_missing` names bert/ext, which is no weight of"):
        AlbertPretrainer.from_pretrained(tmp_path / "in", allow_missing=["bert/ext"])
    report = formats.convert(
        tmp_path / "in", tmp_path / "out", "tf_albert", allow_missing=[allowed]
    )
    reason = "no place here, and allowed to have none"
    assert report.dropped == {"bert/extra/kernel": reason}
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert provenance["conversion"]["report"]["dropped"] == {"bert/extra/kernel": reason}


def test_missing_variables_are_named(tmp_path, stored):
    arrays, config = stored
    kept = {name: value for name, value in arrays.items() if not name.startswith("cls/seq")}
    write_checkpoint(tmp_path, config, kept)
    with pytest.raises(
        ValueError,
        match="lacks cls/seq_relationship/output_bias, cls/seq_relationship/output_weights",
    ):
        AlbertPretrainer.from_pretrained(tmp_path)
    AlbertEncoder.from_pretrained(tmp_path)


def test_missing_encoder_variable_is_no_fresh_head(tmp_path, stored):
    arrays, config = stored
    del arrays["bert/pooler/dense/bias"]
    write_checkpoint(tmp_path, config, arrays)
    with pytest.raises(ValueError, match="lacks bert/pooler/dense/bias"):
        AlbertClassifier.from_pretrained(tmp_path, num_classes=2)


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(CHECKPOINT, tmp_path / "copy")


def change_config(folder, **changes):
    path = folder / "albert_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_shape_that_the_config_does_not_have(copied):
    change_config(copied, vocab_size=212)
    with pytest.raises(
        ValueError,
        match=r"word_embeddings` in .* has the shape \(211, 16\) .* ask for \(212, 16\)",
    ):
        AlbertEncoder.from_pretrained(copied)


def test_groups_that_the_checkpoint_does_not_have(copied):
    change_config(copied, num_hidden_groups=3)
    with pytest.raises(
        ValueError, match=r"lacks bert/encoder/transformer/group_1/.* and 24 others of"
    ):
        AlbertEncoder.from_pretrained(copied)


def test_projection_that_the_config_does_not_have(copied):
    change_config(copied, embedding_size=32)
    with pytest.raises(ValueError, match="describes: bert/encoder/embedding_hidden_mapping_in"):
        AlbertEncoder.from_pretrained(copied)


def test_sharing_that_google_does_not_have(copied):
    change_config(copied, parameter_sharing="attention")
    with pytest.raises(ValueError, match="Google's code shares all of a block"):
        AlbertEncoder.from_pretrained(copied)


def test_several_checkpoints_are_named(copied):
    shutil.copy(copied / "model.ckpt-best.index", copied / "model.ckpt-9.index")
    with pytest.raises(ValueError, match=r"Found: model\.ckpt-9, model\.ckpt-best\."):
        AlbertEncoder.from_pretrained(copied)


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_damaged_checkpoint(copied, suffix):
    path = copied / f"model.ckpt-best{suffix}"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.ckpt-best cannot be read"):
        AlbertPretrainer.from_pretrained(copied)


def test_missing_data_file(copied):
    (copied / "model.ckpt-best.data-00000-of-00001").unlink()
    with pytest.raises(ValueError, match=r"model\.ckpt-best cannot be read"):
        AlbertPretrainer.from_pretrained(copied)


def test_missing_weights_may_start_fresh_where_they_are_named(copied):
    arrays = stored_arrays(copied)
    kept = {name: value for name, value in arrays.items() if not name.startswith("cls/seq")}
    tf.raw_ops.SaveV2(
        prefix=str(copied / "model.ckpt-best"),
        tensor_names=list(kept),
        shape_and_slices=[""] * len(kept),
        tensors=list(kept.values()),
    )
    out = copied.parent / "out"
    with pytest.raises(ValueError, match="lacks cls/seq_relationship/output_bias, cls/seq_"):
        formats.convert(copied, out, "tf_albert", model_class=AlbertPretrainer)
    with pytest.raises(ValueError, match=r"`allow_missing` names sop_head, which is no weight"):
        formats.convert(
            copied, out, "tf_albert", model_class=AlbertPretrainer, allow_missing=["sop_head"]
        )
    for allowed in ("sentence_order_head", "cls/seq_relationship"):
        report = formats.convert(
            copied, out, "tf_albert", model_class=AlbertPretrainer, allow_missing=[allowed]
        )
        assert report.fresh == dict.fromkeys(
            ["sentence_order_head/bias", "sentence_order_head/kernel"], "allowed to be missing"
        )
