"""Random searches that try to refute the statements about optimisers (T40, T41, T42, T47).

The truth is the network: torch differentiates its loss, and moves it by its own update or by one
written from the paper of the method.
"""

from itertools import pairwise

import numpy as np
import torch
from hypothesis import assume, event, given, target
from hypothesis import strategies as st
from strategies import SEARCH, layer_widths, orthogonal, rngs

from depth_not_data.linear import optimizer_oracle, optimizers

SPECTRAL = ("gd", "heavy-ball", "nesterov", "muon", "newton-schulz", "shampoo", "sam")


def diagonal(values, rows, columns):
    matrix = torch.zeros(rows, columns, dtype=torch.float64)
    size = min(rows, columns, len(values))
    matrix[range(size), range(size)] = torch.tensor(values[:size], dtype=torch.float64)
    return matrix


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def network(bases, widths, lam, s):
    """Balanced layers and a target, aligned in the given bases of all levels."""
    bases = [tensor(base) for base in bases]
    layers = [
        after @ diagonal(lam, rows, columns) @ before.T
        for (before, after), (columns, rows) in zip(pairwise(bases), pairwise(widths), strict=True)
    ]
    phi = bases[-1] @ diagonal(s, widths[-1], widths[0]) @ bases[0].T
    return layers, phi, bases


def deviation(weights, bases, lam):
    """Largest difference of any layer, seen in the bases, from the diagonal of the recursion."""
    return max(
        (after.T @ layer @ before - diagonal(lam, *layer.shape)).abs().max().item()
        for layer, (before, after) in zip(weights, pairwise(bases), strict=True)
    )


def followed(name, widths, bases, lam, s, lr, steps, **hyper):
    layers, phi, bases = network(bases, widths, lam, s)
    path = optimizers.trajectory(name, lam, s, len(layers), lr, steps, **hyper)
    trained = optimizer_oracle.train(name, layers, phi, lr=lr, steps=steps, **hyper)
    return [deviation(w, bases, lam) for w, lam in zip(trained, path, strict=True)]


def random_start(rng, size, depth):
    """Values that no optimiser brings to their targets in 60 small steps."""
    lam = rng.uniform(0.5, 0.8, size)
    s = np.where(rng.random(size) < 0.3, 0.0, rng.uniform(1.2, 2, size) ** depth)
    return lam, s


@SEARCH
@given(
    name=st.sampled_from(SPECTRAL),
    widths=layer_widths(),
    rng=rngs(),
    size=st.floats(1e-4, 1e-3),
)
def test_spectral_optimisers_follow_the_recursion(name, widths, rng, size):
    depth = len(widths) - 1
    lam, s = random_start(rng, min(widths), depth)
    bases = [orthogonal(rng, width) for width in widths]
    worst = max(followed(name, widths, bases, lam, s, size / depth, 60))
    event(f"{name}, L = {depth}")
    target(worst, label="distance from the recursion")
    assert worst < 1e-9


@SEARCH
@given(
    depth=st.integers(1, 12),
    lam0=st.floats(0.05, 2),
    s=st.one_of(st.just(0.0), st.floats(0.1, 4)),
    lr=st.floats(1e-3, 0.3),
)
def test_muon_arrives_and_alternates(depth, lam0, s, lr):
    end = s ** (1 / depth)
    arrival = int(np.ceil(abs(end - lam0) / lr))
    landing = abs(abs(end - lam0) / lr - round(abs(end - lam0) / lr))
    assume(landing > 1e-6)  # an arrival on the point itself is an end, and not generic
    # Near zero a gradient of lam^(2L-1) must not be rounded to nothing, and beyond it an odd
    # depth turns back while an even one goes on to the mirror image of the target.
    assume(s == 0 or lr < end)
    path = optimizers.trajectory("muon", [lam0], [s], depth, lr, arrival + 20)[:, 0]
    event("target 0" if s == 0 else "target")
    towards = np.sign(end - lam0)
    assert np.all(towards * (end - path[:arrival]) > 0)
    assert np.all(towards * (end - path[arrival]) < 0)
    np.testing.assert_allclose(path[: arrival + 1], lam0 + towards * lr * np.arange(arrival + 1))
    np.testing.assert_allclose(path[arrival::2], path[arrival], atol=1e-12)
    np.testing.assert_allclose(path[arrival + 1 :: 2], path[arrival] - towards * lr, atol=1e-12)


@SEARCH
@given(widths=layer_widths(min_depth=2), rng=rngs())
def test_rmnp_equals_muon_where_the_left_bases_are_axes(widths, rng):
    depth = len(widths) - 1
    lam, s = random_start(rng, min(widths), depth)
    axes = [np.eye(width)[rng.permutation(width)] for width in widths]
    axes[0] = orthogonal(rng, widths[0])  # the basis of the inputs is free
    assert max(followed("rmnp", widths, axes, lam, s, 1e-3, 60)) < 1e-9


@SEARCH
@given(widths=layer_widths(min_depth=2), rng=rngs(), momentum=st.sampled_from([0.0, 0.9]))
def test_adam_and_rmnp_follow_the_recursion_on_the_axes(widths, rng, momentum):
    depth = len(widths) - 1
    lam, s = random_start(rng, min(widths), depth)
    axes = [np.eye(width) for width in widths]
    assert max(followed("adam", widths, axes, lam, s, 1e-3, 60)) < 1e-12
    hyper = {"momentum": momentum, "nesterov": momentum > 0}
    assert max(followed("rmnp", widths, axes, lam, s, 1e-3, 60, **hyper)) < 1e-12


@SEARCH
@given(widths=layer_widths(min_depth=2, max_width=6), rng=rngs())
def test_rmnp_needs_axes_on_the_left(widths, rng):
    widths = (*widths[:-1], widths[-1] + 1)  # outputs that can be rotated
    lam, s = random_start(rng, min(widths), len(widths) - 1)
    bases = [np.eye(width) for width in widths[:-1]] + [orthogonal(rng, widths[-1])]
    layers, phi, bases = network(bases, widths, lam, s)
    start, moved = list(optimizer_oracle.train("rmnp", layers, phi, lr=1.0, steps=1))
    lengths = [(b - a).norm().item() for a, b in zip(start, moved, strict=True)]
    np.testing.assert_allclose(lengths[:-1], min(widths) ** 0.5)
    np.testing.assert_allclose(lengths[-1], widths[-1] ** 0.5)


@SEARCH
@given(
    name=st.sampled_from(["gd", "heavy-ball", "nesterov"]),
    depth=st.integers(1, 8),
    s=st.floats(0.3, 3),
    beta=st.floats(0, 0.95),
    share=st.floats(0.9, 1.1),
)
def test_edges(name, depth, s, beta, share):
    assume(abs(share - 1) > 0.02)
    hyper = {} if name == "gd" else {"momentum": beta}
    bound = {"gd": 2, "heavy-ball": 2 * (1 + beta), "nesterov": 2 * (1 + beta) / (1 + 2 * beta)}
    end = s ** (1 / depth)
    lr = share * bound[name] / (depth * s ** (2 - 2 / depth))
    away = 1e-9 * end
    try:
        path = optimizers.trajectory(name, [end + away], [s], depth, lr, 3000, **hyper)
    except ArithmeticError:
        assert share > 1
        return
    grew = np.abs(path[-50:] - end).max() > away
    assert grew == (share > 1)
