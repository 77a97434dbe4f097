"""Outcomes of predictions and their comparison, on made-up spectra."""

import numpy as np
import pytest

from depth_not_data.presentation import knock_outs, predictions
from depth_not_data.presentation.knock_outs import Outcome


def spectrum(gaps, n_embd=10, size=400):
    """Descending values with a factor 2 behind each of `gaps` and an edge at rank N^2."""
    logs = np.full(size, 0.001)
    logs[[k - 1 for k in gaps]] = np.log(2)
    logs[n_embd**2 - 1 :] = 0.05
    return np.exp(-np.concatenate([[0], np.cumsum(logs)[:-1]]))


def outcome(name, gaps):
    p = predictions.predictions()[name]
    return Outcome(p, [spectrum(gaps, p.n_embd)] * 3)


def test_a_hit_needs_exactly_the_predicted_set():
    assert outcome("gain-frozen", (9,)).hit
    assert not outcome("gain-frozen", (9, 18)).hit
    assert outcome("gain-frozen", (9, 18)).gaps == (9, 18)


def test_the_name_marks_what_had_been_seen():
    assert outcome("gain-frozen", (9,)).name == "gain-frozen*"
    assert outcome("bias-frozen", (9,)).name == "bias-frozen"


def test_the_table_shows_hits_and_misses():
    table = knock_outs.table([outcome("gain-frozen", (9,)), outcome("bias-frozen", (2, 3))])
    assert table["score"].tolist() == ["✓", "✗ miss"]
    assert table["found"].tolist() == ["9", "2, 3"]


def test_three_lines_and_ours_are_counted_apart():
    rotated = predictions.predictions()["rotated-each"].gaps
    both = outcome("gain-frozen", predictions.predictions()["gain-frozen"].gaps)
    ours = outcome("rotated-each", rotated)
    theirs = outcome("bias-frozen-7", (6, 12))
    found = knock_outs.compare([both, ours, theirs])
    assert (found.ours_alone, found.rival_alone) == (1, 1)
    assert (found.hits, found.total, found.rival) == (2, 3, 2)
    assert found.early == (2, 3)
    assert found.sign_p == 1.0
    assert found.row()["all"] == "2 of 3"
    assert 0 < found.shuffled_p <= 1


def test_the_sign_test_is_that_of_a_fair_coin():
    assert knock_outs.sign_test(3, 0) == knock_outs.sign_test(0, 3) == pytest.approx(0.25)
    assert knock_outs.sign_test(2, 2) == 1.0
    assert knock_outs.sign_test(0, 0) == 1.0
    assert knock_outs.sign_test(11, 3) == pytest.approx(940 / 2**14)


def test_nothing_to_compare_is_an_error():
    with pytest.raises(ValueError, match="found must hold"):
        knock_outs.compare([])


def test_options_of_an_intervention_go_to_the_training(monkeypatch):
    asked = []

    def sweep(n_embd, n_block, seeds, **options):
        asked.append((n_embd, n_block, list(seeds), options))
        return []

    monkeypatch.setattr(knock_outs.sweeps, "sweep", sweep)
    knock_outs.spectra_of(7, 1, {"norm": "rms"})
    ((n_embd, n_block, seeds, options),) = asked
    rules = predictions.rules("scoring")
    assert (n_embd, n_block, seeds) == ([7], [1], list(rules["seeds"]))
    assert options == {"norm": "rms", "progress": False} | rules["training"]
