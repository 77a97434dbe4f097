"""The finite-time law against the recursion and the exact Hessian spectrum."""

import numpy as np
import pytest

from depth_not_data.linear import flow, recursion, spectrum

WIDTHS = (7, 9, 9, 9, 5)
DEPTH, RANK, LR, BETA, STEPS = 4, 2, 0.01, 0.9, 3000
TAU = LR * STEPS / (1 - BETA)
LAM0 = np.array([0.8, 0.7, 0.6, 0.5, 0.3])
TARGET = np.array([1.0, 1.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def final():
    return recursion.trajectory(LAM0, TARGET, DEPTH, LR, STEPS, momentum=BETA)[-1]


def groups(lam):
    values = spectrum.hessian_eigenvalues(lam, TARGET, WIDTHS)
    bulk = (WIDTHS[0] + WIDTHS[-1] - 2 * RANK) * RANK
    return values[: RANK**2], values[RANK**2 : RANK**2 + bulk]


def test_decay_under_momentum(final):
    predicted = flow.decaying_square(LAM0[RANK:], DEPTH, TAU)
    # Inertia shifts the training time by about beta eta / (1 - beta)^2 (2L - 1) log(lam0 / lam):
    # at most 6.5 in 300 here, and mu by a third of that.
    np.testing.assert_allclose(final[RANK:] ** 2, predicted, rtol=6.5 / 300 / 3)


def test_decay_is_the_limit_of_small_steps():
    # First-order integrator: a ten times smaller step, a ten times smaller error.
    errors = []
    for lr in (1e-2, 1e-3):
        lam = recursion.trajectory(0.9, 0.0, 3, lr, round(5 / lr))[-1]
        errors.append(abs(lam**2 - flow.decaying_square(0.9, 3, 5.0)))
    assert errors[1] < 1e-4
    assert 8 < errors[0] / errors[1] < 12


def test_wrong_exponent_is_seen(final):
    wrong = flow.decaying_square(LAM0[RANK:], DEPTH + 1, TAU)
    assert np.all(np.abs(wrong / final[RANK:] ** 2 - 1) > 0.2)


def test_means_and_ratio_of_the_exact_spectrum(final):
    dominant, bulk = groups(final)
    mu = final[RANK:] ** 2
    share = flow.decaying_share(WIDTHS, RANK)
    ratio = flow.ratio_of_means(mu, DEPTH, share)
    assert dominant.mean() / bulk.mean() == pytest.approx(ratio, rel=1e-5)
    wrong = flow.ratio_of_means(mu, DEPTH, 0.5 * share)
    assert abs(wrong / ratio - 1) > 1e-2


def test_split_of_the_bulk_is_first_order_in_the_residual():
    errors = []
    for mu in (0.04, 0.01):
        lam = np.array([1.0, 1.0, mu**0.5, 0.0, 0.0])
        _, bulk = groups(lam)
        errors.append(abs(bulk[0] - flow.largest_bulk_eigenvalue(mu, DEPTH)))
        centre = flow.bulk_eigenvalue(mu, DEPTH)
        assert bulk[0] - centre == pytest.approx(mu ** (DEPTH / 2), rel=0.2)
    # The residual mu^2 falls by 16 and its square by 256.
    assert errors[0] / errors[1] > 100


def test_share():
    assert flow.decaying_share((10, 10, 10), 5) == 1.0
    assert flow.decaying_share((16, 32, 10), 10) == 0.0
    assert flow.decaying_share((9, 4, 9), 2) == pytest.approx(4 / 14)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: flow.decaying_square(-0.1, 2, 1.0), "lam0"),
        (lambda: flow.decaying_square(0.1, 1, 1.0), "depth"),
        (lambda: flow.decaying_square(0.1, 2.5, 1.0), "depth"),
        (lambda: flow.decaying_square(0.1, 2, -1.0), "tau"),
        (lambda: flow.decaying_square(0.1, 2, float("nan")), "tau"),
        (lambda: flow.decaying_square([0.1, 0.2], 2, [1.0, 2.0, 3.0]), "tau"),
        (lambda: flow.bulk_eigenvalue(-1.0, 2), "mu"),
        (lambda: flow.bulk_eigenvalue(1.0, 0), "depth"),
        (lambda: flow.largest_bulk_eigenvalue(1.0, 1), "depth"),
        (lambda: flow.decaying_share((4, 4), 0), "rank"),
        (lambda: flow.decaying_share((4, 5), 5), "rank"),
        (lambda: flow.decaying_share((4, 4), 4), "rank"),
        (lambda: flow.decaying_share((4,), 1), "widths"),
        (lambda: flow.ratio_of_means([0.1], 2, -0.5), "share"),
        (lambda: flow.ratio_of_means([0.1], 2, 1.5), "share"),
        (lambda: flow.ratio_of_means([], 2, 0.5), "mu"),
        (lambda: flow.ratio_of_means(0.1, 2, 0.5), "mu"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(ValueError, match=rf"^{argument} must"):
        call()
