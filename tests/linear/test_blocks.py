"""The order of the parameters and the six eigenvalues, against dense autograd Hessians."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from depth_not_data.linear import blocks, network
from depth_not_data.spectra import autograd

WIDTHS = [(2, 2), (3, 5, 4), (5, 4, 2, 4, 5), (4, 3, 6, 2, 5)]


def diagonal_network(widths, seed=0):
    """Layers that are diagonal in the standard basis, all singular values different."""
    lam = 0.3 + np.random.default_rng(seed).random(min(widths))
    product = network.rectangular_diagonal(lam ** (len(widths) - 1), widths[-1], widths[0])
    s = np.random.default_rng(seed + 1).random(min(widths))
    target = network.rectangular_diagonal(s, widths[-1], widths[0])
    weights = [
        network.rectangular_diagonal(lam, rows, columns) for columns, rows in pairwise(widths)
    ]
    assert torch.allclose(network.product(weights), product)
    return weights, target


def outside(matrix, sizes):
    """Largest |entry| outside the blocks, and the smallest of the largest in each block."""
    inside = np.zeros(matrix.shape, dtype=bool)
    ends = np.cumsum(sizes)
    largest = []
    for start, end in zip(ends - sizes, ends, strict=True):
        inside[start:end, start:end] = True
        largest.append(np.abs(matrix[start:end, start:end]).max())
    return np.abs(np.where(inside, 0.0, matrix)).max(), largest


@pytest.mark.parametrize("widths", WIDTHS)
def test_sorted_by_pairs_the_hessian_is_block_diagonal(widths):
    weights, target = diagonal_network(widths)
    hessian = network.dense_hessian(weights, target).numpy()
    order, sizes, pairs = blocks.pair_order(widths)
    assert sorted(order) == list(range(len(hessian)))
    assert sizes.sum() == len(hessian)
    assert len(pairs) == len(sizes)
    assert sizes.max() <= 2 * (len(widths) - 1)
    found, _ = outside(hessian[np.ix_(order, order)], sizes)
    assert found < 1e-14


def test_another_order_is_not_block_diagonal():
    weights, target = diagonal_network((3, 5, 4))
    hessian = network.dense_hessian(weights, target).numpy()
    sizes = blocks.pair_order((3, 5, 4)).sizes
    assert outside(hessian, sizes)[0] > 0.1


@pytest.mark.parametrize("depth", range(2, 7))
@pytest.mark.parametrize("product", [0.05, 0.4, 1.0, 1.2])
def test_six_eigenvalues(depth, product):
    widths = (4, *(5, 2, 3, 5, 4)[: depth - 1], 3)
    diagonal = network.rectangular_diagonal([1.0, 1.0], 3, 4)
    weights = network.balanced_weights(widths, product * diagonal)
    dense = autograd.eigenvalues(network.dense_hessian(weights, diagonal))
    levels = blocks.uniform_levels(product ** (1 / depth), 1.0, 2, widths)
    np.testing.assert_allclose(blocks.with_multiplicity(levels), dense, atol=1e-13 * depth)


def test_two_layers_at_the_saddle():
    # 0^0 = 1: at zero weights and L = 2 the residual is all there is.
    levels = blocks.uniform_levels(0.0, 1.0, 1, (1, 1, 1))
    assert blocks.with_multiplicity(levels).tolist() == [1.0, -1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lam": -0.1}, "lam must be"),
        ({"target": -1.0}, "target must be"),
        ({"rank": 0}, "rank must be"),
        ({"rank": 3}, r"rank must be <= min\(widths\) = 2, got 3"),
        ({"widths": (2, 2)}, "widths must describe at least two layers"),
    ],
)
def test_bad_input(change, message):
    arguments = {"lam": 1.0, "target": 1.0, "rank": 1, "widths": (2, 2, 2)} | change
    with pytest.raises(ValueError, match=message):
        blocks.uniform_levels(**arguments)


def test_bad_widths_and_levels():
    with pytest.raises(ValueError, match="widths must hold"):
        blocks.pair_order((3,))
    with pytest.raises(ValueError, match="levels must hold"):
        blocks.with_multiplicity([])


@pytest.mark.parametrize("bad", [3.0, (3.0,), (3.0, 1, 2), [3.0, 1]])
def test_a_level_is_an_eigenvalue_and_a_count(bad):
    with pytest.raises(ValueError, match=r"levels"):
        blocks.with_multiplicity([blocks.Level(1.0, 2), bad])


def test_rank_and_target_at_the_ends_of_their_ranges():
    levels = blocks.uniform_levels(0.5, 0.0, 2, (2, 2, 2))
    assert [level.count for level in levels] == [3, 1, 0, 3, 1, 0]
    assert [level.eigenvalue for level in levels] == [0.75, 0.25, 0.25, -0.25, 0.25, 0.0]
