"""Against live transformers: weights, heads, configs and tokenizers, in both directions."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.helpers import GOOGLE, random_inputs, randomize, require
from tf_albert import AlbertConfig, AlbertEncoder, AlbertPretrainer, AlbertSpanLabeler
from tf_albert.convert import formats
from tf_albert.convert.names import weights_by_name
from tf_albert.convert.peers import run_transformers
from tf_albert.convert.verification import run_here

ARCHITECTURES = {
    "AlbertModel": "AlbertEncoder",
    "AlbertForPreTraining": "AlbertPretrainer",
    "AlbertForMaskedLM": "AlbertPretrainer",
    "AlbertForSequenceClassification": "AlbertClassifier",
    "AlbertForQuestionAnswering": "AlbertSpanLabeler",
    "AlbertForMultipleChoice": "AlbertMultipleChoice",
    "AlbertForTokenClassification": "AlbertTokenClassifier",
}
ARGUMENTS = {"AlbertClassifier": {"num_classes": 3}, "AlbertTokenClassifier": {"num_classes": 7}}
WRITTEN = [name for name in ARCHITECTURES if name != "AlbertForMaskedLM"]


@pytest.fixture(scope="module", autouse=True)
def transformers():
    installed = all(importlib.util.find_spec(name) for name in ("transformers", "torch"))
    require("parity", installed, "transformers and torch are not installed: '.[parity]'")
    import transformers

    transformers.logging.disable_progress_bar()
    return transformers


@st.composite
def configs(draw):
    """ALBERT configs of many shapes, as Google's keys."""
    heads = draw(st.integers(1, 4))
    hidden = heads * draw(st.integers(2, 9))
    groups = draw(st.integers(1, 3))
    return {
        "vocab_size": draw(st.integers(30, 60)),
        "embedding_size": draw(st.sampled_from([5, 13, hidden])),
        "hidden_size": hidden,
        "num_hidden_layers": groups * draw(st.integers(1, 2)),
        "num_hidden_groups": groups,
        "inner_group_num": draw(st.integers(1, 2)),
        "num_attention_heads": heads,
        "intermediate_size": draw(st.integers(3, 40)),
        "hidden_act": draw(st.sampled_from(["gelu", "gelu_new", "gelu_erf", "relu"])),
        "max_position_embeddings": draw(st.integers(17, 23)),
        "type_vocab_size": draw(st.integers(1, 3)),
        "layer_norm_epsilon": draw(st.sampled_from([1e-12, 1e-5])),
    }


def model_of(architecture, config):
    model_class = ARCHITECTURES[architecture]
    return randomize(getattr(tf_albert, model_class)(config, **ARGUMENTS.get(model_class, {})))


def inputs_of(config):
    inputs = random_inputs(config, batch=6)
    inputs["input_type_ids"] %= config.type_vocab_size
    return inputs


def assert_close(first, second, least=1):
    shared = set(first) & set(second)
    assert len(shared) >= least
    for name in shared:
        np.testing.assert_allclose(first[name], second[name], atol=1e-5, err_msg=name)


def written_equals_live(tmp_path, architecture, config):
    """What is written opens in transformers without a missing key, and computes the same."""
    import transformers

    model = model_of(architecture, config)
    model.save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    _, info = getattr(transformers, architecture).from_pretrained(
        tmp_path / "theirs", output_loading_info=True
    )
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    inputs = inputs_of(config)
    theirs = run_transformers(tmp_path / "theirs", ARCHITECTURES[architecture], inputs)
    assert_close(run_here(formats.read(tmp_path / "ours"), inputs), theirs, len(theirs))


@pytest.mark.parametrize("architecture", WRITTEN)
def test_written_model_computes_the_same_in_transformers(tmp_path, small_config, architecture):
    written_equals_live(tmp_path, architecture, small_config)


@given(values=configs(), sharing=st.sampled_from(["all", "none"]))
@settings(max_examples=20)
def test_written_models_of_many_shapes(tmp_path_factory, values, sharing):
    if sharing == "none":
        values |= {"parameter_sharing": "none", "num_hidden_groups": 1, "inner_group_num": 1}
    folder = tmp_path_factory.mktemp("shapes")
    written_equals_live(folder, "AlbertForPreTraining", AlbertConfig.from_dict(values))


def theirs_of(architecture, values, folder):
    """Saves a model that transformers made, every weight of it random."""
    import torch
    import transformers

    values = dict(values)
    act = {"gelu_erf": "gelu", "gelu": "gelu_new"}.get(values["hidden_act"], values["hidden_act"])
    values |= {"layer_norm_eps": values.pop("layer_norm_epsilon"), "hidden_act": act}
    labels = ARGUMENTS.get(ARCHITECTURES[architecture], {}).get("num_classes", 2)
    model = getattr(transformers, architecture)(
        transformers.AlbertConfig(**values, num_labels=labels)
    )
    generator = torch.Generator().manual_seed(5)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    if values["embedding_size"] == values["hidden_size"]:
        projection = getattr(model, "albert", model).encoder.embedding_hidden_mapping_in
        torch.nn.init.eye_(projection.weight)
        torch.nn.init.zeros_(projection.bias)
    model.save_pretrained(folder)


SMALL = {
    "vocab_size": 41,
    "embedding_size": 11,
    "hidden_size": 24,
    "num_hidden_layers": 4,
    "num_hidden_groups": 2,
    "inner_group_num": 2,
    "num_attention_heads": 3,
    "intermediate_size": 29,
    "hidden_act": "gelu_new",
    "max_position_embeddings": 19,
    "type_vocab_size": 2,
    "layer_norm_epsilon": 1e-12,
}


def read_equals_live(folder, architecture, values):
    theirs_of(architecture, values, folder)
    checkpoint = formats.read(folder)
    inputs = inputs_of(checkpoint.config)
    theirs = run_transformers(folder, checkpoint.model_class, inputs)
    assert_close(run_here(checkpoint, inputs), theirs, len(theirs))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_model_that_transformers_made_computes_the_same_here(tmp_path, architecture):
    read_equals_live(tmp_path, architecture, SMALL)


@given(values=configs())
@settings(max_examples=20)
def test_models_of_many_shapes_that_transformers_made(tmp_path_factory, values):
    read_equals_live(tmp_path_factory.mktemp("shapes"), "AlbertForPreTraining", values)


def test_weights_of_the_original_give_its_outputs_in_transformers(tmp_path):
    formats.convert(GOOGLE / "encoder", tmp_path / "theirs", "huggingface")
    expected = np.load(GOOGLE / "encoder" / "expected.npz")
    names = ("input_word_ids", "input_mask", "input_type_ids", "masked_lm_positions")
    inputs = {name: expected[name] for name in names}
    outputs = run_transformers(tmp_path / "theirs", "AlbertPretrainer", inputs)
    for name in ("sequence_output", "pooled_output"):
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)
    for ours, theirs in (("mlm_logits", "mlm_log_probs"), ("sop_logits", "sop_log_probs")):
        logits = outputs[ours].reshape(-1, outputs[ours].shape[-1])
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        np.testing.assert_allclose(log_probs, expected[theirs], atol=1e-5)


@pytest.mark.parametrize("architecture", WRITTEN)
def test_round_trip_is_bit_identical(tmp_path, architecture):
    from safetensors.numpy import load_file

    theirs_of(architecture, SMALL, tmp_path / "theirs")
    formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    formats.convert(tmp_path / "ours", tmp_path / "back", "huggingface")
    first, second = (
        load_file(tmp_path / part / "model.safetensors") for part in ("theirs", "back")
    )
    assert sorted(first) == sorted(second)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)
    configs = [
        json.loads((tmp_path / part / "config.json").read_text()) for part in ("theirs", "back")
    ]
    ours = {name: value for name, value in configs[1].items() if name in configs[0]}
    assert ours == {name: configs[0][name] for name in ours}


def test_masked_lm_lacks_what_is_named(tmp_path):
    theirs_of("AlbertForMaskedLM", SMALL, tmp_path / "theirs")
    with pytest.raises(ValueError, match=r"lacks albert\.pooler\.bias, .*sop_classifier"):
        AlbertPretrainer.from_pretrained(tmp_path / "theirs")
    model = AlbertPretrainer.from_pretrained(
        tmp_path / "theirs", allow_missing=["pooler", "sentence_order_head"]
    )
    assert model.config.num_hidden_groups == 2


@pytest.mark.parametrize("embedding_size", [10, 28], ids=["projection", "no projection"])
def test_report_names_every_array_on_both_sides(tmp_path, small_config, embedding_size):
    import safetensors

    config = small_config.replace(embedding_size=embedding_size)
    randomize(AlbertSpanLabeler(config)).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    with safetensors.safe_open(tmp_path / "theirs" / "model.safetensors", "numpy") as stored:
        targets = {target for _, target, _ in report.moved}
        assert targets | report.fresh.keys() == set(stored.keys())
        assert len(report.fresh) == (2 if embedding_size == 28 else 0)
    moved = {source: target for source, target, _ in report.moved}
    assert moved["head/kernel"] == "qa_outputs.weight"
    sources = moved.keys() | report.dropped.keys()
    assert sources == weights_by_name(AlbertSpanLabeler(config)).keys()


def test_pooler_of_a_model_for_spans_is_left_out_aloud(tmp_path, small_config):
    randomize(AlbertSpanLabeler(small_config)).save_pretrained(tmp_path / "ours")
    report = formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    reason = "AlbertForQuestionAnswering has no pooler"
    assert report.dropped == {"pooler/kernel": reason, "pooler/bias": reason}


def test_shards_and_half_precision(tmp_path, transformers):
    import torch

    theirs_of("AlbertForPreTraining", SMALL, tmp_path / "whole")
    expected = AlbertEncoder.from_pretrained(tmp_path / "whole").get_weights()
    model = transformers.AlbertForPreTraining.from_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="3KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    for ours, theirs in zip(
        AlbertEncoder.from_pretrained(tmp_path / "shards").get_weights(), expected, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for dtype in (torch.bfloat16, torch.float16):
        model.to(dtype).save_pretrained(tmp_path / "half")
        half = AlbertEncoder.from_pretrained(tmp_path / "half").get_weights()[0]
        word_embeddings = model.albert.embeddings.word_embeddings.weight
        np.testing.assert_array_equal(half, word_embeddings.detach().float().numpy())
    next((tmp_path / "shards").glob("*-00002-*")).unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks model-00002-of-.*, which model\.safet"):
        AlbertEncoder.from_pretrained(tmp_path / "shards")


@pytest.mark.parametrize("lower_case", [True, False])
def test_tokenizer_returns_and_opens_in_transformers(
    tmp_path, small_config, vocabulary, lower_case, transformers
):
    tokenizer = tf_albert.AlbertTokenizer(vocabulary, lower_case=lower_case)
    AlbertEncoder(small_config).save_pretrained(tmp_path / "ours", tokenizer)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "theirs")
    text = "The value of Each item is Returned"
    assert theirs(text)["input_ids"][1:-1] == tokenizer.encode(text).ids
    special = {"pad": "pad", "unk": "unk", "cls": "cls", "sep": "sep", "mask": "mask"}
    assert {name: getattr(theirs, f"{name}_token_id") for name in special} == tokenizer.special_ids
    assert theirs.model_max_length == small_config.max_position_embeddings
    read = formats.read(tmp_path / "theirs").tokenizer
    assert read.lower_case is lower_case
    assert read.encode(text).ids == tokenizer.encode(text).ids


def test_tokenizer_without_a_sentencepiece_model_is_named(tmp_path):
    theirs_of("AlbertModel", SMALL, tmp_path / "theirs")
    (tmp_path / "theirs" / "tokenizer.json").write_text("{}")
    report = formats.convert(tmp_path / "theirs", tmp_path / "ours", "tf_albert")
    assert "no SentencePiece model; put the spiece.model" in report.dropped["tokenizer.json"]


@pytest.mark.parametrize("sharing", ["attention", "ffn"])
def test_sharing_that_transformers_does_not_have(tmp_path, small_config, sharing):
    config = small_config.replace(parameter_sharing=sharing)
    AlbertEncoder(config).save_pretrained(tmp_path / "ours")
    with pytest.raises(ValueError, match=f"whole or not at all. Received: .*'{sharing}'"):
        formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


@pytest.fixture
def theirs(tmp_path):
    theirs_of("AlbertForPreTraining", SMALL, tmp_path / "theirs")
    return tmp_path / "theirs"


def refuses(folder, message, error=ValueError):
    """Converting a folder raises an error with a message and writes nothing."""
    with pytest.raises(error, match=message):
        formats.convert(folder, folder.parent / "out", "tf_albert")
    assert [path.name for path in folder.parent.iterdir()] == ["theirs"]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
def test_pickle_is_refused_with_the_way_out(theirs, name):
    (theirs / "model.safetensors").unlink()
    (theirs / name).write_bytes(b"never opened")
    refuses(theirs, r"holds a pickle, which is code .* python -c .*save_pretrained.*theirs")


def test_command_against_pickles_works(theirs):
    import torch
    from safetensors.torch import load_file

    before = AlbertEncoder.from_pretrained(theirs).get_weights()
    state = load_file(theirs / "model.safetensors")
    torch.save(state, theirs / "pytorch_model.bin")
    (theirs / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="holds a pickle") as refusal:
        AlbertEncoder.from_pretrained(theirs)
    command = re.search(r"python -c .*", str(refusal.value))[0]
    subprocess.run(command.replace("python", sys.executable, 1), shell=True, check=True)
    for ours, expected in zip(
        AlbertEncoder.from_pretrained(theirs).get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_truncated_file(theirs, name, tenth):
    content = (theirs / name).read_bytes()
    (theirs / name).write_bytes(content[: len(content) * tenth // 10])
    refuses(theirs, r"model\.safetensors cannot be read|config\.json is not a JSON file")


def test_flipped_byte_is_found_by_the_sum(tmp_path, small_config):
    randomize(AlbertEncoder(small_config)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    shutil.rmtree(tmp_path / "ours")
    content = bytearray((tmp_path / "theirs" / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (tmp_path / "theirs" / "model.safetensors").write_bytes(content)
    refuses(tmp_path / "theirs", r"model\.safetensors is damaged or was replaced")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "bert"}, "is of the model type 'bert'. Expected: 'albert'"),
        ({"architectures": ["AlbertForX"]}, r"architectures=\['AlbertForX'\]. Expected one of"),
        ({"hidden_act": "silu"}, "hidden_act='silu'. Known activations: gelu"),
        ({"position_embedding_type": "relative_key"}, "ALBERT's positions are 'absolute'"),
        ({"num_attention_heads": None}, "num_attention_heads"),
        ({"vocab_size": 42}, r"has the shape \(41, 11\) .* ask for \(42, 11\)"),
        ({"num_hidden_groups": 1}, r"has more than the model .*albert_layer_groups\.1"),
        ({"num_hidden_layers": 8, "num_hidden_groups": 4}, "lacks .*albert_layer_groups.2"),
    ],
)
def test_config_of_other_weights(theirs, changes, message):
    values = json.loads((theirs / "config.json").read_text()) | changes
    (theirs / "config.json").write_text(json.dumps(values))
    refuses(theirs, message)


@pytest.mark.parametrize("name", ["predictions.decoder.weight", "extra.weight"])
def test_array_of_its_own_is_named(theirs, name):
    from safetensors.numpy import load_file, save_file

    arrays = load_file(theirs / "model.safetensors")
    arrays[name] = np.ones((41, 11), "float32")
    save_file(arrays, theirs / "model.safetensors", metadata={"format": "pt"})
    refuses(theirs, f"`{name}` in .* should be tied|has more than the model .*: {name}")


def test_missing_library_names_its_extra(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    refuses(theirs, r"'tf_albert\[huggingface\]'", ModuleNotFoundError)
