"""Figures are written to files as the committed notebooks show them."""

import base64
import json
from pathlib import Path

import export_figures
import nbformat
import pytest


def notebook(name, *data):
    outputs = [
        nbformat.v4.new_output(
            "display_data", files, metadata={"depth_not_data": {"figure": words}}
        )
        for words, files in data
    ]
    path = Path("book") / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell("1", outputs=outputs)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def words(name):
    return {"name": name, "alt": f"Alt of {name}.", "caption": f"Caption of {name}."}


PNG = base64.b64encode(b"pixels").decode()


def test_each_figure_is_one_file_svg_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook("a", (words("fig-a"), {"image/png": PNG, "image/svg+xml": "<svg/>"}))
    notebook("b", (words("fig-b"), {"image/png": PNG}))
    export_figures.export(Path("out"))
    assert Path("out/fig-a.svg").read_text() == "<svg/>"
    assert Path("out/fig-b.png").read_bytes() == b"pixels"
    assert len(list(Path("out").iterdir())) == 3
    said = json.loads(Path("out/figures.json").read_text("utf-8"))
    assert said["fig-b.png"] == {
        "notebook": "book/b.ipynb", "alt": "Alt of fig-b.", "caption": "Caption of fig-b.",
    }  # fmt: skip


def test_two_figures_of_one_name_are_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook("a", (words("fig-a"), {"image/png": PNG}))
    notebook("b", (words("fig-a"), {"image/png": PNG}))
    with pytest.raises(SystemExit, match=r"fig-a\.png is in book/b\.ipynb and in book/a\.ipynb"):
        export_figures.export(Path("out"))
