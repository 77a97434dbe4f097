import json
from pathlib import Path

import numpy as np
import pytest

from depth_not_data import claims
from depth_not_data.claims import Claim, Rule

ROOT = Path(__file__).parents[1]
SETTLED = [claim for claim in claims.ledger().values() if claim.is_settled]


def rule(kind="at most", value=1.0, **more):
    return Rule(kind=kind, value=value, quantity="error", reason="round-off", **more)


def claim(verdict, **more):
    correction = None if verdict in (claims.CONFIRMED, claims.OPEN) else "that instead"
    fields = {"chapter": "book/x", "rule": rule(), "correction": correction} | more
    return Claim("X1", "paper", "Section 1", "It holds.", verdict, **fields)


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(claims, "display", lambda data, **options: shown.append((data, options)))
    return shown


@pytest.fixture
def only(monkeypatch):
    def use(entry):
        monkeypatch.setattr(claims, "ledger", lambda: {entry.id: entry})

    return use


@pytest.mark.parametrize(
    ("entry", "good", "bad"),
    [
        (rule("at most", 1e-12), 3e-15, 2e-12),
        (rule("at least", 0.9), 0.95, 0.85),
        (rule("equal to", 25), 25, 24),
        (rule("equal to", [25, 80]), [25, 80], [25, 50]),
        (rule("within", 7, tolerance=0.1), 6.95, 6.66),
        (rule("within", [2, 3], tolerance=0.1), [2.05, 2.95], [2.05, 3.2]),
        (rule("at most", 1.0), [0.1, 0.2], [0.1, 1.2]),
    ],
)
def test_a_rule_accepts_what_it_should_and_nothing_else(entry, good, bad):
    assert entry.accepts(good)
    assert not entry.accepts(bad)


@pytest.mark.parametrize("measured", [np.nan, np.inf, "seven", []])
def test_a_measurement_that_is_no_number_raises(measured):
    with pytest.raises(ValueError, match="measured"):
        rule().accepts(measured)


def test_a_measurement_of_the_wrong_length_raises():
    with pytest.raises(ValueError, match=r"measured must have shape \(2,\)"):
        rule("equal to", [25, 80]).accepts([25])


def test_a_rule_needs_a_known_kind_and_a_tolerance_only_within():
    for fields in ({"kind": "about"}, {"kind": "within"}, {"kind": "at most", "tolerance": 1}):
        with pytest.raises(ValueError, match=r"kind|tolerance"):
            rule(**fields)


def test_check_shows_one_line_and_leaves_a_record(only, displayed):
    only(claim(claims.CONFIRMED))
    claims.check("X1", measured=0.25)
    ((data, options),) = displayed
    assert "X1 confirmed" in data["text/plain"]
    assert "0.25" in data["text/html"]
    assert options["metadata"]["depth_not_data"]["claim"] == {"id": "X1", "measured": "0.25"}


@pytest.mark.parametrize(
    ("verdict", "measured"),
    [(claims.CONFIRMED, 2.0), (claims.CORRECTED, 2.0), (claims.REFUTED, 0.5)],
)
def test_a_measurement_against_the_verdict_raises(only, displayed, verdict, measured):
    only(claim(verdict))
    with pytest.raises(AssertionError, match="X1: the ledger says"):
        claims.check("X1", measured=measured)
    assert not displayed


def test_a_refuted_claim_is_shown_when_it_breaks_its_rule(only, displayed):
    only(claim(claims.REFUTED))
    claims.check("X1", measured=2.0)
    assert "breaks" in displayed[0][0]["text/plain"]


def test_open_and_unknown_claims_cannot_be_checked(only):
    only(claim(claims.OPEN, chapter=None))
    with pytest.raises(ValueError, match="X1 is 'open'"):
        claims.check("X1", measured=0.0)
    with pytest.raises(ValueError, match="claim_id must be one of 'X1', got 'P99'"):
        claims.check("P99", measured=0.0)


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "true"},
        {"verdict": claims.CONFIRMED, "rule": None},
        {"verdict": claims.CONFIRMED, "chapter": None},
        {"verdict": claims.REFUTED, "correction": None},
        {"verdict": claims.CONFIRMED, "correction": "but"},
    ],
)
def test_an_incomplete_entry_raises(fields):
    with pytest.raises(ValueError, match="X1"):
        claim(**fields)


def test_the_ledger_lists_every_claim_of_the_sources():
    families = {claim_id.rstrip("abcdef") for claim_id in claims.ledger()}
    expected = {f"P{n}" for n in range(1, 10)} | {f"B{n}" for n in range(1, 6)}
    assert expected <= families


def test_every_settled_claim_is_checked_exactly_once_in_its_chapter():
    found = [
        (record["id"], str(path.relative_to(ROOT).with_suffix("")))
        for path in sorted((ROOT / "book").rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
        for record in claims.records(json.loads(path.read_text("utf-8")))
    ]
    assert sorted(found) == sorted((claim.id, claim.chapter) for claim in SETTLED)


@pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: entry.id)
def test_every_rule_gives_its_quantity_and_reason(entry):
    assert len(entry.rule.quantity) > 10
    assert len(entry.rule.reason) > 10
