from pathlib import Path

import pytest

from tf_albert.layout import model_folder


@pytest.mark.parametrize("kind", [str, Path])
def test_folder_of_a_run_holds_its_model(tmp_path, kind):
    (tmp_path / "run" / "model").mkdir(parents=True)
    assert model_folder(kind(tmp_path / "run")) == tmp_path / "run" / "model"


@pytest.mark.parametrize("kind", [str, Path])
def test_folder_of_a_model_is_its_own(tmp_path, kind):
    (tmp_path / "model").write_text("a file of that name is no folder")
    assert model_folder(kind(tmp_path)) == tmp_path
