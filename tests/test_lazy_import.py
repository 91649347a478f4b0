import re
import subprocess
import sys
from pathlib import Path

import pytest

import tf_albert


def loaded_after(statement, modules):
    code = f"import sys; {statement}; print(*[name for name in {modules!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "statement",
    [
        "import tf_albert; dir(tf_albert)",
        "from tf_albert import AlbertConfig; AlbertConfig.from_name('albert_base_v2')",
        "from tf_albert.cli.main import main; main(['--help'])",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(statement):
    heavy = ["tensorflow", "keras", "tensorflow_text", "tensorflow_hub", "sentencepiece", "numpy"]
    assert loaded_after(statement, heavy) == []


def test_python_tokenizer_needs_no_tensorflow():
    assert loaded_after("import tf_albert.text.pieces", ["tensorflow", "keras"]) == []


@pytest.mark.parametrize("name", tf_albert.__all__)
def test_public_name_resolves(name):
    assert name in dir(tf_albert)
    assert getattr(tf_albert, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'AlbertDecoder'"):
        tf_albert.AlbertDecoder  # noqa: B018


@pytest.mark.parametrize("module", [tf_albert, tf_albert.hub])
def test_editors_see_every_public_name(module):
    stub = Path(module.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    names = re.findall(r" as (\w+)(?=,?$)", stub, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) >= set(module.__all__)
    for name in names:
        assert getattr(module, name)
