"""The text that every CPython carries: its documentation topics and its library's docstrings."""

import ast
import collections
import dataclasses
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from tf_albert.data.sentences import split_sentences

# Not documentation of the library: tests, what users installed, and generated tables.
LEFT_OUT = {"test", "tests", "site-packages", "dist-packages", "pydoc_data", "lib2to3", "idle_test"}
HELD_OUT_ONE_IN = 5
SMALLEST_PACKAGE = 60


@dataclasses.dataclass(frozen=True)
class Docstring:
    """A docstring of the standard library.

    Args:
        module: str. The module it stands in, such as `email.mime.text`.
        sentences: list of str.
    """

    module: str
    sentences: list[str]

    @property
    def package(self) -> str:
        """The top-level package or module."""
        return self.module.partition(".")[0]

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept from training: one module in five, and all of it, so nothing leaks."""
        digest = hashlib.sha256(self.module.encode()).digest()
        return digest[0] % HELD_OUT_ONE_IN == 0


def read_docstrings() -> list[Docstring]:
    """Returns the docstrings of the standard library that have a sentence."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found: list[Docstring] = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if LEFT_OUT.isdisjoint(parts):
            module = ".".join(part for part in parts if part != "__init__")
            found.extend(Docstring(module, sentences) for sentences in _sentences_of(path))
    return found


def read_topics() -> list[list[str]]:
    """Returns the documentation topics behind `help()`: lists of sentences."""
    from pydoc_data.topics import topics

    return [sentences for text in topics.values() if len(sentences := sentences_of(text)) > 1]


def _sentences_of(path: Path) -> Iterator[list[str]]:
    try:
        with warnings.catch_warnings():
            # Old modules hold escapes that a newer compiler frowns upon.
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return  # a few files are there to be wrong
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            sentences = sentences_of(ast.get_docstring(node) or "")
            if sentences:
                yield sentences


def sentences_of(text: str) -> list[str]:
    """Returns the sentences of documentation: paragraphs joined and split, code left out.

    Args:
        text: str. A docstring or a topic.

    >>> sentences_of("Opens a file.  Closes it\\nagain later.\\n\\n>>> f = 1")
    ['Opens a file.', 'Closes it again later.']
    """
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if ">>>" in paragraph or "::=" in paragraph:
            continue
        joined = " ".join(paragraph.split())
        sentences.extend(part for part in split_sentences(joined) if len(part.split()) > 2)
    return sentences


def labelled(docstrings: list[Docstring]) -> list[Docstring]:
    """Returns the docstrings of the large packages that stand on both sides of the split.

    Args:
        docstrings: list of `Docstring`.

    Returns:
        list of `Docstring` whose `package` has at least 60 docstrings, held-out ones among them.
    """
    packages = collections.Counter(doc.package for doc in docstrings)
    held_out = {doc.package for doc in docstrings if doc.is_held_out}
    trained = {doc.package for doc in docstrings if not doc.is_held_out}
    kept = {name for name, count in packages.items() if count >= SMALLEST_PACKAGE}
    return [doc for doc in docstrings if doc.package in kept & held_out & trained]
