"""The polls of all chapters on one page to print, gathered while the site is built.

The directive ``list-of-polls`` leaves a place that is filled with the questions and the options of
every poll, chapter by chapter, without the answers. Used by Sphinx only.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from depth_not_data.presentation.sphinx_lists import documents

POLL = "poll"


class _Polls(nodes.General, nodes.Element):
    """Where the polls will stand."""


class ListOfPolls(SphinxDirective):
    """Question and options of every poll, page by page."""

    def run(self):
        """Return the place of the polls."""
        return [_Polls()]


def question(poll: nodes.admonition) -> list[nodes.Node]:
    """Copy what stands in a poll before its answer unfolds; links become their words.

    Parameters
    ----------
    poll : docutils.nodes.admonition
        Title, question, options, and the answer in a dropdown.

    Raises
    ------
    ValueError
        If `poll` hides no answer in a dropdown.

    Examples
    --------
    >>> answer = nodes.container("", nodes.paragraph("", "B"), design_component="dropdown")
    >>> asked = nodes.paragraph("", "Why L?")
    >>> poll = nodes.admonition("", nodes.title("", "Decide"), asked, answer)
    >>> [node.astext() for node in question(poll)]
    ['Why L?']
    """
    shown, hidden = [], 0
    for node in poll.children:
        if _unfolds(node):
            hidden += 1
        elif not isinstance(node, nodes.title):
            shown.append(_unlinked(node.deepcopy()))
    if hidden != 1:
        raise ValueError(
            f"poll must hide one answer in a dropdown, got {hidden}: {poll.astext()[:80]!r}"
        )
    return shown


def _unfolds(node):
    """Whether a node is a dropdown of sphinx-design, before or after its own transform."""
    written = type(node).__name__ == "dropdown_main"
    return written or getattr(node, "attributes", {}).get("design_component") == "dropdown"


def _unlinked(node):
    for link in list(node.findall(nodes.reference)):
        link.replace_self(nodes.inline("", link.astext()))
    return node


def _fill(app, doctree, docname):
    for place in list(doctree.findall(_Polls)):
        # The page needs the script for formulas, and held none when it was read.
        app.env.get_domain("math").data["has_equations"][docname] = True
        place.replace_self(_sheet(app, docname) or [nodes.paragraph("", "There is none.")])


def _sheet(app, here):
    found = []
    for docname in documents(app.env):
        if docname == here:
            continue
        # Resolving a page is dear, and most have no poll.
        if _polls(app.env.get_doctree(docname)):
            polls = _polls(app.env.get_and_resolve_doctree(docname, app.builder))
            uri = app.builder.get_relative_uri(here, docname)
            words = app.env.titles[docname].astext()
            link = nodes.reference("", words, internal=True, refuri=uri)
            found.append(nodes.rubric("", "", link))
            found += [_item(poll, number) for number, poll in enumerate(polls, start=1)]
    return found


def _polls(tree):
    return [node for node in tree.findall(nodes.admonition) if POLL in node["classes"]]


def _item(poll, number):
    title = nodes.paragraph("", "", nodes.strong("", f"Poll {number}"))
    return nodes.container("", title, *question(poll), classes=["printed-poll"])


def setup(app: Sphinx) -> dict:
    """Register the directive, and fill its place when pages are written."""
    app.add_node(_Polls)
    app.add_directive("list-of-polls", ListOfPolls)
    app.connect("doctree-resolved", _fill)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
