"""The largest eigenvalues without a dense Hessian."""

import numpy as np
import pytest
import torch

from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.hessian import largest_eigenvalues
from depth_not_data.spectra import autograd, lanczos

SMALL = {"steps": 30, "n_samples": 40}


@pytest.mark.parametrize("n_block", [1, 3])
def test_they_are_those_of_the_dense_hessian(n_block):
    student = residual_network.train_student(4, n_block, seed=1, **SMALL)
    dense = autograd.eigenvalues(residual_hessian.hessian(student))
    found = largest_eigenvalues(student, 12)
    np.testing.assert_allclose(found, dense[:12], rtol=0, atol=1e-13 * dense[0])


def test_the_comparison_sees_other_weights():
    student = residual_network.train_student(4, 2, seed=1, **SMALL)
    before = largest_eigenvalues(student, 3)
    with torch.no_grad():
        student.model.blocks[0].w1.mul_(1.01)
    assert np.all(np.abs(largest_eigenvalues(student, 3) / before - 1) > 1e-5)


def test_the_global_random_state_is_not_used():
    student = residual_network.train_student(4, 1, seed=1, **SMALL)
    state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    largest_eigenvalues(student, 3)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(torch_state, torch.get_rng_state())


@pytest.mark.parametrize("count", [0, 2.5, 1000, True])
def test_bad_input_is_named(count):
    student = residual_network.train_student(3, 1, seed=0, steps=0, n_samples=5)
    with pytest.raises(ValueError, match="count"):
        largest_eigenvalues(student, count)


def quadratic(weights):
    """Half of x^T diag(weights) x as a loss, in parameters of one entry each."""
    parameters = [torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in weights]
    loss = sum(w * p.square().sum() / 2 for w, p in zip(weights, parameters, strict=True))
    return loss, parameters


def test_only_what_requires_gradients_counts():
    loss, parameters = quadratic([5.0, 3.0, 2.0, 1.0])
    frozen = torch.ones(4, dtype=torch.float64)
    np.testing.assert_allclose(
        lanczos.largest_eigenvalues(loss, [frozen, *parameters[1:]], 2), [3, 2], atol=1e-14
    )


def test_a_model_with_a_frozen_layer_has_the_hessian_of_the_rest():
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2)
    ).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    inputs = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    model[0].requires_grad_(False)
    free = [p for p in model.parameters() if p.requires_grad]
    found = lanczos.largest_eigenvalues(model(inputs).square().mean(), model.parameters(), 3)
    hidden = torch.tanh(model[0](inputs))
    dense = autograd.dense_hessian(
        lambda p: (hidden @ p[0].T + p[1]).square().mean(), [p.detach() for p in free]
    )
    np.testing.assert_allclose(found, autograd.eigenvalues(dense)[:3], rtol=1e-13)


def test_a_parameter_without_effect_and_a_linear_loss_have_curvature_zero():
    loss, parameters = quadratic([3.0, 2.0])
    idle = torch.ones(2, dtype=torch.float64, requires_grad=True)
    found = lanczos.largest_eigenvalues(loss, [*parameters, idle], 3)
    np.testing.assert_allclose(found, [3, 2, 0], rtol=0, atol=1e-14)
    linear = parameters[0].sum() - parameters[1].sum()
    np.testing.assert_array_equal(lanczos.largest_eigenvalues(linear, parameters, 1), [0])


@pytest.mark.parametrize(
    "loss",
    [torch.ones(2, dtype=torch.float64), torch.ones(1), 3.0],
    ids=["two", "float32", "float"],
)
def test_a_bad_loss_is_named(loss):
    with pytest.raises(ValueError, match="loss must be a float64 scalar"):
        lanczos.largest_eigenvalues(
            loss, [torch.ones(3, dtype=torch.float64, requires_grad=True)], 1
        )


def test_a_loss_of_other_parameters_is_refused():
    loss, _ = quadratic([3.0, 2.0])
    others = [torch.ones(3, dtype=torch.float64, requires_grad=True)]
    for wrong in (loss, loss.detach()):
        with pytest.raises(ValueError, match="loss must be computed from the parameters"):
            lanczos.largest_eigenvalues(wrong, others, 1)


def test_parameters_without_gradients_are_refused():
    loss, parameters = quadratic([3.0, 2.0])
    for wrong, message in (
        ([p.detach() for p in parameters], "parameters must hold one that requires a gradient"),
        ([], "parameters must hold one that requires a gradient"),
        (torch.ones(3), "parameters must be a sequence"),
        (None, "parameters must be a sequence"),
        ([*parameters, 1.0], r"parameters\[2\] must be a tensor, got float"),
        ([torch.ones(3, requires_grad=True)], r"parameters\[0\] must be float64"),
    ):
        with pytest.raises(ValueError, match=message):
            lanczos.largest_eigenvalues(loss, wrong, 1)


def test_a_hessian_that_vanishes_at_the_point_has_eigenvalues_zero():
    point = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    np.testing.assert_array_equal(lanczos.largest_eigenvalues((point**3).sum(), [point], 2), [0, 0])
