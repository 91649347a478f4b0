import hashlib
import os

import pytest

from tf_albert import files


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_folder_appears_when_the_block_ends(tmp_path):
    with files.replacing_folder(tmp_path / "new" / "out", "a.txt") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "new" / "out").exists()
    assert contents(tmp_path / "new" / "out") == {"a.txt": "a"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_old_content_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    with files.replacing_folder(tmp_path / "out", "old.txt") as folder:
        (folder / "new.txt").write_text("new")
        assert contents(tmp_path / "out") == {"old.txt": "old"}
    assert contents(tmp_path / "out") == {"new.txt": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_error_keeps_the_old_content_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")

    def fail():
        with files.replacing_folder(tmp_path / "out", "old.txt") as folder:
            (folder / "half.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert contents(tmp_path / "out") == {"old.txt": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_new_folder_has_the_usual_rights(tmp_path):
    (tmp_path / "usual").mkdir()
    with files.replacing_folder(tmp_path / "out", "a.txt"):
        pass
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_file_in_the_folders_place_is_kept(tmp_path):
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(ValueError, match="out is a file; a folder is to be written there"),
        files.replacing_folder(tmp_path / "out", "a.txt"),
    ):
        pass
    assert (tmp_path / "out").read_text() == "a file"


def write(folder):
    with files.replacing_folder(folder, "provenance.json") as temporary:
        (temporary / "provenance.json").write_text("{}")


def test_folder_of_something_else_is_kept(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    write(tmp_path / "out")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years")
    with pytest.raises(ValueError, match=r"thesis holds files but no provenance\.json, so it is"):
        write(tmp_path / "thesis")
    assert contents(tmp_path / "thesis") == {"chapter.tex": "years"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "thesis"]


@pytest.mark.parametrize("name", [".", "..", "", "../here"])
def test_current_folder_is_kept(tmp_path, monkeypatch, name):
    write(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ValueError, match="is the current folder or holds it"):
        write(name)
    assert contents(tmp_path / "here") == {"provenance.json": "{}"}
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_error_leaves_no_new_parent_behind(tmp_path):
    (tmp_path / "there").mkdir()

    def fail():
        with files.replacing_folder(tmp_path / "there" / "new" / "deep" / "out", "a.txt"):
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_text_is_utf8_and_leaves_no_other_file(tmp_path):
    files.write_text(tmp_path / "sub" / "a.txt", "naïve ▁")
    assert (tmp_path / "sub" / "a.txt").read_bytes() == "naïve ▁".encode()
    assert os.listdir(tmp_path / "sub") == ["a.txt"]


def test_json_round_trip(tmp_path):
    files.write_json(tmp_path / "a.json", {"piece": "▁a", "ids": [1, 2]})
    assert files.read_json(tmp_path / "a.json") == {"piece": "▁a", "ids": [1, 2]}
    assert (tmp_path / "a.json").read_text(encoding="utf-8").endswith("}\n")


def test_value_that_is_no_json_keeps_the_old_file(tmp_path):
    files.write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "a.json", {"a": object()})
    assert files.read_json(tmp_path / "a.json") == {"a": 1}


def test_broken_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ValueError, match=r"a\.json is not a JSON file"):
        files.read_json(tmp_path / "a.json")


def test_missing_json_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.json"):
        files.read_json(tmp_path / "a.json")


def test_sha256_of_three_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256(tmp_path / "abc") == hashlib.sha256(b"abc").hexdigest()
