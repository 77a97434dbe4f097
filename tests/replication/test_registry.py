"""Every claim is repeated on fresh seeds or says why not; experiments give what claims need."""

import numpy as np
import pytest

from depth_not_data.presentation import claims, sphinx_seeds
from depth_not_data.presentation.rules import Rule
from depth_not_data.replication import cheaper, mechanism, post, registry, starts, third_step
from depth_not_data.replication.experiment import Experiment, Limits
from depth_not_data.replication.registry import CLAIMS, EXPERIMENTS, FIXED, SEEDS

LEDGER = claims.ledger()


def unaccounted(ledger):
    """Settled claims that are neither repeated, nor fixed, nor theorems that a search attacks."""
    return [
        claim.id
        for claim in ledger.values()
        if claim.is_settled
        and claim.id not in CLAIMS
        and claim.id not in FIXED
        and not (claim.kind == claims.THEOREM and claim.attack)
    ]


def test_every_claim_is_repeated_or_says_why_not():
    assert unaccounted(LEDGER) == []
    assert not set(CLAIMS) & set(FIXED)
    assert set(CLAIMS) | set(FIXED) <= set(LEDGER)


def test_a_new_claim_without_an_experiment_is_seen():
    new = LEDGER["B1a"].__class__(**{**vars(LEDGER["B1a"]), "id": "B9"})
    assert unaccounted({**LEDGER, "B9": new}) == ["B9"]


def test_at_least_twenty_fresh_seeds():
    assert len(SEEDS) >= 20
    assert min(SEEDS) >= 1000  # the chapters' are below


def test_every_claim_has_been_repeated_on_every_seed():
    shown = sphinx_seeds.summary()["claims"]
    assert {claim_id: entry["count"] for claim_id, entry in shown.items()} == dict.fromkeys(
        CLAIMS, len(SEEDS)
    )


def test_every_experiment_is_needed_and_every_need_is_there():
    needed = {name for replica in CLAIMS.values() for name in replica.needs}
    assert needed == set(EXPERIMENTS)


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_the_rule_for_one_seed_is_the_ledgers_unless_that_counts_seeds(claim_id):
    claim, replica = LEDGER[claim_id], CLAIMS[claim_id]
    if replica.rule is not None:
        assert "seeds" in claim.rule.quantity
        assert bool(replica.instead) == bool(claim.instead)


def test_a_seed_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="seed"):
        EXPERIMENTS["random features"](-1)


def test_values_are_what_json_holds():
    values = Experiment("mixed", lambda seed: {"a": (np.int64(1), np.float64(0.5))}, 1.0)(0)
    assert values == {"a": [1.0, 0.5]}
    assert type(values["a"][0]) is float


def test_limits_of_another_length_are_refused():
    with pytest.raises(ValueError, match="2 entries"):
        Limits((0, 0), (1, 1)).accepts([1])


# What the chapters measured, measured again by the experiments with the chapters' seeds.


def test_limits_are_kept_by_the_numbers_that_the_ledger_shows():
    assert CLAIMS["B2b"].instead.accepts([1, 1, 1, 0, 0, 1])
    assert not CLAIMS["B2b"].instead.accepts([1, 1, 1, 1, 0, 1])
    assert not CLAIMS["B2b"].rule.accepts([1, 1, 1, 1, 1, 0])


def test_predicted_levels_are_those_of_the_ledger():
    quantity = LEDGER["E8"].rule.quantity
    for n, d in [(10, 2), (10, 4), (15, 8), (20, 4)]:
        assert f"{starts.first_level(n, d):.3f}" in quantity
        assert f"{starts.second_level(n, d):.3f}" in quantity
    for case in [(10, 2), (10, 8), (20, 2)]:
        assert f"{starts.linear_level(*case):.3f}" in LEDGER["E10"].rule.quantity


def test_gaps_in_place_and_unchanged():
    two = {"widest": [9, 18], "gaps": [9, 18, 100], "edge": [100]}
    four = {"widest": [9, 18], "gaps": [9, 18, 50], "edge": [95]}
    assert post.in_place(two, 10)
    assert not post.in_place(two, 15)
    assert post.unchanged(two, four, {**four, "edge": [80]}) == [True, False]


def test_exponent_and_collapse_of_spectra_that_grow_like_depth():
    spectra = [{"top": (d * np.arange(1.0, 821.0) ** -0.5).tolist()} for d in (2, 4, 8)]
    assert post.exponent(*spectra) == pytest.approx(1)
    assert post.collapses(*spectra) == pytest.approx([1, 1])


def test_third_step_is_the_last_one_out_of_reach():
    assert third_step.third([100, 130, 500], 10) == 500
    assert third_step.position([586], 10) == 1.0


def test_added_eigenvalues_by_depth_and_width():
    six, deep, wide = (
        {"counts": [0, large, size]} for large, size in ((10, 100), (20, 300), (90, 300))
    )
    assert mechanism.added(six, deep, wide) == pytest.approx([0.05, 8.0])
    assert mechanism.added(six, {"counts": [0, 10, 300]}, wide)[1] == np.inf


def test_edges_of_settings_are_compared_with_the_unchanged_one():
    found = [{"edges": [1.0, 1.0, 1.4, 3.0]}] + [{"edges": [2.0, 4.0, 4.0, 6.0]}] * 14
    start, closed, rival, usable = cheaper.hits(*found)
    assert (start, closed, rival, usable) == pytest.approx((1 / 15, 1, 0, 1))


def test_rules_of_the_registry_judge_the_chapters_numbers():
    rule = LEDGER["E30"].rule
    assert isinstance(rule, Rule)
    two, eight = {"means": [1.0, 1.0, 1.0]}, {"means": [4**0.7, 4**0.8, 1.0]}
    assert rule.accepts(registry.CLAIMS["E30"].measured(two, eight))
