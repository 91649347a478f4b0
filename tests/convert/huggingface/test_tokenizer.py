"""The tokenizer of a Hugging Face folder, here and in transformers."""

import pytest

import tf_albert
from tf_albert import AlbertEncoder
from tf_albert.convert import formats

pytestmark = pytest.mark.usefixtures("transformers")


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


def test_tokenizer_without_a_sentencepiece_model_is_named(theirs):
    (theirs / "tokenizer.json").write_text("{}")
    report = formats.convert(theirs, theirs.parent / "ours", "tf_albert")
    assert "no SentencePiece model; put the spiece.model" in report.dropped["tokenizer.json"]
