"""The page on adding a task, done as it says in a copy of the package."""

import json
import re
import shutil

import pytest

from tests.helpers import REPOSITORY
from tests.processes import run_python
from tests.tasks.pretrained import save_pretrained

PAGE = (REPOSITORY / "docs/adding_a_task.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(r"`(tf_albert/tasks/text_ranking/\w+\.py)`.*?```python\n(.*?)```", PAGE, re.DOTALL)
)
GOOD, BAD = ["fine", "nice", "true"], ["error", "fail", "never"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with the package, the new kind of task in it, a pretrained model and pairs."""
    folder = tmp_path_factory.mktemp("adding_a_task")
    shutil.copytree(REPOSITORY / "tf_albert", folder / "tf_albert")
    for name, code in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8")
    table = folder / "tf_albert/tasks/load.py"
    row, code = "TextRankingTask", table.read_text(encoding="utf-8")
    imported = f"from tf_albert.tasks.text_ranking.task import {row}\n"
    table.write_text(
        imported + code.replace("MultipleChoiceTask,\n)", f"MultipleChoiceTask, {row})")
    )
    save_pretrained(folder / "runs/tiny", tokenizer)
    pairs = [f"the {good} object\tthe {bad} object" for good in GOOD for bad in BAD]
    for name in ("train", "dev"):
        (folder / "Ranking").mkdir(exist_ok=True)
        (folder / f"Ranking/{name}.tsv").write_text("\n".join(pairs * 3) + "\n", encoding="utf-8")
    (folder / "sentences.txt").write_text("the fine object\nthe error object\n", encoding="utf-8")
    return folder


def run(folder, *arguments):
    finished = run_python("-m", "tf_albert.cli", *arguments, folder=folder)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout


def test_new_kind_of_task_is_trained_scored_and_asked(folder):
    assert len(FILES) == 4
    recipe = "--steps 60 --batch-size 9 --sequence-length 16 --learning-rate 0.003 --warmup-steps 5"
    commands = re.findall(r"^tf-albert (.*)$", PAGE, re.M)
    finetune, evaluate, predict = (command.split() for command in commands)
    run(folder, *finetune, *recipe.split())
    assert "accuracy" in run(folder, *evaluate)
    metrics = json.loads((folder / "scores/metrics.json").read_text(encoding="utf-8"))
    assert metrics["accuracy"] == 1.0
    good, bad = map(json.loads, run(folder, *predict).splitlines())
    assert good["score"] > bad["score"]


def test_option_that_the_task_does_not_take_is_refused(folder):
    arguments = ("finetune", "--task", "ranking", "--init", "runs/tiny", "--output", "x")
    finished = run_python(
        "-m", "tf_albert.cli", *arguments, "--data", "Ranking", "--stride", "7", folder=folder
    )
    assert finished.returncode == 2
    assert "'ranking' does not take 'stride'. It takes 'data', 'train', 'dev'" in finished.stderr
