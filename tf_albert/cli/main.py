"""`tf-albert`: finds the command, has it run, and turns errors into one sentence."""

import contextlib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Iterator

from tf_albert import __version__
from tf_albert.backend import TENSORFLOW, configured_backend, require_tensorflow
from tf_albert.cli.arguments import canonical, closest, parse

COMMANDS = {
    "demo": "the whole way on a built-in corpus, in minutes",
    "vocab": "train a SentencePiece vocabulary on text",
    "prepare": "turn text into tokenized shards",
    "pretrain": "pretrain a model on shards",
    "finetune": "fine-tune a model on a task or a table",
    "evaluate": "score a fine-tuned model on a task or a table",
    "predict": "apply a fine-tuned model to texts or questions",
    "compare": "draw the curves of several runs, and print their scores",
    "convert": "turn a model from one format into another",
    "verify-conversion": "compare the outputs of two models",
    "inspect": "say what a model in any format is",
    "export": "write a model as TF Hub modules",
    "export litert": "write a classifier or an encoder as a LiteRT file, for phones",
    "models": "list the released models, and where they come from",
    "sizes": "print parameters and costs of the named sizes",
}
OPTIONS = {
    "--version": "print the version",
    "--debug": "print the traceback of an error, too; anywhere in the line",
}
DEBUG = "--debug"
OUR_ERROR = 1
USAGE_ERROR = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; the entry point of the script `tf-albert`.

    Args:
        arguments: list of str, or None for those of the process.

    Returns:
        int: 0; 1 where a command says that its result falls short, or after an error that is not
        the user's; 2 after one that is; of both one sentence was printed; 130 after an
        interruption; 141 where nobody reads what is printed.
    """
    # TensorFlow's own messages would bury the command's; its errors come as exceptions too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = DEBUG in arguments
    arguments = [argument for argument in arguments if argument != DEBUG]
    if arguments[:1] == ["help"]:  # as with git and many others
        arguments = [*arguments[1:], "--help"]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if arguments[0] in ("-V", "--version", "version"):
        print(f"tf-albert {__version__}")
        return 0
    command, rest = _command_of(arguments)
    if command not in COMMANDS:
        return _fail(_unknown(command))
    return _run(command, rest, debug)


def _command_of(arguments: list[str]) -> tuple[str, list[str]]:
    """Returns the command, which may have two words, and what follows it."""
    num_words = 2 if " ".join(arguments[:2]) in COMMANDS else 1
    return " ".join(arguments[:num_words]), arguments[num_words:]


def _unknown(command: str) -> str:
    meant = closest([command.replace("_", "-")], COMMANDS)
    hint = f" Did you mean {meant}?" if meant else ""
    return f"unknown command {command!r}.{hint} Known commands: {', '.join(COMMANDS)}."


def _overview() -> str:
    width = max(map(len, COMMANDS))
    commands, options = (
        [f"  {name:{width}}  {meaning}" for name, meaning in rows.items()]
        for rows in (COMMANDS, OPTIONS)
    )
    usage = "usage: tf-albert COMMAND [--help] [options]"
    return "\n".join([usage, "", "commands:", *commands, "", "options:", *options])


def _run(command: str, rest: list[str], debug: bool) -> int:
    try:
        _choose_backend()
        with without_messages():
            module = importlib.import_module(f"tf_albert.cli.{re.sub('[- ]', '_', command)}")
        rest = getattr(module, "adapted", list)(canonical(module.Arguments, rest))
        code = module.execute(parse(command, module.Arguments, rest)) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _end_quietly()
    except KeyboardInterrupt:
        return _fail("interrupted.", INTERRUPTED)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _tell(error)


def _choose_backend() -> None:
    """Has Keras run on TensorFlow, as every command does, whatever else it is set to."""
    if "keras" in sys.modules:
        return require_tensorflow("The command line")
    backend, where = configured_backend()
    if backend != TENSORFLOW:
        print(
            f"tf-albert: {where} sets Keras's backend to {backend!r}; the command line runs on "
            "TensorFlow all the same.",
            file=sys.stderr,
        )
        os.environ["KERAS_BACKEND"] = TENSORFLOW
    return None


def _tell(error: Exception) -> int:
    """Prints one sentence about an error; returns the exit code."""
    # By its name: TensorFlow takes seconds to load, and its other errors are ours.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return _fail(
            "the memory of the device is full. Lower `--batch-size`; in training `--accumulation` "
            "and `--remat` take less with the same batch."
        )
    message = " ".join(str(error).split())
    if isinstance(error, (ValueError, OSError, FloatingPointError, ModuleNotFoundError)):
        return _fail(message)
    return _fail(
        f"this should not have happened: {type(error).__name__}: {message}. Please report it to "
        f"the project's issue tracker, with what the same command prints with {DEBUG}.",
        OUR_ERROR,
    )


def _end_quietly() -> int:
    """Ends as other programs do whose reader, such as `head`, has enough."""
    # Python flushes the stream once more when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


@contextlib.contextmanager
def without_messages() -> Iterator[None]:
    """Drops what TensorFlow's libraries print whatever the log level, as while they load."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def _fail(sentence: str, code: int = USAGE_ERROR) -> int:
    print(f"tf-albert: {sentence}", file=sys.stderr)
    return code
