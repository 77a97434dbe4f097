"""The list of sabotages and its results, and the tool that makes them."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import sabotage
import sabotage_cells

from depth_not_data.presentation import claims
from depth_not_data.presentation.sphinx_sabotage import by_claim, kind, matrix

ROOT = Path(__file__).parents[2]
LIST = sabotage.sabotages(ROOT / sabotage.LIST)
RESULTS = sabotage.read(ROOT / sabotage.RESULTS)
GUARDS = sorted({guard for entry in LIST.values() for guard in entry.guards})

WEAK = "import x\n\n\ndef test_weak():\n    assert x.double(0) == 0\n"
STRONG = "import x\n\n\ndef test_strong():\n    assert x.double(2) == 4\n"
CODE = "def double(number):\n    return 2 * number\n"


def test_there_are_at_least_forty_over_all_rooms():
    assert len(LIST) >= 40
    files = {entry.file for entry in LIST.values()}
    for room in ("linear", "spectra", "residual", "presentation", "course", "which_functions"):
        assert any(name.startswith(f"src/depth_not_data/{room}/") for name in files), room
    assert any(name.endswith(".ipynb") for name in files)


@pytest.mark.parametrize("entry", LIST.values(), ids=lambda entry: entry.id)
def test_every_sabotage_still_applies(entry):
    content = (ROOT / entry.file).read_bytes()
    assert sabotage.broken(content, entry) != content
    assert entry.breaks.endswith(".")
    assert "|" not in entry.breaks, "it would end a cell of the matrix"
    assert entry.guards


@pytest.mark.parametrize("entry", LIST.values(), ids=lambda entry: entry.id)
def test_every_guard_went_red_for_what_is_in_the_list(entry):
    result = RESULTS["sabotages"][entry.id]
    assert result["digest"] == entry.digest, "run: make sabotage"
    assert set(result["guards"]) == set(entry.guards)
    for guard, said in result["guards"].items():
        assert said["state"] == sabotage.RED, guard
        assert said["says"]


@pytest.mark.parametrize("guard", GUARDS)
def test_every_guard_exists_and_is_green_unbroken(guard):
    assert RESULTS["unbroken"][guard] == sabotage.GREEN
    path, _, name = guard.partition("::") if "::" in guard else guard.partition(": ")
    text = (ROOT / path).read_text("utf-8")
    if kind(guard) == "claim":
        assert claims.get(name).chapter == path.removesuffix(".ipynb")
    elif path.startswith("tests/"):
        assert f"def {name}(" in text


def test_nothing_is_in_the_results_that_is_not_in_the_list():
    assert set(RESULTS["sabotages"]) == set(LIST)
    assert set(RESULTS["unbroken"]) == set(GUARDS)


def test_no_result_says_where_it_was_made():
    assert not re.search(r"/(tmp|home|root|work|Users)/", json.dumps(RESULTS))


@pytest.fixture
def tree(tmp_path):
    """A repository with one function, a test that sees little and one that sees more."""
    files = {"x.py": CODE, "tests/test_x.py": WEAK, "tests/test_y.py": STRONG}
    files["pyproject.toml"] = '[tool.pytest.ini_options]\npythonpath = ["."]\n'
    for name, text in files.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text, "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "tree", check=True)
    return tmp_path / "tree"


def broken_double(*guards, **changes):
    fields = {"id": "thrice", "room": "x", "breaks": "Thrice.", "file": "x.py", "find": "2 *"}
    return sabotage.Sabotage(**(fields | {"replace": "3 *", "guards": guards} | changes))


def test_a_toothless_guard_is_reported(tree, tmp_path, capsys):
    weak, strong = "tests/test_x.py::test_weak", "tests/test_y.py::test_strong"
    results = tmp_path / "results.json"
    done = [broken_double(weak, strong)]
    assert not sabotage.work(tree, done, results, again=False, jobs=1)
    said = capsys.readouterr().out
    assert f"TOOTHLESS  thrice  {weak} stays green" in said
    found = sabotage.read(results)
    assert found["unbroken"] == {weak: "green", strong: "green"}
    guards = found["sabotages"]["thrice"]["guards"]
    assert (guards[weak]["state"], guards[strong]["state"]) == ("green", "red")
    assert guards[strong]["says"] == "assert 6 == 4"
    assert (tree / "x.py").read_text("utf-8") == CODE
    # What has a result is not done again, and a guard with teeth is enough.
    assert sabotage.work(tree, [broken_double(strong)], results, again=False, jobs=1)
    assert capsys.readouterr().out == ""


def test_a_guard_that_cannot_run_is_not_red(tree, tmp_path):
    entry = broken_double("tests/test_y.py::test_strong", replace="2 * (")
    assert not sabotage.work(tree, [entry], tmp_path / "results.json", again=False, jobs=1)
    found = sabotage.read(tmp_path / "results.json")["sabotages"]["thrice"]["guards"]
    assert [said["state"] for said in found.values()] == ["broken"]


def test_a_text_that_is_not_there_once_is_refused():
    for find in ("4 *", "number"):
        with pytest.raises(ValueError, match="thrice: its text stands"):
            sabotage.broken(CODE.encode(), broken_double("g", find=find))


def test_a_list_with_two_of_one_name_is_refused(tmp_path):
    entry = "  - {id: s, breaks: B., file: f, find: a, replace: b, guards: [g]}\n"
    (tmp_path / "list.yml").write_text(f"x:\n{entry}{entry}", "utf-8")
    with pytest.raises(ValueError, match="two sabotages 's'"):
        sabotage.sabotages(tmp_path / "list.yml")


def test_a_chapter_says_which_claims_go_red_and_goes_on(monkeypatch):
    monkeypatch.setattr(claims, "check", claims.check)
    found = sabotage_cells.run(
        [
            "from depth_not_data.presentation import claims",
            'claims.check("P2a", measured=1.0)',
            'claims.check("P1b", measured=1e-15)',
            'assert 1 == 2, "different"',
            'claims.check("P3", measured=1.0)',
        ]
    )
    assert list(found["claims"]) == ["P2a"]
    assert found["raised"] == "AssertionError: different"


def test_the_matrix_marks_what_was_not_seen():
    rooms = {"x": [{"id": "s", "breaks": "B.", "guards": ["tests/x.py::test_y"], "passed": True}]}
    result = {"s": {"guards": {"tests/x.py::test_y": {"state": "green"}}}}
    assert "NOT seen: s. 1 had gone unseen" in matrix(rooms, result)
    assert "| • B. |  |  | ✗ y |  |" in matrix(rooms, result)
    assert "NOT seen: s" in matrix(rooms, {}), "what was not run was not seen"
    assert "| {ref}`P2a <claim-p2a>` | – |" in by_claim(rooms, result, ["P2a"])
