"""Notebooks two at once."""

import os
import threading
import time
from pathlib import Path

import pytest
import side_by_side

PATHS = [Path(f"book/{name}.ipynb") for name in "abcd"]


def test_what_may_train_comes_first_then_the_longest():
    lock = {
        "book/a.ipynb": {"cost": "seconds"},
        "book/b.ipynb": {"cost": "minutes"},
        "book/d.ipynb": {"cost": "seconds", side_by_side.STORED_RUNS: "digest"},
    }
    found = side_by_side.longest_first(PATHS, lock)
    assert [path.stem for path in found] == ["c", "d", "b", "a"], "c was never measured"
    assert (Path(__file__).parents[2] / side_by_side.STORED_RUNS).exists()


def test_two_are_worked_on_at_once():
    both = threading.Barrier(2, timeout=20)

    def work(path):
        both.wait()
        return path.stem

    assert dict(side_by_side.each(work, PATHS)) == {path: path.stem for path in PATHS}


def test_after_an_error_nothing_new_is_begun():
    begun = []

    def work(path):
        begun.append(path)
        if len(begun) == 1:
            raise SystemExit("the first failed")
        time.sleep(0.3)

    with pytest.raises(SystemExit, match="the first failed"):
        list(side_by_side.each(work, PATHS * 5))
    assert len(begun) <= 3


@pytest.mark.parametrize(("processors", "share"), [(1, "1"), (2, "1"), (8, "4")])
def test_each_has_its_share_of_the_processors(processors, share, monkeypatch):
    monkeypatch.setattr(side_by_side.joblib, "cpu_count", lambda: processors)
    monkeypatch.setattr(os, "environ", {})
    side_by_side.share_processors()
    assert os.environ["LOKY_MAX_CPU_COUNT"] == share
    monkeypatch.setattr(os, "environ", {"LOKY_MAX_CPU_COUNT": "3"})
    side_by_side.share_processors()
    assert os.environ["LOKY_MAX_CPU_COUNT"] == "3"
