"""Against live keras-hub: weights, heads, configs and tokenizers, in both directions."""

import json
import shutil

import keras
import keras_hub
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.helpers import GOOGLE, random_inputs, randomize
from tf_albert import AlbertConfig, AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats
from tf_albert.convert.keras_hub import load
from tf_albert.convert.peers import run_keras_hub
from tf_albert.convert.verification import TEXTS, run_here

CLASSES = {
    "AlbertBackbone": ("AlbertEncoder", {}),
    "AlbertMaskedLM": ("AlbertPretrainer", {}),
    "AlbertTextClassifier": ("AlbertClassifier", {"num_classes": 3, "dropout": 0.25}),
}
SIZES = {
    "vocabulary_size": 43,
    "num_layers": 4,
    "num_heads": 3,
    "embedding_dim": 11,
    "hidden_dim": 24,
    "intermediate_dim": 29,
    "num_groups": 2,
    "num_inner_repetitions": 2,
    "max_sequence_length": 19,
    "num_segments": 2,
    "dropout": 0.1,
}
# keras-hub's head for masked words has an epsilon of 1e-5; see `test_epsilon_of_the_head_is_named`.
EXACT = ("sequence_output", "pooled_output", "logits")


@st.composite
def sizes(draw):
    """Sizes of many shapes, as keras-hub calls them."""
    heads, groups = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    hidden = heads * draw(st.integers(2, 9))
    return {
        "vocabulary_size": draw(st.integers(30, 60)),
        "num_layers": groups * draw(st.integers(1, 2)),
        "num_heads": heads,
        "embedding_dim": draw(st.sampled_from([5, 13, hidden])),
        "hidden_dim": hidden,
        "intermediate_dim": draw(st.integers(3, 40)),
        "num_groups": groups,
        "num_inner_repetitions": draw(st.integers(1, 2)),
        "max_sequence_length": draw(st.integers(17, 23)),
        "num_segments": draw(st.integers(1, 3)),
    }


def preset(name, values, folder):
    """Saves a preset that keras-hub made, every weight of it random."""
    live = keras_hub.models.AlbertBackbone(**values)
    if name != "AlbertBackbone":
        live = getattr(keras_hub.models, name)(backbone=live, **CLASSES[name][1])
    random = np.random.default_rng(3)
    for weight in live.weights:
        weight.assign(random.normal(scale=0.2, size=weight.shape))
    if values["embedding_dim"] == values["hidden_dim"]:
        projection = getattr(live, "backbone", live).embeddings_projection
        projection.kernel.assign(np.eye(values["hidden_dim"]))
        projection.bias.assign(np.zeros(values["hidden_dim"]))
    live.save_to_preset(str(folder))


def assert_close(ours, theirs, names=EXACT):
    shared = set(ours) & set(theirs) & set(names)
    assert len(shared) >= 2
    for name in shared:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5, err_msg=name)


def inputs_of(config):
    inputs = random_inputs(config, batch=6)
    inputs["input_type_ids"] %= config.type_vocab_size
    return inputs


def read_equals_live(name, values, folder):
    preset(name, values, folder)
    checkpoint = formats.read(folder)
    assert checkpoint.model_class == CLASSES[name][0]
    inputs = inputs_of(checkpoint.config)
    assert_close(
        run_here(checkpoint, inputs), run_keras_hub(folder, checkpoint.model_class, inputs)
    )


@pytest.mark.parametrize("name", CLASSES)
def test_preset_of_keras_hub_computes_the_same_here(tmp_path, name):
    read_equals_live(name, SIZES, tmp_path / "preset")


@given(values=sizes())
@settings(max_examples=12)
def test_presets_of_many_shapes(tmp_path_factory, values):
    read_equals_live("AlbertBackbone", values, tmp_path_factory.mktemp("shapes") / "preset")


def written_equals_live(model, folder):
    model.save_pretrained(folder / "ours")
    formats.convert(folder / "ours", folder / "theirs", "keras_hub")
    inputs = inputs_of(model.config)
    theirs = run_keras_hub(folder / "theirs", type(model).__name__, inputs)
    assert_close(run_here(formats.read(folder / "ours"), inputs), theirs)


@pytest.mark.parametrize("name", CLASSES)
def test_written_model_computes_the_same_in_keras_hub(tmp_path, small_config, name):
    model_class, arguments = CLASSES[name]
    model = getattr(tf_albert, model_class)(small_config, **arguments)
    written_equals_live(randomize(model), tmp_path)


@given(values=sizes(), sharing=st.sampled_from(["all", "none"]))
@settings(max_examples=12)
def test_written_models_of_many_shapes(tmp_path_factory, values, sharing):
    config = AlbertConfig(
        vocab_size=values["vocabulary_size"],
        embedding_size=values["embedding_dim"],
        hidden_size=values["hidden_dim"],
        num_hidden_layers=values["num_layers"],
        num_attention_heads=values["num_heads"],
        intermediate_size=values["intermediate_dim"],
        max_position_embeddings=values["max_sequence_length"],
        type_vocab_size=values["num_segments"],
        parameter_sharing=sharing,
        num_hidden_groups=values["num_groups"] if sharing == "all" else 1,
        inner_group_num=values["num_inner_repetitions"] if sharing == "all" else 1,
    )
    written_equals_live(randomize(AlbertEncoder(config)), tmp_path_factory.mktemp("shapes"))


def test_weights_of_the_original_give_its_outputs_in_keras_hub(tmp_path):
    formats.convert(GOOGLE / "encoder", tmp_path / "theirs", "keras_hub", model_class=AlbertEncoder)
    expected = np.load(GOOGLE / "encoder" / "expected.npz")
    names = ("input_word_ids", "input_mask", "input_type_ids")
    outputs = run_keras_hub(tmp_path / "theirs", "AlbertEncoder", {n: expected[n] for n in names})
    for name in ("sequence_output", "pooled_output"):
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)


def test_epsilon_of_the_head_is_named_and_all_that_differs(tmp_path, small_config):
    model = randomize(AlbertPretrainer(small_config))
    model.save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    assert report.dropped == {
        "masked_lm_head epsilon": "keras-hub's head normalizes with an epsilon of 1e-05, this "
        "package and the original with 1e-12: `mlm_logits` differ slightly",
        "sentence_order_head/bias": "no place in AlbertMaskedLM",
        "sentence_order_head/kernel": "no place in AlbertMaskedLM",
    }
    live = load(tmp_path / "theirs")
    assert {target for _, target, _ in report.moved} == {weight.path for weight in live.weights}
    live.masked_lm_head._intermediate_layer_norm.epsilon = small_config.layer_norm_epsilon
    inputs = inputs_of(small_config)
    logits = live(
        {
            "token_ids": inputs["input_word_ids"],
            "padding_mask": inputs["input_mask"],
            "segment_ids": inputs["input_type_ids"],
            "mask_positions": inputs["masked_lm_positions"],
        }
    )
    np.testing.assert_allclose(logits, model(inputs)["mlm_logits"], atol=1e-5)


@pytest.mark.parametrize("name", CLASSES)
def test_round_trip_is_bit_identical(tmp_path, name):
    preset(name, SIZES, tmp_path / "theirs")
    missing = ["sentence_order_head"] if name == "AlbertMaskedLM" else []
    formats.convert(
        tmp_path / "theirs", tmp_path / "ours", "tf_albert", "keras_hub", allow_missing=missing
    )
    formats.convert(tmp_path / "ours", tmp_path / "back", "keras_hub")
    first, second = load(tmp_path / "theirs"), load(tmp_path / "back")
    assert type(first).__name__ == type(second).__name__ == name
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    backbones = [getattr(live, "backbone", live) for live in (first, second)]
    configs = [backbone.get_config() for backbone in backbones]
    assert {name: configs[0][name] for name in SIZES} == {name: configs[1][name] for name in SIZES}


def test_masked_lm_has_no_sentence_order(tmp_path):
    preset("AlbertMaskedLM", SIZES, tmp_path / "theirs")
    with pytest.raises(ValueError, match="lacks sentence_order_head/bias, sentence_order_head/ke"):
        AlbertPretrainer.from_pretrained(tmp_path / "theirs")


# keras-hub reads the vocabulary of a preset from a file that it does not close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lower_case", [True, False])
def test_tokenizer_lower_cases_there_too(tmp_path, small_config, vocabulary, lower_case):
    tokenizer = tf_albert.AlbertTokenizer(vocabulary, lower_case=lower_case)
    AlbertEncoder(small_config).save_pretrained(tmp_path / "ours", tokenizer)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    theirs = keras_hub.models.AlbertTokenizer.from_preset(str(tmp_path / "theirs"))
    # keras-hub does not split a comma off digits, as the original does.
    texts = [text for text in TEXTS if "," not in text]
    for text in texts:
        assert list(theirs(text)) == tokenizer.encode(text).ids
    read = formats.read(tmp_path / "theirs").tokenizer
    assert read.lower_case is lower_case
    assert read.encode_ids(list(TEXTS)) == tokenizer.encode_ids(list(TEXTS))


def test_vocabulary_without_capitals_is_lower_cased_aloud(tmp_path, vocabulary):
    preset("AlbertBackbone", SIZES | {"vocabulary_size": 397}, tmp_path / "theirs")
    folder = tmp_path / "theirs"
    keras_hub.models.AlbertTokenizer(proto=vocabulary.read_bytes()).save_to_preset(str(folder))
    checkpoint = formats.read(folder)
    assert checkpoint.tokenizer.lower_case
    assert "has no capitals" in checkpoint.dropped["assets/tokenizer/vocabulary.spm"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameter_sharing": "ffn"}, r"shares a block whole or not at all\. .*'ffn'"),
        ({"hidden_act": "relu"}, r"tanh form of gelu only\. Received: hidden_act='relu'"),
        ({"hidden_act": "gelu_erf"}, "hidden_act='gelu_erf'"),
        ({"layer_norm_epsilon": 1e-5}, "layer_norm_epsilon=1e-05"),
        ({"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.2}, "one dropout"),
    ],
)
def test_what_keras_hub_cannot_express_is_refused(tmp_path, small_config, changes, message):
    AlbertEncoder(small_config.replace(**changes)).save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match=message):
        formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


def test_model_for_spans_is_refused(tmp_path, small_config):
    tf_albert.AlbertSpanLabeler(small_config).save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match="no counterpart of AlbertSpanLabeler"):
        formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")


def test_projection_that_is_not_the_identity(tmp_path):
    preset("AlbertBackbone", SIZES | {"embedding_dim": 24}, tmp_path / "theirs")
    live = load(tmp_path / "theirs")
    live.embeddings_projection.bias.assign(np.ones(24))
    live.save_to_preset(str(tmp_path / "theirs"))
    refuses(tmp_path / "theirs", "a projection between the two that is not the identity")


@pytest.fixture
def theirs(tmp_path):
    preset("AlbertTextClassifier", SIZES, tmp_path / "theirs")
    return tmp_path / "theirs"


def refuses(folder, message, error=ValueError):
    """Converting a folder raises an error with a message and writes nothing."""
    with pytest.raises(error, match=message):
        formats.convert(folder, folder.parent / "out", "tf_albert")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize(
    "name", ["config.json", "task.json", "model.weights.h5", "task.weights.h5"]
)
def test_truncated_file(theirs, name, tenth):
    content = (theirs / name).read_bytes()
    (theirs / name).write_bytes(content[: len(content) * tenth // 10])
    refuses(theirs, r"is not a JSON file|keras-hub cannot open|holds [\d,]+ parameters")


def test_config_of_fewer_groups(theirs):
    for name in ("config.json", "task.json"):
        text = (theirs / name).read_text()
        assert '"num_groups": 2' in text
        (theirs / name).write_text(text.replace('"num_groups": 2', '"num_groups": 1'))
    refuses(theirs, r"holds [\d,]+ parameters, the AlbertTextClassifier that its config describes")


def test_missing_weights(theirs):
    (theirs / "task.weights.h5").unlink()
    refuses(theirs, r"lacks task\.weights\.h5\. Copy the preset again", FileNotFoundError)


def test_preset_of_bert(tmp_path):
    bert = keras_hub.models.BertBackbone(
        vocabulary_size=30, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=5
    )
    bert.save_to_preset(str(tmp_path / "theirs"))
    refuses(tmp_path / "theirs", r"of the class 'BertBackbone'. Expected one of: AlbertBackbone")


def test_flipped_byte_is_found_by_the_sum(tmp_path, small_config):
    randomize(AlbertEncoder(small_config)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    shutil.rmtree(tmp_path / "ours")
    path = tmp_path / "theirs" / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    refuses(tmp_path / "theirs", r"model\.weights\.h5 is damaged or was replaced")


def test_provenance_of_a_preset(theirs):
    provenance = formats.read(theirs).provenance()
    assert provenance["hidden_act"] == "gelu"
    assert sorted(provenance["files_sha256"]) == ["model.weights.h5", "task.weights.h5"]
    assert json.dumps(provenance)
    assert keras.config.dtype_policy().name == "float32"
