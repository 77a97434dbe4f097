"""Every notebook has a smaller setting, which says of itself that it is not the book."""

import os
from pathlib import Path

import execute_notebooks
import nbformat
import pytest
import smaller

from depth_not_data.presentation import claims

ROOT = Path(__file__).parents[2]
BOOK = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "book").rglob("*.ipynb"))]
BOOK = [name for name in BOOK if ".ipynb_checkpoints" not in name]
# Every notebook: SMALLER=all make test
RUN = ["book/linear/hessian-in-your-hand.ipynb", "book/notes/recursion-in-symbols.ipynb"]
RUN = BOOK if os.environ.get("SMALLER") == "all" else RUN


def read(name):
    return nbformat.read(ROOT / name, as_version=4)


def texts(notebook):
    """What the cells of an executed notebook show, by cell."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = [output.get("text", "") for output in cell.outputs]
            parts += [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            yield "".join(parts)


def notebook_of(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def test_every_notebook_has_a_smaller_setting():
    assert sorted(smaller.settings()) == BOOK


@pytest.mark.parametrize("name", BOOK)
def test_constants_stand_near_the_top_and_are_another_than_in_the_book(name):
    values = smaller.settings()[name]
    assert values
    derived = smaller.smaller(read(name), values)
    book = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    new = [cell.source for cell in derived.cells if cell.cell_type == "code"][1:]
    assert new[smaller.TOP :] == book[smaller.TOP :], "only constants near the top change"
    for key in values.keys() - {smaller.ALSO}:
        _, found = smaller.with_values("\n".join(book[: smaller.TOP]), {key: values[key]})
        assert found
        assert smaller.with_values("\n".join(book[: smaller.TOP]), {key: values[key]})[0] != (
            "\n".join(book[: smaller.TOP])
        ), f"{key} is as in the book"


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("A = 1\nB = A", {"A": "2"}, "A = 2\nB = A"),
        ("A, B = range(5), (3, 4)", {"B": "(3,)", "A": "range(1)"}, "A, B = range(1), (3,)"),
        ('C = {\n    "ε": (1, 2),\n}  # said', {"C": "{}"}, "C = {}  # said"),
        ("'ä'; A = 3; B = 4", {"A": "10", "B": "20"}, "'ä'; A = 10; B = 20"),
        ("def f():\n    A = 1", {"A": "2"}, "def f():\n    A = 1"),
    ],
)
def test_constants_are_replaced_where_they_are_assigned(source, values, expected):
    assert smaller.with_values(source, values)[0] == expected


def test_constant_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="top of the notebook: SEEDS"):
        smaller.smaller(notebook_of("N = 10"), {"N": "2", "SEEDS": "[0]"})


def test_outputs_are_marked_and_claims_get_no_verdict(tmp_path, monkeypatch):
    monkeypatch.delenv(claims.SMALLER_VARIABLE, raising=False)
    check = "from depth_not_data.presentation import claims\nclaims.check('P2a', measured=N)"
    book = notebook_of("N = 10", "print(N)", "N + 1", "M = 0", check)
    notebook = smaller.smaller(book, {"N": "3"})
    execute_notebooks.execute(notebook, tmp_path)
    _, constants, printed, shown, silent, checked = texts(notebook)
    mark = "Smaller setting: not the numbers of the book.\n"
    assert constants == silent == ""
    assert printed == "3\n" + mark
    assert shown in ("4" + mark, mark + "4")
    assert "P2a: smaller setting, no verdict" in checked
    assert mark in checked
    assert not list(claims.records(notebook))


@pytest.mark.parametrize("name", RUN)
def test_notebook_runs_with_smaller_sizes(name, tmp_path):
    notebook = smaller.smaller(read(name), smaller.settings()[name])
    assert "not the numbers of the book" in notebook.cells[0].source
    execute_notebooks.execute(notebook, tmp_path)
    assert not list(claims.records(notebook)), "no record that could get into the ledger"
    assert any("Smaller setting" in text for text in texts(notebook))
