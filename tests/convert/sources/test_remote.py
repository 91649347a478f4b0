import os
import subprocess
import sys

import numpy as np
import pytest

from tests.convert.sources import hosts
from tests.helpers import GOOGLE
from tests.processes import run_python
from tf_albert import AlbertEncoder
from tf_albert.convert.sources import remote
from tf_albert.hub import HubLayer

# The clients read their addresses when they are imported, so each test has a process of its own.
LOAD = """
import sys
import numpy as np
from tf_albert import AlbertEncoder
*names, absent, target = sys.argv[1:]
models = [AlbertEncoder.from_pretrained(name) for name in names]
np.savez(target, *[model.get_weights()[0] for model in models])
try:
    AlbertEncoder.from_pretrained(absent)
except OSError as error:
    print(error)
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


def environment_of(address, cache):
    """Returns the variables of a process that knows of a host."""
    return {
        "HF_ENDPOINT": address,
        "HF_HOME": str(cache / "huggingface"),
        # To this client the host is http://localhost, which it reaches through the proxy.
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "KAGGLEHUB_CACHE": str(cache / "kaggle"),
        "KAGGLE_CONFIG_DIR": str(cache),
        "http_proxy": address,
        "no_proxy": "127.0.0.1",
    }


def test_model_comes_from_each_host(tmp_path):
    names = ("hf://some/albert", "hf://some/albert@v1.5", "kaggle://some/albert/tensorFlow1/small")
    models, certificate = {"some/albert": GOOGLE / "encoder"}, hosts.make_certificate(tmp_path)
    with hosts.serve(models) as address, hosts.serve(models, certificate) as encrypted:
        names = (*names, f"{encrypted}/some/albert", f"{encrypted}/no/model")
        # Not forked from one that has imported TF Hub, which reads then whom it trusts.
        done = subprocess.run(
            [sys.executable, "-c", LOAD, *names, tmp_path / "loaded.npz"],
            env=os.environ
            | environment_of(address, tmp_path)
            | {"SSL_CERT_FILE": str(certificate), "TFHUB_CACHE_DIR": str(tmp_path / "hub")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert f"{encrypted}/no/model could not be fetched: " in done.stdout
    assert "404" in done.stdout
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
        absent = ("hf://no/model", "kaggle://no/model/keras/base")
        names = ("hf://some/one", "hf://some/many", *absent)
        done = run_python("-c", TRY, *names, **environment_of(address, tmp_path))
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


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/model", "HTTP://127.0.0.1:9/a.tar.gz"])
def test_address_that_anybody_could_answer_is_refused(name):
    with pytest.raises(ValueError, match=r"is refused: .* over http:// .* Use https://, or name"):
        AlbertEncoder.from_pretrained(name)
    with pytest.raises(ValueError, match="is refused"):
        HubLayer(name)


@pytest.mark.parametrize("name", ["gs://bucket/albert", "s3://bucket/albert", "ftp://a/b.tar.gz"])
def test_scheme_that_nothing_fetches(name):
    with pytest.raises(ValueError, match=rf"{name} is .* begins with hf://, kaggle://, https://"):
        AlbertEncoder.from_pretrained(name)
