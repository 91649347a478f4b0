"""The tokenizer of a model in any format, and of folders that hold nothing else."""

import json
import shutil

import pytest

import tf_albert
from tests.convert.sources.test_archive import write_archive
from tests.helpers import GOOGLE
from tests.training.recipes import small_model
from tf_albert import AlbertEncoder, AlbertPreprocessor, AlbertTokenizer
from tf_albert.convert import formats
from tf_albert.text.pieces import PieceTokenizer

TEXT = "The Object is 5, é"


@pytest.fixture(scope="module")
def cased(vocabulary):
    """A tokenizer that keeps capitals, so that a default would be seen."""
    return AlbertTokenizer(vocabulary, lower_case=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, cased):
    """A folder with an encoder and its tokenizer in each format, and of a run's kind."""
    place = tmp_path_factory.mktemp("formats")
    encoder = AlbertEncoder(small_model(cased.vocab_size))
    encoder.save_pretrained(place / "run" / "model", cased)
    for name in ("google", "huggingface", "keras_hub"):
        formats.convert(place / "run", place / name, name)
    tf_albert.hub.save_preprocessor(AlbertPreprocessor(cased, 9), place / "hub")
    shutil.make_archive(str(place / "archive"), "gztar", place, "google")
    return place


@pytest.mark.parametrize(
    "name", ["run", "google", "huggingface", "keras_hub", "hub", "archive.tar.gz"]
)
@pytest.mark.parametrize("tokenizer_class", [AlbertTokenizer, PieceTokenizer])
def test_tokenizer_of_each_format(folders, cased, name, tokenizer_class):
    found = tokenizer_class.from_pretrained(folders / name)
    assert type(found) is tokenizer_class
    assert found.lower_case is False
    assert found.encode(TEXT) == cased.encode(TEXT)
    found.save_pretrained(folders / "run")  # what was unpacked is gone


@pytest.mark.parametrize(
    ("settings", "others", "lower_case"),
    [
        ({"do_lower_case": False}, (), False),
        ({"do_lower_case": True, "keep_accents": False, "remove_space": True}, (), True),
        ({"model_max_length": 512}, (), True),
        (None, ("tokenizer.json",), True),
        (None, ("config.json",), True),
    ],
)
def test_files_of_hugging_face_alone(tmp_path, vocabulary, settings, others, lower_case):
    shutil.copy(vocabulary, tmp_path / "spiece.model")
    for name in others:
        (tmp_path / name).write_text("{}")
    if settings is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    found = AlbertTokenizer.from_pretrained(tmp_path)
    assert found.lower_case is lower_case
    assert found.encode(TEXT) == AlbertTokenizer(vocabulary, lower_case).encode(TEXT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep_accents": True}, "keep_accents=true. ALBERT's own tokenizer drops accents"),
        ({"remove_space": False}, "remove_space=false. ALBERT's own tokenizer makes one space"),
        ({"do_lower_case": "yes"}, "do_lower_case='yes'. Expected: true or false"),
    ],
)
def test_settings_of_hugging_face_that_are_none_here(tmp_path, vocabulary, settings, message):
    shutil.copy(vocabulary, tmp_path / "spiece.model")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=message):
        AlbertTokenizer.from_pretrained(tmp_path)


def test_folder_without_a_vocabulary(tmp_path):
    write_archive(tmp_path / "model.tar.gz")
    for where in (GOOGLE / "encoder", tmp_path / "model.tar.gz", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"has no tokenizer: no spiece\.model with t"):
            AlbertTokenizer.from_pretrained(where)
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist\. Expected a model with"):
        AlbertTokenizer.from_pretrained(tmp_path / "nowhere")
