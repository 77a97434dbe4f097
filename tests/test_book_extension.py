"""A small Sphinx project shows what the book makes of figures, checks and the ledger."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data import claims
from depth_not_data.claims import Claim, Rule

NOTEBOOK = """
import matplotlib.pyplot as plt
from depth_not_data import claims, figures
fig, ax = plt.subplots()
figures.show(fig, name="fig-empty", alt="Empty axes.", caption="Nothing, *yet*.")
claims.check("P2a", measured=3e-15)
"""
PAGES = {
    "a.md": "# A\n\nSee {numref}`fig-empty`.\n\n```{ledger-summary}\n```\n\n```{ledger}\n```\n",
    "index.md": "# I\n\n```{toctree}\na\nz\n```\n",
}
# The ledger page `a` comes before the notebook `z` in the alphabet, and has to be read after it.
CONF = {
    "extensions": ["myst_nb", "depth_not_data.book_extension"],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["attrs_inline", "colon_fence", "fieldlist"],
    "numfig": True,
}


@pytest.fixture(scope="module")
def executed():
    cells = [nbformat.v4.new_markdown_cell("# Z"), nbformat.v4.new_code_cell(NOTEBOOK)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    return notebook


def settled(**changes):
    fields = {"id": "P2a", "source": "paper", "anchor": "eq. (37)", "statement": "It *holds*."}
    fields |= {"verdict": claims.CONFIRMED, "chapter": "z", "correction": None}
    rule = Rule(kind="at most", value=1e-12, quantity="difference", reason="Round-off.")
    return Claim(rule=rule, **fields | changes)


@pytest.fixture
def build(executed, tmp_path, monkeypatch):
    def run(*entries):
        monkeypatch.setattr(claims, "ledger", lambda: {entry.id: entry for entry in entries})
        source = tmp_path / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        for name, text in PAGES.items():
            (source / name).write_text(text)
        nbformat.write(executed, source / "z.ipynb")
        conf = CONF | {"extensions": [*CONF["extensions"], "sphinx_design"]}
        folders = (source, None, tmp_path / "out", tmp_path / "trees")
        with patch_docutils(), docutils_namespace():
            app = Sphinx(*folders, "html", conf, status=None, warningiserror=True, freshenv=True)
            app.build()
        return {path.stem: path.read_text("utf-8") for path in Path(app.outdir).glob("*.html")}

    return run


@pytest.mark.filterwarnings("default")
def test_figures_checks_and_ledger(build):
    waiting = Claim("P9", "paper", "Title", "Depth, not data.", claims.OPEN)
    pages = build(settled(), waiting)
    assert 'alt="Empty axes."' in pages["z"]
    assert "Nothing, <em>yet</em>." in pages["z"]
    assert pages["z"].count("Nothing, <em>") == 1, "the caption of a live notebook is left out"
    assert 'id="check-p2a"' in pages["z"]
    assert "<strong>3e-15</strong>: difference" in pages["a"]
    assert 'href="z.html#check-p2a"' in pages["a"]
    assert "It <em>holds</em>." in pages["a"]
    assert "Depth, not data." in pages["a"]
    assert "Fig. 1" in pages["a"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("changes", [{"id": "P1a"}, {"chapter": "a"}])
def test_a_settled_claim_without_its_check_stops_the_build(build, changes):
    with pytest.raises(Exception, match="has no check"):
        build(settled(**changes))
