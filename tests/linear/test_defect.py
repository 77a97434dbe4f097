"""What gradient flow conserves, and limits for the spectrum of unbalanced minima."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from depth_not_data.linear import ensembles, network
from depth_not_data.linear.defect import bound, conserved, defect, growth, safe


def gaussian(widths, size, seed=0):
    rng = np.random.default_rng(seed)
    return [size * rng.normal(size=(b, a)) for a, b in pairwise(widths)]


def test_the_matrices_are_those_of_the_flow():
    layers = gaussian((3, 4, 5, 2), 0.4)
    for k, matrix in enumerate(conserved(layers)):
        expected = layers[k + 1].T @ layers[k + 1] - layers[k] @ layers[k].T
        np.testing.assert_allclose(matrix, expected, atol=1e-15)


@pytest.mark.parametrize("lr", [0.02, 0.01])
def test_descent_conserves_them_up_to_its_step(lr):
    weights = [torch.tensor(w) for w in gaussian((3, 4, 5, 2), 0.4)]
    generator = torch.Generator().manual_seed(1)
    target, inputs = (
        torch.randn(d, 6, generator=generator, dtype=torch.float64) / 6**0.5 for d in (2, 3)
    )
    path = network.gradient_descent(weights, target, lr=lr, steps=400, inputs=inputs)
    first = last = next(path)[1]
    for _, last in path:  # noqa: B007
        pass
    drift = max(np.abs(a - b).max() for a, b in zip(conserved(first), conserved(last), strict=True))
    moved = max((a - b).abs().max() for a, b in zip(first, last, strict=True))
    loss = network.loss(first, target, inputs)
    assert moved > 0.3
    assert drift < 2 * lr * loss, "the corollary of the note"
    assert drift > 0, "finite steps do not conserve them exactly"


def test_defect_adds_spectral_norms_also_for_a_batch():
    layers = gaussian((3, 4, 5, 2), 0.4)
    expected = sum(np.linalg.svd(m, compute_uv=False)[0] for m in conserved(layers))
    assert defect(layers) == pytest.approx(expected)
    batch = [np.stack([w, 2 * w]) for w in layers]
    np.testing.assert_allclose(defect(batch), [expected, 4 * expected])
    copy = ensembles.balanced_copy([w[:1] for w in batch], np.random.default_rng(0))
    assert defect(copy)[0] < 1e-12
    assert defect(layers[:1]) == 0.0


def test_growth_solves_its_equation():
    delta = np.array([0.0, 1e-9, 0.3, 1.0, 40.0])
    for depth in (2, 3, 7):
        for j in range(1, depth):
            g = growth(j, depth, delta) ** (1 / j)
            logarithm = j * np.log(g) + (depth - j) * np.log(g - delta)
            np.testing.assert_allclose(logarithm[:-1], 0.0, atol=1e-9)
            assert np.all(np.diff(g) > 0)


def test_first_order_of_the_bound():
    for depth in (3, 4, 6):
        limits, small = bound(depth, 1e-6), 1e-6
        products = sum(k * (depth - k) / depth for k in range(1, depth))
        assert (limits.bulk_high - 1) / small == pytest.approx(2 + (depth - 1) / depth, rel=1e-3)
        assert (depth - limits.dominant_low) / small == pytest.approx(2 * products, rel=1e-3)
        assert limits.rest_high < small


@pytest.mark.parametrize("delta", [0.05, 0.4])
def test_limits_of_the_bulk_written_out(delta):
    for depth in (2, 3, 4):
        p = [float(growth(j, depth, delta)) for j in range(depth + 1)]
        mixed = {
            2: 0.0,
            3: 2 * delta * p[1],
            4: 2 * delta * p[2] + 2 * delta**2 * p[1],
        }[depth]
        limits = bound(depth, delta)
        highest = p[depth - 1] + mixed + (depth + 1) * delta ** (depth - 1)
        assert limits.bulk_high == pytest.approx(highest, rel=1e-12)
        assert limits.bulk_low == pytest.approx(1 / p[1], rel=1e-12)
        assert limits.rest_high == pytest.approx(depth * delta ** (depth - 1), rel=1e-12)


def test_the_bound_holds_after_training():
    target = np.zeros((4, 5))
    target[0, 0] = target[1, 1] = 1.0
    for depth in (2, 3, 4):
        start = gaussian((5, *[6] * (depth - 1), 4), 0.12, seed=depth)
        trained = ensembles.train([w[None] for w in start], target, steps=40_000, tolerance=1e-9)
        weights = [torch.tensor(w[0]) for w in trained]
        found = np.linalg.eigvalsh(network.dense_hessian(weights, torch.tensor(target)).numpy())[
            ::-1
        ]
        limits = bound(depth, float(defect([w.numpy() for w in weights])))
        assert limits.dominant_low < found[3]
        assert found[0] < limits.dominant_high
        assert found[4] < limits.bulk_high
        assert limits.bulk_low < found[13]
        assert found[14] < limits.rest_high + 1e-6


def test_safe_is_where_the_limits_meet():
    for depth in (2, 3, 10):
        assert bound(depth, 0.999 * safe(depth)).gap > 1
        assert bound(depth, 1.001 * safe(depth)).gap < 1


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("weights must hold", lambda: conserved([])),
        (r"weights\[0\]", lambda: conserved([[1.0, 2.0]])),
        (r"weights\[1\]", lambda: defect([np.ones((2, 3)), np.ones((2, 3))])),
        (r"weights\[1\]", lambda: defect([np.ones((2, 3)), [[np.nan, 1.0]]])),
        ("layers", lambda: growth(3, 2, 0.1)),
        ("layers", lambda: growth(-1, 2, 0.1)),
        ("depth", lambda: growth(0, 0, 0.1)),
        ("defect", lambda: growth(1, 2, -0.1)),
        ("depth", lambda: bound(1, 0.1)),
        ("defect", lambda: bound(2, np.inf)),
        ("depth", lambda: safe(1)),
    ],
)
def test_bad_arguments_are_refused(name, call):
    with pytest.raises(ValueError, match=name):
        call()
