"""How the claims do on fresh seeds: a row in the ledger, and a table. For Sphinx only.

``make seeds`` writes the file ``seeds.json`` in the folder of data, which no chapter reads.
"""

import json
from functools import cache
from importlib.resources import files

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


@cache
def summary() -> dict:
    """Return what `make seeds` wrote."""
    path = files("depth_not_data.presentation") / "data" / "seeds.json"
    return json.loads(path.read_text("utf-8"))


def said(entry: dict) -> str:
    """Rates of one claim in words.

    >>> said({"rule": {"held": 19, "count": 20, "low": 0.764, "high": 0.991}})
    'the rule holds in 19 of 20 (95% interval 0.76 to 0.99)'
    """
    words = {"rule": "the rule holds", "instead": "what is true instead holds"}
    if "fails" in entry:
        words = {"fails": "the statement fails", "instead": words["instead"]}
    return "; ".join(
        f"{text} in {_counted(entry[key])}" for key, text in words.items() if key in entry
    )


def of_median(entry: dict) -> str:
    """Say what the median over the seeds, entry by entry, meets.

    >>> of_median({"median meets": ["rule"]}), of_median({"median meets": []})
    ('the rule', 'not the rule')
    >>> of_median({"median meets": ["instead"], "instead": {}})
    'what is true instead'
    """
    words = {"rule": "the rule", "instead": "what is true instead"}
    met = " and ".join(words[name] for name in entry.get("median meets", []))
    return met or ("neither" if "instead" in entry else "not the rule")


def other_side(entry: dict) -> bool:
    """Whether the median over the seeds is on another side of the rule than the chapter's number.

    >>> other_side({"fails": {}, "median meets": ["rule"]}), other_side({"median meets": ["rule"]})
    (True, False)
    """
    return ("fails" in entry) == ("rule" in entry.get("median meets", []))


def rows(claim_id: str, found: dict) -> list[str]:
    """Return the row of the ledger, if the claim was repeated.

    >>> rows("B9", {"claims": {}, "fixed": {"B9": "Nothing is drawn."}})
    [':Fresh seeds: none. Nothing is drawn.']
    """
    if claim_id in found["fixed"]:
        return [f":Fresh seeds: none. {found['fixed'][claim_id]}"]
    if claim_id not in found["claims"]:
        return []
    entry = found["claims"][claim_id]
    return [f":Fresh seeds: {said(entry)}. {entry['how']}"]


def markdown(found: dict) -> str:
    """MyST text of the page: sessions, rates of all claims, and claims that no seed can change.

    Parameters
    ----------
    found : dict
        As written by ``tools/seeds_summary.py``.
    """
    lines = [f"{found['runs']:,} runs, {found['errors']} of which ended in an error.", ""]
    for session in found["sessions"]:
        versions = ", ".join(f"{name} {text}" for name, text in session["versions"].items())
        lines.append(f"- Commit {session['commit']}, {session['machine']}: {versions}.")
    lines += ["", "| claim | fresh seeds | rates | their median | judged by |"]
    lines += ["| --- | ---: | --- | --- | --- |"]
    for name, entry in found["claims"].items():
        first, last = entry["seeds"]
        seeds = f"{entry['count']} ({first} to {last})"
        row = _link(name), seeds, said(entry), of_median(entry), entry["how"]
        lines.append(f"| {' | '.join(row)} |")
    lines += ["", "| claim | why no seed can change it |", "| --- | --- |"]
    lines += [f"| {_link(name)} | {reason} |" for name, reason in found["fixed"].items()]
    others = [_link(name) for name, entry in found["claims"].items() if other_side(entry)]
    if others:
        where = f"in {len(others)} of {len(found['claims'])} claims: {', '.join(others)}."
        side = "The seeds' median is on another side of the rule than the chapter's number"
        lines += ["", f"{side} {where}"]
    return "\n".join(lines)


class FreshSeeds(SphinxDirective):
    """The tables of the page on fresh seeds."""

    def run(self):
        """Return the tables."""
        holder = nodes.container(classes=["fresh-seeds"])
        lines = StringList(markdown(summary()).splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder)
        return [holder]


def _counted(found):
    interval = f"95% interval {found['low']:.2f} to {found['high']:.2f}"
    return f"{found['held']} of {found['count']} ({interval})"


def _link(claim_id):
    return f"{{ref}}`{claim_id} <claim-{claim_id.lower()}>`"


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("fresh-seeds", FreshSeeds)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
