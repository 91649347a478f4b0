import os
import subprocess
import sys

import numpy as np
import pytest

from tests.convert import hosts
from tests.helpers import GOOGLE
from tf_albert import AlbertEncoder
from tf_albert.convert import remote

# The clients read their addresses when they are imported, so each test has a process of its own.
LOAD = """
import sys
import numpy as np
from tf_albert import AlbertEncoder
*names, target = sys.argv[1:]
models = [AlbertEncoder.from_pretrained(name) for name in names]
np.savez(target, *[model.get_weights()[0] for model in models])
"""


def load(address, cache, *names):
    """Loads models by their names in a fresh process; returns it when it has ended."""
    environment = os.environ | {
        "HF_ENDPOINT": address,
        "HF_HOME": str(cache / "huggingface"),
        # To this client the host is http://localhost, which it reaches through the proxy.
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "KAGGLEHUB_CACHE": str(cache / "kaggle"),
        "KAGGLE_CONFIG_DIR": str(cache),
        "http_proxy": address,
        "no_proxy": "127.0.0.1",
        "TFHUB_CACHE_DIR": str(cache / "hub"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.run(
        [sys.executable, "-c", LOAD, *names, cache / "loaded.npz"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_model_comes_from_each_host(tmp_path):
    names = ("hf://some/albert", "hf://some/albert@v1.5", "kaggle://some/albert/tensorFlow1/small")
    with hosts.serve({"some/albert": GOOGLE / "encoder"}) as address:
        done = load(address, tmp_path, *names, f"{address}/some/albert")
    assert done.returncode == 0, done.stderr
    loaded = np.load(tmp_path / "loaded.npz")
    assert len(loaded.files) == 4
    expected = AlbertEncoder.from_pretrained(GOOGLE / "encoder").get_weights()[0]
    for name in loaded.files:
        np.testing.assert_array_equal(loaded[name], expected)


@pytest.mark.parametrize("others", [[], ["tf_model.h5", "flax_model.msgpack"]], ids=str)
def test_model_that_lies_there_as_a_pickle_only(tmp_path, others):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    for name in others:
        (tmp_path / "model" / name).write_bytes(b"of another framework")
    with hosts.serve({"some/albert": tmp_path / "model"}) as address:
        done = load(address, tmp_path, "hf://some/albert")
    assert done.returncode == 1
    assert "hf://some/albert holds a pickle, which is code that runs" in done.stderr
    assert '.save_pretrained(f)" some/albert' in done.stderr
    for name in ("pytorch_model.bin", *others):
        assert not list((tmp_path / "huggingface").rglob(name))


@pytest.mark.parametrize("name", ["hf://no/model", "kaggle://no/model/keras/base", "{}/no/model"])
def test_model_that_the_host_does_not_have(tmp_path, name):
    with hosts.serve({}) as address:
        name = name.format(address)
        done = load(address, tmp_path, name)
    assert f"OSError: {name} could not be fetched: " in done.stderr
    assert "404" in done.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hf://albert-base-v2", r"hf://owner/name or hf://owner/name@revision"),
        ("hf://a/b/c", r"hf://owner/name or hf://owner/name@revision"),
        ("kaggle://keras/albert", r"kaggle://owner/model/framework/variation, with or without"),
    ],
)
def test_name_of_another_form(name, expected):
    with pytest.raises(ValueError, match=rf"{name} names no model\. Expected: {expected}"):
        AlbertEncoder.from_pretrained(name)


@pytest.mark.parametrize(
    ("name", "client", "requirement"),
    [
        ("hf://a/b", "huggingface_hub", r"'tf_albert\[huggingface\]'"),
        ("kaggle://a/b/c/d", "kagglehub", r"'tf_albert\[kaggle\]'"),
        ("https://a/b", "tensorflow_hub", "tensorflow-hub"),
    ],
)
def test_missing_client_names_what_to_install(monkeypatch, name, client, requirement):
    monkeypatch.setitem(sys.modules, client, None)
    with pytest.raises(ModuleNotFoundError, match=rf"`{client}` .* pip install {requirement}$"):
        remote.fetch(name)
