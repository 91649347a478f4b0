"""Processes of their own for scripts, forked from one that has imported TensorFlow (4 seconds).

It has imported that and TF Hub alone: a script that forgets TensorFlow Text fails as it would for a
user. What is measured or must not find TensorFlow is started by `subprocess`, and so is what must
not depend on the order of sets: forks share the seed of their hashes.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

TIMEOUT = 500  # seconds

# Importing TensorFlow starts no thread that a fork would lack; its first operation does.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tensorflow", "tensorflow_hub"])


def run_python(*arguments, folder=None, text="", **environment):
    """Runs `python` in a process of its own, as `subprocess.run` does.

    Args:
        arguments: what follows `python`: a script's path, or `-c` and code, or `-m` and a module;
            then the arguments of that.
        folder: path. The working folder.
        text: str. What the process reads from its standard input.
        environment: variables to set besides this process's own.

    Returns:
        subprocess.CompletedProcess of an exit code and what was written, each a str.

    Raises:
        subprocess.TimeoutExpired: the process hung; it is killed.
    """
    with tempfile.TemporaryDirectory() as streams:
        paths = [Path(streams) / name for name in ("stdin", "stdout", "stderr")]
        paths[0].write_text(text, encoding="utf-8")
        process = start_python(*arguments, streams=paths, folder=folder, **environment)
        process.join(TIMEOUT)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, TIMEOUT)
        written = [path.read_text(encoding="utf-8") for path in paths[1:]]
    return subprocess.CompletedProcess(arguments, process.exitcode, *written)


def start_python(*arguments, streams, folder=None, **environment):
    """Begins what `run_python` waits for.

    Args:
        arguments, folder, environment: as for `run_python`.
        streams: three paths: the files for standard input, output and errors; what is written goes
            to their ends.

    Returns:
        multiprocessing.Process.
    """
    process = _SERVER.Process(
        target=_become,
        args=(
            [str(argument) for argument in arguments],
            os.fspath(folder or os.getcwd()),
            os.environ | environment,
            [str(path) for path in streams],
        ),
    )
    process.start()
    return process


def stranger():
    """Returns an executor of one process of its own, which stays from call to call.

    What it runs is a function of a module that imports nothing of the package.
    """
    return ProcessPoolExecutor(max_workers=1, mp_context=_SERVER)


def _become(arguments, folder, environment, streams):
    """Makes this process the one that `python` with these arguments would be."""
    _open(streams)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    _forget_repository()
    first, *rest = arguments
    if first == "-c":
        code, *rest = rest
        sys.argv, sys.path[:0] = ["-c", *rest], [""]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        module, *rest = rest
        sys.argv, sys.path[:0] = [module, *rest], [folder]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[:0] = [first, *rest], [os.path.dirname(first)]
        runpy.run_path(first, run_name="__main__")


def _open(streams):
    """Makes files, by their paths, the standard streams of this process and of its children."""
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for number, mode in enumerate("rww")
    )


def _forget_repository():
    """Leaves what only pytest finds, this file among it, to be found by no script."""
    repository = Path(__file__).resolve().parents[1]
    sys.path[:] = [path for path in sys.path if path and Path(path).resolve() != repository]
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]
