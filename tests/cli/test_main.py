import os
import re
import subprocess
import sys

import pytest

import tf_albert
from tests.helpers import REPOSITORY
from tf_albert.cli.main import COMMANDS, main


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pretarin", "pretrain"), ("fine-tune", "finetune"), ("export-litert", "export litert")],
)
def test_an_unknown_command_lists_the_known_ones(capsys, typed, meant):
    fails(capsys, [typed], f"{typed!r}. Did you mean {meant}? Known", *COMMANDS)
    fails(capsys, ["zzz"], "unknown command 'zzz'. Known commands: demo, vocab")


@pytest.mark.parametrize("typed", ["--version", "-V", "version"])
def test_version(capsys, typed):
    assert main([typed]) == 0
    assert capsys.readouterr().out == f"tf-albert {tf_albert.__version__}\n"


@pytest.mark.parametrize("typed", ["-h", "--help", "help"])
def test_help(capsys, typed):
    assert main([typed]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--version", "--debug", "finetune"))


@pytest.mark.parametrize(
    "typed", [["prepare", "--help"], ["prepare", "-h"], ["help", "prepare"]], ids=" ".join
)
def test_help_is_the_docstring_of_the_recipe(capsys, typed):
    with pytest.raises(SystemExit) as stopped:
        main(typed)
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert "--num-processes" in shown
    assert "Processes that tokenize" in shown


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


def failing(monkeypatch, error):
    """Has the command `sizes` raise an error."""
    from tf_albert.cli import sizes

    def execute(arguments):
        raise error

    monkeypatch.setattr(sizes, "execute", execute)


def test_full_memory_is_told_with_what_takes_less(capsys, monkeypatch):
    import tensorflow as tf

    # A real one takes ten seconds, in which TensorFlow waits for memory.
    for error in (tf.errors.ResourceExhaustedError(None, None, "OOM"), MemoryError()):
        failing(monkeypatch, error)
        fails(
            capsys, ["sizes"], "memory of the device is full", "`--accumulation`", "`--batch-size`"
        )


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("one\ntwo"), AssertionError()])
def test_an_error_of_ours_is_one_sentence_with_where_to_report_it(capsys, monkeypatch, error):
    failing(monkeypatch, error)
    assert main(["sizes"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{type(error).__name__}: {' '.join(str(error).split())}." in line
    assert "report it to the project's issue tracker" in line


@pytest.mark.parametrize("arguments", [["--debug", "sizes"], ["sizes", "--debug"]], ids=" ".join)
@pytest.mark.parametrize(("error", "code"), [(KeyError("x"), 1), (ValueError("a wrong y"), 2)])
def test_debug_prints_the_traceback_before_the_sentence(
    capsys, monkeypatch, arguments, error, code
):
    failing(monkeypatch, error)
    assert main(arguments) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert any(re.search(r"test_main\.py.* in execute", line) for line in lines)
    assert lines[-1].startswith("tf-albert: ")


def test_interruption_is_no_error(capsys, monkeypatch):
    failing(monkeypatch, KeyboardInterrupt())
    assert main(["sizes", "--debug"]) == 130
    assert capsys.readouterr().err == "tf-albert: interrupted.\n"


def test_commands_run_on_tensorflow_whatever_keras_is_set_to(tmp_path):
    code = """
import os
from tf_albert.cli.main import main
print(main(["sizes"]), os.environ["KERAS_BACKEND"])
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "0 tensorflow"
    assert run.stderr.splitlines()[0] == (
        "tf-albert: the environment variable KERAS_BACKEND sets Keras's backend to 'torch'; the "
        "command line runs on TensorFlow all the same."
    )


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
