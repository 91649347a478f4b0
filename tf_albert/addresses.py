"""What names a model on a host, and is no path: `hf://owner/name` and the like."""

import re
from pathlib import Path

from tf_albert.types import StrPath

# A scheme of one letter would be a drive. Of an address `Path` leaves one slash.
ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?P<rest>[^/].*)", re.DOTALL)


def address_of(where: StrPath) -> str | None:
    """Returns the address that `where` is, or None where it is a path.

    Args:
        where: str or path. An address may have become a path by mistake.

    >>> address_of("hf://albert/albert-base-v2"), address_of(Path("HF://albert/albert-base-v2"))
    ('hf://albert/albert-base-v2', 'hf://albert/albert-base-v2')
    >>> address_of("runs/tiny")
    """
    found = ADDRESS.fullmatch(str(where))
    if found is None or ("://" not in str(where) and Path(where).exists()):
        return None
    return f"{found['scheme'].lower()}://{found['rest']}"


def check_encrypted(where: StrPath) -> None:
    """Checks that `where` is no address that anybody on the way could answer.

    Args:
        where: str or path.

    Raises:
        ValueError: it begins with `http://`.
    """
    if (address_of(where) or "").startswith("http://"):
        raise ValueError(
            f"{where} is refused: what comes over http:// may be anybody's, and a module is code "
            "that runs here. Use https://, or name a file or folder that you have fetched and "
            "checked yourself."
        )


def check_path(where: StrPath) -> None:
    """Checks that `where` is a path.

    Args:
        where: str or path.

    Raises:
        ValueError: it is an address.
    """
    if (address := address_of(where)) is not None:
        raise ValueError(
            f"{address} is an address, and a folder or file here is needed. `tf-albert convert "
            f"{address} FOLDER` makes a folder of it."
        )
