"""The preprocessor's module, in the hands of a process that never imports tf_albert."""

import numpy as np
import pytest
import tensorflow as tf

import tf_albert
from tests.hub.conftest import SEQUENCE_LENGTH
from tf_albert.modeling.encoder import INPUTS
from tf_albert.text.packing import pack_inputs


@pytest.mark.parametrize("check", ["preprocess_one", "preprocess_mapped", "preprocess_in_model"])
def test_strings_become_the_inputs(found, preprocessor, texts, check):
    outputs, expected = found(check), preprocessor(texts[0])
    assert set(outputs) == set(INPUTS)
    for name in INPUTS:
        assert outputs[name].dtype == np.int32
        assert outputs[name].shape == (7, SEQUENCE_LENGTH)
        np.testing.assert_array_equal(outputs[name], expected[name])


def test_pairs_become_two_segments(found, preprocessor, texts):
    outputs, expected = found("preprocess_pair"), preprocessor((texts[0], texts[1]))
    for name in INPUTS:
        np.testing.assert_array_equal(outputs[name], expected[name])
    assert outputs["input_type_ids"].max() == 1


def test_ids_are_those_of_the_tokenizer(found, tokenizer, texts):
    found_ids = found("tokenize")
    rows = np.split(found_ids["values"], found_ids["splits"][1:-1])
    assert found_ids["values"].dtype == np.int32
    assert [row.tolist() for row in rows] == tokenizer.encode_ids(texts[0])


def test_offsets_are_those_of_the_tokenizer(found, tokenizer, texts):
    outputs = found("offsets")
    rows = [np.split(outputs[name], outputs["splits"][1:-1]) for name in ("ids", "begins", "ends")]
    for text, ids, begins, ends in zip(texts[0], *rows, strict=True):
        encoding = tokenizer.encode(text)
        assert ids.tolist() == encoding.ids
        # Bytes here, characters there.
        spans = [
            (len(text[:begin].encode()), len(text[:end].encode()))
            for begin, end in encoding.offsets
        ]
        assert list(zip(begins.tolist(), ends.tolist(), strict=True)) == spans


def test_ids_become_strings_again(found, tokenizer, texts):
    expected = [tokenizer.decode(ids) for ids in tokenizer.encode_ids(texts[0])]
    assert found("detokenize")["texts"].tolist() == expected


def test_vocabulary_is_an_asset(modules, tokenizer):
    stored = (modules / "preprocessor/assets/spiece.model").read_bytes()
    assert stored == tokenizer.vocabulary.read_bytes()


def test_segments_are_packed_to_any_length(found, tokenizer, texts):
    packed = found("pack")
    segments = [tokenizer(tf.constant(part)) for part in texts]
    for prefix, parts in (("one", segments[:1]), ("two", segments)):
        expected = pack_inputs(parts, 13, tokenizer.special_ids)
        for name in INPUTS:
            np.testing.assert_array_equal(packed[f"{prefix}_{name}"], expected[name])
    assert packed["default"].shape == (7, SEQUENCE_LENGTH)


def test_words_of_a_segment_are_joined(found, tokenizer):
    first, end = tokenizer.special_ids["cls"], tokenizer.special_ids["sep"]
    expected = [[first, 5, 6, 7, end, 0, 0], [first, 8, end, 0, 0, 0, 0]]
    assert found("pack")["words"].tolist() == expected


def test_parts_can_be_saved_alone(found):
    parts = found("parts_saved")
    tensors = {"tokenize": 2, "tokenize_with_offsets": 6, "detokenize": 1}
    assert {name: len(same) for name, same in parts.items()} == tensors
    assert all(same.all() for same in parts.values())


def test_special_tokens_have_the_names_of_the_api(found, tokenizer):
    values = {name: value.item() for name, value in found("special_tokens").items()}
    assert values == {
        "vocab_size": tokenizer.vocab_size,
        "padding_id": tokenizer.special_ids["pad"],
        "start_of_sequence_id": tokenizer.special_ids["cls"],
        "end_of_segment_id": tokenizer.special_ids["sep"],
        "mask_id": tokenizer.special_ids["mask"],
    }


def test_awkward_strings_do_no_harm(found):
    outputs = found("preprocess_awkward")
    assert outputs["awkward"].shape == (4, SEQUENCE_LENGTH)
    assert outputs["empty"].shape == (0, SEQUENCE_LENGTH)


def test_preprocessor_outlives_a_new_seed(preprocessor):
    dataset = tf.data.Dataset.from_tensors(["a fine film"]).map(preprocessor)
    before = preprocessor(["a fine film"])["input_word_ids"]
    # Clears TensorFlow's eager kernels, which own the model of tensorflow-text's tokenizer.
    tf.random.set_seed(11)
    for after in (preprocessor(["a fine film"]), next(iter(dataset))):
        np.testing.assert_array_equal(after["input_word_ids"], before)


def test_assets_are_the_tokenizer(modules, tokenizer, vocabulary):
    assets = modules / "preprocessor/assets"
    assert (assets / "spiece.model").read_bytes() == vocabulary.read_bytes()
    again = tf_albert.AlbertTokenizer.from_pretrained(assets)
    assert again.lower_case == tokenizer.lower_case


def test_tokenizer_and_length_do_as_well(tokenizer, tmp_path):
    tf_albert.hub.save_preprocessor(tokenizer, tmp_path / "module", sequence_length=9)
    module = tf.saved_model.load(tmp_path / "module")
    assert module(tf.constant(["a fine film"]))["input_mask"].shape == (1, 9)


@pytest.mark.parametrize(
    ("source", "length", "message"),
    [("strings", None, "Received: str"), (None, 2, "at least 3"), (None, 0, "at least 3")],
)
def test_what_is_no_preprocessor_is_refused(tokenizer, tmp_path, source, length, message):
    with pytest.raises(ValueError, match=message):
        tf_albert.hub.save_preprocessor(source or tokenizer, tmp_path / "module", length)
    assert not list(tmp_path.iterdir())
