"""Dense Hessians and their eigenvalues, and what they refuse."""

import math
import re
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from depth_not_data.spectra import autograd


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def random(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# The Hessian


def test_quadratic_form_returns_its_own_matrix():
    matrix = random((5, 5), 0)
    symmetric = matrix + matrix.T
    found = autograd.dense_hessian(lambda p: 0.5 * p[0] @ symmetric @ p[0], [random(5, 1)])
    torch.testing.assert_close(found, symmetric, rtol=0, atol=1e-14)


def test_cubic_by_hand_at_two_points():
    # x^3 + 2 x y^2 - y has the Hessian [[6x, 4y], [4y, 4x]].
    for x, y in ((1.0, 2.0), (-0.5, 3.0)):
        found = autograd.dense_hessian(
            lambda p: p[0] ** 3 + 2 * p[0] * p[1] ** 2 - p[1],
            [torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)],
        )
        torch.testing.assert_close(
            found, tensor([6 * x, 4 * y], [4 * y, 4 * x]), rtol=1e-15, atol=0
        )


def test_two_layer_scalar_network_by_hand():
    # 1/2 (w2 w1 - s)^2: H_o = (w2, w1)(w2, w1)^T, H_f = (w2 w1 - s) off the diagonal.
    w1, w2, s = 0.7, -1.3, 2.0
    found = autograd.dense_hessian(
        lambda p: 0.5 * (p[1] * p[0] - s) ** 2, [tensor(w1).squeeze(), tensor(w2).squeeze()]
    )
    mixed = 2 * w1 * w2 - s
    torch.testing.assert_close(found, tensor([w2**2, mixed], [mixed, w1**2]), rtol=1e-14, atol=0)


def two_layer_loss(p):
    weights, bias, readout = p
    return (torch.tanh(readout @ torch.tanh(weights @ tensor(0.3, -0.2, 0.9) + bias)) ** 2).sum()


PARAMETERS = [random((4, 3), 2), random(4, 3), random((2, 4), 4)]  # 12 + 4 + 8


@pytest.mark.parametrize("chunk_size", [1, 7, 24, 1000])
def test_agrees_with_torch_for_every_chunk_size(chunk_size):
    sizes = [p.numel() for p in PARAMETERS]

    def flat_loss(flat):
        parts = torch.split(flat, sizes)
        return two_layer_loss([q.reshape(p.shape) for q, p in zip(parts, PARAMETERS, strict=True)])

    flat = torch.cat([p.reshape(-1) for p in PARAMETERS])
    expected = torch.autograd.functional.hessian(flat_loss, flat)
    found = autograd.dense_hessian(two_layer_loss, PARAMETERS, chunk_size=chunk_size)
    assert found.shape == (24, 24)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)


def test_agrees_with_finite_differences_through_layer_norm():
    # On this loss torch.func.hessian is wrong by half the largest entry (torch 2.13).
    data, gain = random((6, 4), 5), tensor(0.5, 1.5, -1.0, 2.0)
    weights = random((4, 4), 6)

    def loss(p):
        hidden = torch.nn.functional.layer_norm(data @ p[0].T, (4,), p[1])
        return (torch.relu(hidden) ** 2 + hidden).pow(2).mean()

    found = autograd.dense_hessian(loss, [weights, gain])

    def gradient(shift):
        point = [(weights + shift[:16].reshape(4, 4)), gain + shift[16:]]
        point = [p.detach().requires_grad_(True) for p in point]
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss(point), point)])

    for column in range(20):
        unit = torch.zeros(20, dtype=torch.float64)
        unit[column] = 1e-6
        difference = (gradient(unit) - gradient(-unit)) / 2e-6
        torch.testing.assert_close(found[:, column], difference, rtol=1e-6, atol=1e-7)


def test_parameters_that_do_not_matter_have_zero_rows():
    x, y, idle = tensor(1.0, 2.0), tensor(3.0), tensor(4.0, 5.0)

    def loss(p):
        return (p[0] ** 2).sum() + p[1].sum() + 0 * p[2].sum()

    found = autograd.dense_hessian(loss, [x, y, idle], chunk_size=2)
    torch.testing.assert_close(found, torch.diag(tensor(2, 2, 0, 0, 0)), rtol=0, atol=0)


def test_a_linear_loss_has_the_zero_hessian():
    found = autograd.dense_hessian(
        lambda p: 3 * p[0].sum() - p[1].sum(), [tensor(1.0), tensor(2.0)]
    )
    torch.testing.assert_close(found, torch.zeros(2, 2, dtype=torch.float64), rtol=0, atol=0)


def test_the_point_is_left_alone():
    point = tensor(1.0, 2.0)
    autograd.dense_hessian(lambda p: (p[0] ** 4).sum(), [point])
    torch.testing.assert_close(point, tensor(1.0, 2.0), rtol=0, atol=0)
    assert not point.requires_grad
    assert point.grad is None


class WrongSecondDerivative(torch.autograd.Function):
    """1/2 x^T A x with the gradient A x, which is wrong unless A is symmetric."""

    @staticmethod
    def forward(ctx, x, matrix):
        ctx.save_for_backward(x, matrix)
        return 0.5 * x @ matrix @ x

    @staticmethod
    def backward(ctx, grad):
        x, matrix = ctx.saved_tensors
        return grad * (matrix @ x), None


@pytest.mark.parametrize("skew", [1.0, 1e-8])
def test_an_asymmetric_derivative_is_refused(skew):
    matrix = tensor([2.0, 1.0], [1.0 + skew, 3.0])
    with pytest.raises(ArithmeticError, match="not symmetric: relative asymmetry"):
        autograd.dense_hessian(lambda p: WrongSecondDerivative.apply(p[0], matrix), [tensor(1, 2)])


def test_a_matrix_of_nan_is_refused():
    with pytest.raises(ArithmeticError, match="the Hessian is not finite"):
        autograd.dense_hessian(lambda p: (p[0] ** 2 * math.nan).sum(), [tensor(1, 2)])


def test_a_size_that_does_not_fit_is_refused_before_any_work(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))

    def never(_):
        raise AssertionError("the loss was evaluated")

    message = (
        "a dense Hessian of 10000 parameters needs 2.2 GiB, 1.0 GiB are free"  # 3 * 8 * 10^8 bytes
    )
    with pytest.raises(MemoryError, match=re.escape(message)):
        autograd.dense_hessian(never, [torch.zeros(100, 100, dtype=torch.float64)])


def test_memory_for_three_matrices_is_enough_and_one_byte_less_is_not(monkeypatch):
    def free(available):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))

    free(3 * 8 * 6**2)
    assert autograd.dense_hessian(lambda p: (p[0] ** 2).sum(), [random(6, 0)]).shape == (6, 6)
    free(3 * 8 * 6**2 - 1)
    with pytest.raises(MemoryError):
        autograd.dense_hessian(lambda p: (p[0] ** 2).sum(), [random(6, 0)])


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [
        (torch.zeros(2), "torch.float32"),
        (torch.zeros(2, dtype=torch.int64), "torch.int64"),
        (np.zeros(2), "ndarray"),
        ([1.0, 2.0], "list"),
    ],
)
def test_parameters_must_be_float64_tensors(parameter, kind):
    with pytest.raises(
        ValueError, match=rf"parameters\[1\] must be a float64 tensor, got {re.escape(kind)}"
    ):
        autograd.dense_hessian(lambda p: p[0].sum(), [tensor(1.0), parameter])


@pytest.mark.parametrize("value", [lambda p: p[0], lambda _: 1.0])
def test_the_loss_must_be_a_scalar_tensor(value):
    with pytest.raises(ValueError, match="loss must return a scalar tensor"):
        autograd.dense_hessian(value, [tensor(1.0, 2.0)])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (tensor(1.0, 2.0), "parameters must be a sequence of tensors"),
        (3.0, "parameters must be a sequence of tensors, got 3.0"),
        ([], "parameters must hold at least one tensor"),
    ],
    ids=["tensor", "number", "none"],
)
def test_parameters_must_be_several(parameters, message):
    with pytest.raises(ValueError, match=message):
        autograd.dense_hessian(lambda p: p[0].sum(), parameters)


def test_parameters_may_come_one_by_one():
    model = torch.nn.Linear(2, 1).double()
    found = autograd.dense_hessian(lambda p: p[0].square().sum() + p[1].sum(), model.parameters())
    torch.testing.assert_close(found, torch.diag(tensor(2, 2, 0)), rtol=0, atol=0)


def test_a_parameter_that_the_loss_never_sees_has_zero_rows():
    found = autograd.dense_hessian(lambda p: (p[0] ** 2).sum(), [tensor(1.0), tensor(2.0)])
    torch.testing.assert_close(found, torch.diag(tensor(2, 0)), rtol=0, atol=0)


def test_frozen_parameters_count_like_the_others():
    """The Hessian is that of a function: leave out what does not move."""
    free, frozen = tensor(1.0, 2.0).requires_grad_(), tensor(3.0)
    found = autograd.dense_hessian(lambda p: p[0].prod() * p[1].sum(), [free, frozen])
    torch.testing.assert_close(found, tensor([0, 3, 2], [3, 0, 1], [2, 1, 0]), rtol=0, atol=0)


def test_a_loss_of_other_parameters_is_refused():
    """It would have the Hessian zero, as it does not move with what it is given."""
    model = torch.nn.Linear(2, 1).double()
    inputs = random((5, 2), 0)
    for loss in (
        lambda _: model(inputs).square().mean(),
        lambda p: p[0].detach().square().sum(),
    ):
        with pytest.raises(ValueError, match="loss must be computed from the parameters"):
            autograd.dense_hessian(loss, [p.detach() for p in model.parameters()])


def test_a_loss_in_float32_is_refused():
    with pytest.raises(ValueError, match=r"must return a float64 tensor, got torch\.float32"):
        autograd.dense_hessian(lambda p: p[0].float().square().sum(), [tensor(1.0)])


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, math.nan, True, "64"])
def test_the_chunk_size_must_be_a_positive_integer(chunk_size):
    with pytest.raises(ValueError, match="chunk_size must be an integer >= 1"):
        autograd.dense_hessian(lambda p: (p[0] ** 2).sum(), [tensor(1.0)], chunk_size=chunk_size)


# Symmetry and eigenvalues


def test_relative_asymmetry_by_hand():
    assert autograd.relative_asymmetry(tensor([4.0, 1.0], [2.0, 0.0])) == 0.25
    assert autograd.relative_asymmetry(tensor([4.0, 1.0], [1.0, 0.0])) == 0.0
    assert autograd.relative_asymmetry(torch.zeros(3, 3, dtype=torch.float64)) == 0.0


@pytest.mark.parametrize(
    ("convert", "error"),
    [(torch.as_tensor, 1e-14), (np.asarray, 1e-14), (lambda m: m.to(torch.float32), 1e-6)],
)
def test_eigenvalues_come_back_descending_in_float64(convert, error):
    basis = torch.linalg.qr(random((4, 4), 7)).Q
    expected = tensor(3, 1, 0, -2)
    matrix = basis @ torch.diag(expected) @ basis.T
    found = autograd.eigenvalues(convert((matrix + matrix.T) / 2))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=error)


HERMITIAN = [[1, 1j], [-1j, 1]]  # eigenvalues 2 and 0; its real part has 1 and 1


@pytest.mark.parametrize(
    "matrix",
    [
        HERMITIAN,
        np.array(HERMITIAN),
        torch.tensor(HERMITIAN),
        np.eye(2, dtype=complex),
        [["1", "0"], ["0", "1"]],
        np.array([[1, None], [None, 1]]),
        torch.eye(2, dtype=torch.bool),
        "matrix",
        None,
    ],
    ids=repr,
)
def test_eigenvalues_need_real_numbers(matrix):
    with pytest.raises(ValueError, match=r"matrix must be (an array of real numbers|real)"):
        autograd.eigenvalues(matrix)


def test_a_complex_matrix_has_no_asymmetry():
    with pytest.raises(ValueError, match="matrix must be real"):
        autograd.relative_asymmetry(torch.tensor(HERMITIAN))
    with pytest.raises(ValueError, match="matrix must be square"):
        autograd.relative_asymmetry(torch.zeros(2, 3))


def test_the_graph_of_a_matrix_is_left_behind():
    matrix = torch.eye(2, dtype=torch.float64).requires_grad_()
    np.testing.assert_array_equal(autograd.eigenvalues(matrix), [1, 1])


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 2), (0, 0)])
def test_eigenvalues_need_a_square_matrix(shape):
    with pytest.raises(ValueError, match=re.escape(f"matrix must be square, got shape {shape}")):
        autograd.eigenvalues(np.zeros(shape))


@pytest.mark.parametrize("entry", [math.nan, math.inf])
def test_eigenvalues_need_a_finite_matrix(entry):
    with pytest.raises(ValueError, match="matrix must be finite"):
        autograd.eigenvalues(np.diag([1.0, entry]))


def test_eigenvalues_need_a_symmetric_matrix():
    matrix = np.array([[1.0, 2.0], [2.0 + 1e-8, 1.0]])
    with pytest.raises(
        ValueError, match="matrix must be symmetric to 1e-10, got relative asymmetry"
    ):
        autograd.eigenvalues(matrix)
    matrix[1, 0] = 2.0 + 1e-11  # within the tolerance
    np.testing.assert_allclose(autograd.eigenvalues(matrix), [3, -1], rtol=0, atol=1e-10)
