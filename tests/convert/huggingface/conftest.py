import pytest

from tests.convert.huggingface.live_transformers import save_random
from tests.convert.shapes import CONFIG


@pytest.fixture
def theirs(transformers, tmp_path):
    """A folder that transformers wrote, of a pretrainer."""
    save_random("AlbertForPreTraining", CONFIG, tmp_path / "theirs")
    return tmp_path / "theirs"
