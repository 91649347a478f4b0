"""Two stored models side by side: run live, run here, and on texts that tokenizers treat apart."""

import importlib.util
import shutil

import pytest
import tensorflow as tf
from sentencepiece import sentencepiece_model_pb2

from tests.helpers import random_inputs, randomize, require
from tf_albert import (
    AlbertClassifier,
    AlbertEncoder,
    AlbertMultipleChoice,
    AlbertPretrainer,
    AlbertTokenizer,
    hub,
)
from tf_albert.cli.main import main
from tf_albert.convert import formats
from tf_albert.convert.hub.other_library import compute_outputs
from tf_albert.convert.verify.inputs import TEXTS
from tf_albert.convert.verify.verification import compare

# keras-hub reads the vocabulary of a preset from a file that it does not close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WITH_NUMBERS = "In 1,234 cases of 20,000 the price was $3.50, not £4."
WITH_HYPHENS = "State-of-the-art (well-known) e-mail: me@example.org!"


@pytest.fixture
def comma_tokenizer(vocabulary, tmp_path):
    """A tokenizer with a piece that ends with a digit and a comma, which Google's code divides."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(vocabulary.read_bytes())
    proto.pieces.add(piece="▁1,", score=0.0)
    (tmp_path / "comma.model").write_bytes(proto.SerializeToString())
    return AlbertTokenizer(tmp_path / "comma.model")


@pytest.fixture
def pretrainer(small_config, comma_tokenizer):
    # A model of which the logits show that another library's epsilon is another one.
    config = small_config.replace(
        vocab_size=comma_tokenizer.vocab_size, num_hidden_layers=3, type_vocab_size=2
    )
    return randomize(AlbertPretrainer(config))


@pytest.fixture
def ours(pretrainer, comma_tokenizer, tmp_path):
    pretrainer.save_pretrained(tmp_path / "ours", comma_tokenizer)
    return tmp_path / "ours"


def verify(capsys, *places):
    """Returns the exit code of the command, and the lines that it printed."""
    code = main(["verify-conversion", *map(str, places)])
    return code, capsys.readouterr().out.splitlines()


def ids_by_transformers(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [tokenizer(text)["input_ids"][1:-1] for text in TEXTS]


def ids_by_keras_hub(folder):
    import keras_hub

    tokenizer = keras_hub.models.AlbertTokenizer.from_preset(str(folder))
    return [tokenizer(text).tolist() for text in TEXTS]


@pytest.mark.parametrize(
    ("target_format", "runner", "tokenize", "texts"),
    [
        ("huggingface", "transformers", ids_by_transformers, [WITH_NUMBERS, WITH_HYPHENS]),
        ("keras_hub", "keras_hub", ids_by_keras_hub, [WITH_NUMBERS]),
    ],
)
def test_texts_that_a_live_tokenizer_treats_otherwise_are_told_and_no_failure(
    capsys, ours, comma_tokenizer, tmp_path, target_format, runner, tokenize, texts
):
    require("parity", importlib.util.find_spec(runner), f"{runner} is not installed: '.[parity]'")
    theirs = tmp_path / "theirs"
    # keras-hub's head for masked words has another epsilon, so that one is left out.
    formats.convert(ours, theirs, target_format, model_class=AlbertEncoder)
    expected = comma_tokenizer.encode_ids(list(TEXTS))
    rows = zip(TEXTS, expected, tokenize(theirs), strict=True)
    assert [text for text, ids, live_ids in rows if ids != live_ids] == texts
    result = compare(ours, theirs)
    assert result.agrees
    assert (result.num_texts, result.other_ids) == (10, ())
    assert [side.computed_by for side in result.sides] == ["tf_albert", runner]
    assert result.sides[0].other_ids is None
    assert list(result.sides[1].other_ids) == texts
    assert result.sides[1].other_ids[WITH_NUMBERS] == ("▁", "▁1,")
    code, lines = verify(capsys, ours, theirs)
    assert code == 0
    assert "ids of texts      0 of 10 differ, both vocabularies read by tf_albert" in lines
    assert (
        f"ids of texts      {len(texts)} of 10 differ by the tokenizer of {runner} itself, with "
        f"the vocabulary of {theirs}"
    ) in lines
    assert f"  {WITH_NUMBERS!r}: '▁' here, '▁1,' there" in lines
    assert lines[-1].startswith(f"  {runner} does not tokenize such texts as Google's code did")


def test_live_tokenizer_that_does_the_same_differs_nowhere(
    capsys, small_config, tmp_path, vocabulary
):
    """keras-hub's, of a vocabulary without a piece that ends with a digit and a comma."""
    tokenizer = AlbertTokenizer(vocabulary)
    randomize(AlbertEncoder(small_config)).save_pretrained(tmp_path / "ours", tokenizer)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "keras_hub")
    code, lines = verify(capsys, tmp_path / "ours", tmp_path / "theirs")
    assert code == 0
    assert compare(tmp_path / "ours", tmp_path / "theirs").sides[1].other_ids == {}
    assert "0 of 10 differ by the tokenizer of keras_hub itself" in lines[-1]


@pytest.mark.usefixtures("transformers")
def test_other_lower_casing_fails_also_where_it_runs_live(capsys, ours, tmp_path, comma_tokenizer):
    cased = AlbertTokenizer(comma_tokenizer.vocabulary, lower_case=False)
    AlbertPretrainer.from_pretrained(ours).save_pretrained(tmp_path / "cased", cased)
    formats.convert(tmp_path / "cased", tmp_path / "theirs", "huggingface")
    code, lines = verify(capsys, ours, tmp_path / "theirs")
    assert code == 1
    count = sum(cased.encode(text).ids != comma_tokenizer.encode(text).ids for text in TEXTS)
    assert 0 < count < 10
    assert f"ids of texts      {count} of 10 differ, both vocabularies read by tf_albert" in lines
    assert lines[-1].startswith("The two do not agree")


@pytest.mark.usefixtures("transformers")
def test_nothing_is_predicted_of_padding(small_config, tmp_path):
    """Rows are shorter than the number of predictions where positions are few."""
    model = randomize(AlbertPretrainer(small_config.replace(max_position_embeddings=7)))
    model.save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    result = compare(tmp_path / "ours", tmp_path / "theirs")
    assert len(result.differences) == 4
    assert max(result.differences.values()) < 1e-5


@pytest.mark.usefixtures("transformers")
def test_outputs_of_one_side_are_named(capsys, ours, tmp_path):
    formats.convert(ours, tmp_path / "theirs", "huggingface", model_class=AlbertEncoder)
    code, lines = verify(capsys, tmp_path / "theirs", ours)
    assert code == 0
    assert [line.split()[0] for line in lines[2:4]] == ["sequence_output", "pooled_output"]
    assert lines[4:6] == [
        f"mlm_logits        not compared: only {ours} gives it",
        f"sop_logits        not compared: only {ours} gives it",
    ]


@pytest.mark.usefixtures("transformers")
@pytest.mark.parametrize(
    ("model_class", "arguments"),
    [(AlbertClassifier, {"num_classes": 3}), (AlbertMultipleChoice, {})],
)
def test_head_of_a_task_runs_live(small_config, tmp_path, model_class, arguments):
    randomize(model_class(small_config, **arguments)).save_pretrained(tmp_path / "ours")
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    result = compare(tmp_path / "ours", tmp_path / "theirs")
    assert result.agrees
    assert 0 < result.differences["logits"] < 1e-5
    assert result.num_texts == 0


def test_module_runs_itself(capsys, ours, pretrainer, comma_tokenizer, tmp_path):
    hub.save_encoder(pretrainer.encoder, tmp_path / "module")
    shutil.copy(comma_tokenizer.vocabulary, tmp_path / "module" / "assets" / "30k-clean.model")
    code, lines = verify(capsys, tmp_path / "module", ours)
    assert code == 0
    assert lines[:2] == [
        f"{tmp_path / 'module'}: run by the module itself",
        f"{ours}: run by tf_albert",
    ]
    result = compare(tmp_path / "module", ours)
    assert result.differences.keys() == {"sequence_output", "pooled_output"}
    assert max(result.differences.values()) < 1e-5
    assert result.num_texts == 10


def test_outputs_of_a_module_are_its_own(pretrainer, tmp_path):
    """What is compared is what the module gives when it is called, not its weights run here."""
    hub.save_encoder(pretrainer.encoder, tmp_path / "module")
    inputs = random_inputs(pretrainer.config)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    expected = tf.saved_model.load(str(tmp_path / "module"))({n: inputs[n] for n in names})
    found = compute_outputs(tmp_path / "module", "AlbertEncoder", inputs)
    assert found.keys() == {"sequence_output", "pooled_output"}
    for name, array in found.items():
        assert (array == expected[name].numpy()).all()


@pytest.mark.usefixtures("transformers")
def test_without_the_library_both_are_run_here(capsys, ours, tmp_path, monkeypatch):
    formats.convert(ours, tmp_path / "theirs", "huggingface")
    find_spec = importlib.util.find_spec

    def without_torch(name, *arguments):
        return None if name == "torch" else find_spec(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", without_torch)
    code, lines = verify(capsys, ours, tmp_path / "theirs")
    assert code == 0
    assert lines[1] == (
        f"{tmp_path / 'theirs'}: run by tf_albert, since torch is not installed (extra `parity`)"
    )
    assert [line.split()[1] for line in lines[2:6]] == ["0.0e+00"] * 4
    assert lines[6:] == ["ids of texts      0 of 10 differ"]


@pytest.mark.usefixtures("transformers")
def test_tokenizer_that_the_library_cannot_open_is_named(capsys, ours, tmp_path):
    formats.convert(ours, tmp_path / "theirs", "huggingface")
    (tmp_path / "theirs" / "tokenizer.json").write_text("{}")
    assert main(["verify-conversion", str(ours), str(tmp_path / "theirs")]) == 2
    assert "transformers cannot open the tokenizer in" in capsys.readouterr().err


def test_why_a_sides_numbers_may_differ_is_told_where_they_do(capsys, ours, tmp_path):
    formats.convert(ours, tmp_path / "theirs", "keras_hub")
    code, lines = verify(capsys, ours, tmp_path / "theirs")
    assert code == 1
    told = f"  of {tmp_path / 'theirs'}: mlm_head epsilon: keras-hub's head normalizes with an"
    assert any(line.startswith(told) for line in lines)
