"""How candidates are timed."""

import pytest

from benchmarks.measure import Timing, take_turns
from benchmarks.report import Row


def test_candidates_take_turns_after_one_untimed_call():
    calls = []
    timings = take_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3, 10)
    assert calls == ["a", "b"] + ["a", "b"] * 3
    assert {name: len(timing.seconds) for name, timing in timings.items()} == {"a": 3, "b": 3}


def test_ratio_is_one_of_medians():
    ours = Timing("ours", (2.0, 1.0, 9.0), work=40)
    peer = Timing("peer", (8.0, 5.0, 4.0), work=40)
    assert (ours.rate, peer.rate) == (20.0, 8.0)
    assert Row("what", "rows", ours, peer).ratio == pytest.approx(2.5)
    assert peer.spread == pytest.approx(1.0)
