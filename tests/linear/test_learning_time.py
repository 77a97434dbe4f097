"""The closed form of the learning time against quadrature and against the recursion itself."""

import numpy as np
import pytest

from depth_not_data.linear import recursion
from depth_not_data.linear.learning_time import learning_time


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
        (([0.1, 0.2], [0.5] * 3, 1.0, 2), "lam1 must broadcast"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        learning_time(*arguments)


def test_one_layer_may_start_at_zero():
    assert learning_time(0.0, 0.5, 1.0, 1) == pytest.approx(np.log(2), rel=1e-14)
