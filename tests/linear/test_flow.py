"""Learning times and the finite-time law against quadrature, the recursion and the Hessian."""

import numpy as np
import pytest

from depth_not_data.linear import flow, recursion, spectrum
from depth_not_data.linear.flow import learning_time

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


def speed(lam, target, depth):
    return lam ** (depth - 1) * (target - lam**depth)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7, 12])
@pytest.mark.parametrize("target", [0.5, 1.0, 3.0])
def test_equals_the_integral_of_the_inverse_speed(depth, target):
    lam0, lam1 = 0.3 * target ** (1 / depth), 0.97 * target ** (1 / depth)
    nodes, gauss = np.polynomial.legendre.leggauss(400)
    lam = lam0 + (lam1 - lam0) * (nodes + 1) / 2
    quadrature = np.sum(gauss / speed(lam, target, depth)) * (lam1 - lam0) / 2
    assert learning_time(lam0, lam1, target, depth) == pytest.approx(quadrature, rel=1e-11)
    # The integrand of one layer more is another function: the comparison can fail.
    wrong = np.sum(gauss / speed(lam, target, depth + 1)) * (lam1 - lam0) / 2
    assert learning_time(lam0, lam1, target, depth) != pytest.approx(wrong, rel=1e-3)


def test_two_layers_are_logistic_in_the_product():
    sigma0, sigma1, s = 0.02, 2.7, 3.0
    logistic = np.log(sigma1 * (s - sigma0) / (sigma0 * (s - sigma1))) / (2 * s)
    assert learning_time(sigma0**0.5, sigma1**0.5, s, 2) == pytest.approx(logistic, rel=1e-13)


def test_times_add_up_and_broadcast():
    whole = learning_time([0.2, 0.3], 0.9, 1.0, 4)
    parts = learning_time([0.2, 0.3], 0.5, 1.0, 4) + learning_time(0.5, 0.9, 1.0, 4)
    np.testing.assert_allclose(whole, parts, rtol=1e-13)
    assert learning_time(0.4, 0.4, 1.0, 5) == 0


@pytest.mark.parametrize("depth", [3, 5, 8])
def test_small_starts_take_a_power_of_their_inverse(depth):
    lam0 = np.array([1e-3, 1e-4])
    leading = lam0 ** (2.0 - depth) / (depth - 2)
    np.testing.assert_allclose(learning_time(lam0, 0.9, 1.0, depth) / leading, 1.0, atol=5e-3)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_updates_of_the_recursion_including_the_first_correction(depth):
    lr = 0.01 / depth
    path = recursion.trajectory(0.5, 1.0, depth, lr, 3000)
    n = int(np.argmax(path**depth > 0.99))
    ratio = speed(path[n], 1.0, depth) / speed(path[0], 1.0, depth)
    plain = learning_time(path[0], path[n], 1.0, depth) / lr
    assert abs(plain + np.log(ratio) / 2 - n) < 0.03
    assert abs(plain - n) > 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 0.5, 1.0, 2), "lam0 must be > 0 for depth >= 2"),
        ((-0.1, 0.5, 1.0, 2), "lam0 must be >= 0"),
        ((0.6, 0.5, 1.0, 2), "lam1 must be >= lam0"),
        ((0.5, 1.0, 1.0, 2), r"lam1 must be >= lam0 and < target\*\*\(1/depth\)"),
        ((0.5, 0.6, 0.0, 2), "target must be > 0"),
        ((0.5, 0.6, np.nan, 2), "target must be finite"),
        ((0.5, 0.6, 1.0, 2.5), "depth must be an integer >= 1"),
        (([0.1, 0.2], [0.5] * 3, 1.0, 2), r"^lam1 must broadcast against lam0 of shape \(2,\)"),
        ((0.1, 0.2, [[1.0, 1.0]] * 2 + [[1.0, 0.0]], 2), r"^target must be > 0 everywhere"),
        ((0.1 + 0j, 0.5, 1.0, 2), "lam0 must be an array of real numbers"),
    ],
)
def test_bad_times_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        learning_time(*arguments)


def test_one_layer_may_start_at_zero():
    assert learning_time(0.0, 0.5, 1.0, 1) == pytest.approx(np.log(2), rel=1e-14)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_sums_run_over_the_layers_and_means_over_the_directions(depth):
    mu = np.random.default_rng(0).uniform(0.1, 0.9, size=(2, 4))
    powers = [mu**k for k in range(depth)]
    centre, coupling = sum(powers), sum(k * mu ** (k - 1) for k in range(1, depth))
    np.testing.assert_allclose(flow.bulk_eigenvalue(mu, depth), centre)
    expected = centre + mu ** (depth / 2) * coupling / centre
    np.testing.assert_allclose(flow.largest_bulk_eigenvalue(mu, depth), expected)
    ratio = depth / (1 + 0.3 * np.mean(centre - 1, axis=1))
    np.testing.assert_allclose(flow.ratio_of_means(mu, depth, 0.3), ratio)
    times = [[learning_time(lam, 0.95, 1.0, depth) for lam in row] for row in mu]
    np.testing.assert_allclose(learning_time(mu, 0.95, 1.0, depth), times)


@pytest.mark.parametrize(
    ("lam0", "lam1", "message"),
    [
        ([0.0, 0.1], 0.5, "lam0 must be > 0"),
        ([0.6, 0.1], 0.5, "lam1 must be >= lam0"),
        (0.1, [0.5, 1.0], "lam1 must be >= lam0 and <"),
    ],
)
def test_one_bad_entry_of_several_is_enough(lam0, lam1, message):
    with pytest.raises(ValueError, match=message):
        learning_time(lam0, lam1, 1.0, 2)


def test_shares_of_none_and_of_all():
    assert flow.ratio_of_means([1.0], 3, 0.0) == 3.0
    assert flow.ratio_of_means([1.0], 3, 1.0) == 1.0


def test_share_for_a_target_of_rank_one():
    assert flow.decaying_share((3, 4, 2), 1) == pytest.approx(2 / 3)
