"""The Hessian assembled at the nodes, against the row-by-row one."""

from types import SimpleNamespace

import psutil
import pytest
import torch
from torch.nn import functional

from depth_not_data.spectra import assembled
from depth_not_data.spectra.assembled import Nodes, assembled_hessian
from depth_not_data.spectra.autograd import dense_hessian

N, HIDDEN, SAMPLES = 3, 5, 17


def parameters(n_block=2, seed=0):
    """W_1, W_2, gain and bias of every block, drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(HIDDEN, N), (N, HIDDEN), (N,), (N,)] * n_block
    return [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]


def data(seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SAMPLES, N, generator=generator, dtype=torch.float64) for _ in range(2)]


def outputs(weights, x, nodes, *, activation=torch.tanh, before=False):
    """Blocks of ``h + W_2 phi(W_1 h)`` with a LayerNorm of the sum, or of the branch."""
    for k in range(0, len(weights), 4):
        w1, w2, gain, bias = weights[k : k + 4]
        h = nodes.linear(activation(nodes.linear(x, w1)), w2)
        y = functional.layer_norm(h if before else x + h, (N,))
        x = (x if before else 0) + nodes.affine(y, gain, bias)
    return x


def both(weights, x, y, free=None, chunk_size=256, **options):
    """The assembled matrix and the oracle, by the parameters that are free (all by default)."""
    chosen = range(len(weights)) if free is None else free

    def loss(values):
        moved = list(weights)
        for index, value in zip(chosen, values, strict=True):
            moved[index] = value
        return (outputs(moved, x, Nodes(), **options) - y).square().sum()

    found = assembled_hessian(
        lambda nodes, x, y: (outputs(weights, x, nodes, **options) - y).square().sum(1),
        [weights[index] for index in chosen],
        [x, y],
        chunk_size=chunk_size,
    )
    return found, dense_hessian(loss, [weights[index] for index in chosen])


@pytest.mark.parametrize("activation", [torch.tanh, torch.relu, functional.softplus])
@pytest.mark.parametrize("before", [False, True])
def test_it_is_the_row_by_row_hessian(activation, before):
    found, oracle = both(parameters(), *data(), activation=activation, before=before)
    assert found.shape == (2 * (2 * N * HIDDEN + 2 * N),) * 2
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-13 * float(oracle.abs().max()))


@pytest.mark.parametrize("free", [[1, 2, 3, 5, 6, 7], [7, 0], [2], [5, 4, 1]])
def test_other_parameters_are_constants_and_the_order_is_that_of_the_list(free):
    found, oracle = both(parameters(), *data(), free=free)
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-13 * float(oracle.abs().max()))


@pytest.mark.parametrize("chunk_size", [1, 5, 17])
def test_samples_may_come_in_parts(chunk_size):
    found, oracle = both(parameters(), *data(), chunk_size=chunk_size)
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-13 * float(oracle.abs().max()))


def test_without_a_residual_it_is_the_outer_product():
    weights, (x, _) = parameters(), data()
    found, oracle = both(weights, x, outputs(weights, x, Nodes()))
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-13 * float(oracle.abs().max()))
    assert torch.linalg.eigvalsh(found).min() > -1e-12 * found.abs().max()


def test_wide_nodes_are_taken_in_parts(monkeypatch):
    monkeypatch.setattr(assembled, "COMPONENTS", 2)
    found, oracle = both(parameters(), *data())
    torch.testing.assert_close(found, oracle, rtol=0, atol=1e-13 * float(oracle.abs().max()))


def test_the_oracle_sees_a_missing_second_term(monkeypatch):
    """A network with a residual needs the derivative of the inputs of a node."""
    true = assembled._derivatives

    def without(values, shifts):
        zero = values.shape[1] == HIDDEN and len(shifts) == 1  # what enters the first W_2
        return [0 * d for d in true(values, shifts)] if zero else true(values, shifts)

    monkeypatch.setattr(assembled, "_derivatives", without)
    found, oracle = both(parameters(), *data())
    assert (found - oracle).abs().max() > 1e-3 * oracle.abs().max()


def test_a_linear_loss_has_no_curvature():
    w, x = torch.ones(1, 2, dtype=torch.float64), torch.ones(3, 2, dtype=torch.float64)
    found = assembled_hessian(lambda nodes, x: nodes.linear(x, w)[:, 0], [w], [x])
    assert found.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_bad_arguments_are_named():
    weights, samples = parameters(1), data()

    def losses(nodes, x, y):
        return (outputs(weights, x, nodes) - y).square().sum(1)

    with pytest.raises(ValueError, match="chunk_size must be an integer >= 1"):
        assembled_hessian(losses, weights, samples, chunk_size=0)
    with pytest.raises(ValueError, match="losses must return one number a sample"):
        assembled_hessian(lambda *a: losses(*a).sum(), weights, samples)
    with pytest.raises(ValueError, match="parameters must be used by one node each"):
        assembled_hessian(losses, [*weights, weights[0].clone()], samples)
    with pytest.raises(ValueError, match="parameters must be used by one node each"):
        assembled_hessian(lambda n, x, y: losses(n, x, y) + losses(n, x, y), weights, samples)


def test_a_matrix_that_does_not_fit_in_memory_is_refused_before_any_work(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))

    def never(*_):
        raise AssertionError("the loss was evaluated")

    wide = torch.zeros(100, 100, dtype=torch.float64)
    with pytest.raises(MemoryError, match=r"a dense Hessian of 10000 parameters needs 2\.2 GiB"):
        assembled_hessian(never, [wide], data())
