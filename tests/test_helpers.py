import pytest

from tests.helpers import require


def test_what_is_there_is_used(monkeypatch):
    monkeypatch.setenv("TF_ALBERT_REQUIRE", "data")
    require("data", True, "the data is absent")


@pytest.mark.parametrize("named", [None, "", "parity", "database"])
def test_what_is_absent_is_skipped(monkeypatch, named):
    monkeypatch.delenv("TF_ALBERT_REQUIRE", raising=False)
    if named is not None:
        monkeypatch.setenv("TF_ALBERT_REQUIRE", named)
    with pytest.raises(pytest.skip.Exception, match="the data is absent"):
        require("data", False, "the data is absent")


@pytest.mark.parametrize("named", ["data", "parity,data", "parity, data"])
def test_what_is_absent_fails_where_it_is_required(monkeypatch, named):
    monkeypatch.setenv("TF_ALBERT_REQUIRE", named)
    with pytest.raises(pytest.fail.Exception, match="names 'data': the data is absent"):
        require("data", False, "the data is absent")
