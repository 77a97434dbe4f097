"""Lists of the theorems and of the figures of the book, gathered while the site is built.

The directives ``list-of-theorems`` and ``list-of-figures`` leave a place that is filled once every
page has been read and numbered. Used by Sphinx only.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LISTED_PROOFS = ("theorem", "proposition", "lemma", "corollary")


class _Place(nodes.General, nodes.Element):
    """Where a list will stand; `what` is "theorems" or "figures"."""


class _List(SphinxDirective):
    what = ""

    def run(self):
        """Return the place of the list."""
        return [_Place(what=self.what)]


class ListOfTheorems(_List):
    """Every numbered theorem, proposition, lemma and corollary, page by page."""

    what = "theorems"


class ListOfFigures(_List):
    """Every numbered figure with the first sentence of its caption, page by page."""

    what = "figures"


def first_sentence(content: list[nodes.Node]) -> list[nodes.Node]:
    """Copy inline nodes up to the end of the first sentence; links become their words.

    Parameters
    ----------
    content : list of docutils.nodes.Node
        Children of a caption or of a paragraph.

    Examples
    --------
    >>> caption = [nodes.Text("The gap at "), nodes.math("", "2/L"), nodes.Text(". Dotted: 1.5.")]
    >>> "".join(node.astext() for node in first_sentence(caption))
    'The gap at 2/L.'
    """
    kept = []
    for node in content:
        text = node.astext()
        end = re.search(r"[.?!](?=\s|$)", text)
        if isinstance(node, nodes.Text) and end:
            return [*kept, nodes.Text(text[: end.end()])]
        inline = isinstance(node, (nodes.Text, nodes.math, nodes.emphasis, nodes.strong))
        kept.append(node.deepcopy() if inline else nodes.Text(text))
    return kept


def documents(env) -> list[str]:
    """Names of the pages in the order of the table of contents."""
    ordered, waiting = [], [env.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        if name in ordered:
            continue
        ordered.append(name)
        waiting = [*env.toctree_includes.get(name, []), *waiting]
    return ordered


def _theorems(env, docname, tree):
    numbers = env.toc_fignumbers.get(docname, {})
    for label, entry in getattr(env, "proof_list", {}).items():
        if entry["docname"] != docname or entry["nonumber"]:
            continue
        kind = entry["realtype"]
        if kind in LISTED_PROOFS:
            found = [node for node in tree.findall(nodes.Element) if label in node.get("ids", [])]
            title = found[0].next_node(nodes.title) if found else None
            number = numbers.get(entry["countertype"], {}).get(label, ())
            words = _bare([node.deepcopy() for node in title.children] if title else [])
            yield label, f"{kind.title()} {_dotted(number)}", words


def _figures(env, docname, tree):
    numbers = env.toc_fignumbers.get(docname, {}).get("figure", {})
    for figure in tree.findall(nodes.figure):
        label = next((i for i in figure["ids"] if i in numbers), None)
        caption = figure.next_node(nodes.caption)
        if label and caption is not None:
            name = next((i for i in figure["ids"] if i.startswith("fig-")), label)
            yield name, f"Figure {_dotted(numbers[label])}", first_sentence(caption.children)


def _dotted(number):
    return ".".join(map(str, number))


def _bare(title):
    """Words of a title without the brackets that sphinx-proof puts around them."""
    if title and isinstance(title[0], nodes.Text):
        title[0] = nodes.Text(title[0].astext().lstrip(" ("))
    if title and isinstance(title[-1], nodes.Text):
        title[-1] = nodes.Text(title[-1].astext().removesuffix(")"))
    return title


def _fill(app, doctree, docname):
    for place in list(doctree.findall(_Place)):
        # The page needs the script for formulas, and held none when it was read.
        app.env.get_domain("math").data["has_equations"][docname] = True
        entries = {"theorems": _theorems, "figures": _figures}[place["what"]]
        place.replace_self(_list(app, docname, entries))


def _list(app, here, entries):
    env, found = app.env, []
    for docname in documents(env):
        if docname == here:
            continue
        uri = app.builder.get_relative_uri(here, docname)
        items = nodes.bullet_list()
        for label, name, words in entries(env, docname, env.get_doctree(docname)):
            link = nodes.reference("", name, internal=True, refuri=f"{uri}#{label}")
            after = [nodes.Text(": "), *words] if words else []
            items += nodes.list_item("", nodes.paragraph("", "", link, *after))
        if len(items):
            title = nodes.reference("", env.titles[docname].astext(), internal=True, refuri=uri)
            found += [nodes.paragraph("", "", nodes.strong("", "", title)), items]
    return found or [nodes.paragraph("", "There is none.")]


def setup(app: Sphinx) -> dict:
    """Register the directives, and fill their places when pages are written."""
    app.add_node(_Place)
    app.add_directive("list-of-theorems", ListOfTheorems)
    app.add_directive("list-of-figures", ListOfFigures)
    app.connect("doctree-resolved", _fill)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
