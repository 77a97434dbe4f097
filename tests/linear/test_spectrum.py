"""The block spectrum against dense autograd Hessians."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import spectrum
from depth_not_data.linear.network import rectangular_diagonal
from depth_not_data.linear.spectrum import hessian_eigenvalues
from depth_not_data.spectra import autograd

# Both routes are backward stable: a few hundred round-offs of 1.1e-16, relative to the largest
# eigenvalue, is what they may differ by.
TOLERANCE = 1e-12
HESSIAN_PARTS = ("full", "outer", "functional")


@cache
def rotation(size, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64)).Q


def dense_spectra(lam, s, widths, x=None):
    """Eigenvalues of the full Hessian and of both parts, by autograd, in rotated bases.

    Layer k is ``Q_k S Q_(k-1)^T`` with random rotations Q_0, ..., Q_L, so that no matrix is
    diagonal as it stands.
    """
    bases = [rotation(d, seed) for seed, d in enumerate(widths)]
    weights = [
        bases[k + 1] @ rectangular_diagonal(lam, widths[k + 1], widths[k]) @ bases[k].T
        for k in range(len(widths) - 1)
    ]
    data = np.ones(widths[0]) if x is None else x
    inputs = bases[0] @ rectangular_diagonal(data, widths[0], widths[0])
    target = bases[-1] @ rectangular_diagonal(s, widths[-1], widths[0])

    residual = linear_network.product(weights) @ inputs - target
    full = autograd.dense_hessian(lambda w: linear_network.loss(w, target, inputs), weights)
    functional = autograd.dense_hessian(
        lambda w: (residual * (linear_network.product(w) @ inputs)).sum(), weights
    )
    jacobian = torch.autograd.functional.jacobian(
        lambda *w: linear_network.product(w) @ inputs, tuple(weights)
    )
    jacobian = torch.cat([j.reshape(residual.numel(), -1) for j in jacobian], dim=1)
    matrices = {"full": full, "outer": jacobian.T @ jacobian, "functional": functional}
    return {part: torch.linalg.eigvalsh(h).flip(0).numpy() for part, h in matrices.items()}


def relative_errors(lam, s, widths, x=None):
    """Largest difference of each part, relative to the full Hessian's largest eigenvalue."""
    dense = dense_spectra(lam, s, widths, x)
    scale = np.abs(dense["full"]).max() or 1.0
    errors = {}
    for part in HESSIAN_PARTS:
        exact = hessian_eigenvalues(lam, s, widths, data_singular_values=x, part=part)
        assert exact.dtype == np.float64
        assert exact.shape == (sum(np.multiply(widths[1:], widths[:-1])),)
        assert (np.diff(exact) <= 0).all()
        errors[part] = np.abs(exact - dense[part]).max() / scale
    return errors


@st.composite
def configurations(draw):
    depth = draw(st.integers(1, 6))
    widths = tuple(draw(st.lists(st.integers(1, 4), min_size=depth + 1, max_size=depth + 1)))
    reach = min(widths[0], widths[-1])
    # Values from a short list repeat, so that equal directions are drawn as often as different
    # ones; below 0.5 the sixth power would make the dense oracle itself inexact.
    value = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0.5, 1.5)

    def values(n):
        return draw(st.lists(value, min_size=n, max_size=n))

    lam = values(min(widths))
    s = values(draw(st.sampled_from([min(widths), reach])))
    x = draw(st.none() | st.just(values(widths[0])))
    return lam, s, widths, x


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(configurations())
def test_equals_the_dense_hessian(configuration):
    errors = relative_errors(*configuration)
    assert max(errors.values()) <= TOLERANCE, errors


# lam, s, widths, x: each row is a shape that some simplification would get wrong.
CASES = {
    "one layer": ([0.3, 0.8], [1.0, 0.5], (3, 2), [1.0, 0.5, 2.0]),
    "wide hidden layers": ([0.9, 0.4], [1.0, 0.0], (3, 6, 5, 2), None),
    "bottleneck before an unreachable target": ([0.9], [1.0, 0.7, 0.0], (3, 1, 4, 3), None),
    "bottleneck of two layers": ([0.9, 0.9], [1.0, 1.0, 0.6], (4, 2, 3), [1.0, 1.0, 1.0, 0.5]),
    "equal singular values": ([0.8, 0.8, 0.8], [1.0, 1.0, 0.0], (3, 4, 5, 3), None),
    "the saddle point at zero": ([0.0, 0.0], [1.0, 0.5], (2, 3, 2), None),
    "no data in one direction": ([0.7, 0.6, 0.5], [1.0, 1.0, 1.0], (3, 3, 3, 3), [1.0, 0.5, 0.0]),
    "one neuron each": ([1.2], [0.4], (1, 1, 1, 1), None),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_dense_hessian_at_shapes_that_are_easy_to_get_wrong(case):
    assert max(relative_errors(*CASES[case]).values()) <= TOLERANCE


def test_paper_network_from_start_to_convergence():
    problem = linear_network.aligned_problem((4, 6, 6, 3), 2, seed=0)
    s = problem.target_singular_values.numpy()
    path = linear_network.gradient_descent(
        problem.weights, problem.target, lr=0.2, steps=200, every=40
    )
    for _, weights in path:
        rotated = linear_network.in_singular_basis(weights, problem.left, problem.right)
        lam = rotated[1].diagonal()[:3].numpy()
        dense = autograd.eigenvalues(
            autograd.dense_hessian(lambda w: linear_network.loss(w, problem.target), weights)
        )
        exact = hessian_eigenvalues(lam, s, (4, 6, 6, 3))
        # Training turns the basis by round-off only, and that is within the tolerance.
        np.testing.assert_allclose(exact, dense, rtol=0, atol=TOLERANCE * np.abs(dense).max())
    assert abs(lam[0] - 1) < 1e-6  # the path ends at convergence


def test_order_of_directions_does_not_matter():
    lam, s = np.array([0.2, 0.9, 0.5]), np.array([0.0, 1.0, 0.3])
    widths, order = (3, 4, 4, 3), [2, 0, 1]
    np.testing.assert_allclose(
        hessian_eigenvalues(lam[order], s[order], widths),
        hessian_eigenvalues(lam, s, widths),
        rtol=0,
        atol=1e-14,
    )


def test_merged_directions_give_the_spectrum_of_nearly_equal_ones():
    lam, s = np.repeat([0.9, 0.4], [4, 3]), np.repeat([1.0, 0.0], [4, 3])
    widths = (7, 9, 8, 9)
    merged = hessian_eigenvalues(lam, s, widths)
    distinct = hessian_eigenvalues(lam + 1e-13 * np.arange(7), s, widths)
    np.testing.assert_allclose(merged, distinct, rtol=0, atol=1e-11)


def test_small_batches_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    lam, s = rng.uniform(0.5, 1, 5), rng.uniform(0.5, 1, 5)
    widths = (5, 6, 7, 6)
    whole = hessian_eigenvalues(lam, s, widths)
    monkeypatch.setattr(spectrum, "_BATCH_ENTRIES", 1)
    np.testing.assert_array_equal(hessian_eigenvalues(lam, s, widths), whole)


def test_eight_million_eigenvalues_of_equal_directions():
    d, depth, rank = 1000, 8, 300
    lam = s = (np.arange(d) < rank).astype(float)
    values, counts = np.unique(
        hessian_eigenvalues(lam, s, (d,) * (depth + 1)).round(9), return_counts=True
    )
    np.testing.assert_array_equal(values + 0.0, [0, 1, depth])
    np.testing.assert_array_equal(counts[1:], [2 * (d - rank) * rank, rank**2])
    assert counts.sum() == depth * d**2


# Deliberate breaks: each of these must be caught by a comparison with the dense Hessian.
def broken_coupling(original):
    def coupling(a, c, rows, columns, depth):
        right = original(a, c, rows, columns, depth)
        return right * a.lam[:, None, None] if depth > 2 else right  # exponent off by one

    return coupling


def broken_outer_product(original):
    def outer(a, c, layers, depth):
        return original(c, a, layers, depth)  # output and input direction exchanged

    return outer


def broken_mask(original):
    def exists(widths):
        mask = original(widths)
        return mask & mask.transpose(1, 0, 2)  # as if every layer were square

    return exists


def broken_residual_support(original):
    def classes(lam, s, x, widths):
        right = original(lam, s, x, widths)
        return right._replace(slope=np.where(right.slope == 0, -1.0, right.slope))

    return classes


def broken_pair_count(original):
    def pairs(classes, p, q):
        first, second, count = original(classes, p, q)
        # As if every pair of one class occurred in both orders.
        return first, second, np.where(first == second, 2 * count, count)

    return pairs


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("_coupling", broken_coupling),
        ("_outer_product", broken_outer_product),
        ("_existing_entries", broken_mask),
        ("_direction_classes", broken_residual_support),
        ("_pairs", broken_pair_count),
    ],
)
def test_a_broken_block_is_noticed(monkeypatch, name, broken):
    arguments = ([0.9, 0.9, 0.6], [1.0, 1.0, 0.5], (4, 3, 5, 6), [1.0, 1.0, 0.7, 0.4])
    dense = dense_spectra(*arguments)["full"]
    lam, s, widths, x = arguments

    def agrees():
        exact = hessian_eigenvalues(lam, s, widths, data_singular_values=x)
        return exact.shape == dense.shape and np.abs(exact - dense).max() <= TOLERANCE * dense[0]

    assert agrees()
    monkeypatch.setattr(spectrum, name, broken(getattr(spectrum, name)))
    assert not agrees()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lam": [1.0]}, "layer_singular_values must have length 2, got length 1"),
        ({"lam": [1.0, 1.0, 1.0]}, "layer_singular_values must have length 2, got length 3"),
        ({"lam": [1.0, -0.1]}, "layer_singular_values must be >= 0"),
        ({"lam": [1.0, float("inf")]}, "layer_singular_values must be finite"),
        ({"lam": [[1.0, 1.0]]}, "layer_singular_values must be one-dimensional"),
        ({"s": [1.0]}, "target_singular_values must have length 2 or 3, got length 1"),
        ({"s": [1.0] * 4}, "target_singular_values must have length 2 or 3, got length 4"),
        ({"s": [1.0, float("nan")]}, "target_singular_values must be finite"),
        ({"s": [1.0, -1.0]}, "target_singular_values must be >= 0"),
        ({"x": [1.0, 1.0]}, "data_singular_values must have length 4, got length 2"),
        ({"x": [1.0, 1.0, 1.0, -1.0]}, "data_singular_values must be >= 0"),
        ({"widths": (4,)}, "widths must hold at least d_0 and d_L"),
        ({"widths": (4, 2.5, 3)}, r"widths\[1\] must be an integer >= 1, got 2.5"),
        ({"widths": (4, 0, 3)}, r"widths\[1\] must be an integer >= 1, got 0"),
        ({"widths": 4}, "widths must be a sequence"),
        ({"part": "gauss-newton"}, "part must be one of 'full', 'outer', 'functional'"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    good = {"lam": [1.0, 0.5], "s": [1.0, 0.0], "widths": (4, 2, 3), "x": None, "part": "full"}
    a = good | changes
    with pytest.raises(ValueError, match=message):
        hessian_eigenvalues(
            a["lam"], a["s"], a["widths"], data_singular_values=a["x"], part=a["part"]
        )


def dense_outer_eigenvalues(lam, widths, x):
    """Eigenvalues of J^T J, descending, from torch's Jacobian of a rectangular diagonal network."""
    layers = [rectangular_diagonal(lam, d_out, d_in) for d_in, d_out in pairwise(widths)]
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

    pairs = spectrum.pair_eigenvalues(
        out, into, len(widths) - 1, data_singular_values=None if whitened else x
    )

    dense = dense_outer_eigenvalues(lam, widths, x)
    np.testing.assert_allclose(
        np.sort(pairs, axis=None)[::-1], dense[: pairs.size], rtol=0, atol=1e-13 * dense[0]
    )
    np.testing.assert_allclose(dense[pairs.size :], 0, rtol=0, atol=1e-13 * dense[0])


def test_learnt_and_empty_directions_give_the_three_eigenspaces():
    lam = np.array([1.0, 1.0, 0.0, 0.0, 0.0])  # r = 2
    pairs = spectrum.pair_eigenvalues(lam[:4], lam, depth=6)  # d_L = 4, d_0 = 5
    values, counts = np.unique(pairs, return_counts=True)
    np.testing.assert_array_equal(values, [0, 1, 6])
    np.testing.assert_array_equal(counts, [(4 - 2) * (5 - 2), (4 + 5 - 2 * 2) * 2, 2**2])


def test_data_belong_to_the_input_direction():
    pairs = spectrum.pair_eigenvalues([1.0, 0.5], [1.0, 0.5], 2, data_singular_values=[3, 2])
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
def test_bad_pairs_are_named(changes, message):
    arguments = {"out": [1.0], "into": [1.0], "depth": 2, "x": None} | changes
    with pytest.raises(ValueError, match=message):
        spectrum.pair_eigenvalues(
            arguments["out"],
            arguments["into"],
            arguments["depth"],
            data_singular_values=arguments["x"],
        )
