"""A model in a `.tar.gz`, unpacked where it can do no harm."""

import contextlib
import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SUFFIXES = (".tar.gz", ".tgz")


def is_archive(where: Path) -> bool:
    """Whether `where` is a file by the name of a `.tar.gz`.

    Args:
        where: path.
    """
    return where.name.endswith(SUFFIXES) and where.is_file()


@contextlib.contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Gives the folder that an archive holds, which is gone when the block ends.

    Args:
        archive: path. A `.tar.gz`.

    Yields:
        path: the folder with the archive's files, or with those of its only folder.

    Raises:
        ValueError: a damaged archive, or one with a link, an absolute name, a name with `..`, or
            anything else that is neither file nor folder; nothing of such an archive is written.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            _check_whole(archive)
            with tarfile.open(archive, "r:gz") as tar:
                members = tar.getmembers()
                for member in members:
                    _check(archive, member)
                for member in members:
                    _extract(tar, member, Path(folder))
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise ValueError(
                f"{archive} is no whole .tar.gz archive: {error}. Copy it again."
            ) from error
        inside = list(Path(folder).iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(folder)


def _check_whole(archive: Path) -> None:
    # tarfile stops at the first header that is none, as at an end, before gzip's checksum is read:
    # of an archive with one bit flipped in a header it would give the files before that header.
    with gzip.open(archive) as stream:
        while stream.read(1 << 20):
            pass


def _check(archive: Path, member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
        kind = "a link" if member.issym() or member.islnk() else "no plain file of the archive's"
        outside = name.is_absolute() or ".." in name.parts
        raise ValueError(
            f"{archive} holds {member.name!r}, which "
            f"{'lies outside of the archive' if outside else f'is {kind}'}. Nothing was unpacked. "
            "Take the archive from a source that you trust."
        )


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = folder / member.name
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # It is None for what is no file, which `_check` refuses.
    if (source := tar.extractfile(member)) is not None:
        with source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
