"""The tool that plants mistakes finds what no test notices; the page shows its record."""

import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import mutants
import mutations
import pytest
import yaml

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / mutants.RECORD).read_text("utf-8"))
EXPLAINED = yaml.safe_load((ROOT / mutants.EXPLAINED).read_text("utf-8"))

TOY = '''
"""A toy."""

STEP = 2


def climb(x, *, limit=10):
    """Steps up to a limit.

    >>> climb(1)
    3
    """
    if x < 0:
        raise ValueError("x must be >= 0")
    while x + STEP > limit:
        x -= 1
    return x + STEP
'''
TOOTHLESS = "import toy\n\ndef test_climb():\n    assert toy.climb(1) > 0\n"
GOOD = """
import pytest
import toy


def test_climb():
    assert [toy.climb(x) for x in (0, 7, 8, 9, 20)] == [2, 9, 10, 10, 10]
    assert toy.climb(9, limit=11) == 11
    with pytest.raises(ValueError, match="x must"):
        toy.climb(-0.5)
"""
TRY = """
import sys
from pathlib import Path

sys.path[:0] = [{tools!r}, "."]
import toy
import mutants

tried = mutants.trial("toy", Path("toy.py"), [Path("test_toy.py")])
print(tried.tried, *tried.survivors, sep="\\n")
"""


def survivors(folder, test, source=TOY):
    """Try the toy in a process of its own: how many mutants, and those that live."""
    (folder / "toy.py").write_text(source)
    (folder / "test_toy.py").write_text(test)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --doctest-modules\npythonpath = .\n")
    code = TRY.format(tools=str(ROOT / "tools"))
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(result.stderr)
    tried, *live = result.stdout.splitlines()
    return int(tried), live


def test_what_a_toothless_test_lets_live_a_good_one_kills(tmp_path):
    number, live = survivors(tmp_path, TOOTHLESS)
    assert "climb: x < 0 -> x <= 0" in live
    assert "climb: x + STEP > limit -> x + STEP >= limit" in live
    # The doctest is a test too.
    assert not {"climb: return x + STEP -> return x - STEP", "module: STEP = 2 -> STEP = 3"} & {
        *live
    }
    again, live = survivors(tmp_path, GOOD)
    assert again == number > 15
    assert live == []


def test_a_test_that_fails_without_a_mutant_is_no_measurement(tmp_path):
    with pytest.raises(RuntimeError, match="tests fail without a mutant"):
        survivors(tmp_path, "def test_that_fails():\n    assert 0\n")


def test_a_loop_without_end_is_noticed(tmp_path):
    source = "def f(n):\n    k = 0\n    while k < n:\n        k += 1\n    return 7\n"
    test = "import toy\n\ndef test_f():\n    assert toy.f(5) == 7\n"
    _, live = survivors(tmp_path, test, source)
    assert "f: k = 0 -> k = 1" in live
    assert "f: k += 1 -> k -= 1" not in live


def names(source):
    return [name for name, _, _ in mutations.mutants(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a + 1", ["a - 1", "a + 2", "a + 0"]),
        ("x = a <= b", ["a < b", "a > b"]),
        ("x = a and b", ["b", "a", "a or b"]),
        ("x = -a", ["a"]),
        ("x = f(a, b)", ["f(b, a)"]),
        ("x = f('x', b)", []),
        ("x = f(a, a)", []),
        ("x = np.max(a, axis=0)", ["np.min(a, axis=0)", "np.max(a, axis=1)", "np.max(a, axis=-1)"]),
        ("x = True", ["False"]),
        ("x = 'text'", []),
    ],
)
def test_the_small_mistakes(source, expected):
    assert sorted(names(source)) == sorted(f"module: {source} -> x = {new}" for new in expected)


def test_statements_are_mutated_and_what_errors_say_is_not():
    source = """
def f(a: int = 1) -> int:
    check(a)
    if a:
        raise ValueError(f"a must be 0, got {a + 1}")
    return a
"""
    assert names(source) == [
        "f: a: int=1 -> a: int=2",
        "f: a: int=1 -> a: int=0",
        "f: check(a) -> pass",
        "f: a -> not a",
        "f: raise ValueError(f'a must be 0, got {a + 1}') -> pass",
        "f: return a -> return None",
    ]


def test_a_name_stands_for_one_mutant():
    found = names("def f(a):\n    a = a + 1\n    a = a + 1\n    return a")
    assert len(found) == len(set(found)) == 7
    assert "f: a = a + 1 -> a = a - 1 (2)" in found


def test_every_mutant_is_other_code_and_the_tree_is_left_as_it_was():
    source = (ROOT / mutants.path_of("spectra.gaps")).read_text("utf-8")
    original = ast.unparse(mutations.parse(source))
    trees = [ast.unparse(tree) for _, _, tree in mutations.mutants(source)]
    assert original not in trees
    assert len(trees) > 150


def test_the_core_is_all_that_needs_numpy_alone():
    layers = runpy.run_path(str(ROOT / "tests/test_layers.py"))
    assert sorted(mutants.CORE) == sorted(
        [*layers["NUMPY_ONLY"], "_validation", "presentation.rules"]
    )


def test_more_than_95_percent_of_what_can_be_killed_is_killed():
    assert RECORD.keys() <= set(mutants.CORE)
    assert sum(entry["tried"] for entry in RECORD.values()) > 300
    assert mutants.whole(RECORD, EXPLAINED)[-1] > 0.95


def test_every_mutant_that_lives_is_explained_and_no_other():
    live = {(m, name) for m, entry in RECORD.items() for name in entry["survivors"]}
    said = [
        (module, name)
        for kind in ("equivalent", "left")
        for module, reasons in EXPLAINED[kind].items()
        for name, reason in reasons.items()
        if reason
    ]
    assert sorted(said) == sorted(live)


def test_the_page_shows_the_record():
    page = (ROOT / mutants.PAGE).read_text("utf-8")
    assert page.partition(mutants.MARK)[2].strip() == mutants.table(RECORD, EXPLAINED).strip()


def test_a_score_counts_what_can_be_killed():
    entry = {"mutants": 30, "tried": 20, "survivors": ["a", "b", "c"]}
    assert mutants.row(entry, {"a": "why", "gone": "why"}) == (30, 20, 17, 1, 17 / 19)
    explained = {"equivalent": {"m": {"a": "why"}}, "left": {}}
    assert mutants.whole({"m": entry, "n": entry}, explained) == (60, 40, 34, 1, 34 / 39)


def test_a_record_of_other_code_or_tests_is_stale():
    current = {module: mutants.state(module) for module in mutants.CORE}
    assert mutants.stale(current) == []
    current["spectra.gaps"]["module"] = current["linear.orbits"]["tests"] = "another"
    del current["linear.flow"]
    assert mutants.stale(current) == ["spectra.gaps", "linear.flow", "linear.orbits"]


def test_the_page_says_what_was_not_tried():
    said = mutants.table({"linear.flow": RECORD["linear.blocks"]}, EXPLAINED)
    assert "Not tried yet: `_validation`, `spectra._ranks`" in said
    assert "`linear.ensembles`, `linear.growing_steps`" in said


@pytest.mark.parametrize("changed", ["tests", "module"])
def test_only_those_that_lived_are_tried_again_where_tests_were_added(monkeypatch, changed):
    tried = []

    def trial(name, path, tests, chosen=None):
        tried.append(chosen)
        return SimpleNamespace(total=9, tried=5, survivors=["b"])

    monkeypatch.setattr(mutants, "trial", trial)
    entry = {"mutants": 30, "tried": 20, "survivors": ["a", "b"]}
    found = mutants.record_of("linear.flow", entry if changed == "tests" else None)
    assert tried == [{"a", "b"} if changed == "tests" else None]
    assert (found["mutants"], found["tried"]) == ((30, 20) if changed == "tests" else (9, 5))
    assert found["survivors"] == ["b"]
    assert mutants.is_current("linear.flow", found, "tests")
    assert mutants.record_of("linear.flow", entry | {"survivors": []})["survivors"] == []
    assert len(tried) == 1


def test_the_state_is_of_the_module_its_doctests_and_its_tests(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "SOURCES", tmp_path)
    monkeypatch.setattr(mutants, "TESTS", tmp_path)
    module, tests = tmp_path / "toy.py", tmp_path / "test_toy.py"
    module.write_text(TOY)
    tests.write_text(GOOD)
    before = mutants.state("toy")
    tests.write_text("# a comment\n" + GOOD)
    assert mutants.state("toy") == before
    module.write_text(TOY.replace(">>> climb(1)", ">>> climb( 2)"))
    assert mutants.state("toy") != before
    module.write_text(TOY)
    tests.write_text(TOOTHLESS)
    assert mutants.state("toy") != before
