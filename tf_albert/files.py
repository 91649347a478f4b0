"""Outputs that are never half-written: made beside their place and renamed into it."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_albert.addresses import address_of
from tf_albert.types import StrPath


@contextlib.contextmanager
def replacing_folder(folder: StrPath, mark: str) -> Iterator[Path]:
    """Gives a temporary folder that takes the place of `folder` when the block ends well.

    Args:
        folder: str or path. The folder to write. If it exists, it is replaced as a whole.
        mark: str. A file that every folder of this kind has. A folder without it that is not empty
            belongs to something else and is kept.

    Yields:
        The temporary folder, a `Path` on the same file system.

    Raises:
        ValueError: `folder` is a file, an address, something else's folder, or the current one.

    Example:

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "out"
    >>> with replacing_folder(place, mark="a.txt") as folder:
    ...     _ = (folder / "a.txt").write_text("done")
    >>> (place / "a.txt").read_text()
    'done'
    """
    check_replaceable(folder, mark)
    folder = Path(os.path.abspath(folder))
    with _new_parents(folder), _temporary_beside(folder) as temporary:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.rename(folder, old / "old")
            os.rename(temporary, folder)
            shutil.rmtree(old)
        else:
            os.rename(temporary, folder)


def check_replaceable(folder: StrPath, mark: str) -> None:
    """Checks that `replacing_folder` may replace a folder, before there is anything to lose.

    Args:
        folder: str or path. The folder to write.
        mark: str. A file that every folder of this kind has.

    Raises:
        ValueError: `folder` is a file, an address, something else's folder, or the current one.
    """
    if (address := address_of(folder)) is not None:
        raise ValueError(
            f"{address} is an address, and a folder is to be written here. Name one, and upload it."
        )
    folder = Path(os.path.abspath(folder))
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; a folder is to be written there. Choose another.")
    if Path.cwd().is_relative_to(folder.resolve()):
        raise ValueError(
            f"{folder} is the current folder or holds it, and a folder that is written is replaced "
            "as a whole. Choose another."
        )
    if folder.exists() and any(folder.iterdir()) and not (folder / mark).exists():
        raise ValueError(
            f"{folder} holds files but no {mark}, so it is not what is to be written there and is "
            "not replaced. Choose another, or empty it."
        )


@contextlib.contextmanager
def _new_parents(folder: Path) -> Iterator[None]:
    """Makes the folders around a folder; those that are new and stay empty are gone at the end."""
    new = [parent for parent in folder.parents if not parent.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for parent in new:
            with contextlib.suppress(OSError):
                parent.rmdir()


@contextlib.contextmanager
def _temporary_beside(folder: Path) -> Iterator[Path]:
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: StrPath, text: str) -> None:
    """Writes `text` to `path` as UTF-8, beside first and then renamed.

    Args:
        path: str or path. The file.
        text: str. The whole content.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: StrPath, content: bytes) -> None:
    """Writes bytes to `path`, beside first and then renamed.

    Args:
        path: str or path. The file.
        content: bytes. The whole content.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def write_json(path: StrPath, values: Any) -> None:
    """Writes `values` to `path` as JSON that ends with a newline, beside first and then renamed.

    Args:
        path: str or path. The file.
        values: JSON values.
    """
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_json(path: StrPath) -> Any:
    """Returns what a JSON file holds.

    Args:
        path: str or path. The file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not JSON; the message names the file.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file: {error}.") from error


def sha256(path: StrPath) -> str:
    """Returns the SHA-256 sum of a file, in hexadecimal digits.

    Args:
        path: str or path. The file.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
