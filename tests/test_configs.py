import importlib.resources
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.helpers import REPOSITORY
from tf_albert import AlbertConfig
from tf_albert.cli.arguments import parse
from tf_albert.tasks.finetune import FinetuneRecipe
from tf_albert.training.pretrain import PretrainRecipe

CONFIGS = REPOSITORY / "configs"
NEEDED = {
    "pretrain": (PretrainRecipe, ["--data", "d", "--output", "o"]),
    "finetune": (FinetuneRecipe, ["--data", "d", "--init", "i", "--output", "o"]),
}


@pytest.mark.parametrize("name", AlbertConfig.names())
def test_each_named_size_is_there_as_googles_json(name):
    stored = AlbertConfig.from_json(CONFIGS / "models" / f"{name}.json")
    assert stored == AlbertConfig.from_name(name)


@pytest.mark.parametrize(
    "path", sorted(CONFIGS.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_each_recipe_is_valid_and_found_by_its_name(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    recipe_class, needed = NEEDED[path.parent.name]
    name = f"{path.parent.name}/{path.name}"
    recipe = parse("x", recipe_class, ["--config", name, *needed])
    for key, value in yaml.safe_load(path.read_text()).items():
        assert getattr(recipe, key) == value


def test_a_wheel_installed_elsewhere_brings_the_recipes(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path / "wheel", REPOSITORY],
        check=True,
    )
    (wheel,) = (tmp_path / "wheel").glob("*.whl")
    target = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    program = (
        "import importlib.resources as r, tf_albert; print(tf_albert.__file__);"
        "print((r.files('tf_albert.configs') / 'pretrain' / 'tiny.yaml').read_text())"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(target), "PATH": ""},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    where, _, recipe = shown.partition("\n")
    assert Path(where).is_relative_to(target)
    assert recipe.strip() == (CONFIGS / "pretrain" / "tiny.yaml").read_text().strip()


def test_the_recipes_are_a_package_here_too():
    assert (importlib.resources.files("tf_albert.configs") / "pretrain" / "tiny.yaml").is_file()
