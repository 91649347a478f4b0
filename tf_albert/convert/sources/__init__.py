"""Where a model may lie: in a folder here, in an archive, or on a host.

Enters: what a user named: a path, a `.tar.gz`, or an address (`hf://`, `kaggle://`, `https://`).
Leaves: a local path, which `archive` unpacks or `remote` fetches where there is need.
Next: `tf_albert.convert.formats` finds out which format lies there.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tf_albert.addresses import address_of
from tf_albert.convert.sources import archive, remote
from tf_albert.types import StrPath


@contextlib.contextmanager
def opened(where: StrPath) -> Iterator[Path]:
    """Gives the local path of a model, whether it lies here, in an archive or on a host.

    Args:
        where: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, or a name that
            `remote.fetch` takes.

    Yields:
        path. That of an archive's content is gone when the block ends.

    Raises:
        ModuleNotFoundError: a host's client is not installed.
        OSError: the client could not fetch it.
        ValueError: a damaged archive, or a name of another form.
    """
    if (address := address_of(where)) is not None:
        yield remote.fetch(address)
    elif is_archive(where):
        with archive.unpacked(Path(where)) as folder:
            yield folder
    else:
        yield Path(where)


def is_archive(where: StrPath) -> bool:
    """Whether `where` is an archive, of which the path that `opened` gives is soon gone.

    Args:
        where: str or path.
    """
    return address_of(where) is None and archive.is_archive(Path(where))
