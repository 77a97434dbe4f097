"""Notes are numbered apart from chapters, and references by number follow."""

import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import sphinx_numbers

TREE = "```{toctree}\n:numbered: 1\n\n%s\n```\n"
TOC = """root: index
subtrees:
  - {numbered: 1, entries: [file: a]}
  - {numbered: 1, entries: [file: notes/b, file: notes/c]}
  - {numbered: 1, entries: [file: d]}
"""
THEOREM = ":::{prf:theorem}\n:label: t-%s\nIt holds.\n:::\n"
PAGES = {
    "index.md": "# I\n\n" + TREE % "a" + TREE % "notes/b\nnotes/c" + TREE % "d",
    "a.md": "# A\n\n{prf:ref}`t-c`, {numref}`fig-c`, {numref}`fig-d`\n",
    "notes/b.md": "# B\n\n## Section\n",
    "notes/c.md": "# C\n\n## Section\n\n"
    + THEOREM % "c"
    + ":::{figure} x.svg\n:name: fig-c\nCaption.\n:::\n",
    "d.md": "# D\n\n:::{figure} x.svg\n:name: fig-d\nCaption.\n:::\n",
}
CONF = {
    "extensions": [
        "myst_nb", "sphinx_proof", "sphinx_multitoc_numbering",
        "depth_not_data.presentation.sphinx_numbers",
    ],
    "myst_enable_extensions": ["colon_fence"],
    "numfig": True,
    "numfig_secnum_depth": 1,
}  # fmt: skip


def build(folder, **conf):
    source = folder / "source"
    for name, text in PAGES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    for place in (source, source / "notes"):
        (place / "x.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    folders = (source, None, folder / "out", folder / "trees")
    with patch_docutils(), docutils_namespace():
        options = {"status": None, "warningiserror": True, "freshenv": True}
        Sphinx(*folders, "html", CONF | conf, **options).build()
    found = Path(folder / "out").rglob("*.html")
    return {path.stem: re.sub(r"<[^>]+>", "", path.read_text("utf-8")) for path in found}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["toctrees in the page", "a file"])
def test_pages_theorems_and_figures_have_the_numbers_of_their_group(tmp_path, how, monkeypatch):
    conf = {"numbered_apart": {"notes/": "N"}}
    if how == "a file":
        monkeypatch.setitem(PAGES, "index.md", "# I\n\n```{tableofcontents}\n```\n")
        monkeypatch.setitem(PAGES, "_toc.yml", TOC)
        conf |= {"extensions": [*CONF["extensions"], "sphinx_external_toc"]}
        conf |= {"external_toc_path": "_toc.yml", "use_multitoc_numbering": True}
    pages = build(tmp_path, **conf)
    assert re.search(r"N1\.\s+B", pages["b"])
    assert re.search(r"N2\.\s+C", pages["c"])
    assert re.search(r"2\.\s+D", pages["d"])
    assert re.search(r"Theorem\s+N2\.1", pages["c"])
    assert "Fig. N2.1" in pages["c"]
    assert "Theorem N2.1, Fig. N2.1, Fig. 2.1" in pages["a"]
    for number in ("1. A", "N1. B", "N2. C", "2. D"):
        assert number in pages["index"]


@pytest.mark.filterwarnings("default")
def test_without_the_setting_numbers_count_on(tmp_path):
    pages = build(tmp_path)
    assert re.search(r"3\.\s+C", pages["c"])
    assert "Fig. 4.1" in pages["d"]


def test_each_group_counts_from_one():
    old = {"x": 3, "n/a": 1, "n/b": 7, "y": 5, "m/c": 8}
    new = sphinx_numbers.renumbered(old, {"n/": "N", "m/": "M"})
    assert new == {1: "N1", 3: 1, 5: 2, 7: "N2", 8: "M1"}
