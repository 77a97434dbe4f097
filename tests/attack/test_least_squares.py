"""A search that tries to refute the spectrum and the gap at the balanced minimum of any data.

It goes outside the data sets of the chapter: any rank, any orientation of target and inputs, one
to four layers, singular values equal or spread over decades, directions without variance.
"""

import numpy as np
import torch
from hypothesis import assume, given, settings, target
from hypothesis import strategies as st
from strategies import SEARCH, orthogonal, rngs, singular_values

from depth_not_data.linear import least_squares, network


@st.composite
def data(draw):
    """Root X of a second moment, perhaps singular, and a map W of rank r on its range."""
    d_in, d_out = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rng = draw(rngs())
    deviations = draw(singular_values(d_in, decades=1.5))
    rank = draw(st.integers(1, min(d_in, d_out)))
    assume(np.sum(deviations > 0) >= rank)
    sigma = draw(singular_values(rank, allow_zero=False, decades=1.5))
    axes = orthogonal(rng, d_in)
    there = axes[:, deviations > 0]
    right = there @ np.linalg.qr(rng.normal(size=(there.shape[1], rank)))[0]
    product = (orthogonal(rng, d_out)[:, :rank] * sigma) @ right.T
    return axes * deviations, product, rank


def balanced(product, rank, depth, extra):
    """Balanced layers with `extra` hidden units that are exactly zero."""
    widths = (product.shape[1], *[rank] * (depth - 1), product.shape[0])
    weights = list(network.balanced_weights(widths, torch.tensor(product)))
    for k in range(depth - 1):
        weights[k] = torch.nn.functional.pad(weights[k], (0, 0, 0, extra))
        weights[k + 1] = torch.nn.functional.pad(weights[k + 1], (0, extra))
    return weights


@settings(SEARCH, max_examples=200)
@given(data(), st.integers(1, 4), st.integers(0, 2))
def test_any_data(drawn, depth, extra):
    x, product, rank = drawn
    assume(not product.shape[0] == product.shape[1] == rank)
    second, cross = x @ x.T, product @ x @ x.T
    split = least_squares.at_balanced_minimum(second, cross, depth)
    assert split.rank == rank
    weights = balanced(product, rank, depth, extra)
    phi, inputs = torch.tensor(product @ x), torch.tensor(x)
    found = np.linalg.eigvalsh(network.dense_hessian(weights, phi, inputs).numpy())[::-1]
    size = min(found.size, split.eigenvalues.size)
    error = np.abs(split.eigenvalues[:size] - found[:size]).max() / found[0]
    target(error, label="relative deviation, should stay at round-off")
    assert error < 1e-9
    assert np.abs(found[size:]).max(initial=0) < 1e-9 * found[0]
    if split.eigenvalues[rank**2] > 1e-9 * found[0]:
        assert split.sorted_gap >= split.gap * (1 - 1e-6)
    spread = np.linalg.svd(product, compute_uv=False)[[rank - 1, 0]]
    values = np.linalg.eigvalsh(second)
    if depth > 1 and values[0] > 1e-9 * values[-1]:
        bound = depth * values[0] / values[-1] * (spread[0] / spread[1]) ** (2 - 2 / depth)
        assert split.gap >= bound * (1 - 1e-9)
