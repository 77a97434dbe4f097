"""What stands in the head of a page, and small repairs of its HTML. Used by Sphinx only."""

import html
import re

from docutils import nodes
from sphinx.application import Sphinx

_EMPTY_HEADING = re.compile(r"<th( [^>]*)?>\s*(?:<p>\s*</p>)?\s*</th>")
_SUMMARY = re.compile(r"<summary([^>]*)>(.*?)</summary>", re.DOTALL)
LONGEST = 200
"""Characters of a description; search engines and previews cut about there."""


def description(tree: nodes.document) -> str:
    """First paragraph of a page that is not in a box, as plain text, cut at a word.

    Parameters
    ----------
    tree : docutils.nodes.document

    Returns
    -------
    str
        At most :data:`LONGEST` characters; empty if the page has no such paragraph.
    """
    for paragraph in tree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, (nodes.section, nodes.document)):
            text = " ".join(_readable(paragraph).split())
            if len(text) <= LONGEST:
                return text
            return text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return ""


def _readable(paragraph):
    """Text with formulas in letters where they are simple, since no preview sets them."""
    parts = []
    for node in paragraph.children:
        text = node.astext()
        parts.append(_letters(text) if isinstance(node, nodes.math) else text)
    return "".join(parts)


def _letters(formula):
    r"""Strip a formula of the commands of LaTeX.

    >>> _letters(r"\tfrac12 (w_2 w_1 - 1)^2"), _letters(r"\lambda_{\max} = L")
    ('1/2 (w_2 w_1 - 1)^2', 'lambda_max = L')
    """
    formula = re.sub(r"\\[td]?frac\s*\{?(\w)\}?\s*\{?(\w)\}?", r"\1/\2", formula)
    formula = re.sub(r"\\(ell|top)\b", lambda word: {"ell": "l", "top": "T"}[word[1]], formula)
    formula = re.sub(r"\\([,;!]|(tilde|hat|quad|left|right|mathbf|mathrm)\b)", "", formula)
    return re.sub(r"[{}\\]", "", formula)


def _describe(app, pagename, templatename, context, doctree):
    text = description(doctree) if doctree is not None else ""
    if not text:
        return
    title = re.sub(r"<[^>]*>", "", html.unescape(str(context.get("title", ""))))
    # No preview image: it would need the address of the site, which the book does not know.
    tags = {
        ("name", "description"): text,
        ("property", "og:title"): title,
        ("property", "og:description"): text,
        ("property", "og:type"): "article",
        ("property", "og:site_name"): app.config.html_title or app.config.project,
        ("name", "twitter:card"): "summary",
    }
    context["metatags"] = context.get("metatags", "") + "\n".join(
        f'<meta {kind}="{name}" content="{html.escape(content)}" />'
        for (kind, name), content in tags.items()
    )


def _mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        # A heading cell of a table that heads nothing, as pandas writes one above its index.
        body = _EMPTY_HEADING.sub(r"<td\1></td>", context["body"])
        # A title that is a formula alone has no name for a screen reader.
        context["body"] = _SUMMARY.sub(_named, body)


def _named(summary):
    attributes, content = summary.groups()
    formula = re.fullmatch(r"\s*\\\((.*)\\\)\s*", html.unescape(re.sub(r"<[^>]*>", "", content)))
    if not formula:
        return summary.group()
    label = html.escape(_letters(formula[1]))
    return f'<summary{attributes} aria-label="{label}">{content}</summary>'


def setup(app: Sphinx) -> dict:
    """Describe every page that begins with a paragraph, and mend headings and titles."""
    app.connect("html-page-context", _describe)
    app.connect("html-page-context", _mend)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
