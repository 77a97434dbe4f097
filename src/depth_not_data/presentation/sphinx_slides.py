"""What slides take from the chapters: figures, polls and numbers, by name. Used by Sphinx only.

A deck is Markdown for sphinx-revealjs. It says ``{slide-figure} fig-name``,
``{slide-poll} waiting 1`` and ``{number}`waiting:printed-bulk```; all three come from the
committed notebooks.
"""

import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from depth_not_data.presentation import committed

_GLUE = re.compile(r"\{glue:text\}`([^`]+)`")
_POINTER = {"numref": "the figure", "eq": "the formula"}
_POINTERS = re.compile(r"\{(numref|eq)\}`[^`]*`")
_ROLE = re.compile(r"\{(?:doc|ref|prf:ref|cite[^}]*)\}`([^`<]+?)(?:\s*<[^>]*>)?`")


class _Book:
    """The notebooks of the book, by the last part of their name, and their figures."""

    def __init__(self, folder):
        paths = sorted(folder.rglob("*.ipynb"))
        self.notebooks = {path.stem: committed.read(path) for path in paths}
        self.pictures = {
            picture.name: picture
            for notebook in self.notebooks.values()
            for picture in committed.pictures(notebook)
        }

    def notebook(self, stem):
        if stem not in self.notebooks:
            raise ValueError(f"page must be a notebook of the book, got {stem!r}")
        return self.notebooks[stem]

    def picture(self, name):
        if name not in self.pictures:
            raise ValueError(f"name must be a figure of the book, got {name!r}")
        return self.pictures[name]


def _read_book(app):
    """Read every notebook once a build: decks ask for dozens of figures."""
    app.env.slides_book = _Book(Path(app.confdir) / app.config.slides_book)


def _forget_book(app, env):
    """Leave it out of what Sphinx stores of a build."""
    del env.slides_book


class SlideFigure(SphinxDirective):
    """A figure of the book with its alternative text, as high as ``:height:`` says."""

    required_arguments = 1
    option_spec = {"height": directives.length_or_unitless}  # noqa: RUF012

    def run(self):
        """Write the picture beside the deck and return its node."""
        picture = self.env.slides_book.picture(self.arguments[0])
        folder = Path(self.env.app.srcdir) / "figures"
        folder.mkdir(exist_ok=True)
        (folder / f"{picture.name}{picture.suffix}").write_bytes(picture.content)
        uri = f"/figures/{picture.name}{picture.suffix}"
        image = f"```{{image}} {uri}\n:alt: {picture.alt}\n"
        image += f":height: {self.options.get('height', '500px')}\n```"
        return _parsed(self, image, "slide-figure")


class SlidePoll(SphinxDirective):
    """A poll of a chapter: question and options, without the answer."""

    required_arguments = 2

    def run(self):
        """Return the nodes of the poll."""
        page, number = self.arguments[0], int(self.arguments[1])
        notebook = self.env.slides_book.notebook(page)
        found, texts = committed.polls(notebook), committed.glued(notebook)
        if not 1 <= number <= len(found):
            raise self.error(f"{page} has {len(found)} polls, got {number}")
        words = _GLUE.sub(lambda key: texts[key[1]], found[number - 1])
        words = _POINTERS.sub(lambda role: _POINTER[role[1]], words)
        return _parsed(self, _ROLE.sub(r"\1", words), "slide-poll")


class Number(SphinxRole):
    """A text that a chapter glues: ``{number}`page:key```."""

    def run(self):
        """Return the text."""
        page, _, key = self.text.partition(":")
        texts = committed.glued(self.env.slides_book.notebook(page))
        if key not in texts:
            raise ValueError(f"key must be one that {page} glues, got {key!r}")
        return [nodes.Text(texts[key])], []


def _parsed(directive, text, name):
    holder = nodes.container(classes=[name])
    lines = StringList(text.splitlines(), source=directive.env.docname)
    directive.state.nested_parse(lines, directive.content_offset, holder)
    return [holder]


def setup(app: Sphinx) -> dict:
    """Register the directives, the role, and where the notebooks lie."""
    app.add_config_value("slides_book", "book", "env", (str,))
    app.add_directive("slide-figure", SlideFigure)
    app.add_directive("slide-poll", SlidePoll)
    app.add_role("number", Number())
    app.connect("builder-inited", _read_book)
    app.connect("env-updated", _forget_book)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
