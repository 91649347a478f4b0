"""Which library Keras computes with."""

import pytest

from tf_albert.backend import configured_backend


@pytest.mark.parametrize(
    ("variable", "stored", "expected"),
    [
        (None, None, "tensorflow"),
        ("torch", None, "torch"),
        ("", '{"backend": "jax"}', "jax"),
        ("torch", '{"backend": "jax"}', "torch"),
        (None, '{"floatx": "float32"}', "tensorflow"),
        (None, "[]", "tensorflow"),
        (None, "no JSON", "tensorflow"),
    ],
)
def test_backend_is_that_of_the_environment_or_the_file(
    tmp_path, monkeypatch, variable, stored, expected
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if stored is not None:
        (tmp_path / "keras.json").write_text(stored)
    assert configured_backend()[0] == expected
