"""Random valid arguments, small enough that thousands of them cost seconds."""

import itertools

import numpy as np
import strategies
import torch
from hypothesis import strategies as st

SIZES = st.integers(1, 4)
SCALES = st.floats(0.25, 4.0)
SEEDS = st.integers(0, 2**20)


def rng(draw):
    return np.random.default_rng(draw(SEEDS))


def descending(draw, low=3, high=30):
    """A positive, descending spectrum, sometimes with equal neighbours."""
    n = draw(st.integers(low, high))
    values = np.exp(rng(draw).normal(size=n)).round(draw(st.sampled_from([1, 12]))) + 0.1
    return np.sort(values)[::-1].copy()


def widths(draw, *, depth=(1, 3), size=(1, 4)):
    """Widths (d_0, ..., d_L) and a rank that fits them."""
    found = tuple(draw(st.lists(st.integers(*size), min_size=depth[0] + 1, max_size=depth[1] + 1)))
    return found, draw(st.integers(1, min(found)))


def with_bulk(draw, *, depth=(1, 3)):
    """Widths and a rank below d_0 or d_L."""
    (first, *rest), rank = widths(draw, depth=depth)
    return (first + 1, *rest), rank


def matrix(draw, rows, columns):
    return rng(draw).normal(size=(rows, columns))


def layers(draw, shape, *, batch=()):
    """NumPy layers of these widths."""
    source = rng(draw)
    return [source.normal(size=(*batch, b, a)) for a, b in itertools.pairwise(shape)]


def tensors(arrays):
    return [torch.from_numpy(np.array(array)) for array in arrays]


def symmetric(draw, size):
    half = matrix(draw, size, size)
    return half + half.T


def covariance(draw, size):
    """Symmetric, positive definite."""
    half = matrix(draw, size, size)
    return half @ half.T + 0.3 * np.eye(size)


def values(draw, size, *, zeros=True):
    """Singular values, descending."""
    return draw(strategies.singular_values(size, allow_zero=zeros))


def orthogonal(draw, size):
    return strategies.orthogonal(rng(draw), size)


def close(found, wanted, rtol=1e-9, atol=1e-9):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol)


def real(found, shape):
    """A finite float64 array of this shape."""
    assert isinstance(found, np.ndarray), type(found)
    assert (found.dtype, found.shape) == (np.float64, tuple(shape))
    assert np.isfinite(found).all()


def falling(found):
    assert (np.diff(found) <= 0).all()
