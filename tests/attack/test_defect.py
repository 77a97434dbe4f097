"""Searches that try to refute the bound in the balancedness defect, and that L is the least."""

import numpy as np
import torch
from hypothesis import given, settings, target
from hypothesis import strategies as st
from strategies import SEARCH, orthogonal, rngs

from depth_not_data.linear import network
from depth_not_data.linear.defect import bound, defect, growth

MANY = settings(SEARCH, max_examples=300)


@st.composite
def minima(draw):
    """Layers with r singular values 1 in their product: any basis, any junk that cancels."""
    depth, rank = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    widths = [rank + draw(st.integers(0, 2)) for _ in range(depth + 1)]
    rng = draw(rngs())
    junk, skew = (draw(st.sampled_from([0.0, 0.01, 0.1, 0.4, 1.0])) for _ in range(2))
    silent = draw(st.integers(0, depth - 1))
    layers = []
    for k in range(depth):
        layer = np.zeros((widths[k + 1], widths[k]))
        layer[:rank, :rank] = np.eye(rank)
        size = 0.0 if k == silent else junk * draw(st.sampled_from([1.0, 1.0, 0.1]))
        layer[rank:, rank:] = size * rng.standard_normal(layer[rank:, rank:].shape)
        layers.append(layer)
    for k in range(depth - 1):
        change = orthogonal(rng, widths[k + 1])
        change = change @ (np.eye(widths[k + 1]) + skew * rng.standard_normal(change.shape))
        layers[k] = change @ layers[k]
        layers[k + 1] = np.linalg.solve(change.T, layers[k + 1].T).T
    layers[0] = layers[0] @ orthogonal(rng, widths[0])
    layers[-1] = orthogonal(rng, widths[-1]) @ layers[-1]
    return rank, layers


def spectrum(layers):
    weights = [torch.tensor(layer) for layer in layers]
    matrix = network.dense_hessian(weights, network.product(weights)).numpy()
    return np.linalg.eigvalsh(matrix)[::-1]


def groups(rank, layers):
    found = spectrum(layers)
    nonzero = rank * (layers[0].shape[1] + layers[-1].shape[0] - rank)
    return found[: rank**2], found[rank**2 : nonzero], found[nonzero:]


@MANY
@given(minima())
def test_bound(problem):
    rank, layers = problem
    delta, depth = float(defect(layers)), len(layers)
    if delta > 50:
        return
    dominant, bulk, rest = groups(rank, layers)
    limits, slack = bound(depth, delta), 1e-7 * max(1.0, dominant[0])
    target(dominant[0] / limits.dominant_high, label="largest dominant")
    target(limits.dominant_low / dominant[-1], label="smallest dominant")
    assert limits.dominant_low - slack <= dominant[-1]
    assert dominant[0] <= limits.dominant_high + slack
    if bulk.size:
        target(bulk[0] / limits.bulk_high, label="largest bulk")
        assert bulk[0] <= limits.bulk_high + slack
        assert limits.bulk_low - slack <= bulk[-1]
    if rest.size:
        assert rest[0] <= limits.rest_high + slack


@MANY
@given(minima())
def test_mean_of_the_largest(problem):
    rank, layers = problem
    dominant, *_ = groups(rank, layers)
    mean = dominant.mean() / len(layers)
    target(-mean, label="below L")
    assert mean > 1 - 1e-9


@MANY
@given(minima(), st.data())
def test_lemma(problem, data):
    # |W^j ... W^1 v|^2 against the defect, for a v that W kills and for one that it keeps.
    _, layers = problem
    rng = data.draw(rngs())
    delta, depth = float(defect(layers)), len(layers)
    product = layers[0]
    for layer in layers[1:]:
        product = layer @ product
    keep = product.T @ product
    kill = np.eye(len(keep)) - keep
    for projection, limit in (
        (keep, lambda j: growth(j, depth, delta)),
        (kill, lambda j: delta**j),
    ):
        v = projection @ rng.standard_normal(len(keep))
        if np.linalg.norm(v) < 1e-3:
            continue
        v /= np.linalg.norm(v)
        for j, layer in enumerate(layers, start=1):
            v = layer @ v
            assert v @ v <= limit(j) * (1 + 1e-6) + 1e-8 * max(1.0, delta) ** j


@MANY
@given(st.integers(2, 30), st.floats(0.0, 3.0))
def test_simple_forms(depth, delta):
    limits, one = bound(depth, delta), 1 + delta
    for j in range(depth + 1):
        assert growth(j, depth, delta) <= one**j * (1 + 1e-9)
    assert limits.dominant_low >= depth * one ** -(depth + 1) * (1 - 1e-9)
    assert limits.dominant_high <= depth * one ** (depth - 1) * (1 + 1e-9)
    assert limits.bulk_low >= 1 / one * (1 - 1e-9)
    simple = (1 + 2 * delta) * one ** (depth - 1) + (depth - 1) * delta ** (depth - 1)
    assert limits.bulk_high <= simple * (1 + 1e-9)
