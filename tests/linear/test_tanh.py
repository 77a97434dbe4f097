"""Networks with tanh: the Gram matrix and the diagonal closed form, against autograd."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import network, tanh
from depth_not_data.spectra import autograd

WIDTHS = (4, 5, 5, 3)


def start(seed=0):
    problem = network.aligned_problem(WIDTHS, 2, seed=seed, variance=0.1)
    return problem.weights, problem.target


def jacobian(weights):
    point = [layer.clone().requires_grad_(True) for layer in weights]
    output = tanh.states(point)[-1].mT.flatten()
    rows = torch.autograd.grad(output, point, torch.eye(output.numel()), is_grads_batched=True)
    return torch.cat([row.flatten(1) for row in rows], dim=1)


@pytest.fixture(autouse=True)
def float64():
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


def test_small_weights_make_the_linear_network():
    weights = [1e-4 * layer for layer in start()[0]]
    linear = network.product(weights)
    assert (tanh.states(weights)[-1] - linear).abs().max() < 1e-6 * linear.abs().max()


def test_gram_is_the_jacobian_times_its_transpose_for_each_network():
    pair = [start(seed)[0] for seed in (0, 1)]
    batch = [torch.stack(layers) for layers in zip(*pair, strict=True)]
    grams = tanh.jacobian_gram(batch)
    for gram, weights in zip(grams, pair, strict=True):
        direct = jacobian(weights) @ jacobian(weights).T
        assert (gram - direct).abs().max() < 1e-13 * direct.max()


def test_where_the_residual_is_zero_the_hessian_has_these_eigenvalues():
    weights, _ = start()
    target = tanh.states(weights)[-1]
    dense = autograd.eigenvalues(
        autograd.dense_hessian(lambda w: tanh.losses(w, target), list(weights))
    )
    gram = torch.linalg.eigvalsh(tanh.jacobian_gram(weights)).flip(0).numpy()
    np.testing.assert_allclose(dense[: gram.size], gram, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_diagonal_closed_form(shape):
    d_in, d_out = shape
    w = np.random.default_rng(0).uniform(0.5, 2.0, (3, 2))
    widths = (d_in, 5, 4, d_out)
    layers = [network.rectangular_diagonal(w[k], widths[k + 1], widths[k]) for k in range(len(w))]
    closed = np.sort(tanh.diagonal_eigenvalues(w, d_in, d_out).ravel())
    gram = np.linalg.eigvalsh((jacobian(layers) @ jacobian(layers).T).numpy())
    np.testing.assert_allclose(closed, gram, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tanh.diagonal_eigenvalues([1.0], 2, 2), "diagonals must have shape"),
        (lambda: tanh.diagonal_eigenvalues([[1.0, 2.0]], 1, 2), "d_in must"),
        (lambda: tanh.diagonal_eigenvalues([[1.0, 2.0]], 2, 1), "d_out must"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_each_network_of_a_batch_may_have_a_target_of_its_own():
    weights, target = start()
    both = [torch.stack([layer, layer]) for layer in weights]
    expected = [tanh.losses(weights, t).item() for t in (target, 0 * target)]
    found = tanh.losses(both, torch.stack([target, 0 * target]))
    assert found.tolist() == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"target must have shape \(2, 3, 4\)"):
        tanh.losses(both, torch.stack([target] * 3))
