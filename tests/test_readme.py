"""The README's code, run as it stands where the demo has run."""

import importlib.util
import re

import pytest

from tests.convert.sources import hosts
from tests.convert.sources.released_files import write_released
from tests.helpers import REPOSITORY, require
from tests.processes import run_python

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
NAMES = ("keras_script", "predictor", "keras_layer", "hub_load", "serving_signature", "hub_layer")


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory):
    """A folder where the demo has run, with too few steps to learn anything."""
    folder = tmp_path_factory.mktemp("readme")
    steps = ("--pretrain-steps", "12", "--finetune-steps", "11")
    finished = run_python("-m", "tf_albert.cli", "demo", *steps, folder=folder)
    # It says that so short a training learns nothing, once everything is written.
    assert finished.returncode == 1, finished.stderr
    assert "always guessing the commonest package" in finished.stdout
    assert "Try next:" in finished.stdout
    # A sixth of the rows, with every label among them: what follows trains for a whole epoch.
    table = folder / "demo/train.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join([header, *rows[::6]]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory, tokenizer):
    """What sends Hugging Face's client to a stand-in for the released weights, on loopback."""
    folder = tmp_path_factory.mktemp("hub")
    write_released(folder / "albert-base-v2", tokenizer)
    with hosts.serve({"albert/albert-base-v2": folder / "albert-base-v2"}) as address:
        yield {"HF_ENDPOINT": address, "HF_HOME": str(folder / "cache"), "no_proxy": "127.0.0.1"}


def run_command(*arguments, **options):
    """Runs `tf-albert` and returns what it prints."""
    finished = run_python("-m", "tf_albert.cli", *arguments, **options)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=NAMES)
def test_the_readmes_code_runs(block, demo_folder, hub):
    uses_package = "tf_albert" in block
    # tensorflow-hub imports pkg_resources, which announces its own end.
    code = f"{block}\nimport sys\nassert {uses_package} or 'tf_albert' not in sys.modules\n"
    finished = run_python("-c", code, folder=demo_folder, **hub)
    assert finished.returncode == 0, finished.stderr


def test_the_first_script_is_that_of_the_page_that_compares():
    page = (REPOSITORY / "docs/same_job.md").read_text(encoding="utf-8")
    assert BLOCKS[0] in page
    assert len([line for line in BLOCKS[0].splitlines() if line]) <= 12


def test_the_readmes_conversion_runs(demo_folder):
    require("parity", importlib.util.find_spec("transformers"), "needs '.[parity]'")
    commands = [line.split()[1:] for line in README.splitlines() if "pretrained_hf" in line]
    assert [command[0] for command in commands] == ["convert", "verify-conversion"]
    convert, verify = (run_command(*command, folder=demo_folder) for command in commands)
    assert re.search(r"pooler/kernel +->  albert.pooler.weight  \(\d+, \d+\)", convert)
    assert "pretrained_hf: run by transformers" in verify
    assert "0 of 10 differ" in verify


def test_predict_and_evaluate_work_on_what_the_demo_made(demo_folder):
    model = ("--model", "demo/finetune")
    lines = "Return the message charset.\nRun the loop.\n"
    predicted = run_command("predict", *model, folder=demo_folder, text=lines)
    assert len(predicted.splitlines()) == 2
    data = ("--data", "demo/held_out.csv", "--output", "scores")
    assert "accuracy" in run_command("evaluate", *model, *data, folder=demo_folder)
    rows = (demo_folder / "demo" / "held_out.csv").read_text().count("\n")
    predictions = (demo_folder / "scores" / "predictions.jsonl").read_text().splitlines()
    assert 100 < len(predictions) <= rows
