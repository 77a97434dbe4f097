"""The closed form of H_o against J^T J of torch networks."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import outer_product


def dense_outer_eigenvalues(lam, widths, x):
    """Eigenvalues of J^T J, descending, from torch's Jacobian of a rectangular diagonal network."""
    layers = []
    for d_in, d_out in pairwise(widths):
        layer = torch.zeros(d_out, d_in, dtype=torch.float64)
        layer[range(len(lam)), range(len(lam))] = torch.tensor(lam, dtype=torch.float64)
        layers.append(layer)
    inputs = torch.diag(torch.tensor(x, dtype=torch.float64))
    jacobian = torch.autograd.functional.jacobian(
        lambda *weights: linear_network.product(weights) @ inputs, tuple(layers)
    )
    jacobian = torch.cat([j.reshape(widths[-1] * widths[0], -1) for j in jacobian], dim=1)
    return torch.linalg.eigvalsh(jacobian.T @ jacobian).flip(0).numpy()


@pytest.mark.parametrize(
    "widths", [(3, 2), (3, 4, 2), (2, 5, 4, 3), (4, 2, 2, 3), (3, 3, 3, 3, 3), (2, 4, 3, 4, 3, 4)]
)
@pytest.mark.parametrize("whitened", [True, False])
def test_pair_eigenvalues_are_the_nonzero_spectrum_of_the_outer_product_part(widths, whitened):
    rng = np.random.default_rng(len(widths))
    lam = rng.uniform(0.3, 1.3, min(widths))
    x = np.ones(widths[0]) if whitened else rng.uniform(0.3, 1.3, widths[0])
    out, into = np.zeros(widths[-1]), np.zeros(widths[0])
    out[: lam.size] = into[: lam.size] = lam

    pairs = outer_product.pair_eigenvalues(
        out, into, len(widths) - 1, data_singular_values=None if whitened else x
    )

    dense = dense_outer_eigenvalues(lam, widths, x)
    np.testing.assert_allclose(
        np.sort(pairs, axis=None)[::-1], dense[: pairs.size], rtol=0, atol=1e-13 * dense[0]
    )
    np.testing.assert_allclose(dense[pairs.size :], 0, rtol=0, atol=1e-13 * dense[0])


def test_learnt_and_empty_directions_give_the_three_eigenspaces():
    lam = np.array([1.0, 1.0, 0.0, 0.0, 0.0])  # r = 2
    pairs = outer_product.pair_eigenvalues(lam[:4], lam, depth=6)  # d_L = 4, d_0 = 5
    values, counts = np.unique(pairs, return_counts=True)
    np.testing.assert_array_equal(values, [0, 1, 6])
    np.testing.assert_array_equal(counts, [(4 - 2) * (5 - 2), (4 + 5 - 2 * 2) * 2, 2**2])


def test_data_belong_to_the_input_direction():
    pairs = outer_product.pair_eigenvalues([1.0, 0.5], [1.0, 0.5], 2, data_singular_values=[3, 2])
    np.testing.assert_allclose(pairs, [[2 * 9, 1.25 * 4], [1.25 * 9, 0.5 * 4]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"out": [-1.0]}, "out_singular_values must be >= 0"),
        ({"out": [[1.0]]}, "out_singular_values must be one-dimensional, got shape"),
        ({"out": [float("nan")]}, "out_singular_values must be finite"),
        ({"into": 1.0}, "in_singular_values must be one-dimensional"),
        ({"into": ["a"]}, "in_singular_values must be an array of real numbers"),
        ({"depth": 0}, "depth must be an integer >= 1, got 0"),
        ({"depth": 2.5}, "depth must be an integer >= 1, got 2.5"),
        ({"depth": True}, "depth must be an integer >= 1, got True"),
        ({"x": [1.0, 1.0]}, "data_singular_values must have length 1, got length 2"),
        ({"x": [-1.0]}, "data_singular_values must be >= 0"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    arguments = {"out": [1.0], "into": [1.0], "depth": 2, "x": None} | changes
    with pytest.raises(ValueError, match=message):
        outer_product.pair_eigenvalues(
            arguments["out"],
            arguments["into"],
            arguments["depth"],
            data_singular_values=arguments["x"],
        )
