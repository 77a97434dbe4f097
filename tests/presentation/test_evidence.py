"""What chapters assert of their runs goes red for what would be no evidence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from depth_not_data.presentation import evidence
from depth_not_data.presentation.claims import SMALLER_VARIABLE
from depth_not_data.presentation.knock_outs import Outcome
from depth_not_data.presentation.predictions import predictions
from depth_not_data.presentation.spectra_tables import compare
from depth_not_data.residual.network import train_student
from depth_not_data.residual.sweeps import Run


def run(seed, *, last=0.1, size=1640):
    values = np.sort(np.random.default_rng(seed).uniform(1, 2, size))[::-1]
    return Run(10, 2, seed, values, np.array([1.0, last]))


def test_different_runs_that_have_learnt_are_evidence():
    evidence.independent([run(0), run(1), run(2, size=20)], [run(0)])


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([run(0), run(1), run(0)], "spectra 0 and 2 are the same"),
        ([run(0), run(0, size=1640)], "spectra 0 and 1 are the same"),
        ([run(0), run(1, last=0.0)], "run 1 ends at the loss 0"),
        ([run(0), run(1, last=1.0)], "the loss of run 1 did not fall"),
    ],
)
def test_what_is_no_evidence_is_named(runs, message):
    with pytest.raises(AssertionError, match=message):
        evidence.independent([run(9)], runs)


def test_round_off_does_not_make_another_network():
    one = run(0)
    moved = replace(one, eigenvalues=one.eigenvalues * (1 + 1e-9))
    with pytest.raises(AssertionError, match="are the same"):
        evidence.independent([one, moved])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: evidence.different([]), "spectra"),
        (lambda: evidence.different([[]]), "spectra"),
        (lambda: evidence.different([[1.0], [np.nan]]), r"spectra\[1\]"),
        (lambda: evidence.learnt([]), "histories"),
        (lambda: evidence.learnt([[]]), "histories"),
        (lambda: evidence.learnt([[1.0, np.inf]]), r"histories\[0\]"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=name):
        call()


@pytest.mark.parametrize("prediction", predictions().values(), ids=lambda p: p.id)
def test_parameters_are_those_that_are_trained(prediction):
    p = prediction
    student = train_student(p.n_embd, p.n_block, seed=0, steps=0, n_samples=2, **p.options)
    trained = sum(w.numel() for w in student.model.parameters() if w.requires_grad)
    assert evidence.parameters(p.n_embd, p.n_block, p.options) == trained


def test_what_was_knocked_out_is_gone():
    frozen, turned = (predictions()[name] for name in ("gain-frozen", "rotated"))
    unchanged = {(10, 2): [run(0).eigenvalues]}
    good = [Outcome(frozen, [run(1, size=1620).eigenvalues]), Outcome(turned, [run(2).eigenvalues])]
    evidence.knocked_out(good, unchanged)
    with pytest.raises(AssertionError, match=r"gain-frozen has \{1640\} parameters.* 1620"):
        evidence.knocked_out([Outcome(frozen, [run(1).eigenvalues])], unchanged)
    with pytest.raises(AssertionError, match=r"rotated, beside the unchanged .* 1 are the same"):
        evidence.knocked_out([good[0], Outcome(turned, [run(0).eigenvalues])], unchanged)


def test_a_published_value_outside_the_seeds_is_seen(monkeypatch):
    runs = [run(seed) for seed in range(3)]
    inside = pd.Series([np.median([r.eigenvalues[k] for r in runs]) for k in (0, 9)], index=[1, 10])
    evidence.inside(compare(inside, runs))
    outside = inside * [1.0, 3.0]
    with pytest.raises(AssertionError, match="1 of 2 published values"):
        evidence.inside(compare(outside, runs))
    monkeypatch.setenv(SMALLER_VARIABLE, "1")
    evidence.inside(compare(outside, runs))
