"""What would pass if a measurement were nonsense: constants, limits, values outside their rule."""

import json
from pathlib import Path

import numpy as np
import pytest

from depth_not_data.presentation import claims
from depth_not_data.presentation.claims import Claim
from depth_not_data.presentation.rules import ROUND_OFF_RULE, Fixed, Rule

ROOT = Path(__file__).parents[2]
MEASURED = {
    record["id"]: np.array(record["measured"])
    for path in sorted((ROOT / "book").rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
    for record in claims.records(json.loads(path.read_text("utf-8")))
}
SETTLED = [claim for claim in claims.ledger().values() if claim.is_settled]

whole_ledger = pytest.mark.parametrize("entry", SETTLED, ids=lambda entry: entry.id)


def passes(entry, constant, count=None):
    """Whether a constant, repeated to the length of the measurement, supports the verdict."""
    count = count or MEASURED[entry.id].size
    return claims.contradiction(entry, [constant] * count) is None


def ends(rule, count):
    """Lowest and highest number that a rule accepts in each entry, without what is possible."""
    value, free = np.asarray(rule.value, dtype=np.float64), np.full(count, np.inf)
    low, high = {
        "at most": lambda: (-free, value),
        "at least": lambda: (value, free),
        "equal to": lambda: (value, value),
        "within": lambda: (value - rule.tolerance, value + rule.tolerance),
        "between": lambda: (value[..., 0], value[..., 1]),
    }[rule.kind]()
    return np.broadcast_to(low, count), np.broadcast_to(high, count)


def possible(rule, count):
    """Lowest and highest number that the quantity can be."""
    pairs = rule.possible or [0.0 if rule.kind == "at most" else -np.inf, np.inf]
    return np.broadcast_to(np.asarray(pairs, dtype=np.float64), (count, 2)).T


def guarded(entry):
    """Lowest and highest number of each entry that the verdict stands with."""
    count = MEASURED[entry.id].size
    rules = [entry.instead] if entry.verdict == claims.REFUTED else [entry.rule, entry.instead]
    windows = [ends(rule, count) for rule in rules if rule] + [possible(entry.rule, count)]
    lows, highs = zip(*windows, strict=True)
    return np.max(lows, axis=0), np.min(highs, axis=0)


def beyond(end, direction):
    """A little to one side of a limit, more than what rounds when `within` is computed."""
    return end + direction * np.maximum(np.abs(end) * 1e-12, 1e-300)


def confirmed(kind, value, **more):
    rule = Rule(kind, value, "why", "a quantity", fixed=Fixed("before any run"), **more)
    return Claim("X1", "measurement", "book", "", "", claims.CONFIRMED, rule=rule, chapter="book/x")


# Constants


def has_no_end(entry):
    """A lower limit on what can be as large as it likes."""
    _, highest = possible(entry.rule, MEASURED[entry.id].size)
    return entry.rule.kind == "at least" and np.all(np.isinf(highest))


def is_about_zero(entry):
    """The relations that exactly zero satisfies: nothing is found, or round-off."""
    value = np.asarray(entry.rule.value)
    if entry.rule.kind == "at most":
        return np.all(value <= ROUND_OFF_RULE)
    return entry.rule.kind in ("equal to", "within") and np.all(value == 0)


@whole_ledger
def test_no_large_number_passes(entry):
    assert not passes(entry, -1e9)
    assert passes(entry, 1e9) == (entry.verdict == claims.CONFIRMED and has_no_end(entry))


@whole_ledger
def test_zero_passes_only_where_nothing_or_round_off_is_the_claim(entry):
    assert passes(entry, 0.0) == (entry.verdict == claims.CONFIRMED and is_about_zero(entry))


@whole_ledger
def test_minus_one_passes_nowhere(entry):
    assert not passes(entry, -1.0)


@whole_ledger
@pytest.mark.parametrize("constant", [1.0, 0.5])
def test_an_ordinary_number_passes_only_where_all_entries_may_be_alike(entry, constant):
    """For refuted and corrected claims: where one number is measured, or ratios to predictions."""
    low, high = guarded(entry)
    allowed = bool(np.all((low <= constant) & (constant <= high)))
    if entry.verdict == claims.REFUTED:
        allowed &= not entry.rule.accepts([constant] * MEASURED[entry.id].size)
    assert passes(entry, constant) == allowed
    if passes(entry, constant) and entry.verdict != claims.CONFIRMED:
        same_ratio = entry.rule.kind == "within" and set(entry.rule.value) == {constant}
        assert MEASURED[entry.id].size == 1 or same_ratio


@whole_ledger
def test_what_is_no_number_is_refused(entry):
    for constant in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match="measured must"):
            passes(entry, constant)


@whole_ledger
def test_a_lower_limit_says_how_large_the_quantity_can_be(entry):
    if entry.verdict == claims.CONFIRMED and entry.rule.kind == "at least":
        assert entry.rule.possible, f"{entry.id}: give `possible`, with .inf where there is no end"


def test_the_constants_are_seen_where_a_guard_is_missing():
    bare = confirmed("at least", 1.0)
    assert passes(bare, 1e9, 1)
    assert not passes(confirmed("at least", 1.0, possible=[0, 10]), 1e9, 1)
    refuted = Claim(**(vars(bare) | {"verdict": claims.REFUTED, "correction": "It is not."}))
    assert passes(refuted, -1e9, 1)
    assert passes(confirmed("at most", 0.5), 0.0, 1)
    assert not passes(confirmed("at most", 0.5, possible=[1e-12, np.inf]), 0.0, 1)


# Limits


@pytest.mark.parametrize(
    ("entry", "lowest", "highest"),
    [
        (confirmed("at most", 1e-12), 0.0, 1e-12),
        (confirmed("at most", [0.5, 2.0]), [0.0, 0.0], [0.5, 2.0]),
        (confirmed("at most", 0.5, possible=[1e-12, np.inf]), 1e-12, 0.5),
        (confirmed("at least", 9, possible=[0, 10]), 9.0, 10.0),
        (confirmed("at least", [9, 4], possible=[[0, 10], [0, 5]]), [9.0, 4.0], [10.0, 5.0]),
        (confirmed("equal to", [25, 0]), [25.0, 0.0], [25.0, 0.0]),
        (confirmed("within", 7, tolerance=0.25), 6.75, 7.25),
        (confirmed("within", [0.75, -0.75], tolerance=0.25), [0.5, -1.0], [1.0, -0.5]),
        (confirmed("between", [0.5, 0.75]), 0.5, 0.75),
        (confirmed("between", [[0, 1], [5, 6]]), [0.0, 5.0], [1.0, 6.0]),
    ],
)
def test_on_its_limit_a_measurement_passes_and_just_beyond_it_does_not(entry, lowest, highest):
    for limit, outward in ((lowest, -np.inf), (highest, np.inf)):
        limit = np.atleast_1d(limit)
        assert claims.contradiction(entry, limit) is None
        for i in range(limit.size):
            outside = limit.copy()
            outside[i] = np.nextafter(limit[i], outward)
            assert "X1" in claims.contradiction(entry, outside)


@pytest.mark.parametrize("possible", [1.0, [2, 1], [0, 0], [[0, 1]] * 3, [0, 1, 2], [0, np.nan]])
def test_what_is_possible_is_a_pair_or_a_pair_for_each_value(possible):
    with pytest.raises(ValueError, match="possible must be a pair"):
        confirmed("at least", [9, 4], possible=possible)


# Every committed value, moved


@whole_ledger
def test_the_committed_value_stands_inside(entry):
    low, high = guarded(entry)
    measured = MEASURED[entry.id]
    assert claims.contradiction(entry, measured) is None
    assert np.all((low <= measured) & (measured <= high))


@whole_ledger
def test_a_value_moved_out_of_its_rule_is_seen_in_every_entry(entry):
    for side, limits in zip((-1, 1), guarded(entry), strict=True):
        for i, end in enumerate(limits):
            moved = MEASURED[entry.id].copy()
            if np.isinf(end):
                assert has_no_end(entry), "no claim without a guard on either side"
                continue
            moved[i] = beyond(end, side)
            assert claims.contradiction(entry, moved), (i, end, side)
            moved[i] = side * 1e9
            assert claims.contradiction(entry, moved), (i, side)


@pytest.mark.parametrize(
    "entry", [c for c in SETTLED if c.verdict == claims.REFUTED], ids=lambda entry: entry.id
)
def test_a_refuted_claim_goes_red_when_its_rule_is_met(entry):
    assert entry.instead is not None
    low, high = ends(entry.rule, MEASURED[entry.id].size)
    for end in (low, high, np.clip(MEASURED[entry.id], low, high)):
        if np.all(np.isfinite(end)):
            # Not on the limit of `within`, which is computed with a subtraction and rounds.
            rounds = entry.rule.kind == "within"
            met = entry.rule.value + 0.999 * (end - entry.rule.value) if rounds else end
            assert entry.rule.accepts(met)
            assert claims.contradiction(entry, met)
