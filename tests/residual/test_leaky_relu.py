"""Leaky ReLU between linear maps and ReLU: levels by symmetry, features, a trained student."""

import numpy as np
import pytest

from depth_not_data.residual import leaky_relu


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_levels_are_those_of_sampled_unit_vectors(slope):
    n, n_block = 6, 3
    t = np.random.default_rng(0).normal(size=(400_000, n))
    t = t[:, 0] / np.linalg.norm(t, axis=1)
    phi = np.maximum(t, slope * t)
    polynomials = [np.ones_like(t), t, (n * t**2 - 1) / (n - 1)]
    sampled = [4 / 3 * n**2 * n_block * np.mean(phi * p) ** 2 for p in polynomials]
    found = leaky_relu.harmonic_levels(slope, n, n_block)
    assert np.allclose(found, sampled, rtol=0.02, atol=1e-3)


def test_a_component_of_a_unit_vector_has_the_mean_of_many():
    vectors = np.random.default_rng(1).normal(size=(200_000, 5))
    mean = np.abs(vectors[:, 0] / np.linalg.norm(vectors, axis=1)).mean()
    assert leaky_relu.mean_component(5) == pytest.approx(mean, rel=0.01)


def test_many_features_have_the_levels_of_the_harmonics():
    n, n_block = 3, 200
    levels = leaky_relu.harmonic_levels(0.0, n, n_block)
    found = leaky_relu.feature_spectrum(0.0, n, n_block, seed=0)
    # The lengths of the weights are those of a cube, not of a sphere, hence the tolerance.
    assert found[0] == pytest.approx(levels[0], rel=0.1)
    assert found[1:4].mean() == pytest.approx(levels[1], rel=0.1)


def test_feature_spectrum_is_the_second_moment_over_gaussian_inputs():
    rng = np.random.default_rng(3)
    w = rng.uniform(-1, 1, (8, 2)) / np.sqrt(2)
    z = np.random.default_rng(4).normal(size=(400_000, 2)) @ w.T
    features = np.maximum(z, 0.25 * z)
    sampled = np.linalg.eigvalsh(features.T @ features / len(z))[::-1]
    found = leaky_relu.feature_spectrum(0.25, 2, 1, seed=3)
    assert np.allclose(found, sampled, rtol=0.03, atol=1e-3)


def test_trained_linear_blocks_have_n_squared_eigenvalues():
    found = leaky_relu.trained_spectrum(1.0, 2, 1, n_samples=50, steps=600, lr=0.01)
    assert len(found) == 32
    assert found[3] > 1e-3 * found[0] > 1e3 * abs(found[4])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leaky_relu.harmonic_levels(float("nan"), 3, 1), "slope must be"),
        (lambda: leaky_relu.harmonic_levels(0.0, 1, 1), "n_embd must be"),
        (lambda: leaky_relu.mean_component(0), "n_embd must be"),
        (lambda: leaky_relu.feature_spectrum("0", 3, 1, seed=0), "slope must be"),
        (lambda: leaky_relu.feature_spectrum(0.0, 3, 0, seed=0), "n_block must be"),
        (lambda: leaky_relu.feature_spectrum(0.0, 3, 1, seed=-1), "seed must be"),
        (lambda: leaky_relu.trained_spectrum(0.0, 3, 1, steps=0), "steps must be"),
        (lambda: leaky_relu.trained_spectrum(0.0, 3, 1, lr=0.0), "lr must be"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
