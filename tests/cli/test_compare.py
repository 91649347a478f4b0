"""Runs side by side."""

import pytest

from tf_albert import files
from tf_albert.cli.main import main


def make_run(folder, history, results=None):
    folder.mkdir()
    (folder / "history.csv").write_text(history, encoding="utf-8")
    if results is not None:
        files.write_json(folder / "results.json", results)
    return str(folder)


def test_scores_and_curves(tmp_path, capsys):
    first = make_run(
        tmp_path / "first",
        "step,loss,tokens_per_second,dev_f1\n5,0.9,100,\n10,0.5,110,\n10,,,0.25\n",
        {"f1": 0.25, "num_examples": 1200},
    )
    second = make_run(tmp_path / "second", "step,mlm_loss,loss\n5,7.5,8.25\n")
    picture = tmp_path / "curves.png"
    assert main(["compare", first, second, "--output", str(picture)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == [first, second]
    assert shown[1].split() == ["f1", "0.2500", "-"]
    assert shown[2].split() == ["num_examples", "1,200", "-"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_pretraining_is_compared_by_what_it_reached(tmp_path, capsys):
    results = {"steps": 9, "before": {"mlm_loss": 10.0}, "after": {"mlm_loss": 6.5}}
    run = make_run(tmp_path / "run", "step,mlm_loss\n5,7.5\n", results)
    assert main(["compare", run, "--output", str(tmp_path / "a.png")]) == 0
    assert "6.5000" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["none", "empty"])
def test_folder_without_a_run(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert main(["compare", str(tmp_path / name)]) == 2
    assert "holds no history.csv. Name folders of runs." in capsys.readouterr().err
