"""The ledger of claims: what the sources say, by which rule we judge it, and the verdict.

The ledger itself is the file ``claims.yml`` beside this module. A chapter calls :func:`check`
once for each claim it settles; the executed notebook then holds the record that the appendix
*Ledger of claims* is built from.
"""

import html
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from IPython.display import display

from depth_not_data import _validation
from depth_not_data.presentation.rules import Fixed, Rule, format_measured, format_number

CONFIRMED = "confirmed"
CORRECTED = "confirmed with a correction"
REFUTED = "refuted"
NOT_TESTABLE = "not testable here"
OPEN = "open"
VERDICTS = (CONFIRMED, CORRECTED, REFUTED, NOT_TESTABLE, OPEN)
THEOREM, MEASUREMENT, QUESTION = KINDS = ("theorem", "measurement", "question")
# Set, and not empty, where a notebook runs with smaller sizes than the book (tools/smaller.py).
SMALLER_VARIABLE = "DEPTH_NOT_DATA_SMALLER"
MARKS = {CONFIRMED: "✓", CORRECTED: "✓*", REFUTED: "✗", NOT_TESTABLE: "–", OPEN: "?"}


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger; see the head of ``claims.yml`` for the fields."""

    id: str
    kind: str
    source: str
    anchor: str
    statement: str
    verdict: str | None = None
    number: str | None = None
    figure: str | None = None
    attack: str | None = None
    chapter: str | None = None
    rule: Rule | None = None
    instead: Rule | None = None
    published: str | None = None
    correction: str | None = None
    answer: str | None = None
    stands: str | None = None
    fails: str | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self):
        _validation.choice(f"{self.id}: kind", self.kind, KINDS)
        if self.kind == QUESTION:
            self._check_question()
            return
        _validation.choice(f"{self.id}: verdict", self.verdict, VERDICTS)
        if self.is_settled and (self.rule is None or self.chapter is None):
            raise ValueError(f"{self.id}: a verdict needs a rule and a chapter, one is missing")
        if self.rule is not None and self.rule.fixed is None:
            raise ValueError(f"{self.id}: rule must say when it was fixed")
        if (self.verdict in (CORRECTED, REFUTED, NOT_TESTABLE)) != (self.correction is not None):
            raise ValueError(
                f"{self.id}: correction must say what is true instead for the verdicts "
                f"{CORRECTED!r}, {REFUTED!r} and {NOT_TESTABLE!r}, and stand nowhere else"
            )
        if self.answer or self.stands or self.fails or self.evidence:
            raise ValueError(f"{self.id}: an answer belongs to a question, not to a {self.kind}")

    def _check_question(self):
        if self.verdict or self.rule or self.correction:
            raise ValueError(f"{self.id}: a question has an answer, no verdict, rule or correction")
        if not (self.answer and self.stands and self.fails and self.evidence and self.chapter):
            raise ValueError(
                f"{self.id}: a question needs a chapter, answer, stands, fails and evidence"
            )

    @property
    def is_settled(self) -> bool:
        """Whether a chapter measures this claim."""
        return self.verdict in (CONFIRMED, CORRECTED, REFUTED)

    def usable_number(self, measured) -> str | None:
        """Fill the template `number`, the one number for a reader, from a measurement.

        >>> rule = Rule("at most", 1.0, "why", fixed=Fixed("before any run"))
        >>> claim = Claim("T1", THEOREM, "book", "", "", OPEN, rule=rule,
        ...               number="largest of {count}: {worst}")
        >>> claim.usable_number([0.2, 0.5])
        'largest of 2: 0.5'
        """
        if self.number is None:
            return None
        values = np.atleast_1d(_validation.real_array("measured", measured))
        named = {
            "worst": values[np.argmin(self.rule.margins(values))],
            "min": values.min(),
            "max": values.max(),
            "median": np.median(values),
        }
        return self.number.format(
            *map(_Shown, values), count=values.size, **{k: _Shown(v) for k, v in named.items()}
        )


class _Shown(float):
    """A number that a template without a format shows as the ledger does."""

    def __format__(self, spec):
        return super().__format__(spec) if spec else format_number(float(self))


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML would keep the last one without a word."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise ValueError(f"claims.yml has two entries {key.value!r}: {key.start_mark}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


@cache
def ledger() -> dict[str, Claim]:
    """Every claim by its id, in the order of the ledger file.

    >>> ledger()["P2a"].source
    'paper'
    """
    return parse((files("depth_not_data.presentation") / "claims.yml").read_text("utf-8"))


def parse(text: str) -> dict[str, Claim]:
    """Claims from the text of a ledger; a ``ValueError`` names the entry that is not complete."""
    claims = {}
    for claim_id, entry in yaml.load(text, _UniqueKeys).items():
        try:
            rule, instead = entry.pop("rule", None), entry.pop("instead", None)
            claims[claim_id] = Claim(
                id=claim_id,
                rule=_rule(rule) if rule else None,
                instead=_rule(instead) if instead else None,
                evidence=tuple(entry.pop("evidence", ())),
                **entry,
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"{claim_id}: {error}") from error
    return claims


def _rule(entry):
    fixed = entry.pop("fixed", None)
    return Rule(fixed=Fixed(**fixed) if fixed else None, **entry)


def get(claim_id: str) -> Claim:
    """Return one claim; an unknown id raises a ``ValueError`` that lists the known ones."""
    _validation.choice("claim_id", claim_id, list(ledger()))
    return ledger()[claim_id]


def contradiction(claim: Claim, measured) -> str | None:
    """Say what in a measurement contradicts the written verdict; None if nothing does.

    A confirmed claim must satisfy its rule, a refuted one must break it; what is said to be true
    instead must hold for the same numbers. Numbers that the quantity cannot have contradict both.
    """
    shown = format_measured(measured, claim.rule)
    accepted = claim.rule.accepts(measured)
    if not claim.rule.can_be(measured):
        return f"{claim.id}: {claim.rule.quantity} is {shown}, which it cannot be"
    if accepted == (claim.verdict == REFUTED):
        return (
            f"{claim.id}: the ledger says {claim.verdict!r}, but {claim.rule.quantity} is {shown} "
            f"and the rule is {claim.rule}"
        )
    if claim.instead is not None and not claim.instead.accepts(measured):
        return (
            f"{claim.id}: the ledger says that instead {claim.rule.quantity} is {claim.instead}, "
            f"but it is {shown}"
        )
    return None


def check(claim_id: str, *, measured) -> None:
    """Compare a measurement with the claim's rule and show one line for the reader.

    Parameters
    ----------
    claim_id : str
        An id of the ledger whose verdict is not open.
    measured : number or list of numbers
        The quantity that the rule names, not rounded.

    Notes
    -----
    Where the environment variable ``DEPTH_NOT_DATA_SMALLER`` is set, the sizes are not those of
    the rule: the line says so, nothing is compared, and no record is left.

    Raises
    ------
    ValueError
        For an unknown id, a claim without a verdict by measurement, or a measurement that is not
        finite or has the wrong length.
    AssertionError
        If the measurement contradicts the written verdict: a confirmed claim that breaks its
        rule, a refuted one that satisfies it, or one that breaks what is said to be true instead;
        or if the quantity cannot have such a value.
    """
    claim = get(claim_id)
    if not claim.is_settled:
        raise ValueError(f"claim_id must have a verdict to check, {claim_id} is {claim.verdict!r}")
    if os.environ.get(SMALLER_VARIABLE):
        said = f"{claim_id}: smaller setting, no verdict"
        display({"text/html": f'<div class="claim">{said}</div>', "text/plain": said}, raw=True)
        return
    problem = contradiction(claim, measured)
    if problem:
        raise AssertionError(problem)
    shown = format_measured(measured, claim.rule)
    relation = "breaks" if claim.verdict == REFUTED else "satisfies"
    outcome = f"{relation} the rule {claim.rule}"
    if claim.instead is not None:
        outcome += f"; true instead: {claim.instead}"
    title = f"{MARKS[claim.verdict]} {claim_id} {claim.verdict}"
    markup = (
        f'<div class="claim claim-{style(claim)}"><strong>{title}</strong> '
        f'<span class="kind">{claim.kind}</span><br>{html.escape(claim.rule.quantity)}: '
        f"<b>{html.escape(shown)}</b>; {html.escape(outcome)}</div>"
    )
    raw = [float(x) for x in np.atleast_1d(np.asarray(measured, dtype=np.float64)).ravel()]
    display(
        {
            "text/html": markup,
            "text/plain": f"{title} ({claim.kind}): {claim.rule.quantity}: {shown}; {outcome}",
        },
        raw=True,
        metadata={"depth_not_data": {"claim": {"id": claim_id, "measured": raw}}},
    )


def style(claim: Claim) -> str:
    """Last part of the CSS class of a claim: its verdict in one word, or ``question``."""
    if claim.kind == QUESTION:
        return QUESTION
    return "corrected" if claim.verdict == CORRECTED else claim.verdict.split()[0]


def records(notebook: dict) -> Iterator[dict]:
    """Yield the records ``{"id", "measured"}`` that :func:`check` left in an executed notebook.

    `notebook` is the parsed JSON of an ``.ipynb`` file.
    """
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("depth_not_data", {}).get("claim")
            if record:
                yield record
