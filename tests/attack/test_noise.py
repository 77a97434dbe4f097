"""Searches that try to refute the theorems on the gap of a noisy target."""

import numpy as np
from hypothesis import given, target
from hypothesis import strategies as st
from networks import aligned
from strategies import SEARCH, rngs, singular_values

from depth_not_data.linear import noise


@st.composite
def noisy_targets(draw):
    """Rank r at one height, any spread of smaller singular values below it, any shape and bases."""
    depth = draw(st.integers(1, 5))
    rank, extra = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    d_in, d_out = (rank + extra + draw(st.integers(0, 2)) for _ in range(2))
    hidden = [min(d_in, d_out) + draw(st.integers(0, 1)) for _ in range(depth - 1)]
    small = draw(singular_values(min(d_in, d_out) - rank, decades=6.0))
    level = draw(st.sampled_from([1.0, 0.5, 0.1, 1e-3, 1e-5]))
    small = level * small / max(small.max(), 1e-300) if small.any() else small
    height = draw(st.sampled_from([1.0, 0.3, 2.0]))
    s = height * np.concatenate([np.ones(rank), small])
    return rank, (d_in, *hidden, d_out), s, draw(rngs())


def eigenvalues(widths, s, rng):
    lam = s ** (1 / (len(widths) - 1))
    network = aligned(rng, widths, lam, np.ones(widths[0]), s, samples=widths[0])
    return np.linalg.eigvalsh(network.hessian().numpy())[::-1]


@SEARCH
@given(noisy_targets())
def test_gap_with_noise(problem):
    rank, widths, s, rng = problem
    found = eigenvalues(widths, s, rng)
    measured = found[rank**2 - 1] / found[rank**2]
    nu = s[rank] / s[0]
    depth = len(widths) - 1
    expected = noise.gap(depth, nu) if nu > 0 else float(depth)
    target(abs(measured / expected - 1), label="error of the formula")
    assert abs(measured / expected - 1) < 1e-8


@SEARCH
@given(st.integers(1, 10**6), st.floats(1e-300, 1.0))
def test_bounds(depth, nu):
    gap, limit = noise.gap(depth, nu), noise.ceiling(nu)
    slack, share = 1 + 1e-12, (1 - nu) * (1 + nu)
    assert gap * slack >= 1
    assert gap <= min(depth, limit) * slack
    assert 1 / limit + share / (2 * depth) <= slack / gap
    assert 1 / gap <= slack * (1 / limit + share / depth)
    ahead = noise.gap(np.array([depth, depth + 1, depth + 2]), nu)
    assert np.all(np.diff(ahead) >= -1e-12 * ahead[0])
    assert np.diff(ahead, 2)[0] <= 1e-9 * ahead[0]
    half = noise.half_depth(nu)
    assert (gap <= depth / 2 * slack) if depth >= half * slack else True
    assert (gap >= depth / 2 / slack) if depth <= half / slack else True
    assert half * slack >= max(2.0, 2 * np.log2(1 / nu))
    assert half <= (2 + 2 * np.log2(1 / nu)) * slack
