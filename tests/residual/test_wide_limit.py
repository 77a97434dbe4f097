"""Levels of wide blocks against quadrature, and against the Jacobian of a finite network."""

import math

import numpy as np
import pytest
from scipy import integrate, special

from depth_not_data.residual import wide_limit


def arc_cosine(t):
    angle = math.acos(min(1.0, max(-1.0, t)))
    return (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / math.pi


@pytest.mark.parametrize("n", [3, 5, 9, 19])
@pytest.mark.parametrize("degree", range(7))
def test_kernel_eigenvalues_are_the_integrals_of_funk_and_hecke(degree, n):
    half = (n - 2) / 2

    def integrand(t):
        legendre = special.eval_gegenbauer(degree, half, t) / special.eval_gegenbauer(
            degree, half, 1.0
        )
        return arc_cosine(t) * legendre * (1 - t * t) ** ((n - 3) / 2)

    area = special.gamma(n / 2) / (math.sqrt(math.pi) * special.gamma((n - 1) / 2))
    expected = area * integrate.quad(integrand, -1, 1, epsabs=1e-12)[0]
    assert wide_limit.kernel_eigenvalue(degree, n) == pytest.approx(expected, abs=1e-8)


def jacobian_spectrum(n_embd, n_block, n_hidden, n_samples, seed):
    """Eigenvalues of the Hessian at W_2 = 0 and zero residual, block by block by hand."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_samples, n_embd))
    y = x - x.mean(axis=1, keepdims=True)
    y /= np.sqrt((y**2).mean(axis=1, keepdims=True))
    eye = np.eye(n_embd)
    behind = eye - 1 / n_embd - np.einsum("si,sj->sij", y, y) / n_embd
    columns = []
    for block in range(n_block):
        w1 = rng.standard_normal((n_hidden, n_embd)) / math.sqrt(3 * n_embd)
        hidden = np.maximum(y @ w1.T, 0) * math.sqrt(4 * n_embd / n_hidden)
        columns.append(np.einsum("sij,sh->sijh", behind, hidden).reshape(n_samples, n_embd, -1))
        affine = np.concatenate(
            [np.einsum("ij,sj->sij", eye, y), np.broadcast_to(eye, behind.shape)], axis=2
        )
        columns.append(behind @ affine if block < n_block - 1 else affine)
    jacobian = np.concatenate(columns, axis=2).reshape(n_samples * n_embd, -1)
    values = np.linalg.eigvalsh(jacobian.T @ jacobian / n_samples)[::-1]
    return 2 / n_embd * values


@pytest.mark.parametrize("n_block", [1, 3])
def test_levels_are_those_of_a_wide_network(n_block):
    n_embd = 5
    values = jacobian_spectrum(n_embd, n_block, 150, 2000, seed=1)
    start = 0
    for level in wide_limit.levels(n_embd, n_block)[:7]:
        found = values[start : start + level.count].mean()
        assert found == pytest.approx(level.eigenvalue, rel=0.12), level.functions
        start += level.count


@pytest.mark.parametrize("n_embd", [4, 7, 10])
def test_counts_are_dimensions(n_embd):
    counts = {level.functions: level.count for level in wide_limit.levels(n_embd, 2)}
    linear = sum(
        counts[kind] for kind in (wide_limit.GAINS, wide_limit.SYMMETRIC, wide_limit.ANTISYMMETRIC)
    )
    assert linear == (n_embd - 1) ** 2 - 1, "linear maps of the mean-free space, less the identity"
    assert counts[wide_limit.CONSTANTS] == n_embd - 1
    # Gradients and divergence-free fields of degree d: the pairs of a tangent field's components.
    n = n_embd - 1
    assert counts[wide_limit.CURL_FREE] == math.comb(n + 2, 3) - n
    assert (
        counts[wide_limit.DIVERGENCE_FREE]
        == n * (math.comb(n + 1, 2) - 1) - (math.comb(n + 2, 3) - n) - n
    )


def test_the_trace_is_that_of_the_parameters():
    n_embd, n_block = 10, 3
    n = n_embd - 1
    kept = 1 - 1 / n - 2 * (n_embd - 2) / (n_embd**2 - 1)
    affine = (n_block - 1) * (n - 1 + n * kept) + 2 * n_embd
    kernel = n_block * (4 * n_embd / 6) * (n - 1)
    shown = sum(level.eigenvalue * level.count for level in wide_limit.levels(n_embd, n_block))
    # Degrees above 3 are missing.
    assert 0.95 < shown / (2 / n_embd * (affine + kernel)) < 1


@pytest.mark.parametrize("n_embd", [7, 10])
@pytest.mark.parametrize(
    ("subtract", "divide", "clusters"),
    [
        (True, True, (-1, -2)),
        (True, False, (-1, -1)),
        (False, True, (0, -1)),
        (False, False, (0, 0)),
    ],
)
def test_each_half_of_the_norm_costs_one_function(n_embd, subtract, divide, clusters):
    found = wide_limit.levels(n_embd, 4, subtract=subtract, divide=divide)
    expected = (n_embd + clusters[0], 2 * n_embd + clusters[1])
    assert wide_limit.gap_ranks(found, last=n_embd**2 // 2) == expected


@pytest.mark.parametrize(("subtract", "divide"), [(True, False), (False, True), (False, False)])
def test_the_trace_is_that_of_the_parameters_whatever_the_norm(subtract, divide):
    n_embd, n_block = 10, 3
    n = n_embd - subtract
    radial = 2 / (n_embd + 2) if divide else 0.0
    kept = 1 - subtract / n - radial
    affine = 2 * n_embd + (n_block - 1) * (n - divide + (n_embd - 1) * kept + (not divide))
    kernel = n_block * (4 * n_embd / 6) * (n - divide)
    found = wide_limit.levels(n_embd, n_block, subtract=subtract, divide=divide)
    shown = sum(level.eigenvalue * level.count for level in found)
    assert 0.95 < shown / (2 / n_embd * (affine + kernel)) < 1


def test_gaps_stop_where_they_are_told_to():
    found = wide_limit.levels(10, 1)
    assert wide_limit.gap_ranks(found, last=19) == (9,)
    assert wide_limit.gap_ranks(found, threshold=3.0, last=50) == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wide_limit.kernel_eigenvalue(-1, 4), "degree must be an integer >= 0, got -1"),
        (lambda: wide_limit.kernel_eigenvalue(1, 2), "dimension must be an integer >= 3, got 2"),
        (lambda: wide_limit.levels(3, 1), "n_embd must be an integer >= 4, got 3"),
        (lambda: wide_limit.levels(4, 0), "n_block must be an integer >= 1, got 0"),
        (lambda: wide_limit.levels(4, 1, n_hidden=0), "n_hidden must be an integer >= 1, got 0"),
        (lambda: wide_limit.levels(4, 1, divide=1), "divide must be True or False, got 1"),
        (lambda: wide_limit.gap_ranks([], threshold=1.0), "threshold must be"),
    ],
    ids=["degree", "dimension", "n_embd", "n_block", "n_hidden", "divide", "threshold"],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
