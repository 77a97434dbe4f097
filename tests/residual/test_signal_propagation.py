"""The moments of a block against networks drawn at random, with NumPy alone."""

import numpy as np
import pytest
from scipy import special

from depth_not_data.residual.signal_propagation import (
    BRANCH,
    arc_cosine,
    block_moments,
    scale_moments,
)


def uniform(rng, rows, columns):
    return rng.uniform(-1, 1, (rows, columns)) / np.sqrt(columns)


def relu(x):
    return np.maximum(x, 0)


def centred(n):
    return np.eye(n) - 1 / n


def block(rng, n):
    """A block's weights and the map h -> (sum before the LayerNorm, centred; pattern of ReLU)."""
    w1, w2 = uniform(rng, 4 * n, n), uniform(rng, n, 4 * n)
    return w1, w2


def states(rng, n, count):
    """Mean-free vectors of length sqrt(N) without a preferred direction, as rows."""
    h = rng.standard_normal((count, n)) @ centred(n)
    return h * np.sqrt(n) / np.linalg.norm(h, axis=1, keepdims=True)


@pytest.mark.parametrize("correlation", [-1.0, -0.3, 0.0, 0.4, 1.0])
def test_arc_cosine_is_a_mean_product(correlation):
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((2, 400_000))
    y = correlation * x + np.sqrt(1 - correlation**2) * z
    assert 2 * np.mean(relu(x) * relu(y)) == pytest.approx(arc_cosine(correlation, 1), abs=0.01)
    assert 2 * np.mean((x > 0) & (y > 0)) == pytest.approx(arc_cosine(correlation, 0), abs=0.005)


@pytest.mark.parametrize("first", [True, False])
def test_scale_moments_are_those_of_random_blocks(first):
    n, rng, squares = 10, np.random.default_rng(1), []
    for _ in range(1500):
        w1, w2 = block(rng, n)
        if first:
            h = rng.standard_normal((40, n))
            h *= np.sqrt(n) / np.linalg.norm(h, axis=1, keepdims=True)
        else:
            h = states(rng, n, 40)
        squares.append((h + relu(h @ w1.T) @ w2.T).var(1))
    squares = np.concatenate(squares)
    found = [np.mean(squares**power) for power in (1, -0.5, -1)]
    np.testing.assert_allclose(scale_moments(n, first=first), found, rtol=0.005)


def test_the_state_acquires_the_mean():
    # The recursion from outside: m <- (m + k1(m)/9) 18/19 with k1(1) = 1/2, no 1/N.
    n, expected = 10**6, []
    mean = 0.0
    for _ in range(6):
        mean = (mean + arc_cosine(mean, 1) / 18) * 18 / 19
        expected.append(mean)
    np.testing.assert_allclose(block_moments(n, 6).mean, expected, rtol=1e-4)

    n, rng, found = 60, np.random.default_rng(2), []
    for _ in range(20):
        h, row = states(rng, n, 1500), []
        for _ in range(4):
            w1, w2 = block(rng, n)
            h = (h + relu(h @ w1.T) @ w2.T) @ centred(n)
            h *= np.sqrt(n) / np.linalg.norm(h, axis=1, keepdims=True)
            row.append(np.sum(h.mean(0) ** 2) / n - (1 - np.sum(h.mean(0) ** 2) / n) / 1500)
        found.append(row)
    predicted = block_moments(n, 4).mean
    error = np.std(found, axis=0) / np.sqrt(20)
    assert np.all(np.abs(np.mean(found, axis=0) - predicted) < 3 * error + 0.02 * predicted)
    assert np.all(block_moments(n, 4, with_mean=False).mean == 0)


def test_what_a_block_does_to_displacements():
    """keep, constant_carry and linear_carry of a block behind the first, at N = 10."""
    n, rng = 10, np.random.default_rng(3)
    moments = block_moments(n, 2)
    lengths, constants, maps = [], [], []
    for _ in range(20_000):
        w1, w2 = block(rng, n)
        h, u = states(rng, n, 1)[0], rng.standard_normal(n) @ centred(n)
        lin = rng.standard_normal((n, n))
        v = centred(n) @ lin @ h

        def push(x, w1=w1, w2=w2, h=h):
            pre = w1 @ h
            r = centred(n) @ (h + w2 @ relu(pre))
            moved = centred(n) @ (x + w2 @ ((pre > 0) * (w1 @ x)))
            sigma = np.sqrt(r @ r / n)
            y = r / sigma
            return (moved - y * (y @ moved) / n) / sigma, y

        across = u - h * (h @ u) / n
        pushed, _ = push(across)
        lengths.append([pushed @ pushed, across @ across])
        pushed, _ = push(u)
        constants.append([pushed @ u, across @ u])
        pushed, y = push(v)
        maps.append([pushed @ lin @ y, v @ v - (h @ v) ** 2 / n])
    ratios = [np.divide(*np.mean(x, axis=0)) for x in (lengths, constants, maps)]
    expected = [moments.keep[1], moments.constant_carry[1], moments.linear_carry[1]]
    np.testing.assert_allclose(ratios, expected, rtol=0.01)


@pytest.mark.parametrize("n", [10, 40])
def test_the_scale_by_integrals_over_its_distribution(n):
    """Along the state a Gaussian number, across a chi-square one, and what a mean takes away."""
    z, of_z = np.polynomial.hermite_e.hermegauss(40)
    half_chi, of_chi = special.roots_genlaguerre(60, (n - 2) / 2 - 1)
    # A random direction less its mean keeps a Beta-distributed share of its square.
    beta, of_beta = special.roots_sh_jacobi(60, (n - 1) / 2 - 0.5, (n - 1) / 2)
    for first, (share, of_share) in {
        True: (beta, of_beta),
        False: (np.ones(1), np.ones(1)),
    }.items():
        along = (np.sqrt(share)[:, None] + z * np.sqrt(BRANCH / n)) ** 2
        square = along[..., None] + BRANCH / n * 2 * half_chi
        chance = np.einsum("i,j,k", of_share, of_z, of_chi)
        means = [(chance * square**power).sum() / chance.sum() for power in (1, -0.5, -1)]
        # The helper takes two points for the chi-square number: the third moment is missing.
        np.testing.assert_allclose(scale_moments(n, first=first), means, rtol=3e-5)
    assert scale_moments(n, first=False)[0] == pytest.approx(1 + BRANCH * (n - 1) / n, rel=1e-12)


# N = 10, D = 3, on which the levels of the note rest; computed on 26 November 2026.
KNOWN = {
    "mean": [0.01759800929, 0.03315932718, 0.04833044241],
    "inverse_scale": [1.044060895, 0.9836117277, 0.9836117277],
    "inverse_square": [1.105626275, 0.972692918, 0.972692918],
    "keep": [1.148288321, 1.010997506, 1.010997506],
    "constant_carry": [1.037955276, 0.9784074329, 0.9784074329],
    "linear_carry": [1.037209485, 0.9626148127, 0.9626148127],
    "turning": [0.025, 0.02529644848, 0.02555764627],
    "constants": [2.283059349, 2.368712981, 2.429406464],
    "drift": [0.0, 0.009505858117, 0.01759857956],
    "hidden": [0.1109396373, 0.1092690525, 0.1080412088],
    "linear": [0.4166666667, 0.4609306495, 0.4589530248],
    "rest": [2.300273984, 1.816244507, 1.773349647],
}


def test_the_numbers_of_the_note_stay_and_add_up():
    found = block_moments(10, 3)
    for name, values in KNOWN.items():
        np.testing.assert_allclose(getattr(found, name), values, rtol=1e-9, err_msg=name)
    # All functions that a block makes, for each output: 5/6 N of W_2 and W_1 together.
    np.testing.assert_allclose(found.constants + 9 * found.linear + found.rest, 5 / 6 * 10)


def test_at_large_width_the_moments_are_those_of_the_limit():
    moments = block_moments(10**6, 1)
    assert moments.linear[0] == pytest.approx(5 / 12, rel=1e-5)
    assert moments.turning[0] == pytest.approx(1 / 36, rel=1e-5)
    assert moments.constants[0] / 10**6 == pytest.approx(2 / (3 * np.pi), rel=1e-5)
    assert moments.linear_carry[0] == pytest.approx(1 / (1 + BRANCH), rel=1e-5)


def test_a_fluctuating_scale_raises_its_inverse():
    assert np.all(
        block_moments(10, 3).inverse_square > block_moments(10, 3, with_spread=False).inverse_square
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arc_cosine(1.1, 1), "correlation must be between -1 and 1"),
        (lambda: arc_cosine(0.0, 2), "degree must be one of"),
        (lambda: scale_moments(4, first=True), "n_embd must be an integer >= 5"),
        (lambda: block_moments(4, 1), "n_embd must be an integer >= 5"),
        (lambda: block_moments(10, 0), "n_block must be an integer >= 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
