"""Spectra by automatic differentiation: against finite differences and the dense oracle."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import measured, network
from depth_not_data.spectra import autograd

WIDTHS = (3, 4, 2)


def gaussian_layers(widths=WIDTHS, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    return [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]


def inputs():
    generator = torch.Generator().manual_seed(7)
    return torch.randn(3, 5, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("x", [None, inputs()])
def test_jacobian_is_the_derivative_of_the_outputs(x):
    weights = gaussian_layers()
    J = measured.jacobian(weights, x)
    data = torch.eye(3, dtype=torch.float64) if x is None else x
    column = 0
    for k, layer in enumerate(weights):
        for i in range(layer.numel()):
            moved = [w.clone() for w in weights]
            moved[k].view(-1)[i] += 1.0  # the outputs are linear in one layer
            change = (network.product(moved) - network.product(weights)) @ data
            torch.testing.assert_close(J[:, column], change.reshape(-1), rtol=0, atol=1e-13)
            column += 1
    assert J.shape == (2 * data.shape[1], column)


@pytest.mark.parametrize("x", [None, inputs()])
def test_outer_eigenvalues_are_those_of_the_hessian_without_residual(x):
    weights = gaussian_layers()
    data = torch.eye(3, dtype=torch.float64) if x is None else x
    target = network.product(weights) @ data
    whole = autograd.eigenvalues(network.dense_hessian(weights, target, x))
    outer = measured.outer_eigenvalues(weights, x)
    padded = np.zeros(max(outer.size, whole.size))
    padded[: whole.size] = whole
    np.testing.assert_allclose(padded[: outer.size], outer, atol=1e-12)


@pytest.mark.parametrize("x", [None, inputs()])
def test_hessian_eigenvalues_with_hidden_units_that_carry_nothing(x):
    weights = gaussian_layers((3, 4, 4, 2))
    weights[0][2:] = weights[1][2:] = weights[1][:, 2:] = weights[2][:, 2:] = 0.0
    samples = 3 if x is None else x.shape[1]
    target = torch.ones(2, samples, dtype=torch.float64)
    matrix = network.dense_hessian(weights, target, x)
    assert (matrix == 0).all(dim=1).any()
    values = measured.hessian_eigenvalues(weights, target, x)
    assert values.shape == (36,)
    np.testing.assert_allclose(values, autograd.eigenvalues(matrix), atol=1e-12)


def test_a_hessian_that_is_zero():
    zero = torch.zeros(2, 2, dtype=torch.float64)
    assert measured.hessian_eigenvalues([zero] * 3, zero).tolist() == [0.0] * 12
