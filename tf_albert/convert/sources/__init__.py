"""Where a model may lie: in a folder here, in an archive, or on a host.

Enters: what a user named: a path, a `.tar.gz`, an address (`hf://`, `kaggle://`, `https://`), or a
released model (`albert-base-v2`).
Leaves: a local path, which `archive` unpacks or `remote` fetches where there is need; `released` is
the table of names.
Next: `tf_albert.convert.formats` finds out which format lies there.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tf_albert.addresses import address_of
from tf_albert.convert.sources import archive, remote
from tf_albert.convert.sources.released import find_released, located
from tf_albert.types import StrPath


@contextlib.contextmanager
def opened(where: StrPath, tokenizer_only: bool = False) -> Iterator[Path]:
    """Gives the local path of a model, whether it lies here, in an archive or on a host.

    Args:
        where: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, an address
            that `remote.fetch` takes, or the name of a released model.
        tokenizer_only: bool. Whether weights may be left where they are.

    Yields:
        path. That of an archive's content is gone when the block ends.

    Raises:
        ModuleNotFoundError: a host's client is not installed.
        OSError: the client could not fetch it.
        ValueError: a damaged archive, or an address of another form.
    """
    place = located(where)
    if (address := address_of(place)) is not None:
        yield _fetched(where, address, tokenizer_only)
    elif is_archive(place):
        with archive.unpacked(Path(place)) as folder:
            yield folder
    else:
        yield Path(place)


def _fetched(where: StrPath, address: str, tokenizer_only: bool) -> Path:
    try:
        return remote.fetch(address, tokenizer_only)
    except OSError as error:
        if find_released(where) is None:
            raise
        raise OSError(
            f"{where} is no file or folder here, so the released model of that name was looked "
            f"for: {error}"
        ) from error


def is_archive(where: StrPath) -> bool:
    """Whether `where` is an archive, of which the path that `opened` gives is soon gone.

    Args:
        where: str or path.
    """
    return address_of(where) is None and archive.is_archive(Path(where))
