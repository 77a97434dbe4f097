"""The ledger of claims: what the sources say, by which rule we judge it, and the verdict.

The ledger itself is the file ``claims.yml`` beside this module. A chapter calls :func:`check`
once for each claim it settles; the executed notebook then holds the record that the appendix
*Ledger of claims* is built from.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from IPython.display import display

from depth_not_data import _validation

CONFIRMED = "confirmed"
CORRECTED = "confirmed with a correction"
REFUTED = "refuted"
NOT_TESTABLE = "not testable here"
OPEN = "open"
VERDICTS = (CONFIRMED, CORRECTED, REFUTED, NOT_TESTABLE, OPEN)
MARKS = {CONFIRMED: "✓", CORRECTED: "✓*", REFUTED: "✗", NOT_TESTABLE: "–", OPEN: "?"}


@dataclass(frozen=True)
class Rule:
    """An acceptance rule, fixed before the measurement.

    Attributes
    ----------
    kind : str
        ``at most``, ``at least``, ``equal to``, or ``within``: `tolerance` of `value`.
    value : number, or list of numbers
        What every entry of the measurement is compared with.
    tolerance : number or None
        Allowed absolute deviation, for ``within`` only.
    quantity : str
        What is measured.
    reason : str
        Why this tolerance.
    """

    kind: str
    value: float | list
    quantity: str
    reason: str
    tolerance: float | None = None

    def __post_init__(self):
        _validation.choice("kind", self.kind, ("at most", "at least", "equal to", "within"))
        if (self.kind == "within") != (self.tolerance is not None):
            raise ValueError(
                f"tolerance must be given for the kind 'within' and for no other, "
                f"got {self.tolerance!r} for {self.kind!r}"
            )

    def accepts(self, measured) -> bool:
        """Whether a measurement (number or list of numbers) satisfies the rule, entry by entry."""
        measured = _validation.real_array("measured", measured)
        value = np.asarray(self.value, dtype=np.float64)
        if value.ndim and measured.shape != value.shape:
            raise ValueError(
                f"measured must have shape {value.shape} like the rule's value, "
                f"got shape {measured.shape}"
            )
        if not measured.size:
            raise ValueError("measured must hold at least one number, got none")
        outcome = {
            "at most": measured <= value,
            "at least": measured >= value,
            "equal to": measured == value,
            "within": np.abs(measured - value) <= (self.tolerance or 0.0),
        }[self.kind]
        return bool(np.all(outcome))

    def __str__(self):
        tail = f" ± {format_number(self.tolerance)}" if self.kind == "within" else ""
        words = {"at most": "≤ ", "at least": "≥ ", "equal to": "= ", "within": ""}
        return words[self.kind] + format_measured(self.value) + tail


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger; see the head of ``claims.yml`` for the fields."""

    id: str
    source: str
    anchor: str
    statement: str
    verdict: str
    chapter: str | None = None
    rule: Rule | None = None
    published: str | None = None
    correction: str | None = None

    def __post_init__(self):
        _validation.choice(f"{self.id}: verdict", self.verdict, VERDICTS)
        settled = self.verdict in (CONFIRMED, CORRECTED, REFUTED)
        if settled and (self.rule is None or self.chapter is None):
            raise ValueError(f"{self.id}: a verdict needs a rule and a chapter, one is missing")
        if (self.verdict in (CORRECTED, REFUTED, NOT_TESTABLE)) != (self.correction is not None):
            raise ValueError(
                f"{self.id}: correction must say what is true instead for the verdicts "
                f"{CORRECTED!r}, {REFUTED!r} and {NOT_TESTABLE!r}, and stand nowhere else"
            )

    @property
    def is_settled(self) -> bool:
        """Whether a chapter measures this claim."""
        return self.verdict in (CONFIRMED, CORRECTED, REFUTED)


@cache
def ledger() -> dict[str, Claim]:
    """Every claim by its id, in the order of the ledger file.

    >>> ledger()["P2a"].source
    'paper'
    """
    entries = yaml.safe_load((files("depth_not_data") / "claims.yml").read_text("utf-8"))
    claims = {}
    for claim_id, entry in entries.items():
        rule = entry.pop("rule", None)
        claims[claim_id] = Claim(id=claim_id, rule=Rule(**rule) if rule else None, **entry)
    return claims


def get(claim_id: str) -> Claim:
    """Return one claim; an unknown id raises a ``ValueError`` that lists the known ones."""
    _validation.choice("claim_id", claim_id, list(ledger()))
    return ledger()[claim_id]


def check(claim_id: str, *, measured) -> None:
    """Compare a measurement with the claim's rule and show one line for the reader.

    Parameters
    ----------
    claim_id : str
        An id of the ledger whose verdict is not open.
    measured : number or list of numbers
        The quantity that the rule names.

    Raises
    ------
    ValueError
        For an unknown id, a claim without a verdict by measurement, or a measurement that is not
        finite or has the wrong length.
    AssertionError
        If the measurement contradicts the written verdict: a confirmed claim that breaks its
        rule, or a refuted one that satisfies it.
    """
    claim = get(claim_id)
    if not claim.is_settled:
        raise ValueError(f"claim_id must have a verdict to check, {claim_id} is {claim.verdict!r}")
    accepted = claim.rule.accepts(measured)
    shown = format_measured(measured)
    if accepted == (claim.verdict == REFUTED):
        raise AssertionError(
            f"{claim_id}: the ledger says {claim.verdict!r}, but {claim.rule.quantity} is {shown} "
            f"and the rule is {claim.rule}"
        )
    relation = "satisfies" if accepted else "breaks"
    line = (
        f"{MARKS[claim.verdict]} {claim_id} {claim.verdict}: {claim.rule.quantity}: "
        f"{shown}; {relation} the rule {claim.rule}"
    )
    kind = claim.verdict.split()[0] if claim.verdict != CORRECTED else "corrected"
    markup = (
        f'<div class="claim claim-{kind}"><strong>{MARKS[claim.verdict]} {claim_id} '
        f"{claim.verdict}</strong><br>{html.escape(claim.rule.quantity)}: "
        f"<b>{html.escape(shown)}</b>; {relation} the rule {html.escape(str(claim.rule))}</div>"
    )
    display(
        {"text/html": markup, "text/plain": line},
        raw=True,
        metadata={"depth_not_data": {"claim": {"id": claim_id, "measured": shown}}},
    )


def records(notebook: dict) -> Iterator[dict]:
    """Yield the records ``{"id", "measured"}`` that :func:`check` left in an executed notebook.

    `notebook` is the parsed JSON of an ``.ipynb`` file.
    """
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("depth_not_data", {}).get("claim")
            if record:
                yield record


def format_number(value) -> str:
    """Four significant digits; whole numbers as such; small numbers with a power of ten.

    >>> format_number(50), format_number(6.6612), format_number(3.1e-15)
    ('50', '6.661', '3.1e-15')
    """
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.1e}".replace(".0e", "e") if abs(value) < 1e-3 else f"{value:.4g}"


def format_measured(measured) -> str:
    """Format a number, or a list of numbers with commas.

    >>> format_measured([2, 3.5])
    '2, 3.5'
    """
    return ", ".join(format_number(x) for x in np.atleast_1d(measured).ravel())
