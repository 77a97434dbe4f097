import json
import re
from pathlib import Path

import numpy as np
import pytest

from depth_not_data.presentation import claims
from depth_not_data.presentation.claims import Claim
from depth_not_data.presentation.rules import Fixed, Rule, format_measured, format_number

ROOT = Path(__file__).parents[2]
LEDGER = list(claims.ledger().values())
SETTLED = [claim for claim in LEDGER if claim.is_settled]
BEFORE = Fixed("before any run")


RECORDS = [
    (record, str(path.relative_to(ROOT).with_suffix("")))
    for path in sorted((ROOT / "book").rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
    for record in claims.records(json.loads(path.read_text("utf-8")))
]


def rule(kind="at most", value=1.0, **more):
    fields = {"quantity": "error", "reason": "round-off", "fixed": BEFORE} | more
    return Rule(kind=kind, value=value, **fields)


def claim(verdict, **more):
    correction = None if verdict in (claims.CONFIRMED, claims.OPEN) else "that instead"
    fields = {"chapter": "book/x", "rule": rule(), "correction": correction} | more
    return Claim("X1", "measurement", "paper", "Section 1", "It holds.", verdict, **fields)


def question(**changes):
    fields = {"answer": "So.", "stands": "This.", "fails": "That.", "evidence": ("X2",)}
    return Claim("X1", "question", "blog", "End", "Why?", **(fields | {"chapter": "z"} | changes))


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
        (rule("between", [1, 2]), [1.2, 2.0], [1.2, 2.1]),
        (rule("between", [[0, 1], [5, 6]]), [0.5, 5.5], [0.5, 0.5]),
    ],
)
def test_a_rule_accepts_what_it_should_and_nothing_else(entry, good, bad):
    assert entry.accepts(good)
    assert not entry.accepts(bad)


# Numbers that float64 holds without rounding, so that the limit itself can be met.
@pytest.mark.parametrize(
    ("entry", "limits", "outwards"),
    [
        (rule("at most", 2.0), [2.0], [np.inf]),
        (rule("at least", 2.0), [2.0], [-np.inf]),
        (rule("equal to", 3), [3.0, 3.0], [-np.inf, np.inf]),
        (rule("within", 4.0, tolerance=0.5), [3.5, 4.5], [-np.inf, np.inf]),
        (rule("between", [1.0, 2.0]), [1.0, 2.0], [-np.inf, np.inf]),
    ],
)
def test_a_measurement_on_the_limit_is_accepted_and_the_next_number_is_not(entry, limits, outwards):
    for limit, direction in zip(limits, outwards, strict=True):
        assert entry.accepts(limit)
        assert not entry.accepts(np.nextafter(limit, direction))


@pytest.mark.parametrize(
    ("entry", "ends"),
    [
        (rule("at least", 9, possible=[0, 10]), [0, 10]),
        (rule("at most", 1.0), [0, np.finfo(float).max]),
        (rule("at least", [1, 2], possible=[[0, 4], [1, 3]]), [[0, 1], [4, 3]]),
    ],
)
def test_what_is_possible_includes_its_ends_and_nothing_beyond(entry, ends):
    low, high = ends
    assert entry.can_be(low)
    assert entry.can_be(high)
    assert not entry.can_be(np.nextafter(low, -np.inf))
    if entry.possible:
        assert not entry.can_be(np.nextafter(high, np.inf))


@pytest.mark.parametrize("possible", [[1, 1], [2, 1], [0, 1, 2], [[0, 1], [0, 1]]])
def test_what_is_possible_is_an_interval_for_each_entry(possible):
    with pytest.raises(ValueError, match="possible must be a pair"):
        rule("at least", [1, 2, 3], possible=possible)


def test_a_narrow_interval_is_possible_and_pairs_are_compared_one_by_one():
    assert rule("at least", 0.2, possible=[0, 0.5]).can_be(0.5)
    pairs = rule("between", [[0, 1], [2, 3]])
    assert pairs.accepts([0.5, 2.5])
    for measured in (0.5, [0.5], [0.5, 2.5, 0.5], [[0.5, 2.5]]):
        with pytest.raises(ValueError, match=r"measured must have shape \(2,\)"):
            pairs.accepts(measured)


def test_equal_bounds_of_between_are_allowed_and_met_by_one_number():
    entry = rule("between", [2.0, 2.0])
    assert entry.accepts(2.0)
    assert not entry.accepts(np.nextafter(2.0, 3.0))


@pytest.mark.parametrize(
    ("when", "note"), [("after a pilot", None), ("with its result", ""), ("some day", "a note")]
)
def test_a_rule_that_came_late_says_what_was_known(when, note):
    with pytest.raises(ValueError, match="fixed: "):
        Fixed(when, note)
    assert str(Fixed("after a pilot", "Two seeds.")) == "after a pilot. Two seeds."
    assert str(BEFORE) == "before any run."


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e7, "1e+07"),
        (9999999, "9999999"),
        (0.001, "0.001"),
        (0.0009999, "1e-03"),
        (-0.0002, "-2e-04"),
        (2.0, "2"),
    ],
)
def test_numbers_are_written_with_four_digits_or_a_power_of_ten(number, text):
    assert format_number(number) == text


@pytest.mark.parametrize(
    ("limit", "number", "text"),
    [
        (1e-6, 1e-14, "1e-14"),  # a limit of 1e-6 is no round-off
        (9e-7, 1e-14, "round-off"),
        (9e-7, 1e-13, "1e-13"),
        (9e-7, -1e-14, "round-off"),
    ],
)
def test_what_reads_round_off(limit, number, text):
    assert format_measured(number, rule("at most", limit)) == text
    assert format_measured(number, rule("between", [-1.0, limit])) == text
    assert format_measured(number) != "round-off"


def test_equal_limits_are_written_once_from_three_on():
    assert str(rule("at most", [1, 1, 1])) == "≤ 1 (3 times)"
    assert str(rule("at most", [1, 1])) == "≤ 1, 1"
    assert str(rule("at most", [1, 1, 2])) == "≤ 1, 1, 2"


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


@pytest.mark.parametrize("value", [1.0, [1, 2, 3], [2, 1], [[1, 2], [2, 1]]])
def test_between_needs_pairs_in_order(value):
    with pytest.raises(ValueError, match="value must"):
        rule("between", value)


def test_a_rule_says_when_it_was_fixed_and_what_was_known():
    with pytest.raises(ValueError, match="when must be one of"):
        Fixed("yesterday")
    with pytest.raises(ValueError, match="note must say what was known"):
        Fixed("after a pilot")
    with pytest.raises(ValueError, match="X1: rule must say when it was fixed"):
        claim(claims.CONFIRMED, rule=rule(fixed=None))


def test_check_shows_one_line_and_leaves_a_record(only, displayed):
    only(claim(claims.CONFIRMED))
    claims.check("X1", measured=0.25)
    ((data, options),) = displayed
    assert "X1 confirmed" in data["text/plain"]
    assert "0.25" in data["text/html"]
    assert options["metadata"]["depth_not_data"]["claim"] == {"id": "X1", "measured": [0.25]}


def test_the_record_is_not_rounded(only, displayed):
    only(claim(claims.CONFIRMED))
    claims.check("X1", measured=[1 / 3, 2 / 7])
    assert displayed[0][1]["metadata"]["depth_not_data"]["claim"]["measured"] == [1 / 3, 2 / 7]


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


@pytest.mark.parametrize("verdict", [claims.REFUTED, claims.CORRECTED])
def test_what_is_true_instead_must_hold_for_the_same_measurement(only, displayed, verdict):
    measured, elsewhere = (2.0, 1e9) if verdict == claims.REFUTED else (0.5, 0.0)
    interval = [measured - 0.1, measured + 0.1]
    only(claim(verdict, instead=Rule("between", interval, "what the correction says")))
    claims.check("X1", measured=measured)
    assert "true instead" in displayed[0][0]["text/plain"]
    with pytest.raises(AssertionError, match="the ledger says that instead"):
        claims.check("X1", measured=elsewhere)


@pytest.mark.parametrize("round_off", [0.0, 1.1e-16, 3e-15])
def test_round_off_reads_alike_on_every_processor(only, displayed, round_off):
    only(claim(claims.CONFIRMED, rule=rule(value=1e-12)))
    claims.check("X1", measured=round_off)
    assert "error: round-off; satisfies" in displayed[0][0]["text/plain"]


def test_a_count_of_zero_stays_zero():
    assert format_measured([0, 2], rule("equal to", 0)) == "0, 2"
    assert format_measured(0.0, rule("at most", 0.5)) == "0"


@pytest.mark.parametrize(
    ("entry", "measured", "worst"),
    [
        (rule("within", [2, 3], tolerance=0.5), [2.1, 2.7], "2.7"),
        (rule("at most", 1.0), [0.1, 0.7, 0.2], "0.7"),
        (rule("at least", 0.9), [0.95, 1.2], "0.95"),
        (rule("between", [0, 10]), [5, 9.5, 1], "9.5"),
    ],
)
def test_the_usable_number_shows_the_entry_nearest_to_breaking_the_rule(entry, measured, worst):
    found = claim(claims.CONFIRMED, rule=entry, number="{worst} of {count}, {0:.1f}")
    text = found.usable_number(measured)
    assert text == f"{worst} of {len(measured)}, {measured[0]:.1f}"
    assert claim(claims.CONFIRMED).usable_number(measured) is None


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
        {"verdict": claims.CONFIRMED, "answer": "a question has one"},
    ],
)
def test_an_incomplete_entry_raises(fields):
    with pytest.raises(ValueError, match="X1"):
        claim(**fields)


@pytest.mark.parametrize(
    "changes",
    [{"verdict": claims.CONFIRMED}, {"rule": rule()}, {"answer": None}, {"evidence": ()}],
)
def test_a_question_has_an_answer_and_no_verdict(changes):
    assert question().kind == claims.QUESTION
    assert not question().is_settled
    with pytest.raises(ValueError, match="X1"):
        question(**changes)


def test_an_entry_that_stands_twice_raises():
    with pytest.raises(ValueError, match="two entries 'P1'"):
        claims.parse("P1: {kind: measurement}\nP1: {kind: measurement}\n")
    with pytest.raises(ValueError, match=r"P1: .*unexpected"):
        claims.parse("P1: {kind: measurement, colour: red}\n")


def test_the_ledger_lists_every_claim_of_the_sources():
    families = {claim_id.rstrip("abcdef") for claim_id in claims.ledger()}
    expected = {f"P{n}" for n in range(1, 11)} - {"P8"} | {"R1", "R2", "R3"}
    assert expected | {f"B{n}" for n in range(1, 6)} <= families


def test_every_settled_claim_is_checked_exactly_once_in_its_chapter():
    found = [(record["id"], chapter) for record, chapter in RECORDS]
    assert sorted(found) == sorted((claim.id, claim.chapter) for claim in SETTLED)


@pytest.mark.parametrize(("record", "chapter"), RECORDS, ids=lambda value: str(value)[:16])
def test_every_recorded_measurement_still_supports_its_verdict(record, chapter):
    entry = claims.get(record["id"])
    assert claims.contradiction(entry, record["measured"]) is None
    if entry.number:
        assert entry.usable_number(record["measured"])


@pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: entry.id)
def test_every_rule_gives_its_quantity_and_reason(entry):
    assert len(entry.rule.quantity) > 10
    assert len(entry.rule.reason) > 10


@pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: entry.id)
def test_every_settled_claim_shows_a_number_that_a_reader_can_use(entry):
    assert entry.number


@pytest.mark.parametrize(
    "entry", [c for c in SETTLED if c.kind == claims.THEOREM], ids=lambda entry: entry.id
)
def test_every_theorem_is_attacked_by_a_search_that_exists(entry):
    path, name = entry.attack.split("::")
    assert f"def {name}(" in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize(
    "entry", [c for c in LEDGER if c.kind == claims.QUESTION], ids=lambda entry: entry.id
)
def test_the_evidence_for_an_answer_is_in_the_ledger(entry):
    assert set(entry.evidence) <= {claim.id for claim in SETTLED}


def test_no_backslash_of_a_formula_was_read_as_an_escape():
    # In double quotes YAML makes one control character of the first two letters of \alpha and \eta.
    for claim in claims.ledger().values():
        texts = (text for text in vars(claim).values() if isinstance(text, str))
        for text in texts:
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), (claim.id, text)


def test_smaller_setting_gives_no_verdict(only, displayed, monkeypatch):
    only(claim(claims.CONFIRMED))
    monkeypatch.setenv(claims.SMALLER_VARIABLE, "1")
    claims.check("X1", measured=2.0)  # contradicts the verdict
    ((shown, options),) = displayed
    assert "no verdict" in shown["text/html"]
    assert shown["text/plain"] == "X1: smaller setting, no verdict"
    assert "metadata" not in options, "a record would go into the ledger"
    monkeypatch.setenv(claims.SMALLER_VARIABLE, "")
    with pytest.raises(AssertionError):
        claims.check("X1", measured=2.0)
