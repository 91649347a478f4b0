import sys

import numpy as np
import pytest

from tests.convert.sources import hosts
from tests.helpers import GOOGLE
from tests.processes import run_python
from tf_albert import AlbertEncoder
from tf_albert.convert.sources import remote

# The clients read their addresses when they are imported, so each test has a process of its own.
LOAD = """
import sys
import numpy as np
from tf_albert import AlbertEncoder
*names, target = sys.argv[1:]
models = [AlbertEncoder.from_pretrained(name) for name in names]
np.savez(target, *[model.get_weights()[0] for model in models])
"""


TRY = """
import sys
from tf_albert import AlbertEncoder
for name in sys.argv[1:]:
    try:
        AlbertEncoder.from_pretrained(name)
    except (OSError, ValueError) as error:
        print(type(error).__name__, error)
"""


def run(script, address, cache, *arguments):
    """Runs a script in a fresh process that knows of a host; returns it when it has ended."""
    environment = {
        "HF_ENDPOINT": address,
        "HF_HOME": str(cache / "huggingface"),
        # To this client the host is http://localhost, which it reaches through the proxy.
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "KAGGLEHUB_CACHE": str(cache / "kaggle"),
        "KAGGLE_CONFIG_DIR": str(cache),
        "http_proxy": address,
        "no_proxy": "127.0.0.1",
        "TFHUB_CACHE_DIR": str(cache / "hub"),
    }
    return run_python("-c", script, *arguments, **environment)


def test_model_comes_from_each_host(tmp_path):
    names = ("hf://some/albert", "hf://some/albert@v1.5", "kaggle://some/albert/tensorFlow1/small")
    with hosts.serve({"some/albert": GOOGLE / "encoder"}) as address:
        names = (*names, f"{address}/some/albert")
        done = run(LOAD, address, tmp_path, *names, tmp_path / "loaded.npz")
    assert done.returncode == 0, done.stderr
    loaded = np.load(tmp_path / "loaded.npz")
    assert len(loaded.files) == 4
    expected = AlbertEncoder.from_pretrained(GOOGLE / "encoder").get_weights()[0]
    for name in loaded.files:
        np.testing.assert_array_equal(loaded[name], expected)


def test_models_that_no_host_gives(tmp_path):
    """Pickles are never fetched, alone or among files of other frameworks."""
    pickles = ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack")
    for name, files in (("one", pickles[:1]), ("many", pickles)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        for file in files:
            (tmp_path / name / file).write_bytes(b"cos\nsystem\n")
    folders = {f"some/{name}": tmp_path / name for name in ("one", "many")}
    with hosts.serve(folders) as address:
        absent = ("hf://no/model", "kaggle://no/model/keras/base", f"{address}/no/model")
        done = run(TRY, address, tmp_path, "hf://some/one", "hf://some/many", *absent)
    assert done.returncode == 0, done.stderr
    errors = done.stdout.splitlines()
    for name in ("one", "many"):
        (error,) = (error for error in errors if f"hf://some/{name} holds a pickle" in error)
        assert f'.save_pretrained(f)" some/{name}' in error
    for name in absent:
        (error,) = (error for error in errors if error.startswith(f"OSError {name} could not be"))
        assert "404" in error
    for file in pickles:
        assert not list((tmp_path / "huggingface").rglob(file))


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
        ("hf://a/b", "huggingface_hub", "huggingface-hub safetensors"),
        ("kaggle://a/b/c/d", "kagglehub", "kagglehub"),
        ("https://a/b", "tensorflow_hub", "tensorflow-hub"),
    ],
)
def test_missing_client_names_what_to_install(monkeypatch, name, client, requirement):
    monkeypatch.setitem(sys.modules, client, None)
    with pytest.raises(ModuleNotFoundError, match=rf"`{client}` .* pip install {requirement}$"):
        remote.fetch(name)
