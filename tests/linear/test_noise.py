"""Gap under noise against dense autograd Hessians, its limits, and its bounds."""

import mpmath
import numpy as np
import pytest

from depth_not_data.linear import flow, network, noise


def hessian_gap(depth, nu, *, widths=None, signal=2):
    """Eigenvalue number r^2 over the next one, whole autograd Hessian at the balanced minimum."""
    widths = widths or (4, *[4] * (depth - 1), 5)
    values = [1.0] * signal + [nu] * (min(widths) - signal)
    target = network.rectangular_diagonal(values, widths[-1], widths[0])
    weights = network.balanced_weights(widths, target)
    found = np.linalg.eigvalsh(network.dense_hessian(weights, target).numpy())[::-1]
    return found[signal**2 - 1] / found[signal**2]


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("nu", [1.0, 0.6, 0.1, 1e-4])
def test_gap_is_that_of_the_dense_hessian(depth, nu):
    assert noise.gap(depth, nu) == pytest.approx(hessian_gap(depth, nu), rel=1e-9)


def exact(depth, nu):
    with mpmath.workdps(80):
        nu = mpmath.mpf(nu)
        return float(depth * (1 - nu ** (mpmath.mpf(2) / depth)) / (1 - nu**2))


@pytest.mark.parametrize("nu", [1 - 1e-15, 1 - 1e-8, 0.5, 1e-3, 1e-160, 1e-300])
def test_near_one_and_tiny_levels_lose_no_digits(nu):
    depths = np.array([1, 2, 7, 1000, 10**6])
    expected = [exact(int(depth), nu) for depth in depths]
    np.testing.assert_allclose(noise.gap(depths, nu), expected, rtol=1e-13)
    with mpmath.workdps(80):
        v = mpmath.mpf(nu)
        limit = float(2 * mpmath.log(1 / v) / (1 - v**2))
        half = float(2 * mpmath.log(1 / v) / mpmath.log(2 / (1 + v**2)))
    assert noise.ceiling(nu) == pytest.approx(limit, rel=1e-13)
    assert noise.half_depth(nu) == pytest.approx(half, rel=1e-13)


def test_no_noise_contrast_means_no_gap():
    np.testing.assert_array_equal(noise.gap([1, 2, 9], 1.0), 1.0)
    assert noise.ceiling(1.0) == 1.0
    assert noise.half_depth(1.0) == 2.0


def test_arrays_broadcast_and_a_number_gives_a_number():
    table = noise.gap(np.arange(1, 5)[:, None], [0.1, 0.5, 1.0])
    assert table.shape == (4, 3)
    assert noise.gap(3, 0.1).shape == ()
    assert table[2, 0] == noise.gap(3, 0.1)


def test_at_the_half_depth_half_of_the_linear_law_is_gone():
    for depth in (2, 3, 8, 40):
        low, high = 1e-12, 1.0
        for _ in range(100):  # the level whose half depth is this depth
            middle = np.sqrt(low * high)
            low, high = (middle, high) if noise.half_depth(middle) > depth else (low, middle)
        assert noise.gap(depth, middle) == pytest.approx(depth / 2, rel=1e-9)


def test_four_times_the_samples_are_two_layers():
    few, many = (noise.gaussian_level(30, 20, 0.1 / n**0.5) for n in (1e4, 4e4))
    assert noise.half_depth(many) - noise.half_depth(few) == pytest.approx(2, abs=1e-2)


@pytest.mark.parametrize(("depth", "tau", "start"), [(2, 3.0, 0.5), (5, 1e3, 1.0), (7, 0.0, 0.2)])
def test_training_time_makes_a_level_with_the_law_of_waiting(depth, tau, start):
    mu = flow.decaying_square(start ** (1 / depth), depth, tau)
    law = flow.ratio_of_means([mu], depth, 1.0)
    assert noise.gap(depth, noise.of_training_time(depth, tau, start=start)) == pytest.approx(law)
    if tau == 0:
        assert noise.of_training_time(depth, tau, start=start) == pytest.approx(start)


def test_edge_and_place_are_those_of_large_noisy_matrices():
    rng, sizes, sigma = np.random.default_rng(0), (900, 600), 0.01
    signal = np.zeros(sizes)
    signal[0, 0] = 1.0
    values = np.linalg.svd(signal + sigma * rng.normal(size=sizes), compute_uv=False)
    assert values[1] / values[0] == pytest.approx(noise.gaussian_level(*sizes, sigma), rel=0.02)
    assert values[0] == pytest.approx(np.sqrt((1 + 0.09) * (1 + 0.06)), rel=0.02)


@pytest.mark.parametrize("name", ["gap", "ceiling", "half_depth"])
@pytest.mark.parametrize("bad", [0.0, -0.1, 1.0001, np.nan, np.inf, "much", 1j, True, [0.5, 0.0]])
def test_a_level_out_of_range_is_refused(name, bad):
    arguments = (3, bad) if name == "gap" else (bad,)
    with pytest.raises(ValueError, match="noise must be"):
        getattr(noise, name)(*arguments)


@pytest.mark.parametrize("bad", [0, -1, 2.5, 3.0, np.nan, True, "three", [2, 0], [[1, 2.5]]])
def test_a_depth_that_is_no_number_of_layers_is_refused(bad):
    with pytest.raises(ValueError, match="depth must be"):
        noise.gap(bad, 0.1)


def test_other_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        noise.gap([1, 2], [0.1, 0.2, 0.3])
    for name, call in {
        "depth": lambda: noise.of_training_time(1, 1.0),
        "tau": lambda: noise.of_training_time(2, -1.0),
        "start": lambda: noise.of_training_time(2, 1.0, start=0.0),
        "d_out": lambda: noise.gaussian_level(0, 3, 0.1),
        "d_in": lambda: noise.gaussian_level(3, 2.0, 0.1),
        "deviation must be >=": lambda: noise.gaussian_level(3, 3, -0.1),
        "deviation must be <": lambda: noise.gaussian_level(100, 100, 0.1),
    }.items():
        with pytest.raises(ValueError, match=name):
            call()


def test_a_signal_at_the_edge_of_the_noise_is_refused():
    assert noise.gaussian_level(4, 4, 0.4999) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match=r"deviation must be < .* = 0.5, got a maximum of 0.5"):
        noise.gaussian_level(4, 4, [0.0, 0.5])
    np.testing.assert_allclose(noise.gaussian_level(1, 1, [0.0, 0.5]), [0.0, 0.8])
    with pytest.raises(ValueError, match="d_in must be"):
        noise.gaussian_level(1, 0, 0.1)
