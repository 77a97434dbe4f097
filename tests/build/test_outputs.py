"""Committed outputs say nothing of the machine that made them, and nothing on stderr."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("book/**/*.ipynb"))
# An address in memory; a path of a home folder or a temporary one.
OF_A_MACHINE = re.compile(r"\b0x[0-9a-f]{6,}|(?<![\w.])/(?:home|root|tmp|Users|work|private)/")


def complaints(notebook):
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {number} wrote on stderr: {output.text[:80]}")
            data = output.get("data", {})
            texts = [text for kind, text in data.items() if kind.startswith("text/")]
            for text in [*texts, output.get("text", "")]:
                if match := OF_A_MACHINE.search(text):
                    found.append(f"cell {number} says {match.group()!r}")
        if "execution" in cell.metadata:
            found.append(f"cell {number} holds timing metadata")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_those_of_any_machine(path):
    assert complaints(nbformat.read(path, as_version=4)) == []


def test_the_check_sees_what_it_should():
    def cell(*outputs):
        return nbformat.v4.new_code_cell("", outputs=list(outputs))

    def text(value):
        return nbformat.v4.new_output("execute_result", {"text/plain": value})

    warning = nbformat.v4.new_output("stream", name="stderr", text="a warning")
    timed = cell()
    timed.metadata["execution"] = {"iopub.status.busy": "now"}
    cells = [cell(text("<Legend at 0x7f2295d39210>")), cell(text("/tmp/x.py:3")), cell(warning)]
    assert len(complaints(nbformat.v4.new_notebook(cells=[*cells, timed]))) == 4
    assert complaints(nbformat.v4.new_notebook(cells=[cell(text("0x2a of 3/4, and/or"))])) == []
