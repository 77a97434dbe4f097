"""The printed book: solutions in an appendix, links that lead inside the file, numbered sheets."""

import shutil

import browser
import print_book
import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

TOC = {"root": "book/a", "parts": [{"caption": "Part I", "chapters": [{"file": "book/b"}]}]}
HEAD = '<html><head><link rel="stylesheet" href="../_static/s.css"></head><body><nav>no</nav>'
FIRST = f"""{HEAD}<article class="bd-article"><h1>First<a class="headerlink" href="#x">#</a></h1>
<p>See <a href="b.html#goal">the goal</a> and <a href="https://example.org/">elsewhere</a>.</p>
</article></body></html>"""
SECOND = f"""{HEAD}<article class="bd-article"><h1>Second</h1>
<div class="exercise admonition" id="ask"><p class="admonition-title">Exercise 1</p></div>
<div class="solution dropdown admonition" id="sol-1"><p class="admonition-title">Solution to
<a href="#ask">Exercise 1</a></p><p>Because of <a href="a.html">the first</a>.</p></div>
<p style="break-before: page" id="goal">Here.</p></article></body></html>"""


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site/book"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text(FIRST)
    (folder / "b.html").write_text(SECOND)
    (folder.parent / "index.html").write_text("")
    (tmp_path / "toc.yml").write_text(yaml.safe_dump(TOC))
    return folder.parent


def test_pages_keep_their_order():
    assert print_book.ordered_pages(TOC) == [("", ["book/a.html"]), ("Part I", ["book/b.html"])]


def test_solutions_are_moved_and_linked(site, tmp_path):
    titles = print_book.prepare(site, tmp_path / "out", print_book.ordered_pages(TOC))
    assert titles == {
        "book/a.html": "First",
        "book/b.html": "Second",
        "solutions.html": "Solutions",
    }
    second = BeautifulSoup((tmp_path / "out/book/b.html").read_text(), "html.parser")
    assert not second.select("div.solution")
    assert second.select_one("#ask a")["href"] == "../solutions.html#sol-1"
    solutions = BeautifulSoup((tmp_path / "out/solutions.html").read_text(), "html.parser")
    links = [link["href"] for link in solutions.select("div.solution a")]
    assert links == ["book/b.html#ask", "book/a.html"]
    assert solutions.select_one("link")["href"] == "_static/s.css"
    assert "no" not in second.get_text().split(), "only the article is printed"


def test_without_a_site_or_a_browser_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert print_book.build(tmp_path) == 1
    assert "No browser to print with" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "which", lambda name: name)
    assert print_book.build(tmp_path) == 1
    assert "run `make book` first" in capsys.readouterr().err


@pytest.mark.skipif(browser.find() is None, reason="no browser is installed")
def test_links_lead_inside_and_sheets_are_numbered(site, tmp_path):
    assert print_book.build(site, tmp_path / "pdf", tmp_path / "toc.yml") == 0
    reader = PdfReader(tmp_path / "pdf/depth-not-data.pdf")
    texts = [sheet.extract_text() for sheet in reader.pages]
    starts = {}
    for number, text in enumerate(texts):
        for word in ("First", "Second", "Here."):
            if word in text and "Contents" not in text:
                starts.setdefault(word, number)
    contents = next(text for text in texts if "Contents" in text)
    assert f"Second {starts['Second'] + 1}" in contents
    assert texts[starts["Here."]].split()[-1] == str(starts["Here."] + 1)
    notes = [note.get_object() for note in reader.pages[starts["First"]]["/Annots"]]
    goals = [note["/Dest"][0].get_object() for note in notes if "/Dest" in note]
    assert reader.pages[starts["Here."]] in goals
    outside = [note["/A"]["/URI"] for note in notes if "/A" in note]
    assert outside == ["https://example.org/"]
    assert [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)] == [
        "First",
        "Part I",
        "Solutions",
    ]
