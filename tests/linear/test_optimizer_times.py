"""Learning times against a plain loop over the iterates, and the closed form for Muon."""

import numpy as np
import pytest

from depth_not_data.linear import optimizer_times, optimizers

START, TARGET = [0.61, 0.47], [1.0, 1.0]


def counted(name, lr, depth, steps):
    path = optimizers.trajectory(name, START, TARGET, depth, lr, steps)
    outside = (np.abs(path**depth - 1) > 0.05).any(axis=1)
    return np.max(np.nonzero(outside)[0], initial=-1) + 1


@pytest.mark.parametrize("name", ["gd", "nesterov", "adam", "muon", "shampoo", "sam"])
def test_a_learning_time_is_the_last_update_outside_plus_one(name):
    rates = [0.01, 0.02]
    times = optimizer_times.learning_times(name, START, TARGET, 3, rates, longest=4000)
    assert np.isfinite(times).all()
    for lr, time in zip(rates, times, strict=True):
        assert time == counted(name, lr, 3, int(2 * time + 100))


def test_fastest_is_the_smallest_of_all():
    rates = 2.0 ** np.arange(-8, 2)
    for name in ("gd", "muon", "shampoo"):
        times = optimizer_times.learning_times(name, START, TARGET, 4, rates, longest=4000)
        best, lr = optimizer_times.fastest(name, START, TARGET, 4, rates, longest=4000)
        assert best == times.min()
        assert lr == rates[times == best].max()


def test_divergence_and_impatience_are_infinite():
    times = optimizer_times.learning_times("gd", START, TARGET, 3, [5.0, 1e-4, 0.1], longest=500)
    assert np.isinf(times[:2]).all()
    assert np.isfinite(times[2])


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_closed_form_for_muon_is_attained_at_the_safe_step(depth):
    sigma0, window = 0.0123, 0.05
    safe = (1 + window) ** (1 / depth) - 1
    times = optimizer_times.learning_times(
        "muon", [sigma0 ** (1 / depth)], [1.0], depth, [safe * (1 - 1e-9)], longest=2000
    )
    assert times[0] == optimizer_times.muon_updates(sigma0, depth, window)


def test_closed_form_for_many_layers():
    limit = np.log(0.95 / 0.01) / np.log(1.05)
    assert optimizer_times.muon_updates(0.01, 10**6) == np.ceil(limit)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lrs": [0.0]}, "lrs must be > 0"),
        ({"lrs": []}, "lrs must hold at least one learning rate"),
        ({"window": 0.0}, "window must be"),
        ({"window": 1.0}, "window must be"),
        ({"longest": 0}, "longest must be"),
        ({"target": [0.0, 0.0]}, "target must hold a singular value > 0"),
        ({"name": "x"}, "name must be one of"),
    ],
)
@pytest.mark.parametrize("which", ["learning_times", "fastest"])
def test_bad_arguments_are_named(which, changes, message):
    arguments = {"name": "gd", "lam0": START, "target": TARGET, "depth": 2, "lrs": [0.1]}
    with pytest.raises(ValueError, match=message):
        getattr(optimizer_times, which)(**(arguments | {"longest": 9} | changes))


def test_bad_arguments_of_the_closed_form_are_named():
    with pytest.raises(ValueError, match="sigma0 must be < 1 - window"):
        optimizer_times.muon_updates(0.97, 2)
    with pytest.raises(ValueError, match="sigma0 must be > 0"):
        optimizer_times.muon_updates(0.0, 2)
    with pytest.raises(ValueError, match=r"sigma0 must be < 1 - window = 0.75, got 0.75"):
        optimizer_times.muon_updates([0.1, 0.75], 2, 0.25)
    for window in (0.0, 1.0):
        with pytest.raises(ValueError, match="window must be"):
            optimizer_times.muon_updates(0.1, 2, window)
    with pytest.raises(ValueError, match="depth must be"):
        optimizer_times.muon_updates(0.1, 0)


def test_the_search_ends_where_it_says():
    # One layer with target 1 from 0: the error is (1 - lr)^t, below the window from t = 2 on.
    arguments = ("gd", [0.0], [1.0], 1, [0.5])
    times = [
        optimizer_times.learning_times(*arguments, window=0.3, longest=n)[0] for n in (103, 104)
    ]
    assert times == [np.inf, 2.0]
    # An error exactly at the window is inside.
    assert optimizer_times.learning_times(*arguments, window=0.25, longest=104)[0] == 2.0
    # A start inside the window needs no update, and is watched for a hundred.
    arguments = ("gd", [1.0], [1.0], 1, [0.5])
    times = [optimizer_times.learning_times(*arguments, longest=n)[0] for n in (1, 99, 100)]
    assert times == [np.inf, np.inf, 0.0]


def test_directions_with_target_0_are_not_waited_for():
    times = optimizer_times.learning_times("gd", [0.9, 0.9], [1.0, 0.0], 2, [0.1], longest=500)
    alone = optimizer_times.learning_times("gd", [0.9], [1.0], 2, [0.1], longest=500)
    assert times == alone
    assert np.isfinite(alone)
