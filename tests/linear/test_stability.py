"""Slopes, attractors and transverse multipliers of the recursion against autograd."""

import math

import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion, stability
from depth_not_data.spectra import autograd


def hessian_of_directions(lam, depth, target=1.0):
    """Autograd Hessian of a square network whose layers are all diag(lam)."""
    layer = torch.diag(torch.tensor(lam, dtype=torch.float64))
    phi = target * torch.eye(len(lam), dtype=torch.float64)
    return autograd.dense_hessian(lambda w: linear_network.loss(w, phi), [layer] * depth).numpy()


def period_two(depth, lr, target=1.0):
    orbit = stability.attractor(0.9, target, depth, [lr], transient=20_000, keep=2)[:, 0]
    assert np.ptp(orbit) > 0.01
    return orbit


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("target", [0.0, 0.7, 2.0])
def test_slope_is_the_derivative_of_the_step(depth, target):
    lam = np.array([0.3, 0.9, 1.2])
    h = 1e-6
    above, below = (recursion.step(lam + d, target, depth, 0.1) for d in (h, -h))
    np.testing.assert_allclose(
        stability.slope(lam, target, depth, 0.1), (above - below) / (2 * h), rtol=0, atol=1e-8
    )


def test_slope_of_one_layer_at_zero_is_finite():
    assert stability.slope(0.0, 1.0, 1, 0.25) == 0.75


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_sharpness_is_the_largest_hessian_eigenvalue_and_sets_the_slope(depth):
    targets = np.array([0.4, 1.7, 0.9])
    weights = linear_network.balanced_weights(
        (3, *(4,) * (depth - 1), 3), torch.diag(torch.tensor(targets))
    )
    phi = linear_network.product(weights)
    dense = autograd.dense_hessian(lambda w: linear_network.loss(w, phi), weights)
    sharpness = stability.sharpness_at_minimum(targets, depth)
    assert autograd.eigenvalues(dense)[0] == pytest.approx(sharpness, abs=1e-12)
    lr = 2 / sharpness
    assert stability.slope(1.7 ** (1 / depth), 1.7, depth, lr) == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("depth", [2, 3, 5, 7])
def test_the_attractor_splits_in_two_at_two_over_the_depth(depth):
    lr = np.array([1.9, 2.1]) / depth
    orbit = stability.attractor(0.8, 1.0, depth, lr, transient=4000, keep=9)
    np.testing.assert_array_equal(stability.period(orbit, longest=4), [1, 2])
    np.testing.assert_allclose(orbit[:, 0], 1.0, atol=1e-12)


def test_landmarks_of_two_layers_in_closed_form():
    # Second doubling, first change of sign and escape of the cubic map.
    edges = np.array([2 * math.sqrt(5) - 2, 3 * math.sqrt(3) - 2, 4.0])
    lr = np.sort(np.concatenate([edges - 0.02, edges + 0.02])) / 2
    top = np.sqrt((1 + lr) / (3 * lr))  # the maximum of the map lies on its attractor's hull
    orbit = stability.attractor(top, 1.0, 2, lr, transient=20_000, keep=400)
    np.testing.assert_array_equal(stability.period(orbit, longest=4)[:2], [2, 4])
    assert orbit[:, 2].min() > 0 > orbit[:, 3].min()
    assert np.isfinite(orbit[:, 4]).all()
    assert np.isinf(orbit[:, 5]).all()


def test_attractor_follows_the_recursion_while_it_is_positive():
    lr = np.array([0.3, 0.72])
    orbit = stability.attractor(0.8, 1.0, 3, lr, transient=5, keep=3)
    for column, rate in zip(orbit.T, lr, strict=True):
        np.testing.assert_array_equal(column, recursion.trajectory(0.8, 1.0, 3, rate, 7)[5:])


def test_attractor_escapes_without_a_warning_and_stays_there():
    orbit = stability.attractor(0.5, 1.0, 5, [3.0], transient=0, keep=300)
    assert np.isinf(orbit[-1, 0])
    first = np.argmax(np.isinf(orbit[:, 0]))
    assert np.isinf(orbit[first:, 0]).all()


def test_period_does_not_call_a_drift_or_a_diverged_orbit_periodic():
    drift = np.linspace(0, 1, 9)
    diverged = np.full(9, np.inf)
    alternating = np.arange(9) % 2
    orbit = np.stack([drift, diverged, alternating, np.arange(9) % 3], axis=1)
    np.testing.assert_array_equal(stability.period(orbit, longest=4), [0, 0, 2, 3])


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize("target", [1.0, 1.7])
def test_multipliers_are_the_eigenvalues_of_the_autograd_monodromy(depth, target):
    lr = 2.2 / stability.sharpness_at_minimum([target], depth)
    orbit = period_two(depth, lr, target)
    one, two = (
        np.eye(4 * depth) - lr * hessian_of_directions([x, x], depth, target) for x in orbit
    )
    dense = np.sort(np.linalg.eigvalsh((two @ one + one @ two) / 2))
    along = np.prod(stability.slope(orbit, target, depth, lr))
    imbalance = stability.imbalance_multiplier(orbit, target, depth, lr)
    rotation = stability.rotation_multiplier(orbit, target, depth, lr)
    expected = [along] * 3 + [rotation] + [imbalance] * (3 * depth - 3) + [1.0] * (depth - 1)
    np.testing.assert_allclose(dense, np.sort(expected), rtol=0, atol=1e-11)
    assert imbalance < 1 < rotation
    # A wrong sign of the functional part would exchange rotation and slope.
    assert abs(along - rotation) > 0.1


def test_two_layers_have_rational_multipliers():
    lr = 1.1
    orbit = period_two(2, lr)
    assert stability.rotation_multiplier(orbit, 1.0, 2, lr) == pytest.approx(1 + 2 * 1.1 * 0.1)
    assert np.prod(stability.slope(orbit, 1.0, 2, lr)) == pytest.approx(9 - 2 * 2.1**2)


@pytest.mark.parametrize("depth", [2, 3, 5, 7])
def test_rotations_grow_as_derived_near_the_threshold(depth):
    excess = 0.01
    lr = (2 + excess) / depth
    growth = stability.rotation_multiplier(period_two(depth, lr), 1.0, depth, lr) - 1
    assert growth / excess == pytest.approx(2 * (2 * depth - 1) / (5 * depth - 4), rel=0.02)


def test_imbalance_of_an_orbit_that_does_not_close_is_refused():
    with pytest.raises(ValueError, match="orbit must close"):
        stability.imbalance_multiplier([1.1, 0.9], 1.0, 2, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability.slope(1.0, 1.0, 0, 0.1), "depth must be an integer >= 1, got 0"),
        (lambda: stability.slope(1.0, -1.0, 2, 0.1), "target must be >= 0"),
        (lambda: stability.slope(float("nan"), 1.0, 2, 0.1), "lam must be finite"),
        (lambda: stability.slope(1.0, 1.0, 2, 0.0), "lr must be > 0"),
        (lambda: stability.slope([1.0, 1.0], 1.0, 2, [0.1] * 3), "lr must broadcast"),
        (
            lambda: stability.slope([1.0, 1.0], [1.0] * 3, 2, 0.1),
            r"target must broadcast against lam of shape \(2,\), got shape \(3,\)",
        ),
        (lambda: stability.slope(1j, 1.0, 2, 0.1), "lam must be an array of real numbers"),
        (lambda: stability.slope(1.0, True, 2, 0.1), "target must be an array of real numbers"),
        (
            lambda: stability.attractor(np.nan, 1.0, 2, [0.1], transient=1, keep=2),
            "lam0 must be finite",
        ),
        (
            lambda: stability.attractor([1.0, 1.0], 1.0, 2, [0.1] * 3, transient=1, keep=2),
            r"lr must broadcast against lam0 of shape \(2,\)",
        ),
        (lambda: stability.imbalance_multiplier([1j], 1.0, 2, 0.1), "orbit must be an array"),
        (lambda: stability.sharpness_at_minimum([0.0], 2), "target must hold a singular value"),
        (lambda: stability.sharpness_at_minimum([[1.0]], 2), "target must be one-dimensional"),
        (
            lambda: stability.attractor(1.0, 1.0, 2, [0.1], transient=-1, keep=2),
            "transient must be an integer >= 0",
        ),
        (
            lambda: stability.attractor(1.0, 1.0, 2, [0.1], transient=1, keep=0),
            "keep must be an integer >= 1",
        ),
        (lambda: stability.period([[1.0], [1.0]], longest=2), "orbit must be"),
        (lambda: stability.period([[np.nan], [1.0], [1.0]], longest=2), "orbit must be"),
        (lambda: stability.period(np.array([[1j], [1.0]]), longest=1), "orbit must be an array of"),
        (lambda: stability.period([[True], [True]], longest=1), "orbit must be an array of real"),
        (lambda: stability.period([[1.0], [1.0]], longest=True), "longest must be an integer"),
        (lambda: stability.rotation_multiplier([0.0], 1.0, 2, 0.1), "orbit must hold nonzero"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_maximum_is_where_the_slope_vanishes_and_no_larger_value_is_near(depth):
    lr = np.array([0.3, 2.0, 5.0]) / depth
    top = stability.maximum(1.3, depth, lr)
    np.testing.assert_allclose(stability.slope(top, 1.3, depth, lr), 0, atol=1e-10)
    values = [recursion.step(top[i], 1.3, depth, lr[i]) for i in range(3)]
    for shift in (-1e-3, 1e-3):
        moved = [recursion.step(top[i] + shift, 1.3, depth, lr[i]) for i in range(3)]
        assert np.all(np.array(moved) < values)


@pytest.mark.parametrize("depth", [3, 5, 9])
def test_zero_is_a_trap_for_odd_depths_up_to_its_edge_and_not_beyond(depth):
    lr = np.array([4.2]) / depth
    edge = stability.trap_edge(1.0, depth, lr)
    for start, passes in ((-0.99 * edge, False), (-1.01 * edge, True)):
        orbit = stability.attractor(start, 1.0, depth, lr, transient=0, keep=2000)[:, 0]
        assert (orbit > 0).any() == passes
    caught = stability.attractor(-0.99 * edge, 1.0, depth, lr, transient=0, keep=2000)[:, 0]
    assert np.all(np.diff(caught) > 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability.maximum(1.0, 1, 0.1), "depth must be an integer >= 2"),
        (lambda: stability.maximum(1.0, 2, 0.0), "lr must be > 0"),
        (lambda: stability.trap_edge(1.0, 4, 0.1), "depth must be odd"),
        (lambda: stability.trap_edge(1.0, 1, 0.1), "depth must be an integer >= 3"),
        (lambda: stability.trap_edge(-1.0, 3, 0.1), "target must be >= 0"),
    ],
)
def test_bad_input_of_the_landmarks_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
