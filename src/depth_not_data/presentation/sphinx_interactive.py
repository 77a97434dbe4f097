"""Interactive figures in the site: their markup, and one script that their pages share.

:func:`depth_not_data.presentation.sphinx.setup` calls :func:`setup`, and its renderer hands what
:func:`depth_not_data.presentation.interactive.show` displayed to :func:`figure`. Used by Sphinx
only.
"""

import html
import json
from importlib.resources import files
from pathlib import Path

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from depth_not_data.presentation import interactive, vega

SCRIPT = "interactive.js"
STYLE = "interactive.css"
logger = logging.getLogger(__name__)


def figure(renderer, data, still: list[nodes.Node], words: dict) -> list[nodes.Node]:
    """Put task, controls, plot and words in front of a still figure, and the answer behind it.

    Parameters
    ----------
    renderer, data
        What MyST-NB passes to a plugin.
    still : list of docutils.nodes.Node
        The numbered figure with the picture and the caption.
    words : dict
        What :func:`depth_not_data.presentation.interactive.show` says besides.
    """
    document = renderer.renderer
    env = document.sphinx_env
    specification = vega.compiled(json.loads(words["specification"]))
    text = vega.compact(specification)
    env.interactive_pages.setdefault(env.docname, []).append(len(text.encode()))
    alt = data.output_metadata["depth_not_data"]["figure"]["alt"]
    box = nodes.container(classes=["explorer"])
    task = nodes.container(classes=["explorer-task"])
    box += task
    box += nodes.raw("", _markup(text, specification, alt), format="html")
    box += still
    if words["try_this"]:
        folded = f"````{{dropdown}} What there is to see\n{words['answer']}\n````\n"
        for node, markdown in ((task, f"**Try this.** {words['try_this']}"), (box, folded)):
            with document.current_node_context(node):
                document.nested_render_text(markdown, data.line or 0)
    return [box]


def _markup(text, specification, alt):
    columns = specification["usermeta"]["reading"]["columns"].values()
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in columns)
    # "<" would end the script element if "/script" followed; in JSON it may be written so.
    safe = text.replace("<", "\\u003c")
    return (
        '<div class="explorer-live">'
        '<div class="explorer-controls"></div>'
        f'<div class="explorer-plot" role="img" aria-label="{html.escape(alt)}"></div>'
        '<p class="explorer-sentence"></p>'
        '<details class="explorer-numbers"><summary>The numbers of this figure</summary>'
        '<div role="group" tabindex="0" aria-label="The numbers of this figure">'
        f'<table class="explorer-table"><thead><tr>{head}</tr></thead><tbody></tbody></table>'
        "</div></details></div>"
        f'<script type="application/json" class="explorer-specification">{safe}</script>'
    )


def setup(app: Sphinx) -> dict:
    """Count the figures of each page; write the script, and link it where there are some."""
    app.connect("builder-inited", _prepare)
    app.connect("env-purge-doc", _purge)
    app.connect("env-updated", _write)
    app.connect("html-page-context", _link)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _prepare(app):
    if not hasattr(app.env, "interactive_pages"):
        app.env.interactive_pages = {}  # document name: bytes of its specifications


def _purge(app, env, docname):
    env.interactive_pages.pop(docname, None)


def _write(app, env):
    for docname, sizes in env.interactive_pages.items():
        if sum(sizes) > interactive.LARGEST_PAGE:
            logger.warning(
                f"interactive figures of a page may have {interactive.LARGEST_PAGE:,} bytes, "
                f"these have {sum(sizes):,}",
                location=docname,
            )
    if env.interactive_pages and app.builder.format == "html":
        folder = Path(app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SCRIPT).write_text(script(), "utf-8")
        (folder / STYLE).write_text(_own(STYLE), "utf-8")


def script() -> str:
    """Vega and our own lines, in one file that asks for no other."""
    # The address is the name of a module that vl-convert carries; nothing is fetched.
    module = f"https://cdn.jsdelivr.net/npm/vega@{vl_convert.get_vega_version()}/+esm.js"
    bundle = vl_convert.javascript_bundle(f'import * as engine from "{module}";\n{_own(SCRIPT)}')
    # A classic script, since a browser refuses modules from file://; in a function, so that the
    # names in it are its own.
    return f"(function () {{\n{bundle}\n}})();\n"


def _own(name):
    return (files("depth_not_data.presentation") / name).read_text("utf-8")


def _link(app, pagename, templatename, context, doctree):
    if pagename in app.env.interactive_pages:
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(STYLE)
