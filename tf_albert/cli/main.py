"""`tf-albert`: finds the command, reads its arguments, and turns errors into one sentence."""

import contextlib
import dataclasses
import importlib
import importlib.resources
import keyword
import os
import re
import sys
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Recipe = TypeVar("Recipe", bound="DataclassInstance")

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
    "export litert": "write a classifier as a LiteRT file, for phones",
    "sizes": "print parameters and costs of the named sizes",
}
USAGE_ERROR = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; the entry point of the script `tf-albert`.

    Args:
        arguments: list of str, or None for those of the process.

    Returns:
        int: 0; 1 where a command says that its result falls short; 2 after an error, of which one
        sentence was printed; 130 after an interruption; 141 where nobody reads what is printed.
    """
    # TensorFlow's own messages would bury the command's; its errors come as exceptions too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0
    command, rest = _command_of(arguments)
    if command not in COMMANDS:
        return _fail(f"unknown command {command!r}. Known commands: {', '.join(COMMANDS)}.")
    return _run(command, rest)


def _command_of(arguments: list[str]) -> tuple[str, list[str]]:
    """Returns the command, which may have two words, and what follows it."""
    num_words = 2 if " ".join(arguments[:2]) in COMMANDS else 1
    return " ".join(arguments[:num_words]), arguments[num_words:]


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {meaning}" for name, meaning in COMMANDS.items()]
    return "\n".join(["usage: tf-albert COMMAND [--help] [options]", "", "commands:", *lines])


def _run(command: str, rest: list[str]) -> int:
    try:
        with without_messages():
            module = importlib.import_module(f"tf_albert.cli.{re.sub('[- ]', '_', command)}")
        rest = getattr(module, "adapted", list)(rest)
        code = module.execute(parse(command, module.Arguments, rest)) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _end_quietly()
    except (ValueError, OSError, FloatingPointError, ModuleNotFoundError) as error:
        return _fail(" ".join(str(error).split()))
    except KeyboardInterrupt:
        return _fail("interrupted.", INTERRUPTED)
    except Exception as error:
        # By its name: TensorFlow takes seconds to load, and its other errors are ours.
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        return _fail(
            "the memory of the device is full. Lower `--batch-size`; in training `--accumulation` "
            "and `--remat true` take less with the same batch."
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


def parse(command: str, recipe_class: type[Recipe], arguments: list[str]) -> Recipe:
    """Returns the recipe that options and `--config FILE` give.

    Args:
        command: str. For the messages.
        recipe_class: a dataclass; its fields are the options, its docstring the help. Required
            fields that are not keyword-only are named by their place. A Python keyword is an
            option whose field ends with an underscore.
        arguments: list of str. Options may be written with dashes or underscores.

    Returns:
        An instance of `recipe_class`.

    Raises:
        ValueError: an unknown option or key (the message lists the known ones), a value of another
            type, or a missing option.
    """
    from jsonargparse import ArgumentError, ArgumentParser

    class Parser(ArgumentParser):
        def format_help(self, *arguments: Any) -> str:
            shown = re.sub(r"--\w+", lambda name: _dashed(name[0]), super().format_help(*arguments))
            return re.sub(r"(?<=[A-Z])_(?=\W)", "", shown)

    parser = Parser(prog=f"tf-albert {command}", exit_on_error=False)
    parser.add_argument("--config", action="config", help="A YAML recipe; other options change it.")
    known = parser.add_class_arguments(recipe_class, as_positional=True)
    try:
        values = parser.parse_args([_underscored(argument) for argument in _located(arguments)])
    except ArgumentError as error:
        message = " ".join(str(error).split()).rstrip(".")
        by_place = [field.name for field in dataclasses.fields(recipe_class) if not field.kw_only]
        options = ", ".join(
            name.upper() if name in by_place else _dashed(f"--{name}") for name in known
        )
        raise ValueError(f"{command}: {message}. Known options: {options}.") from error
    return recipe_class(**{name: value for name, value in values.items() if name != "config"})


def _dashed(option: str) -> str:
    """Returns an option as it is written: `--num_steps` as `--num-steps`, `--from_` as `--from`."""
    return option.rstrip("_").replace("_", "-")


def _underscored(argument: str) -> str:
    name, equals, value = argument.partition("=")
    if not name.startswith("--"):
        return argument
    field = name.removeprefix("--").replace("-", "_")
    return f"--{field}{'_' if keyword.iskeyword(field) else ''}{equals}{value}"


def _located(arguments: list[str]) -> list[str]:
    """Returns the arguments with `--config NAME` pointing to a packaged recipe of that name."""
    located = list(arguments)
    for index, argument in enumerate(located[:-1]):
        name = located[index + 1]
        if argument == "--config" and not Path(name).exists() and is_packaged(name):
            located[index + 1] = str(_packaged(name))
    return located


def is_packaged(name: str) -> bool:
    """Whether a recipe comes with the package.

    Args:
        name: str. Its name, such as `finetune/rte.yaml`.
    """
    return _packaged(name).is_file()


def _packaged(name: str) -> Traversable:
    return importlib.resources.files("tf_albert.configs") / name.removeprefix("configs/")
