import functools
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.convert.hub import garden
from tests.helpers import random_inputs, randomize
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer, hub
from tf_albert.convert import formats

NAMES = ("input_word_ids", "input_mask", "input_type_ids")
TANH_GELU = functools.partial(tf.nn.gelu, approximate=True)
# tf_keras says of every model that is saved as a SavedModel that other formats are newer.
pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5:UserWarning")


@pytest.fixture(scope="module")
def garden_folder(tmp_path_factory, small_config):
    """A module in the Model Garden's layout, and the model that it is of."""
    model = garden.encoder(small_config, TANH_GELU)
    folder = tmp_path_factory.mktemp("garden") / "module"
    model.save(str(folder), include_optimizer=False, save_format="tf")
    return folder, model


@pytest.fixture
def garden_module(tmp_path, small_config):
    """A function of an activation that saves another module in that layout."""

    def save(activation=TANH_GELU, scopes=None, left_out=(), **changes):
        model = garden.encoder(small_config.replace(**changes), activation, scopes, left_out)
        model.save(str(tmp_path / "module"), include_optimizer=False, save_format="tf")
        return tmp_path / "module", model

    return save


def assert_same(encoder, outputs, inputs):
    ours = encoder(inputs)
    mask = inputs["input_mask"] == 1
    np.testing.assert_allclose(
        np.asarray(ours["sequence_output"])[mask], outputs["sequence_output"][mask], atol=1e-5
    )
    np.testing.assert_allclose(ours["pooled_output"], outputs["pooled_output"], atol=1e-5)


def assert_reads(folder, model, config):
    """The module's encoder has a config's sizes and computes what a model does."""
    encoder = AlbertEncoder.from_pretrained(folder)
    for name in ("num_attention_heads", "num_hidden_layers", "intermediate_size", "vocab_size"):
        assert getattr(encoder.config, name) == getattr(config, name)
    inputs = random_inputs(config)
    assert_same(encoder, model({name: inputs[name] for name in NAMES}), inputs)


def test_module_of_the_model_garden(garden_folder, small_config):
    assert_reads(*garden_folder, small_config)


def test_module_without_a_projection(garden_module, small_config):
    assert_reads(*garden_module(embedding_size=28), small_config.replace(embedding_size=28))


def test_report_of_a_module_says_what_it_does_not_tell(garden_folder, tmp_path):
    folder, _ = garden_folder
    report = formats.convert(folder, tmp_path / "ours", "tf_albert")
    assert report.dropped == {"dropout": "no module tells it; 0.0 is that of the v2 releases"}
    moved = {source: target for source, target, _ in report.moved}
    assert moved["transformer/self_attention/query/kernel"] == "attention_0/query/kernel"
    assert len(moved) == 25


def test_vocabulary_of_the_model_garden_is_lower_cased(garden_folder, tmp_path, vocabulary):
    folder = shutil.copytree(garden_folder[0], tmp_path / "module")
    shutil.copy(vocabulary, folder / "assets" / "30k-clean.model")
    assert formats.read(folder).tokenizer.lower_case


def test_activation_that_the_module_does_not_tell_is_found_out(garden_module, small_config):
    # In narrower layers the two forms of gelu differ by less than roundings might.
    config = small_config.replace(intermediate_size=400)
    folder, model = garden_module(tf.nn.gelu, intermediate_size=400)
    with pytest.raises(ValueError, match=r"computes something else than an ALBERT .*'gelu'"):
        AlbertEncoder.from_pretrained(folder)
    config.replace(hidden_act="gelu_erf").to_json(folder / "albert_config.json")
    inputs = random_inputs(config)
    outputs = model({name: inputs[name] for name in NAMES})
    assert_same(AlbertEncoder.from_pretrained(folder), outputs, inputs)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"parameter_sharing": "none"},
        {
            "num_hidden_layers": 2,
            "num_hidden_groups": 2,
            "inner_group_num": 3,
            "hidden_dropout_prob": 0.1,
        },
        {"embedding_size": 28, "hidden_act": "relu", "layer_norm_epsilon": 1e-5},
    ],
    ids=str,
)
def test_own_module_returns(tmp_path, small_config, changes):
    encoder = randomize(AlbertEncoder(small_config.replace(**changes)))
    hub.save_encoder(encoder, tmp_path / "module")
    copy = AlbertEncoder.from_pretrained(tmp_path / "module")
    assert copy.config == encoder.config
    for ours, theirs in zip(copy.trainable_weights, encoder.trainable_weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_global_precision_is_no_other_computation(module):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        encoder = AlbertEncoder.from_pretrained(module)
    finally:
        keras.config.set_dtype_policy("float32")
    assert encoder.compute_dtype == "bfloat16"


def test_encoder_of_a_pretrainer_module(tmp_path, small_config):
    pretrainer = randomize(AlbertPretrainer(small_config))
    hub.save_encoder(pretrainer, tmp_path / "module")
    checkpoint = formats.read(tmp_path / "module")
    assert checkpoint.model_class == "AlbertEncoder"
    assert checkpoint.dropped["mlm"] == "of a module, the encoder is read"
    inputs = random_inputs(small_config)
    np.testing.assert_array_equal(
        AlbertEncoder.from_pretrained(tmp_path / "module")(inputs)["pooled_output"],
        pretrainer.encoder(inputs)["pooled_output"],
    )


def refuses(folder, message):
    with pytest.raises(ValueError, match=message):
        formats.convert(folder, folder.parent / "out", "tf_albert")
    assert not (folder.parent / "out").exists()


def test_other_modules_are_refused(tmp_path, small_config, tokenizer):
    preprocess = tf_albert.AlbertPreprocessor(tokenizer, sequence_length=9)
    hub.save_preprocessor(preprocess, tmp_path / "preprocessor")
    classifier = AlbertClassifier(small_config.replace(num_hidden_layers=1), num_classes=2)
    hub.save_classifier(classifier, preprocess, tmp_path / "classifier", ["no", "yes"])
    spec = {name: tf.TensorSpec((None, None), tf.int32, name=name) for name in NAMES}
    classifier.export(str(tmp_path / "exported"), input_signature=[spec], verbose=False)
    for name in ("preprocessor", "classifier", "exported"):
        refuses(tmp_path / name, f"{name} is no encoder module of ALBERT; its first variables")


def test_bert_of_the_model_garden_is_refused(garden_module):
    scopes = [f"transformer/layer_{index}" for index in range(3)]
    folder, _ = garden_module(scopes=scopes, embedding_size=28)
    refuses(folder, "module is no encoder module of ALBERT; its first variables: embeddings/layer")


def test_module_that_does_not_tell_its_layers_needs_a_config(garden_module, small_config):
    folder, model = garden_module(left_out=["encoder_outputs"])
    refuses(folder, r"has no output `encoder_outputs`.* Put the albert_config\.json .* beside")
    small_config.to_json(folder / "albert_config.json")
    inputs = random_inputs(small_config)
    outputs = model({name: inputs[name] for name in NAMES})
    assert_same(AlbertEncoder.from_pretrained(folder), outputs, inputs)


def test_module_without_an_output_is_refused(garden_module):
    folder, _ = garden_module(left_out=["sequence_output"])
    refuses(folder, "module does not give sequence_output, as an encoder of ALBERT does")


def test_module_of_other_inputs_is_refused(small_config, tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def call(numbers):
        return {"sequence_output": numbers}

    encoder = garden.encoder(small_config, TANH_GELU)
    module = tf.train.Checkpoint(variables=encoder.weights)
    module.__call__ = call
    tf.saved_model.save(module, str(tmp_path / "module"))
    refuses(tmp_path / "module", "module cannot be called with input_word_ids, input_mask, input_t")


def test_size_that_the_config_leaves_out_is_not_guessed(module):
    (module / "provenance.json").unlink()
    path = module / "assets" / "albert_config.json"
    values = json.loads(path.read_text())
    del values["num_attention_heads"]
    path.write_text(json.dumps(values))
    refuses(module, r"albert_config\.json lacks num_attention_heads, which weights alone do not")


def test_variable_without_a_place_is_left_out_where_it_is_named(small_config, tmp_path):
    model = garden.encoder(small_config, TANH_GELU)
    model.extra = tf.Variable([1.0, 2.0, 3.0], name="extra/scale")
    model.save(str(tmp_path / "module"), include_optimizer=False, save_format="tf")
    refuses(tmp_path / "module", "has more than the model that its config describes: extra/scale")
    report = formats.convert(
        tmp_path / "module", tmp_path / "out", "tf_albert", allow_missing=["extra"]
    )
    assert report.dropped["extra/scale"] == "no place here, and allowed to have none"


@pytest.fixture(scope="module")
def saved_module(tmp_path_factory, small_config):
    folder = tmp_path_factory.mktemp("saved") / "module"
    hub.save_encoder(randomize(AlbertEncoder(small_config)), folder)
    return folder


@pytest.fixture
def module(tmp_path, saved_module):
    """A copy that a test may damage: saving takes seconds."""
    return shutil.copytree(saved_module, tmp_path / "module")


def test_own_module_with_a_variable_of_no_place(module, tmp_path):
    live = tf.saved_model.load(str(module))
    live.variables.append(tf.Variable([1.0, 2.0], name="extra/scale"))
    tf.saved_model.save(live, str(tmp_path / "other"))
    refuses(tmp_path / "other", "has more than the model that its config describes: extra/scale")


@pytest.mark.parametrize("tenth", [0, 3, 9])
@pytest.mark.parametrize(
    "name",
    ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"],
)
def test_truncated_file(module, name, tenth):
    (module / "provenance.json").unlink()
    content = (module / name).read_bytes()
    (module / name).write_bytes(content[: len(content) * tenth // 10])
    refuses(module, "module cannot be loaded as a TF Hub module")


def test_flipped_byte_is_found_by_the_sum(module):
    path = module / "variables" / "variables.data-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refuses(module, r"variables\.data-00000-of-00001 is damaged or was replaced")


def test_config_of_another_computation(module, small_config):
    (module / "provenance.json").unlink()
    for changes in ({"num_attention_heads": 7}, {"hidden_act": "relu"}):
        small_config.replace(**changes).to_json(module / "assets" / "albert_config.json")
        name, value = next(iter(changes.items()))
        refuses(module, f"computes something else than an ALBERT .*{name}='?{value}")


def test_module_is_only_read(module, tmp_path):
    with pytest.raises(ValueError, match="'hub' is only read here; `tf-albert export` writes"):
        formats.convert(module, tmp_path / "out", "hub")


def test_provenance_names_every_file(module):
    sums = formats.read(module).provenance()["files_sha256"]
    assert "saved_model.pb" in sums
    assert (
        json.loads((module / "provenance.json").read_text())["files_sha256"].items()
        <= {name: sums[name] for name in sums}.items()
    )
