"""Devices, data and small models for all tests."""

import gc
import importlib.util
import os
import pydoc_data.topics
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests import processes
from tests.helpers import REPOSITORY, require

# Models are traced within an example, so an example's time says nothing.
settings.register_profile("tf_albert", deadline=None, derandomize=True, database=None)
settings.load_profile("tf_albert")

VOCAB_SIZE = 397

TOGETHER = "tests/hub"
# What runs a whole job in processes of its own takes minutes: begun last, it would run alone.
LONGEST = (
    "tests/test_readme.py",
    "tests/hub",
    "tests/test_guides.py",
    "tests/training/test_loop.py",
    "tests/text/test_offsets.py",
    "tests/training",
    "tests/text/test_unicode.py",
    "tests/cli",
)


def pytest_configure(config):
    """Sets TensorFlow up in processes that test; xdist's first one divides the tests alone."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        _set_up_tensorflow()


def _set_up_tensorflow():
    import tensorflow as tf

    # Two devices, so that strategies have something to mirror.
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    # Most of a test's time goes into making graphs that run once or twice. What TensorFlow's
    # optimizer does to one takes longer than it saves; processes of their own run with it.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    # Python looks through all objects again and again while graphs are made; imports stay.
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


# What belongs to a release alone.
RELEASE = (
    "tests/benchmarks",
    "tests/export",
    "tests/hub/test_fuzz.py",
    "tests/hub/test_serving.py",
    "tests/test_adding_a_task.py",
    "tests/test_guides.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks what belongs to a release, and starts the longest files first."""
    for item in items:
        file = item.path.relative_to(REPOSITORY)
        if any(file.is_relative_to(part) for part in RELEASE):
            item.add_marker("release")
    items.sort(key=_turn)


class TogetherScheduling(LoadFileScheduling):
    """Gives each file to one process, and all of `tests/hub`: its modules take a minute to make."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return TOGETHER if file.startswith(f"{TOGETHER}/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Has xdist divide the tests so; runs in one process do not ask."""
    return TogetherScheduling(config, log)


def _turn(item):
    file = item.path.relative_to(REPOSITORY)
    return next(
        (turn for turn, part in enumerate(LONGEST) if file.is_relative_to(part)), len(LONGEST)
    )


@pytest.fixture(autouse=True)
def seeded():
    import keras

    keras.utils.set_random_seed(7)


@pytest.fixture(scope="session")
def data_folder():
    """The folder of real data, which is no part of the repository."""
    folder = Path(os.environ.get("TF_ALBERT_DATA", REPOSITORY.parent / "shared" / "data"))
    require("data", folder.is_dir(), f"{folder} does not exist; TF_ALBERT_DATA names the data")
    return folder


@pytest.fixture(scope="session")
def transformers():
    """The library, silent; the test is skipped where it is not installed."""
    installed = all(importlib.util.find_spec(name) for name in ("transformers", "torch"))
    require("parity", installed, "transformers and torch are not installed: '.[parity]'")
    import transformers

    transformers.logging.disable_progress_bar()
    return transformers


@pytest.fixture(scope="session")
def corpus():
    """English text that comes with Python: lines of its manual."""
    text = "\n".join(pydoc_data.topics.topics.values())
    return [line.strip() for line in text.splitlines() if len(line.strip()) > 20]


@pytest.fixture(scope="session")
def vocabulary(corpus, tmp_path_factory):
    """A SentencePiece model of 397 pieces."""
    from tf_albert.text.vocabulary import train_vocabulary

    path = tmp_path_factory.mktemp("vocabulary") / "spiece.model"
    train_vocabulary(corpus[:4000], path, vocab_size=VOCAB_SIZE)
    return path


@pytest.fixture(scope="session")
def tokenizer(vocabulary):
    from tf_albert import AlbertTokenizer

    return AlbertTokenizer(vocabulary)


@pytest.fixture(scope="session")
def byte_tokenizer(corpus, tmp_path_factory):
    """A tokenizer whose vocabulary writes a character that it does not have as bytes."""
    import sentencepiece

    from tf_albert import AlbertTokenizer

    folder = tmp_path_factory.mktemp("bytes")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line.lower() for line in corpus[:300]]),
        model_prefix=str(folder / "spiece"),
        vocab_size=VOCAB_SIZE,
        byte_fallback=True,
        character_coverage=0.98,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        pad_piece="<pad>",
        minloglevel=2,
    )
    return AlbertTokenizer(folder / "spiece.model")


@pytest.fixture(scope="session")
def small_config():
    """A config of which no two sizes are equal, nor equal to those of `helpers.random_inputs`."""
    from tf_albert import AlbertConfig

    return AlbertConfig(
        vocab_size=VOCAB_SIZE,
        embedding_size=10,
        hidden_size=28,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=36,
        max_position_embeddings=41,
        type_vocab_size=3,
    )


@pytest.fixture(scope="session")
def stranger():
    """An executor of one process of its own, which has made nothing of what it loads."""
    with processes.stranger() as executor:
        yield executor
