"""The matrix of sabotages: what was broken on purpose, and which guard saw it. For Sphinx only.

``tools/sabotage.py`` breaks the book in one place at a time and writes down what went red, in
``book/appendix/sabotages.json``; the directive ``sabotages`` shows the matrix, and with
``:claims:`` which sabotages turned the check of each claim red.
"""

import json
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from depth_not_data.presentation import claims

LIST, RESULTS = Path("book/appendix/sabotages.yml"), Path("book/appendix/sabotages.json")
KINDS = ("claim", "assertion", "unit test", "comparison")
RED = "red"


class Sabotages(SphinxDirective):
    """The matrix, room by room, or what guards each claim."""

    option_spec = {"claims": directives.flag}  # noqa: RUF012

    def run(self):
        """Return the tables."""
        source = Path(self.env.srcdir)
        for path in (LIST, RESULTS):
            self.env.note_dependency(str(source / path))
        rooms = yaml.safe_load((source / LIST).read_text("utf-8"))
        found = json.loads((source / RESULTS).read_text("utf-8"))["sabotages"]
        if "claims" in self.options:
            settled = [name for name, claim in claims.ledger().items() if claim.is_settled]
            text = by_claim(rooms, found, settled)
        else:
            text = matrix(rooms, found)
        holder = nodes.container(classes=["sabotages"])
        lines = StringList(text.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder)
        return [holder]


def kind(guard: str) -> str:
    """Which of the kinds of guards one is.

    >>> [kind(g) for g in ("book/x.ipynb: P2a", "book/x.ipynb: assert", "tests/x.py::test_y")]
    ['claim', 'assertion', 'unit test']
    """
    if "::" in guard:
        return "unit test"
    what = guard.partition(": ")[2]
    return {"assert": "assertion", "outputs": "comparison"}.get(what, "claim")


def said(guard: str, result: dict) -> str:
    """Cell of the matrix for one guard: in words, or as links.

    >>> said("tests/x.py::test_a_wrong_sign_is_seen", {"state": "red"})
    '✓ a wrong sign is seen'
    >>> said("src/x/y.py::x.y.z", {"state": "green"})
    '✗ doctest of y.z'
    """
    mark = "✓" if result["state"] == RED else "✗"
    if "::" in guard:
        name = guard.split("::")[1]
        words = name.removeprefix("test_").replace("_", " ")
        if not name.startswith("test_"):
            words = f"doctest of {'.'.join(name.split('.')[-2:])}"
        return f"{mark} {words}"
    chapter, _, what = guard.partition(": ")
    link = f"{{doc}}`/{chapter.removesuffix('.ipynb')}`"
    if kind(guard) != "claim":
        return f"{mark} {link}"
    reds = [what, *(c for c in result.get("claims", ()) if c != what)]
    return f"{mark} {', '.join(map(_to_claim, reds))}"


def _to_claim(name):
    return f"{{ref}}`{name} <claim-{name.lower()}>`"


def matrix(rooms: dict, found: dict) -> str:
    """MyST text: a sentence with the counts, and for each room a table, a sabotage a row.

    Parameters
    ----------
    rooms : dict
        The list: by room, sabotages with ``id``, ``breaks``, ``guards`` and perhaps ``passed``.
    found : dict
        The results: by id, ``guards`` with the ``state`` of each.

    Examples
    --------
    >>> listed = {"id": "s", "breaks": "A sign.", "guards": ["tests/x.py::test_signs"]}
    >>> results = {"s": {"guards": {"tests/x.py::test_signs": {"state": "red"}}}}
    >>> print(matrix({"linear": [listed]}, results))
    1 sabotages; every guard that is named went red. 0 had gone unseen; they are marked with a
    dot, and the guard was written for them.
    <BLANKLINE>
    **Linear**
    <BLANKLINE>
    | what is broken | claim | assertion | unit test | comparison |
    | --- | --- | --- | --- | --- |
    | A sign. |  |  | ✓ signs |  |
    """
    entries = [entry for listed in rooms.values() for entry in listed]
    unseen = sum(bool(entry.get("passed")) for entry in entries)
    weak = [
        entry["id"]
        for entry in entries
        if any(result["state"] != RED for result in _results(entry, found).values())
    ]
    outcome = f"NOT seen: {', '.join(weak)}" if weak else "every guard that is named went red"
    lines = [
        f"{len(entries)} sabotages; {outcome}. {unseen} had gone unseen; they are marked with a",
        "dot, and the guard was written for them.",
    ]
    for room, listed in rooms.items():
        lines += ["", f"**{room[0].upper()}{room[1:]}**", ""]
        lines.append(f"| what is broken | {' | '.join(KINDS)} |")
        lines.append("| --- " * (1 + len(KINDS)) + "|")
        for entry in listed:
            cells = dict.fromkeys(KINDS, "")
            for guard, result in _results(entry, found).items():
                cells[kind(guard)] += f"{'<br>' * bool(cells[kind(guard)])}{said(guard, result)}"
            dot = "• " * bool(entry.get("passed"))
            lines.append(f"| {dot}{entry['breaks']} | {' | '.join(cells.values())} |")
    return "\n".join(lines)


def _results(entry, found):
    """Return what became of each guard of a sabotage, also where it was not run."""
    known = found.get(entry["id"], {}).get("guards", {})
    return {guard: known.get(guard, {"state": "not run"}) for guard in entry["guards"]}


def by_claim(rooms: dict, found: dict, settled: list[str]) -> str:
    """MyST table: which sabotages turned the check of each claim red; a dash where none did.

    Parameters
    ----------
    rooms, found
        As in :func:`matrix`.
    settled : list of str
        Ids of the claims that a chapter measures.

    Examples
    --------
    >>> result = {"state": "red", "claims": ["P2a"]}
    >>> found = {"s": {"guards": {"book/x.ipynb: P2a": result}}}
    >>> print(by_claim({"linear": [{"id": "s", "breaks": "A sign."}]}, found, ["P2a", "P1"]))
    Of 2 claims that a chapter measures, 1 went red for a sabotage of the science.
    <BLANKLINE>
    | claim | went red for |
    | --- | --- |
    | {ref}`P2a <claim-p2a>` | A sign. |
    | {ref}`P1 <claim-p1>` | – |
    """
    touched = {name: [] for name in settled}
    for entry in (entry for listed in rooms.values() for entry in listed):
        results = found.get(entry["id"], {}).get("guards", {}).values()
        for name in sorted({name for result in results for name in result.get("claims", ())}):
            touched[name].append(entry["breaks"])
    count = sum(bool(seen) for seen in touched.values())
    lines = [
        f"Of {len(settled)} claims that a chapter measures, {count} went red for a sabotage of the "
        "science.",
        "",
        "| claim | went red for |",
        "| --- | --- |",
    ]
    lines += [f"| {_to_claim(n)} | {' '.join(seen) or '–'} |" for n, seen in touched.items()]
    return "\n".join(lines)


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("sabotages", Sabotages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
