import inspect
from types import SimpleNamespace

import numpy as np
import pytest

from depth_not_data.presentation import predictions as module
from depth_not_data.presentation.predictions import (
    cluster_masses,
    edge_hit,
    gaps_hit,
    median_ratios,
    observed_edge,
    observed_gaps,
    predictions,
    rival_gaps,
    rules,
    shuffled_scores,
)
from depth_not_data.residual.network import train_student
from depth_not_data.spectra import gaps

KNOWN = set(inspect.signature(train_student).parameters)


def steps(sizes, levels, length=400):
    """A slowly falling spectrum with a given level for each cluster."""
    values = np.concatenate([np.full(n, v) for n, v in zip(sizes, levels, strict=True)])
    tail = np.full(length - len(values), 0.5 * levels[-1])
    return np.concatenate([values, tail]) * np.linspace(1.0, 0.9, length)


@pytest.mark.parametrize("prediction", predictions().values(), ids=lambda p: p.id)
def test_every_prediction_can_be_run(prediction):
    assert set(prediction.options) <= KNOWN
    student = train_student(
        prediction.n_embd, prediction.n_block, seed=0, steps=0, n_samples=2, **prediction.options
    )
    assert student.targets.shape == (2, prediction.n_embd)
    assert prediction.what
    assert prediction.reason
    assert list(prediction.gaps) == sorted(set(prediction.gaps))


def test_the_rounds_are_told_apart():
    counts = [sum(p.round == r for p in predictions().values()) for r in (1, 2, 3)]
    assert counts == [22, 6, 4]
    assert sum(p.seen for p in predictions().values()) == 8


def test_what_a_chapter_had_printed_does_not_count_as_unseen():
    """The four networks that "Which network is it?" showed before the predictions were written."""
    noted = {p.id for p in predictions().values() if p.seen_note}
    assert noted == {"odd", "no-norm", "mlp-biases", "pre-rms"}
    assert all(predictions()[name].seen for name in noted)


def test_the_training_is_one_that_exists():
    assert set(rules("scoring")["training"]) <= KNOWN
    with pytest.raises(ValueError, match="name must be"):
        rules("interventions")


def test_gaps_are_found_where_they_are_and_nowhere_else():
    spectra = [steps([9, 9, 60], [4.0, 2.0, 1.0]) for _ in range(3)]
    assert observed_gaps(spectra, 10) == (9, 18)
    assert observed_gaps([steps([20, 60], [1.2, 1.0])], 10) == ()


def test_a_gap_needs_most_seeds_and_the_same_rank():
    two, one = steps([9, 60], [4.0, 1.0]), steps([8, 60], [4.0, 1.0])
    assert observed_gaps([two, two, one], 10) == (9,)
    assert observed_gaps([two, one, steps([7, 60], [4.0, 1.0])], 10) == ()
    assert median_ratios([two, two, one], 10).shape == (50,)


def test_the_edge_is_the_steepest_fall_beyond_the_clusters():
    spectra = [steps([9, 9, 82], [4.0, 2.0, 1.0])]
    assert abs(observed_edge(spectra, 10) - 100) <= 1


def test_a_wrong_prediction_is_a_miss():
    prediction = predictions()["rms-15"]
    assert gaps_hit(prediction, (15, 29))
    assert not gaps_hit(prediction, (14, 28))
    assert not gaps_hit(prediction, (15, 29, 40))
    assert edge_hit(prediction, 240)
    assert edge_hit(prediction, 234)
    assert not edge_hit(prediction, 225)
    assert edge_hit(predictions()["even"], 100) is None


@pytest.mark.parametrize(
    ("name", "gaps"),
    [
        ("rotated", (9, 18)),
        ("no-affine", (9,)),
        ("gain-frozen", (9,)),
        ("bias-frozen-15", (14, 28)),
        ("rms-15", (15, 29)),
        ("rms-gain-frozen", (10,)),
        ("no-norm", (10,)),
        ("pre-rms", (10,)),
        ("input-mean-across", (9, 18)),
    ],
)
def test_the_rival_has_three_lines_and_nothing_else(name, gaps):
    assert rival_gaps(predictions()[name]) == gaps


def test_shuffles_keep_the_width_and_forget_the_intervention():
    ten = [predictions()[name] for name in ("rotated", "gain-frozen", "centred")]
    wide = [predictions()["rms-15"]]
    observed = [p.gaps for p in ten + wide]
    scores = shuffled_scores(ten + wide, observed)
    # One network of width 15 has no other to change places with; three of width 10 have one
    # fixed point on average, and never two.
    assert set(scores) == {1, 2, 4}
    assert scores.mean() == pytest.approx(2, abs=0.05)
    np.testing.assert_array_equal(scores, shuffled_scores(ten + wide, observed))
    assert (scores != shuffled_scores(ten + wide, observed, seed=1)).any()


def test_predictions_that_are_all_equal_cannot_beat_their_shuffles():
    same = [predictions()[name] for name in ("rotated", "mlp-biases", "input-mean-half")]
    assert (shuffled_scores(same, [(9, 18), (9,), (9, 18)], shuffles=50) == 2).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shuffled_scores([predictions()["odd"]], []), "observed must have 1 entries"),
        (lambda: shuffled_scores([], [], shuffles=0), "shuffles must be"),
    ],
)
def test_bad_comparisons_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_masses_are_taken_over_the_ranks_they_name():
    ranks = np.arange(1, 13)  # N = 3: ranks 1-2, 3-4, 5-9
    kinds = {
        "constant": np.where(ranks <= 2, 1.0, 0.0),
        "linear, mean-free": np.where((ranks > 2) & (ranks <= 4), 0.5, 0.0),
        "linear, mean": np.where((ranks > 4) & (ranks <= 9), 0.25, 0.0),
    }
    functions = SimpleNamespace(n_embd=3, kinds=kinds)
    assert cluster_masses(functions) == (1.0, 0.5, 0.25)


@pytest.mark.parametrize("function", [observed_gaps, median_ratios, observed_edge])
def test_bad_input_is_named(function):
    with pytest.raises(ValueError, match="spectra must hold"):
        function([], 10)
    with pytest.raises(ValueError, match="n_embd must be"):
        function([np.ones(400)], 1)


def test_the_frozen_rules_are_those_of_every_other_page():
    assert rules("scoring")["gap_ratio"] == gaps.GAP
    assert rules("scoring")["edge_half_width"] == gaps.HALF_WIDTH


def test_the_score_reads_a_spectrum_as_the_other_chapters_do():
    for ratio in (gaps.GAP * 1.01, gaps.GAP * 0.99):
        spectrum = steps([9, 9, 82], [4.0 * ratio, 4.0, 2.0])
        found = gaps.landmarks(spectrum)
        assert len(observed_gaps([spectrum], 10)) == found.clusters
        assert observed_edge([spectrum], 10) == found.edge


@pytest.mark.parametrize(
    "bad",
    [3.0, ["b", "a"], [1j, 0.5], np.linspace(1.0, 2.0, 400), np.zeros(400)],
    ids=["number", "words", "complex", "ascending", "zero"],
)
@pytest.mark.parametrize("function", [observed_gaps, median_ratios, observed_edge])
def test_the_bad_one_of_several_spectra_is_named(function, bad):
    with pytest.raises(ValueError, match=r"spectra\[1\] must"):
        function([steps([9, 9], [4.0, 2.0]), bad], 10)


def test_a_short_spectrum_is_named():
    with pytest.raises(ValueError, match=r"spectra\[0\] must be long enough for an edge"):
        observed_edge([np.ones(42)], 10)
    with pytest.raises(ValueError, match=r"spectra\[1\] must have 51 entries, got 30"):
        observed_gaps([np.ones(60), np.ones(30)], 10)


def test_the_document_is_read_afresh_so_that_callers_cannot_change_it():
    rules("scoring")["gap_ratio"] = 7.0
    assert module.rules("scoring")["gap_ratio"] == 1.25
