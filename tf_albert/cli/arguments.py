"""What a user typed after a command becomes the command's recipe."""

import dataclasses
import difflib
import importlib.resources
import itertools
import keyword
import re
import typing
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Recipe = TypeVar("Recipe", bound="DataclassInstance")

# The parser's own, beside the fields of a recipe.
CONFIG, HELP = "config", "help"
# How the parser says what it expected.
_UNION = re.compile(r"Does not validate against any .*?\[(.*?)\] Errors:.*Given value: (.*)")
_CLASS = re.compile(r"<class '(\w+)'>")


def parse(command: str, recipe_class: type[Recipe], arguments: list[str]) -> Recipe:
    """Returns the recipe that options and `--config FILE` give.

    Args:
        command: str. For the messages.
        recipe_class: a dataclass; its fields are the options, its docstring the help. Required
            fields that are not keyword-only are named by their place. A Python keyword is an
            option whose field ends with an underscore.
        arguments: list of str, in any of the ways that `canonical` knows.

    Returns:
        An instance of `recipe_class`.

    Raises:
        ValueError: an unknown option or key (the message lists the known ones), a value of another
            type, a missing option, or a recipe that is not there.
    """
    from jsonargparse import ArgumentError, ArgumentParser

    class Parser(ArgumentParser):
        def format_help(self, *arguments: Any) -> str:
            shown = re.sub(r"--\w+", lambda name: dashed(name[0]), super().format_help(*arguments))
            return re.sub(r"(?<=[A-Z])_(?=\W)", "", shown).replace("{true,false}", "[true|false]")

    parser = Parser(prog=f"tf-albert {command}", exit_on_error=False, allow_abbrev=True)
    parser.add_argument(
        f"--{CONFIG}", action="config", help="A YAML recipe; other options change it."
    )
    known = parser.add_class_arguments(recipe_class, as_positional=True)
    try:
        values = parser.parse_args(_located(canonical(recipe_class, arguments)))
    except ArgumentError as error:
        raise ValueError(f"{command}: {_explained(str(error), recipe_class, known)}") from error
    return recipe_class(**{name: value for name, value in values.items() if name != CONFIG})


def canonical(recipe_class: type, arguments: list[str]) -> list[str]:
    """Returns arguments with each known option in one form, whatever a user is in the habit of.

    Args:
        recipe_class: a dataclass.
        arguments: list of str. Options have dashes or underscores, and may be shortened where no
            other begins alike. A value follows as an argument of its own or after `=`; an option
            that is true or false may stand alone, and with `--no-` in front it is false.

    >>> @dataclasses.dataclass
    ... class Recipe:
    ...     num_steps: int
    ...     strict: bool = False
    >>> canonical(Recipe, ["--num-steps", "7", "--strict"])
    ['--num_steps', '7', '--strict=true']
    >>> canonical(Recipe, ["--num=7", "--no-strict", "--config=tiny.yaml"])
    ['--num_steps=7', '--strict=false', '--config', 'tiny.yaml']
    """
    fields = [*(field.name for field in dataclasses.fields(recipe_class)), CONFIG, HELP]
    types = typing.get_type_hints(recipe_class)
    flags = [name for name in fields if types.get(name) is bool]
    found: list[str] = []
    for argument, following in itertools.zip_longest(arguments, arguments[1:]):
        name, equals, value = argument.partition("=")
        stands_alone = not equals and (following is None or following.startswith("-"))
        field = _field(_underscored(name), fields)
        negated = _field(field.removeprefix("no_"), flags)
        if not field:
            found.append(argument)
        elif stands_alone and field in flags:
            found.append(f"--{field}=true")
        elif stands_alone and field.startswith("no_") and negated in flags:
            found.append(f"--{negated}=false")
        elif field == CONFIG and equals:
            found += [f"--{CONFIG}", value]
        else:
            found.append(f"--{field}{equals}{value}")
    return found


def _underscored(option: str) -> str:
    """Returns the name of an option as a field has it; an empty one for what is no option."""
    if not option.startswith("--"):
        return ""
    name = option.removeprefix("--").replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _field(name: str, fields: Iterable[str]) -> str:
    """Returns the field of a name or the only one that begins so; otherwise the name itself."""
    beginning = [field for field in fields if field.startswith(name)]
    return beginning[0] if len(beginning) == 1 and name not in beginning else name


def dashed(option: str) -> str:
    """Returns an option as it is written: `--num_steps` as `--num-steps`, `--from_` as `--from`.

    Args:
        option: str.
    """
    return option.rstrip("_").replace("_", "-")


def _explained(error: str, recipe_class: type, known: Iterable[str]) -> str:
    """Returns what the parser found wrong, what may have been meant, and the known options."""
    message = _UNION.sub(r"Expected one of \1. Got value: \2", " ".join(error.split()))
    message = _CLASS.sub(lambda found: found[1].replace("NoneType", "null"), message).rstrip(".")
    by_place = [field.name for field in dataclasses.fields(recipe_class) if not field.kw_only]
    keys, options = (re.findall(before + r"([\w-]+)", message) for before in ("Option '", "--"))
    meant = closest([*keys, *(option.replace("-", "_") for option in options)], known)
    hint = f" Did you mean {meant if keys else dashed(f'--{meant}')}?" if meant else ""
    every = ", ".join(name.upper() if name in by_place else dashed(f"--{name}") for name in known)
    return f"{message}.{hint} Known options: {every}."


def closest(names: Iterable[str], known: Iterable[str]) -> str | None:
    """Returns the known name that is nearest to the first unknown one, or None where none is near.

    Args:
        names: iterable of str.
        known: iterable of str.

    >>> closest(["steps", "learning_rat"], ["steps", "learning_rate"])
    'learning_rate'
    >>> closest(["zebra"], ["steps", "learning_rate"]) is None
    True
    """
    known = list(known)
    unknown = [name for name in names if name not in known]
    return next(iter(difflib.get_close_matches(unknown[0], known, 1)), None) if unknown else None


def _located(arguments: list[str]) -> list[str]:
    """Returns the arguments with `--config NAME` pointing to a packaged recipe of that name."""
    located = list(arguments)
    for index, argument in enumerate(located[:-1]):
        name = located[index + 1]
        # The parser takes YAML itself, too, such as `steps: 3`.
        if argument != f"--{CONFIG}" or Path(name).exists() or ":" in name:
            continue
        if not is_packaged(name):
            raise ValueError(
                f"There is no recipe {name!r}, neither as a file nor in the package. Those of the "
                f"package: {', '.join(_packaged_names())}."
            )
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


def _packaged_names() -> list[str]:
    folders = (_packaged(folder) for folder in ("pretrain", "finetune"))
    return sorted(
        f"{folder.name}/{file.name}"
        for folder in folders
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    )
