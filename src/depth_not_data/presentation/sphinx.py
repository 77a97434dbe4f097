"""How the book shows what helpers displayed: figures with captions, claims, and the ledger.

A MyST-NB render plugin turns the outputs of :func:`depth_not_data.presentation.figures.show` into
numbered figures and those of :func:`depth_not_data.presentation.claims.check` into link targets
whose records the directives ``ledger`` and ``ledger-summary`` collect. Used by Sphinx only.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from myst_nb.core.render import create_figure_context
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from depth_not_data.presentation import (
    claims,
    sphinx_head,
    sphinx_interactive,
    sphinx_lists,
    sphinx_numbers,
    sphinx_polls,
    sphinx_seeds,
    sphinx_status,
)
from depth_not_data.presentation.rules import format_measured

SOURCES = {
    "paper": "The paper",
    "review": "The review page",
    "blog": "The blog post",
    "book": "This book",
}
SHORT_SOURCES = {"paper": "Paper", "review": "Review", "blog": "Post", "book": "Book"}


class OutputRenderer:
    """MyST-NB plugin: figures with alternative text and caption, claims with a link target."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return nodes for the outputs that carry our metadata, ``None`` for every other."""
        ours = data.output_metadata.get("depth_not_data", {})
        if inline or not ours:
            return None
        if "figure" in ours and data.mime_type == _picture_kind(data.output_metadata):
            still = _figure(renderer, data, ours["figure"])
            if "interactive" in ours:
                return sphinx_interactive.figure(renderer, data, still, ours["interactive"])
            return still
        if "claim" in ours and data.mime_type == "text/html":
            return _claim(renderer, data, ours["claim"])
        # Text fallbacks, and the caption that a live notebook prints below the picture.
        return []


def _picture_kind(metadata):
    # MyST-NB renders every form of an output and chooses later; a figure is numbered once.
    return "image/svg+xml" if "image/svg+xml" in metadata else "image/png"


def _figure(renderer, data, details):
    document = renderer.renderer
    (image,) = renderer.render_image(data)
    image["alt"] = details["alt"]
    holder = nodes.Element()
    options = {"name": details["name"], "caption": details["caption"], "classes": "plot"}
    with (
        document.current_node_context(holder),
        create_figure_context(document, options, data.line),
    ):
        document.current_node.append(image)
    return holder.children


def _claim(renderer, data, record):
    document = renderer.renderer
    env = document.sphinx_env
    env.claim_records[record["id"]] = {"docname": env.docname, "measured": record["measured"]}
    target = nodes.container(names=[f"check-{record['id'].lower()}"])
    document.document.note_explicit_target(target, target)
    target += nodes.raw("", data.content, format="html", classes=["output"])
    return [target]


class _ClaimsDirective(SphinxDirective):
    option_spec = {"source": lambda value: directives.choice(value, tuple(SOURCES))}  # noqa: RUF012

    def run(self):
        chosen = [
            claim
            for claim in claims.ledger().values()
            if claim.source == self.options.get("source", claim.source)
        ]
        holder = nodes.container(classes=["ledger"])
        text = StringList(self.markdown(chosen).splitlines(), source=self.env.docname)
        self.state.nested_parse(text, self.content_offset, holder)
        return [holder]


class Ledger(_ClaimsDirective):
    """Every claim (or those of ``:source:``), with the measured values of this build."""

    def markdown(self, chosen):
        """MyST text of the entries."""
        return "\n\n".join(self._entry(claim) for claim in chosen)

    def _entry(self, claim):
        verdict = f"{claims.MARKS[claim.verdict]} {claim.verdict}" if claim.verdict else ""
        lines = [
            f"(claim-{claim.id.lower()})=",
            f"::::{{div}} ledger-entry claim-{claims.style(claim)}",
            f"**{claim.id}** [{verdict or claim.kind}]{{.verdict}} "
            + (f"[{claim.kind}]{{.kind}} " if verdict else "")
            + f"[{SOURCES[claim.source]}, {claim.anchor}]{{.anchor}}",
            "",
            claim.statement,
            "",
        ]
        record = self._record(claim)
        if record and claim.number:
            lines += [f"**{claim.usable_number(record['measured'])}**", ""]
        if claim.correction:
            lines += [f"*Instead:* {claim.correction}", ""]
        if claim.kind == claims.QUESTION:
            lines += [f"*Answer:* {claim.answer}", ""]
            lines += [f":Stands: {claim.stands}", f":Fails: {claim.fails}"]
            links = ", ".join(f"{{ref}}`{i} <claim-{i.lower()}>`" for i in claim.evidence)
            lines += [f":Evidence: {links}; {{doc}}`/{claim.chapter}`", ""]
        if record:
            figure = f"{{numref}}`{claim.figure}`, " if claim.figure else ""
            check = f"{{ref}}`check <check-{claim.id.lower()}>`"
            lines += [f"{figure}{{doc}}`/{claim.chapter}`, {check}", ""]
        rows = self._details(claim, record)
        if rows:
            lines += [f":::{{dropdown}} How {claim.id} was decided", "", *rows, ":::"]
        return "\n".join([*lines, "::::"])

    def _record(self, claim):
        record = self.env.claim_records.get(claim.id)
        if claim.is_settled and (record is None or record["docname"] != claim.chapter):
            raise self.error(f"{claim.id} is {claim.verdict!r}, but {claim.chapter} has no check")
        return record

    @staticmethod
    def _details(claim, record):
        rows = []
        if claim.published:
            rows.append(f":Published: {claim.published}")
        if record:
            measured = format_measured(record["measured"], claim.rule)
            rows.append(f":Measured: {measured}: {claim.rule.quantity}")
        if claim.rule:
            rows.append(f":Rule: {claim.rule}. {claim.rule.reason}")
            rows.append(f":Fixed: {claim.rule.fixed}")
        if claim.instead:
            rows.append(f":True instead: {claim.instead}. {claim.instead.reason}")
        if claim.attack:
            rows.append(f":Attacked by: `{claim.attack}`")
        return rows + sphinx_seeds.rows(claim.id, sphinx_seeds.summary())


class LedgerSummary(_ClaimsDirective):
    """How many claims stand where, one row a source."""

    def markdown(self, chosen):
        """MyST table of counts, verdicts down so that it fits a phone."""
        rows = [["", *SHORT_SOURCES.values()], ["---"] + ["--:"] * len(SHORT_SOURCES)]
        for verdict in claims.VERDICTS:
            rows.append(
                [f"{claims.MARKS[verdict]} {verdict}", *_counts(chosen, "verdict", verdict)]
            )
        for kind in claims.KINDS:
            rows.append([f"*{kind}s*", *_counts(chosen, "kind", kind)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _counts(chosen, field, value):
    """How many of the claims of each source have this value."""
    return [
        str(sum(c.source == source and getattr(c, field) == value for c in chosen))
        for source in SOURCES
    ]


def setup(app: Sphinx) -> dict:
    """Register the directives, and what the parts of the extension need."""
    parts = (
        sphinx_interactive,
        sphinx_lists,
        sphinx_numbers,
        sphinx_polls,
        sphinx_seeds,
        sphinx_status,
        sphinx_head,
    )
    for part in parts:
        part.setup(app)
    app.add_directive("ledger", Ledger)
    app.add_directive("ledger-summary", LedgerSummary)
    app.connect("builder-inited", _prepare_records)
    app.connect("env-purge-doc", _purge_records)
    app.connect("env-before-read-docs", _read_notebooks_first)
    # After sphinx-thebe and the theme have added theirs.
    app.connect("html-page-context", _drop_thebe, priority=900)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _prepare_records(app):
    if "sphinx.ext.autodoc" in app.extensions:
        app.connect("autodoc-skip-member", _skip_fields)
    if not hasattr(app.env, "claim_records"):
        app.env.claim_records = {}


def _purge_records(app, env, docname):
    env.claim_records = {
        claim_id: record
        for claim_id, record in env.claim_records.items()
        if record["docname"] != docname
    }


def _read_notebooks_first(app, env, docnames):
    # The ledger shows records that exist once every chapter has been read; the landing page, a
    # notebook itself, shows the state of the ledger.
    docnames.sort(
        key=lambda name: (
            name == app.config.root_doc,
            not str(env.doc2path(name)).endswith(".ipynb"),
        )
    )


def _skip_fields(app, what, name, obj, skip, options):
    # The docstring of a named tuple lists its fields already.
    return True if type(obj).__name__ == "_tuplegetter" else None


def _drop_thebe(app, pagename, templatename, context, doctree):
    # Jupyter Book brings sphinx-thebe, whose script stands twice on every page; declaring its
    # constants again is an error. Nothing here runs code in the page.
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context.get(kind, [])
            if "thebe" not in f"{file.filename} {file.attributes}".lower()
        ]
