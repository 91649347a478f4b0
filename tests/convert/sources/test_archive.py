import gzip
import io
import struct
import tarfile
import zlib

import numpy as np
import pytest

from tests.helpers import GOOGLE
from tf_albert import AlbertEncoder
from tf_albert.convert import formats

CHECKPOINT = GOOGLE / "encoder"


def write_archive(path, folder="albert_small", extra=()):
    """Packs the recorded checkpoint as the released archives are packed: in one folder."""
    with tarfile.open(path, "w:gz") as tar:
        for file in sorted(CHECKPOINT.iterdir()):
            tar.add(file, f"{folder}/{file.name}" if folder else file.name)
        for member in extra:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name, **attributes):
    info = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


@pytest.mark.parametrize("folder", ["albert_small", ""], ids=["in a folder", "bare"])
@pytest.mark.parametrize("name", ["model.tar.gz", "model.tgz"])
def test_archive_reads_as_its_folder_does(tmp_path, folder, name):
    archive = write_archive(tmp_path / name, folder)
    packed, plain = (AlbertEncoder.from_pretrained(where) for where in (archive, CHECKPOINT))
    for ours, theirs in zip(packed.weights, plain.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_provenance_names_the_archive(tmp_path):
    archive = write_archive(tmp_path / "model.tar.gz")
    provenance = formats.read(archive).provenance()
    assert provenance["source"] == str(archive)
    assert list(provenance["files_sha256"]) == ["model.tar.gz"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (member("../outside.txt", size=3), r"'\.\./outside\.txt', which lies outside"),
        (member("a/../../outside.txt", size=3), "which lies outside of the archive"),
        (member("{tmp}/outside.txt", size=3), "which lies outside of the archive"),
        (member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "'link', which is a link"),
        (member("link", type=tarfile.LNKTYPE, linkname="albert_small"), "which is a link"),
        (member("pipe", type=tarfile.FIFOTYPE), "'pipe', which is no plain file"),
    ],
    ids=["..", "deeper ..", "absolute", "symbolic link", "hard link", "pipe"],
)
def test_member_that_could_do_harm_is_refused(tmp_path, monkeypatch, extra, message):
    workplace = tmp_path / "temporary"
    workplace.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(workplace))
    extra.name = extra.name.replace("{tmp}", str(tmp_path))
    archive = write_archive(tmp_path / "model.tar.gz", extra=[extra])
    with pytest.raises(ValueError, match=rf"model\.tar\.gz holds .*{message}.* Nothing was unpac"):
        AlbertEncoder.from_pretrained(archive)
    assert sorted(tmp_path.rglob("*")) == [archive, workplace]


@pytest.mark.parametrize("tenth", range(10))
def test_truncated_archive(tmp_path, tenth):
    archive = write_archive(tmp_path / "model.tar.gz")
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) * tenth // 10])
    with pytest.raises(ValueError, match=r"model\.tar\.gz is no whole \.tar\.gz archive"):
        AlbertEncoder.from_pretrained(archive)


@pytest.mark.parametrize("tenth", range(1, 11))
def test_flipped_bit_of_an_archive(tmp_path, tenth):
    archive = write_archive(tmp_path / "model.tar.gz")
    content = bytearray(archive.read_bytes())
    content[(len(content) - 1) * tenth // 10] ^= 0x10
    archive.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.tar\.gz is no whole \.tar\.gz archive"):
        AlbertEncoder.from_pretrained(archive)


def test_flipped_bit_of_a_members_name(tmp_path):
    """A header that is none looks like the end of the archive to tarfile."""
    archive = write_archive(tmp_path / "model.tar.gz")
    content = bytearray(gzip.decompress(archive.read_bytes()))
    content[content.rindex(b"albert_small/")] ^= 0x10
    damaged = gzip.compress(content, mtime=0)
    whole = gzip.decompress(archive.read_bytes())
    # The checksum and the length of the whole archive, as damage to the file leaves them.
    archive.write_bytes(damaged[:-8] + struct.pack("<II", zlib.crc32(whole), len(whole)))
    with pytest.raises(ValueError, match=r"model\.tar\.gz is no whole \.tar\.gz archive"):
        AlbertEncoder.from_pretrained(archive)
