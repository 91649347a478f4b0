import dataclasses
import subprocess
import sys

import pytest

from tests.helpers import REPOSITORY
from tf_albert.cli.main import COMMANDS, main, parse


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe.

    Args:
        data: A folder.
        num_steps: How many steps.
    """

    data: str
    num_steps: int = 3


def fails(capsys, arguments, *parts):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    for part in parts:
        assert part in line


def test_no_command_lists_the_commands(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert all(command in listed for command in COMMANDS)


def test_an_unknown_command_lists_the_known_ones(capsys):
    fails(capsys, ["pretarin"], "'pretarin'", "pretrain", "finetune")


def test_help_is_the_docstring_of_the_recipe(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["prepare", "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert "--num-processes" in shown
    assert "Processes that tokenize" in shown


def test_dashes_and_underscores_are_one():
    expected = Recipe(data="a-b", num_steps=7)
    assert parse("x", Recipe, ["--data", "a-b", "--num-steps", "7"]) == expected
    assert parse("x", Recipe, ["--data=a-b", "--num_steps=7"]) == expected


def test_options_change_a_yaml_recipe(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: corpus\nnum_steps: 5\n")
    assert parse("x", Recipe, ["--config", str(recipe)]) == Recipe(data="corpus", num_steps=5)
    changed = parse("x", Recipe, ["--config", str(recipe), "--num-steps", "6"])
    assert changed == Recipe(data="corpus", num_steps=6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "a", "--num-stesp", "7"], "num_stesp"),
        (["--data", "a", "--num-steps", "many"], "num_steps"),
        ([], "data"),
    ],
)
def test_a_wrong_option_is_named_and_the_known_ones_listed(arguments, named):
    with pytest.raises(ValueError, match=rf"{named}.*Known options: --data, --num-steps\."):
        parse("x", Recipe, arguments)


def test_an_unknown_key_of_a_recipe_is_named_and_the_known_ones_listed(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: corpus\nnumsteps: 5\n")
    with pytest.raises(ValueError, match=r"numsteps.*Known options: --data, --num-steps\."):
        parse("x", Recipe, ["--config", str(recipe)])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["prepare", "--input", "none.txt", "--output", "o", "--vocabulary", "v"],
            ["none.txt", "No file"],
        ),
        (["pretrain", "--data", "nowhere", "--output", "o", "--steps", "2"], ["tf-albert prepare"]),
        (["predict", "--model", "nowhere"], ["nowhere", "does not exist"]),
        (["export", "--model", "nowhere", "--output", "o"], ["nowhere"]),
        (["evaluate", "--model", "nowhere", "--data", "d.tsv"], ["nowhere"]),
    ],
)
def test_what_is_missing_gets_one_sentence_and_leaves_nothing(
    capsys, tmp_path, monkeypatch, arguments, parts
):
    monkeypatch.chdir(tmp_path)
    fails(capsys, arguments, *parts)
    assert list(tmp_path.iterdir()) == []


PRETRAIN = ["pretrain", "--data", "d", "--output", "o", "--steps", "9"]
FINETUNE = ["finetune", "--init", "i", "--output", "o", "--data", "d", "--task", "rte"]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (PRETRAIN, "batch_size"),
        (FINETUNE, "batch_size"),
        ([*FINETUNE, "--task", "squad"], "stride"),
        (["predict", "--model", "m"], "batch_size"),
        (["evaluate", "--model", "m", "--data", "d"], "batch_size"),
    ],
)
def test_number_that_must_be_at_least_1(capsys, command, option):
    wrong = [*command, f"--{option}", "0"]
    fails(capsys, wrong, f"`{option}` must be at least 1. Received: 0.")


def test_folder_of_something_else_is_refused_before_a_model_is_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    evaluate = ["evaluate", "--model", "nowhere", "--data", "d.tsv", "--output", "mine"]
    fails(capsys, evaluate, "mine holds files but no .tf_albert_evaluation")


def test_full_memory_is_told_with_what_takes_less(capsys, monkeypatch):
    import tensorflow as tf

    from tf_albert.cli import sizes

    def execute(arguments):
        # A real one takes ten seconds, in which TensorFlow waits for memory.
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(sizes, "execute", execute)
    fails(capsys, ["sizes"], "memory of the device is full", "`--accumulation`", "`--batch-size`")


def test_reader_that_has_enough_gets_no_complaint():
    command = [sys.executable, "-m", "tf_albert.cli", "sizes"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_sizes_shows_the_counts_of_the_paper(capsys):
    assert main(["sizes"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "11,813,810" in rows["albert_base_v2"]
    assert "223,158,450" in rows["albert_xxlarge_v2"]
    assert "109,705,010" in rows["bert_base"]
