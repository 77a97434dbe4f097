"""The operator of wide blocks: quadrature, samples and the constant of the rate."""

import numpy as np
import pytest

from depth_not_data.residual import wide_limit, wide_operator


def states(rng, samples, n_embd):
    y = rng.standard_normal((samples, n_embd))
    y -= y.mean(axis=1, keepdims=True)
    return y / np.sqrt((y**2).mean(axis=1, keepdims=True))


def test_arc_cosine_is_twice_a_mean_of_two_relus():
    w = np.random.default_rng(0).standard_normal((400_000, 2))
    for cosine in (-0.5, 0.2, 0.9):
        other = cosine * w[:, 0] + np.sqrt(1 - cosine**2) * w[:, 1]
        found = 2 * np.mean(np.maximum(w[:, 0], 0) * np.maximum(other, 0))
        assert wide_operator.arc_cosine(cosine) == pytest.approx(found, rel=0.03)


@pytest.mark.parametrize("subtract", [True, False])
@pytest.mark.parametrize("divide", [True, False])
def test_projections_are_the_derivative_of_the_norm(subtract, divide):
    y, step = states(np.random.default_rng(1), 3, 5), 1e-6
    change = np.random.default_rng(2).standard_normal(y.shape)

    def norm(h):
        h = h - h.mean(axis=1, keepdims=True) if subtract else h
        return h / np.sqrt((h**2).mean(axis=1, keepdims=True)) if divide else h

    found = (norm(y + step * change) - norm(y - step * change)) / (2 * step)
    behind = wide_operator.projections(y, subtract=subtract, divide=divide)
    np.testing.assert_allclose(np.einsum("sij,sj->si", behind, change), found, atol=1e-8)


def test_many_samples_have_the_levels():
    y = states(np.random.default_rng(3), 350, 5)
    values = np.linalg.eigvalsh(wide_operator.kernel_matrix(y, 2))[::-1]
    start = 0
    for level in wide_limit.levels(5, 2)[:5]:
        found = values[start : start + level.count].mean()
        assert found == pytest.approx(level.eigenvalue, rel=0.08), level.functions
        start += level.count


def test_the_constant_is_the_mean_squared_distance():
    rng = np.random.default_rng(4)
    y = states(rng, 10, 4)
    limit, distances = wide_operator.kernel_matrix(y, 2), []
    for _ in range(400):
        first = rng.standard_normal((2, 30, 4)) / np.sqrt(12)
        finite = wide_operator.kernel_matrix(y, 2, first=first)
        distances.append(np.sum((finite - limit) ** 2))
    expected = wide_operator.rate_constant(y, 2) / 30
    assert np.mean(distances) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("y", [np.ones(4), np.array([2.0, 0, 0, 0]), np.ones(3), 2 * np.ones(4)])
def test_a_state_off_the_sphere_is_named(y):
    with pytest.raises(ValueError, match="y must have length"):
        wide_operator.apply(lambda points: points, y, 1)


def test_one_matrix_for_each_block():
    y = states(np.random.default_rng(5), 2, 4)
    with pytest.raises(ValueError, match="first must hold one matrix for each of 2 blocks"):
        wide_operator.kernel_matrix(y, 2, first=[np.ones((3, 4))])
