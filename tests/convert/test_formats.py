"""The table of the formats, and what is said of a name or a place that is in none."""

import pytest

from tests.helpers import GOOGLE
from tf_albert.convert import formats

CHECKPOINT = GOOGLE / "encoder"


def test_place_without_a_model_names_every_format(tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(ValueError, match="holds no model of a known format") as refusal:
        formats.format_of(tmp_path)
    for part in ("save_pretrained", "Google's", "Hugging Face's", "keras-hub", "TF Hub"):
        assert part in str(refusal.value)


def test_unknown_format_names_the_known_ones(tmp_path):
    known = "Known formats: hub, google, huggingface, keras_hub, tf_albert"
    for arguments in (("onnx",), ("tf_albert", "onnx")):
        with pytest.raises(ValueError, match=rf"Unknown format 'onnx'\. {known}\."):
            formats.convert(CHECKPOINT, tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_format_that_is_only_read_names_those_to_write(tmp_path):
    expected = (
        r"The format 'hub' is only read here; `tf-albert export` writes modules\. Formats to "
        r"write: google, huggingface, keras_hub, tf_albert\."
    )
    with pytest.raises(ValueError, match=expected):
        formats.convert(CHECKPOINT, tmp_path / "out", "hub")


def test_format_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="cannot be loaded as a TF Hub module"):
        formats.read(CHECKPOINT, "hub")
