"""A random search against the proposition that the curvature of blocks adds.

The largest eigenvalue of a sum of positive semidefinite matrices is at most the sum of theirs, and
equal to it exactly when they share an eigenvector at their largest eigenvalue.
"""

import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st
from strategies import REFUTE, SEARCH, orthogonal, rngs, singular_values

TOLERANCE = 1e-12


@st.composite
def blocks(draw):
    """Positive semidefinite matrices, at times with one direction at the top of each."""
    size, count = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    rng, shared = draw(rngs()), draw(st.booleans())
    base = orthogonal(rng, size)
    matrices = []
    for _ in range(count):
        values = draw(singular_values(size))
        turn = np.eye(size)
        turn[1:, 1:] = orthogonal(rng, size - 1)
        basis = base @ turn if shared else orthogonal(rng, size)
        matrices.append(basis @ np.diag(values) @ basis.T)
    return matrices


def top_space(matrix):
    """Projector on the eigenvectors at the largest eigenvalue."""
    values, vectors = np.linalg.eigh(matrix)
    top = vectors[:, values >= values[-1] - 1e-9 * max(values[-1], 1e-300)]
    return top @ top.T


def share_a_top_vector(matrices):
    """A vector is in all top spaces if the mean of their projectors has an eigenvalue 1."""
    mean = np.mean([top_space(m) for m in matrices], axis=0)
    return np.linalg.eigvalsh(mean)[-1] > 1 - 1e-9


def deficit(matrices):
    """Sum of the largest eigenvalues less that of the sum, over the former."""
    tops = sum(np.linalg.eigvalsh(m)[-1] for m in matrices)
    return (tops - np.linalg.eigvalsh(sum(matrices))[-1]) / tops if tops else 0.0


@SEARCH
@given(blocks())
def test_blocks_add_at_most_and_exactly_with_a_common_vector(matrices):
    found, common = deficit(matrices), share_a_top_vector(matrices)
    event(f"common vector: {common}")
    target(-float(found), label="nearness to equality")
    assert found >= -TOLERANCE
    assert (found <= 1e-9) == common


def equality_with_equal_eigenvalues(matrices):
    """A wrong condition: equal spectra in place of a common vector."""
    spectra = [np.linalg.eigvalsh(m) for m in matrices]
    equal = all(np.allclose(s, spectra[0]) for s in spectra)
    assert (deficit(matrices) <= 1e-9) == equal


def test_the_search_refutes_a_wrong_condition_for_equality():
    with pytest.raises(AssertionError):
        REFUTE(given(blocks())(equality_with_equal_eigenvalues))()
