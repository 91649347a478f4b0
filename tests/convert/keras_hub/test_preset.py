"""What is in a preset of keras-hub besides weights: tokenizer, sizes, and what is refused."""

import json

import keras
import keras_hub
import numpy as np
import pytest

import tf_albert
from tests.convert.keras_hub.live_keras_hub import open_preset, save_random
from tests.convert.shapes import CONFIG, refuses, rewrite
from tf_albert import AlbertEncoder
from tf_albert.convert import formats
from tf_albert.convert.verify.inputs import TEXTS

# keras-hub reads the vocabulary of a preset from a file that it does not close.
unclosed = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def theirs(tmp_path):
    save_random("AlbertTextClassifier", CONFIG, tmp_path / "theirs")
    return tmp_path / "theirs"


@pytest.fixture
def with_vocabulary(tmp_path, vocabulary):
    """A backbone with a tokenizer that keras-hub saved."""
    folder = tmp_path / "theirs"
    save_random("AlbertBackbone", CONFIG.replace(vocab_size=397), folder)
    keras_hub.models.AlbertTokenizer(proto=vocabulary.read_bytes()).save_to_preset(str(folder))
    return folder


@unclosed
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


def test_vocabulary_without_capitals_is_lower_cased_aloud(with_vocabulary):
    checkpoint = formats.read(with_vocabulary)
    assert checkpoint.tokenizer.lower_case
    assert "has no capitals" in checkpoint.dropped["assets/tokenizer/vocabulary.spm"]


def test_names_of_bytes_are_no_capitals(with_vocabulary, byte_tokenizer):
    byte_tokenizer.write_vocabulary(with_vocabulary / "assets" / "tokenizer" / "vocabulary.spm")
    assert formats.read(with_vocabulary).tokenizer.lower_case


@pytest.mark.parametrize("name", ["tokenizer.json", "assets/tokenizer/vocabulary.spm"])
def test_half_a_tokenizer_is_refused(with_vocabulary, name):
    (with_vocabulary / name).unlink()
    refuses(with_vocabulary, f"lacks {name}. Copy the preset again, or", FileNotFoundError)


def test_tokenizer_of_bert_is_refused(with_vocabulary):
    rewrite(with_vocabulary / "tokenizer.json", class_name="BertTokenizer")
    refuses(with_vocabulary, "of the class 'BertTokenizer'. Expected one of: AlbertTokenizer")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameter_sharing": "ffn"}, r"shares a block whole or not at all\. .*'ffn'"),
        ({"hidden_act": "relu"}, r"tanh form of gelu only\. Received: hidden_act='relu'"),
        ({"hidden_act": "gelu_erf"}, "hidden_act='gelu_erf'"),
        ({"layer_norm_epsilon": 1e-5}, "has 1e-12 only. Received: layer_norm_epsilon=1e-05"),
        ({"hidden_dropout_prob": 0.1}, "`hidden_dropout_prob` only. .*attention_probs_.*=0.0"),
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
    save_random("AlbertBackbone", CONFIG.replace(embedding_size=45), tmp_path / "theirs")
    live = open_preset("AlbertBackbone", tmp_path / "theirs")
    live.embeddings_projection.bias.assign(np.ones(45))
    live.save_to_preset(str(tmp_path / "theirs"))
    refuses(tmp_path / "theirs", "a projection between the two that is not the identity")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('"num_groups": 1', r"has more than the model that its config describes: model\.weights"),
        ('"num_groups": 3, "cls_index": 1', "arguments that this package does not know: cls_index"),
        ('"num_groups": 4', "keras-hub cannot open .* must be divisible by `num_groups`"),
    ],
)
def test_config_of_another_model(theirs, change, message):
    for name in ("config.json", "task.json"):
        text = (theirs / name).read_text()
        assert '"num_groups": 3' in text
        (theirs / name).write_text(text.replace('"num_groups": 3', change))
    refuses(theirs, message)


def test_arrays_that_are_allowed_to_have_no_place(theirs):
    for name in ("config.json", "task.json"):
        text = (theirs / name).read_text()
        (theirs / name).write_text(text.replace('"num_groups": 3', '"num_groups": 1'))
    unplaced = formats.read(theirs).unplaced
    # Two of three groups, each of two blocks: four dense layers of attention, two of the
    # feed-forward part, two normalizations, and two arrays of each.
    assert len(unplaced) == 2 * 2 * 8 * 2
    with pytest.raises(ValueError, match="which is no weight of the model"):
        AlbertEncoder.from_pretrained(theirs, allow_missing=[*unplaced, "layers/unheard_of"])
    with pytest.raises(ValueError, match="has more than the model"):
        AlbertEncoder.from_pretrained(theirs, allow_missing=list(unplaced)[1:])
    model = AlbertEncoder.from_pretrained(theirs, allow_missing=list(unplaced))
    assert model.config.num_hidden_groups == 1


def test_task_of_another_backbone(theirs):
    text = (theirs / "config.json").read_text()
    (theirs / "config.json").write_text(text.replace('"dropout": 0.0', '"dropout": 0.5'))
    refuses(theirs, r"task\.json and config\.json beside it differ in dropout")


def test_preset_of_bert(tmp_path):
    bert = keras_hub.models.BertBackbone(
        vocabulary_size=30, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=5
    )
    bert.save_to_preset(str(tmp_path / "theirs"))
    refuses(tmp_path / "theirs", r"of the class 'BertBackbone'. Expected one of: AlbertBackbone")


def test_provenance_of_a_preset(with_vocabulary):
    provenance = formats.read(with_vocabulary).provenance()
    assert provenance["hidden_act"] == "gelu"
    assert {name.split("/")[-1] for name in provenance["files_sha256"]} == {
        "config.json",
        "metadata.json",
        "model.weights.h5",
        "tokenizer.json",
        "vocabulary.spm",
    }
    assert json.dumps(provenance)
    assert keras.config.dtype_policy().name == "float32"


def test_provenance_of_a_task(theirs):
    files = formats.read(theirs).provenance()["files_sha256"]
    assert {"config.json", "task.json", "model.weights.h5", "task.weights.h5"} < files.keys()
