"""How the book shows what helpers displayed: figures with captions, claims, and the ledger.

A MyST-NB render plugin turns the outputs of :func:`depth_not_data.figures.show` into numbered
figures and those of :func:`depth_not_data.claims.check` into link targets whose records the
directives ``ledger`` and ``ledger-summary`` collect. Used by Sphinx only.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from myst_nb.core.render import create_figure_context
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from depth_not_data import claims

SOURCES = {"paper": "The paper", "blog": "The blog post", "book": "This book"}


class OutputRenderer:
    """MyST-NB plugin: figures with alternative text and caption, claims with a link target."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return nodes for the outputs that carry our metadata, ``None`` for every other."""
        ours = data.output_metadata.get("depth_not_data", {})
        if inline or not ours:
            return None
        if "figure" in ours and data.mime_type == "image/png":
            return _figure(renderer, data, ours["figure"])
        if "claim" in ours and data.mime_type == "text/html":
            return _claim(renderer, data, ours["claim"])
        # Text fallbacks, and the caption that a live notebook prints below the picture.
        return []


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
        kind = claim.verdict.split()[0] if claim.verdict != claims.CORRECTED else "corrected"
        lines = [
            f"(claim-{claim.id.lower()})=",
            f"::::{{div}} ledger-entry claim-{kind}",
            f"**{claim.id}** [{claims.MARKS[claim.verdict]} {claim.verdict}]{{.verdict}} "
            f"[{SOURCES[claim.source]}, {claim.anchor}]{{.anchor}}",
            "",
            claim.statement,
            "",
        ]
        rows = []
        if claim.correction:
            rows.append(("Instead", claim.correction))
        if claim.published:
            rows.append(("Published", claim.published))
        record = self.env.claim_records.get(claim.id)
        if claim.is_settled:
            if record is None or record["docname"] != claim.chapter:
                raise self.error(
                    f"{claim.id} is {claim.verdict!r}, but {claim.chapter} has no check"
                )
            rows.append(("Measured", f"**{record['measured']}**: {claim.rule.quantity}"))
        if claim.rule:
            rows.append(("Rule", f"{claim.rule}. {claim.rule.reason}"))
        if record:
            rows.append(
                (
                    "Evidence",
                    f"{{doc}}`/{claim.chapter}`, {{ref}}`check <check-{claim.id.lower()}>`",
                )
            )
        lines += [f":{name}: {value}" for name, value in rows]
        return "\n".join([*lines, "::::"])


class LedgerSummary(_ClaimsDirective):
    """How many claims stand where, one row a source."""

    def markdown(self, chosen):
        """MyST table of counts, verdicts down so that it fits a phone."""
        sources = list(SOURCES)
        rows = [["", *SOURCES.values()], ["---"] + ["--:"] * len(sources)]
        for verdict in claims.VERDICTS:
            counts = [
                str(sum(c.source == source and c.verdict == verdict for c in chosen))
                for source in sources
            ]
            rows.append([f"{claims.MARKS[verdict]} {verdict}", *counts])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("ledger", Ledger)
    app.add_directive("ledger-summary", LedgerSummary)
    app.connect("builder-inited", _prepare_records)
    app.connect("env-purge-doc", _purge_records)
    app.connect("env-before-read-docs", _read_notebooks_first)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _prepare_records(app):
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
