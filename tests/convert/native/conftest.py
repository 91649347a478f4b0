import shutil

import pytest

from tests.helpers import random_inputs, randomize
from tf_albert import AlbertPretrainer


@pytest.fixture
def inputs(small_config):
    return random_inputs(small_config)


@pytest.fixture(scope="module")
def saved(small_config, tmp_path_factory):
    """A folder with a pretrainer, and the pretrainer."""
    pretrainer = randomize(AlbertPretrainer(small_config))
    folder = tmp_path_factory.mktemp("saved") / "pretrained"
    pretrainer.save_pretrained(folder)
    return folder, pretrainer


@pytest.fixture
def pretrained(saved, tmp_path):
    """The same, the folder a copy that a test may damage."""
    folder, pretrainer = saved
    return shutil.copytree(folder, tmp_path / "pretrained"), pretrainer
