"""The comparison of notebooks can fail: an edited number goes red, round-off does not."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SANITIZE = Path(__file__).parents[1] / "nbval_sanitize.cfg"
SOURCE = """
from depth_not_data.linear import recursion
from depth_not_data.presentation import claims
path = recursion.trajectory(0.5, target=1.0, depth=3, lr=0.1, steps=3)
print(f"published 6.66, ours {path[-1]:.4f}, difference 3.1e-15")
claims.check("P2a", measured=4.4e-16)
"""
FIGURE = """
import matplotlib.pyplot as plt
from depth_not_data.presentation import figures
figure, axes = plt.subplots()
axes.plot([0, 1, 2, 3], [1, 2.00, 4, 8], label="doubles")
figures.show(figure, name="fig-doubling", alt="It doubles.", caption="It doubles.")
"""


def execute(source: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    return nbformat.writes(notebook)


@pytest.fixture(scope="module")
def executed():
    return execute(SOURCE)


def outcomes(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-rA"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "-c", "/dev/null"]
    command += [f"--rootdir={folder}", "--nbval-sanitize-with", str(SANITIZE), str(folder)]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    lines = [line.split() for line in output.splitlines() if line.startswith(("PASSED", "FAILED"))]
    return {Path(words[1].split("::")[0]).stem: words[0] for words in lines}


def test_an_edited_number_goes_red_and_round_off_does_not(executed, tmp_path):
    variants = {
        "untouched": executed,
        # Measured round-off may differ, in the source and in the output alike.
        "roundoff": executed.replace("difference 3.1e-15\\n", "difference 8.9e-16\\n"),
        # Another code, the old output: the recursion's exponent is off by one.
        "exponent": executed.replace("depth=3", "depth=4"),
        "tolerance": executed.replace("1e-12", "1e-11"),
    }
    # The published number stands in the source as well; only the stored output is edited.
    notebook = nbformat.reads(executed, as_version=4)
    notebook.cells[0].outputs[0].text = notebook.cells[0].outputs[0].text.replace("6.66", "6.67")
    variants["published"] = nbformat.writes(notebook)
    assert len(set(variants.values())) == len(variants), "an edit changed nothing"
    for name, text in variants.items():
        (tmp_path / f"{name}.ipynb").write_text(text, "utf-8")
    assert outcomes(tmp_path) == {
        "untouched": "PASSED",
        "roundoff": "PASSED",
        "published": "FAILED",
        "exponent": "FAILED",
        "tolerance": "FAILED",
    }


def test_a_curve_that_moves_goes_red_and_its_colour_does_not(tmp_path):
    figure = execute(FIGURE)
    variants = {
        "untouched": figure,
        # Only the code is edited, not the stored output.
        "end": figure.replace("4, 8]", "4, 9]"),
        "middle": figure.replace("2.00", "2.05"),
        "label": figure.replace('label=\\"doubles', 'label=\\"grows'),
        "colour": figure.replace('label=\\"doubles', 'color=\\"C2\\", label=\\"doubles'),
        # Only the stored picture: another machine may draw another one.
        "picture": figure.replace("#figure_1", "").replace("M 0 ", "M 1 "),
    }
    assert len(set(variants.values())) == len(variants), "an edit changed nothing"
    for name, text in variants.items():
        (tmp_path / f"{name}.ipynb").write_text(text, "utf-8")
    assert outcomes(tmp_path) == {
        "untouched": "PASSED",
        "end": "FAILED",
        "middle": "FAILED",
        "label": "FAILED",
        "colour": "PASSED",
        "picture": "PASSED",
    }
