"""Slides take figures, polls and numbers from the committed notebooks by name."""

import re
from pathlib import Path

import nbformat
import pytest
import slides
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import committed

POLL = """Before.

::::{admonition} Decide before you read on
:class: poll
At most {glue:text}`edge` in {doc}`/book/a`, by {numref}`fig-b`?

- **A** yes

:::{dropdown} The answer
**A**, since nobody knows better.
:::
::::
"""
DETAILS = {"name": "fig-edge", "alt": "An edge.", "caption": "See it."}
DECKS = sorted(Path("course/slides").glob("[lp]*.md"))


def notebook():
    figure = new_output(
        "display_data",
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png": "AAAA"},
        metadata={"depth_not_data": {"figure": DETAILS}},
    )
    glued = new_output(
        "display_data",
        {committed.GLUED: "'2.5'"},
        metadata={"scrapbook": {"name": "edge", "mime_prefix": ""}},
    )
    return new_notebook(cells=[new_markdown_cell(POLL), new_code_cell(outputs=[figure, glued])])


def test_a_notebook_is_read_as_it_was_committed():
    (picture,) = committed.pictures(notebook())
    assert picture[:4] == ("fig-edge", "An edge.", "See it.", ".svg")
    assert picture.content.startswith(b"<svg")
    assert committed.glued(notebook()) == {"edge": "2.5"}
    (poll,) = committed.polls(notebook())
    assert poll.startswith("At most {glue:text}`edge`")
    assert "nobody" not in poll


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"path must be a notebook, got .*none\.ipynb"):
        committed.read(tmp_path / "none.ipynb")


@pytest.fixture
def deck(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    nbformat.write(notebook(), book / "page.ipynb")

    def build(text):
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        (source / "index.md").write_text(f"# T\n\n{text}\n")
        conf = {
            "extensions": [
                "myst_parser",
                "sphinx_revealjs",
                "depth_not_data.presentation.sphinx_slides",
            ],
            "slides_book": str(book),
            # Another Sphinx project in the same process may have named another parser.
            "source_suffix": {".md": "markdown"},
        }
        folders = (source, None, tmp_path / "out", tmp_path / "trees")
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                *folders, "revealjs", conf, status=None, warningiserror=True, freshenv=True
            )
            app.build()
        return (tmp_path / "out/index.html").read_text("utf-8")

    return build


@pytest.mark.filterwarnings("default")
def test_a_deck_shows_them(deck):
    page = deck(
        "```{slide-figure} fig-edge\n:height: 300px\n```\n\n```{slide-poll} page 1\n```\n\n"
        "It is {number}`page:edge`."
    )
    assert 'alt="An edge."' in page
    assert "height: 300px" in page
    assert "At most 2.5 in /book/a, by the figure?" in page
    assert "nobody" not in page
    assert "It is 2.5." in page


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{slide-figure} fig-none\n```", "name must be a figure of the book, got 'fig-none'"),
        ("```{slide-poll} page 2\n```", "page has 1 polls, got 2"),
        ("{number}`page:none`", "key must be one that page glues, got 'none'"),
        ("{number}`none:edge`", "page must be a notebook of the book, got 'none'"),
    ],
)
def test_a_name_that_is_not_there_is_said(deck, text, message):
    with pytest.raises(Exception, match=re.escape(message)):
        deck(text)


def test_every_slide_has_notes_and_their_times_run_on():
    assert [path.stem for path in DECKS] == ["lecture", "part-one", "part-three", "part-two"]
    for path in DECKS:
        shown = re.split(r"^#{1,2} ", path.read_text("utf-8"), flags=re.MULTILINE)[2:]
        clock = 0
        for slide in shown:
            start, end = map(int, re.search(r"notes\}\n(\d+)-(\d+)\.", slide).groups())
            assert clock <= start < end, f"{path.name}: {slide.splitlines()[0]}"
            clock = end
        assert clock == (90 if path.stem == "lecture" else 60), path.name


@pytest.mark.filterwarnings("default")
def test_the_decks_of_the_book_are_built(tmp_path, capsys):
    assert slides.build(built=tmp_path / "slides") == 0
    assert "The slides are built" in capsys.readouterr().out
    lecture = (tmp_path / "slides/lecture.html").read_text("utf-8")
    assert "http://" not in lecture.replace("http://www.w3.org", "")
    assert "cdn" not in lecture
