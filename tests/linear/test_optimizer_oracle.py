"""Updates of the network: torch's own Muon, conventions for kernels, what is refused."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import optimizer_oracle


def gaussian(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_newton_schulz_is_that_of_torch():
    weight = torch.nn.Parameter(torch.zeros(6, 6, dtype=torch.float64))
    weight.grad = gaussian(6, 6)
    optimiser = torch.optim.Muon([weight], lr=1.0, momentum=0.0, nesterov=False, weight_decay=0.0)
    optimiser.step()
    ours = -optimizer_oracle.newton_schulz(weight.grad)
    assert (weight.detach() - ours).norm() < 0.05 * ours.norm()  # torch iterates in bfloat16


def test_newton_schulz_needs_no_transposing():
    tall = gaussian(7, 3)
    difference = optimizer_oracle.newton_schulz(tall) - optimizer_oracle.newton_schulz(tall.T).T
    assert difference.abs().max() < 1e-12


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5)])
def test_polar_factor_is_a_partial_isometry(shape):
    matrix = gaussian(*shape) @ torch.diag(torch.arange(shape[1], dtype=torch.float64))
    factor = optimizer_oracle.polar_factor(matrix)  # one column of zeros
    rank = torch.linalg.matrix_rank(matrix)
    assert torch.linalg.svdvals(factor).sum().item() == pytest.approx(rank.item())
    assert factor[:, 0].abs().max() < 1e-12
    positive = factor.T @ matrix
    assert (positive - positive.T).abs().max() < 1e-12
    assert torch.linalg.eigvalsh(positive).min() > -1e-12


def test_rows_have_length_one_or_zero():
    matrix = gaussian(4, 3)
    matrix[1] = 0.0
    lengths = optimizer_oracle.row_normalised(matrix).norm(dim=1)
    np.testing.assert_allclose(lengths, [1, 0, 1, 1])
    assert optimizer_oracle.row_normalised(1e-3 * matrix, eps=1.0).norm(dim=1).max() < 0.01


def test_shampoo_starts_with_the_polar_factor():
    layers = [torch.eye(3, dtype=torch.float64), gaussian(3, 3)]
    phi = gaussian(3, 3, seed=1)
    (*_, before), (*_, after) = optimizer_oracle.train(
        "shampoo", layers, phi, lr=1.0, steps=1, eps=1e-12
    )
    gradient = (layers[1] - phi) @ layers[0].T
    assert (before - after - optimizer_oracle.polar_factor(gradient)).abs().max() < 1e-6


def test_the_start_is_left_alone_and_bad_arguments_are_named():
    one = torch.ones(1, 1, dtype=torch.float64)
    list(optimizer_oracle.train("gd", [one, one], 2 * one, lr=0.1, steps=2))
    assert one.item() == 1
    with pytest.raises(ValueError, match="rho is no hyper-parameter of 'gd'"):
        optimizer_oracle.train("gd", [one], one, lr=0.1, steps=2, rho=0.1)
    with pytest.raises(ValueError, match="target must have shape"):
        optimizer_oracle.train("gd", [one], torch.ones(2, 1).double(), lr=0.1, steps=2)
    with pytest.raises(ValueError, match="lr must be"):
        optimizer_oracle.train("gd", [one], one, lr=-0.1, steps=2)
