"""The calculation of levels: its parts against random matrices, its whole against the ledger."""

import re

import numpy as np
import pytest

from depth_not_data.presentation import claims
from depth_not_data.residual.levels import (
    TERMS,
    _overlaps,
    _pushed,
    _quantiles,
    _second_order,
    _spread,
    _top,
    _turned,
    levels,
)


def test_overlaps_count_the_layer_norms_between_two_sources():
    carry, together, kept = np.array([0.9, 0.8]), np.array([0.7, 0.6]), np.array([0.5, 1.0])
    found = _overlaps(carry, together, kept)
    # Order: weights of block 1 and 2 (before the LayerNorms), then the affine parts (behind them).
    expected = [
        [0.7 * 0.5, 0.9 * 0.6, 0.9 * 0.5, 0.9 * 0.8],
        [0.9 * 0.6, 0.6, 0.6, 0.8],
        [0.9 * 0.5, 0.6, 0.5, 0.8],
        [0.9 * 0.8, 0.8, 0.8, 1.0],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("other", [0.5, 3.0])
def test_pushed_is_the_eigenvalue_of_the_joint_matrix(other):
    joint = np.array([[2.0, 0.3], [0.3, other]])
    values, vectors = np.linalg.eigh(joint)
    own = np.argmin(np.abs(values - 2))
    level, weight = _pushed(joint[:1, :1], [(joint[:1, 1:], joint[1:, 1:])])
    assert level == pytest.approx(values[own], rel=1e-10)
    assert weight == pytest.approx(vectors[0, own] ** 2, rel=1e-8)


def stack_of_random_blocks(rng, n, n_block):
    """Gram matrix of unit steps in the biases of a stack of random linear maps.

    Each map is (1 + Z; Z') / sqrt(19/18): Z mixes the constants, Z' leads out of them.
    """
    steps = np.empty((n_block, n * (1 + n_block), n))
    for b in range(n_block):
        steps[b] = 0
        steps[b, :n] = np.eye(n)
        if b:
            z, away = rng.standard_normal((2, n, n)) / np.sqrt(36 * n)
            inside = steps[:b, :n].copy()
            steps[:b, :n] += z @ inside
            steps[:b, n * b : n * (b + 1)] = away @ inside
            steps[:b, :n] /= np.sqrt(19 / 18)
            steps[:b, n * b : n * (b + 1)] /= np.sqrt(19 / 18)
    flat = steps.transpose(1, 0, 2).reshape(n * (1 + n_block), -1)
    return flat.T @ flat


@pytest.mark.parametrize(("n_block", "n"), [(4, 9), (8, 9), (8, 20)])
def test_turning_raises_the_level_as_in_random_matrices(n_block, n):
    rng, found, spreads = np.random.default_rng(0), [], []
    for _ in range(120):
        top = np.linalg.eigvalsh(stack_of_random_blocks(rng, n, n_block))[-n:]
        found.append(top.mean())
        spreads.append(top.std() / top.mean())
    block = np.arange(n_block)
    gram = (18 / 19) ** (np.abs(np.subtract.outer(block, block)) / 2)
    couplings = _turned(gram, block < block[:, None], np.full(n_block, 1 / 36))
    bare = _top(gram)[0]
    predicted = bare + _second_order(gram, couplings)
    assert np.mean(found) == pytest.approx(predicted, rel=0.015)
    assert np.mean(found) > bare * 1.01  # without the couplings the level would be missed
    assert np.mean(spreads) == pytest.approx(_spread(gram, couplings), rel=0.15)


def test_quantiles():
    values = _quantiles(3.0, 0.5, 4001)
    assert np.all(np.diff(values) < 0)
    assert values.mean() == pytest.approx(3.0, rel=1e-12)
    assert values.std() / values.mean() == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(_quantiles(3.0, 0.0, 5), 3.0)


@pytest.mark.parametrize("term", TERMS)
def test_every_term_matters_somewhere(term):
    whole, part = np.array(levels(10, 8)), np.array(levels(10, 8, without=[term]))
    assert np.abs(part / whole - 1).max() > 0.002


def test_the_first_level_grows_with_depth_and_the_others_sink_with_width():
    depths = [levels(20, n_block, without=["order"]) for n_block in (1, 2, 4)]
    assert np.all(np.diff(np.array(depths), axis=0) > 0)
    narrow, wide = levels(15, 2), levels(30, 2)
    assert 0.85 < wide.first / narrow.first < 1
    assert 0.4 < wide.second / narrow.second < 0.6
    assert 0.4 < wide.linear / narrow.linear < 0.6


@pytest.mark.parametrize(("entry", "group"), [("E50", 0), ("E51", 1), ("E52", 2)])
def test_the_ledger_holds_the_numbers_of_the_calculation(entry, group):
    """What was predicted stays what is compared: a change of the calculation is seen here."""
    quantity = claims.get(entry).rule.quantity
    written = re.findall(r"\((\d+), (\d+)\) ([0-9.]+)", quantity)
    assert len(written) == len(claims.get(entry).rule.value)
    for n_embd, n_block, level in written:
        assert float(level) == float(f"{levels(int(n_embd), int(n_block))[group]:.4g}")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: levels(4, 1), "n_embd must be an integer >= 5"),
        (lambda: levels(10, 0), "n_block must be an integer >= 1"),
        (lambda: levels(10, 1, n_samples=0), "n_samples must be an integer >= 1"),
        (lambda: levels(10, 1, without=["luck"]), "without must be one of"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("without", ["mean", 5], ids=repr)
def test_terms_come_in_a_collection(without):
    with pytest.raises(ValueError, match=f"without must be a collection of terms, got {without!r}"):
        levels(10, 2, without=without)
