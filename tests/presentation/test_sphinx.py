"""A small Sphinx project shows what the book makes of figures, checks and the ledger."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.linear.blocks import PairOrder
from depth_not_data.presentation import claims, sphinx_head, sphinx_polls
from depth_not_data.presentation import sphinx as sphinx_presentation
from depth_not_data.presentation.claims import Claim
from depth_not_data.presentation.rules import Fixed, Rule

NOTEBOOK = """
import matplotlib.pyplot as plt
from depth_not_data.presentation import claims, figures
fig, ax = plt.subplots()
figures.show(fig, name="fig-empty", alt="Empty axes.", caption="Nothing, *yet*. But axes.")
claims.check("P2a", measured=3e-13)
"""
PAGES = {
    "a.md": "# A\n\nSee {numref}`fig-empty`.\n\n```{ledger-summary}\n```\n\n```{ledger}\n```\n",
    "status.md": "# S\n\n```{build-status}\n```\n",
    "index.md": "# I\n\n```{toctree}\na\nstatus\nz\nlists\nsheet\nlast\n```\n",
    "sheet.md": "# S\n\n```{list-of-polls}\n```\n",
    "lists.md": "# L\n\n```{list-of-theorems}\n```\n\n```{list-of-figures}\n```\n",
    "last.md": """# T

:::{admonition} Box
Not the description.
:::

Depth $\\tilde L$ < 2 & more.

| | b |
|-|---|
| 1 | 2 |

:::{dropdown} $\\frac1L$
Small.
:::

::::{admonition} Decide before you read on
:class: poll
By [the table](a.md), the edge is at

- **A** $1/L$
- **B** $2/L$

:::{dropdown} The answer
**B**, of course.
:::
::::

:::{prf:theorem} Edge at $2/L$
:label: edge
It holds.
:::

:::{prf:remark}
:label: aside
By the way.
:::
""",
}
# The ledger page `a` comes before the notebook `z` in the alphabet, and has to be read after it.
PILOT = Fixed("after a pilot", "One seed was known.")
CONF = {
    "extensions": ["myst_nb", "depth_not_data.presentation.sphinx"],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["attrs_inline", "colon_fence", "dollarmath", "fieldlist"],
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
    fields |= {"kind": claims.THEOREM, "verdict": claims.CONFIRMED, "chapter": "z"}
    fields |= {"number": "off by {worst}", "figure": "fig-empty"}
    rule = Rule("at most", 1e-9, "Round-off.", quantity="difference", fixed=PILOT)
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
        conf = CONF | {"extensions": [*CONF["extensions"], "sphinx_design", "sphinx_proof"]}
        folders = (source, None, tmp_path / "out", tmp_path / "trees")
        with patch_docutils(), docutils_namespace():
            app = Sphinx(*folders, "html", conf, status=None, warningiserror=True, freshenv=True)
            app.build()
        return {path.stem: path.read_text("utf-8") for path in Path(app.outdir).glob("*.html")}

    return run


@pytest.mark.filterwarnings("default")
def test_figures_checks_and_ledger(build):
    waiting = Claim("P9", "measurement", "paper", "Title", "Depth, not data.", claims.OPEN)
    asked = Claim(
        "B4", "question", "blog", "Question", "Why?", answer="So.", stands="This.", fails="That.",
        evidence=("P2a",), chapter="z",
    )  # fmt: skip
    pages = build(settled(), waiting, asked)
    assert re.findall(r'<img alt="Empty axes." .*?>', pages["z"])[0].count(".svg") == 1
    assert pages["z"].count("<img alt=") == 1, "the PNG of a live notebook is left out"
    assert "Nothing, <em>yet</em>. But axes." in pages["z"]
    assert "panel 1" not in pages["z"], "the ranges of the curves are for the comparison alone"
    assert pages["z"].count("Nothing, <em>") == 1, "the caption of a live notebook is left out"
    assert 'id="check-p2a"' in pages["z"]
    assert "<strong>off by 3e-13</strong>" in pages["a"]
    assert "3e-13: difference" in pages["a"]
    assert "after a pilot. One seed was known." in pages["a"]
    assert 'href="z.html#check-p2a"' in pages["a"]
    assert "It <em>holds</em>." in pages["a"]
    assert "Depth, not data." in pages["a"]
    assert pages["a"].count(">Fig. 1<") == 2, "in the text, and as the picture of the claim"
    assert 'href="#claim-p2a"' in pages["a"], "the evidence of the answer"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("changes", [{"id": "P1a"}, {"chapter": "a"}])
def test_a_settled_claim_without_its_check_stops_the_build(build, changes):
    with pytest.raises(Exception, match="has no check"):
        build(settled(**changes))


def test_fields_of_a_named_tuple_are_listed_once():
    skip = sphinx_presentation._skip_fields
    assert skip(None, "class", "order", PairOrder.order, False, {})
    assert skip(None, "class", "count", PairOrder.count, False, {}) is None


@pytest.mark.filterwarnings("default")
def test_theorems_and_figures_are_listed_and_linked(build):
    listed = build(settled())["lists"]
    assert '<a class="reference internal" href="z.html#fig-empty">Figure 1</a>' in listed
    assert "Nothing, <em>yet</em>." in listed
    assert "But axes" not in listed, "the first sentence is enough"
    assert '<a class="reference internal" href="last.html#edge">Theorem 1</a>: Edge at' in listed
    assert "2/L" in listed
    assert re.search("<script[^>]*mathjax", listed), "formulas that stand only in the lists"
    assert "#aside" not in listed


@pytest.mark.filterwarnings("default")
def test_a_page_says_what_it_is_about_and_its_tables_have_no_empty_heading(build):
    page = build(settled())["last"]
    description = 'content="Depth L &lt; 2 &amp; more." />'
    assert f'<meta name="description" {description}' in page
    assert f'<meta property="og:description" {description}' in page
    assert '<meta property="og:title" content="T" />' in page
    assert page.count("<th") == 2, "the head itself, and the heading b"
    assert 'sd-card-header" aria-label="1/L">' in page


@pytest.mark.filterwarnings("default")
def test_the_sheet_of_polls_has_every_question_and_no_answer(build):
    sheet = build(settled())["sheet"]
    sheet = sheet[sheet.index("<article") if "<article" in sheet else sheet.index("<body") :]
    assert '<a class="reference internal" href="last.html">T</a>' in sheet
    assert "<strong>Poll 1</strong>" in sheet
    assert "By <span>the table</span>, the edge is at" in sheet
    assert "1/L" in sheet
    assert "2/L" in sheet
    assert "of course" not in sheet
    assert "Decide before" not in sheet


def test_a_poll_that_shows_its_answer_is_refused():
    poll = nodes.admonition("", nodes.paragraph("", "Why L? Because."), classes=["poll"])
    with pytest.raises(ValueError, match=r"poll must hide one answer .* got 0: 'Why L"):
        sphinx_polls.question(poll)


@pytest.mark.filterwarnings("default")
def test_the_page_of_the_status_shows_what_the_build_wrote(build, monkeypatch, tmp_path):
    assert "not built by" in build(settled())["status"]
    status = {
        "build": {"Date": "1 May"},
        "notebooks": {"z": {"source": "executed in 3 s", "cost": "seconds"}},
        "versions": {"numpy": "2.4.6"},
    }
    (tmp_path / "status.json").write_text(json.dumps(status))
    monkeypatch.setitem(CONF, "build_status", str(tmp_path / "status.json"))
    page = build(settled())["status"]
    assert re.search(r'href="z\.html"><span class="doc">Z</span></a>', page)
    for text in ("1 May", "executed in 3 s", "2.4.6"):
        assert text in page


def test_a_long_description_is_cut_at_a_word():
    tree = new_document("page")
    tree += nodes.paragraph("", "word, " * 60)
    text = sphinx_head.description(tree)
    assert len(text) <= sphinx_head.LONGEST
    assert text.endswith("word…")
    assert sphinx_head.description(new_document("empty")) == ""
