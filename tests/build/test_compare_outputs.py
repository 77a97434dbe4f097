"""What passed is not compared again, and whatever an outcome depends on makes it be."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import compare_outputs
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NAMES = ["book/a.ipynb", "book/b.ipynb"]


def write(path, source, output):
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", text=output)]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Two notebooks with a helper, and a comparison that finds what `failing` names."""
    monkeypatch.chdir(tmp_path)
    for folder in ("book", "src/helpers", "tests"):
        Path(folder).mkdir(parents=True)
    Path("src/helpers/__init__.py").write_text("VALUE = 1\n")
    Path("requirements.txt").write_text("numpy==2.4.6\n")
    Path("tests/nbval_sanitize.cfg").write_text("[round-off]\n")
    for name in NAMES:
        write(name, "import helpers" if "b." in name else "print(1)", "1\n")
    toy = SimpleNamespace(compared=[], failing=set(), status=pytest.ExitCode.OK)

    def compare(arguments, plugins):
        toy.compared = [name for name in arguments if name.endswith(".ipynb")]
        for name in toy.compared:
            for cell in range(2):
                passed = name not in toy.failing or cell == 0
                report = SimpleNamespace(nodeid=f"{name}::Cell {cell}", passed=passed)
                plugins[0].pytest_runtest_logreport(report)
        return toy.status

    monkeypatch.setattr(compare_outputs.pytest, "main", compare)
    return toy


def run(book, *arguments):
    """Exit status, and names of the notebooks that were compared."""
    book.compared = []
    return compare_outputs.main(["--jobs", "2", *arguments]), sorted(book.compared)


def test_what_passed_is_not_compared_again_unless_all_are_asked_for(book, capsys):
    assert run(book) == (0, NAMES)
    assert capsys.readouterr().out == ""
    assert run(book) == (0, [])
    assert capsys.readouterr().out.startswith("2 of 2 notebooks have passed")
    assert run(book, "--all") == (0, NAMES)


def edit_the_output(monkeypatch):
    write(NAMES[0], "print(1)", "2\n")


def edit_the_code(monkeypatch):
    write(NAMES[0], "print(2 - 1)", "1\n")


def edit_the_helper(monkeypatch):
    Path("src/helpers/__init__.py").write_text("VALUE = 2\n")


def edit_the_comparison(monkeypatch):
    Path("tests/nbval_sanitize.cfg").write_text("[anything]\n")


def use_two_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")


def train_elsewhere(monkeypatch):
    monkeypatch.setenv("DEPTH_NOT_DATA_SHIPPED_RUNS", "none")


def install_another_version(monkeypatch):
    found = [SimpleNamespace(name="torch", version="0")]
    monkeypatch.setattr(compare_outputs.importlib.metadata, "distributions", lambda: found)


def update_python(monkeypatch):
    monkeypatch.setattr(compare_outputs.platform, "python_version", lambda: "4.0")


def damage_the_record(monkeypatch):
    compare_outputs.PASSED.write_text("rubbish")


CHANGES = {
    edit_the_output: NAMES[:1],
    edit_the_code: NAMES[:1],
    edit_the_helper: NAMES[1:],
    edit_the_comparison: NAMES,
    use_two_threads: NAMES,
    train_elsewhere: NAMES,
    install_another_version: NAMES,
    update_python: NAMES,
    damage_the_record: NAMES,
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_makes_it_be_compared(book, monkeypatch, change):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    run(book)
    change(monkeypatch)
    assert run(book) == (0, CHANGES[change])
    assert run(book) == (0, [])


def test_what_failed_is_compared_until_it_passes(book):
    book.failing, book.status = {NAMES[1]}, pytest.ExitCode.TESTS_FAILED
    assert run(book) == (1, NAMES)
    assert run(book) == (1, NAMES[1:])
    book.failing, book.status = set(), pytest.ExitCode.OK
    assert run(book) == (0, NAMES[1:])
    assert run(book) == (0, [])


@pytest.mark.parametrize("status", ["INTERRUPTED", "INTERNAL_ERROR", "USAGE_ERROR"])
def test_a_comparison_that_was_broken_off_counts_for_nothing(book, status):
    book.status = pytest.ExitCode[status]
    assert run(book) == (book.status, NAMES)
    assert run(book) == (book.status, NAMES)


def test_the_command_itself_sees_an_edited_output(book):
    for name in NAMES:
        notebook = nbformat.read(name, as_version=4)
        NotebookClient(notebook, resources={"metadata": {"path": "src"}}).execute()
        if name == NAMES[1]:
            notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="edited\n")]
        nbformat.write(notebook, name)
    command = [sys.executable, ROOT / "tools/compare_outputs.py", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": "src"}
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2)
    )
    assert (first.returncode, second.returncode) == (1, 1), first.stdout + first.stderr
    assert "1 failed, 1 passed" in first.stdout
    assert "1 of 2 notebooks have passed" in second.stdout
    assert "1 failed in" in second.stdout
