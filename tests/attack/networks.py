"""Balanced networks for the attacks, and the blocks of T2 written out from its statement alone."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from hypothesis import event
from hypothesis import strategies as st
from strategies import layer_widths, orthogonal, rectangular_diagonal, rngs, singular_values
from torch import Tensor

from depth_not_data.linear import network as linear_network
from depth_not_data.spectra import autograd


@dataclass(frozen=True)
class Network:
    """A balanced network in random bases, with data and target in its singular directions."""

    widths: tuple[int, ...]
    lam: np.ndarray  # (d*,), what every layer holds, in any order
    x: np.ndarray  # (d_0,), singular values of the data
    s: np.ndarray  # (min(d_0, d_L),), singular values of the target
    bases: tuple[np.ndarray, ...]  # Q_0, ..., Q_L
    inputs: Tensor
    target: Tensor

    @property
    def depth(self):
        return len(self.widths) - 1

    @property
    def slope(self):
        """The residual's slope g, by direction, zero where there is none."""
        n = max(self.widths)
        lam, x, s = (padded(values, n) for values in (self.lam, self.x, self.s))
        g = x * (lam**self.depth * x - s)
        g[len(self.s) :] = 0.0
        return g

    @property
    def scale(self):
        """Size of the products of target and data that may cancel in a Hessian."""
        largest = self.lam.max(initial=0.0) ** max(self.depth - 2, 0)
        return float(self.inputs.norm() * max(1.0, self.target.norm()) * largest) or 1.0

    def weights(self):
        """W^k = Q_k S_k Q_(k-1)^T."""
        return [
            tensor(below_to_above(self.bases[k], self.bases[k + 1], self.lam))
            for k in range(self.depth)
        ]

    def in_bases(self, weights):
        """Layers of a trained network in the singular bases of the start."""
        return [
            above.T @ w.numpy() @ below
            for w, (below, above) in zip(weights, pairwise(self.bases), strict=True)
        ]

    def hessian(self):
        return linear_network.dense_hessian(self.weights(), self.target, self.inputs)

    def outer_part(self):
        """J^T J, from torch's Jacobian."""
        parts = torch.autograd.functional.jacobian(
            lambda *w: linear_network.product(w) @ self.inputs, tuple(self.weights())
        )
        jacobian = torch.cat([part.reshape(self.target.numel(), -1) for part in parts], dim=1)
        return jacobian.T @ jacobian


def padded(values, n):
    return np.concatenate([values, np.zeros(n - len(values))])


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def below_to_above(below, above, values):
    return above @ rectangular_diagonal(values, len(above), len(below)) @ below.T


def aligned(rng, widths, lam, x, s, *, samples=None):
    """The network with these singular values; the target's part that no data reach is random."""
    bases = tuple(orthogonal(rng, d) for d in widths)
    filled = np.flatnonzero(x)
    samples = max(samples or 1, len(filled), 1)
    right = orthogonal(rng, samples)
    inputs = bases[0][:, filled] * x[filled] @ right[: len(filled)]
    target = rng.standard_normal((widths[-1], samples))
    target -= target @ right[: len(filled)].T @ right[: len(filled)]
    for row, i in enumerate(filled):
        if i < len(s):
            target += s[i] * np.outer(bases[-1][:, i], right[row])
    return Network(tuple(widths), lam, x, s, bases, tensor(inputs), tensor(target))


@st.composite
def shapes(draw, **bounds):
    """Widths, half of them without a layer of one or two units, which would leave rank one."""
    least = draw(st.sampled_from([1, 3]))
    return tuple(max(least, d) for d in draw(layer_widths(**bounds)))


@st.composite
def networks(draw, *, min_depth=1, max_depth=5, max_width=5, decades=1.5):
    """Any widths and bottlenecks; layers, data and target of any rank, in any order."""
    widths = draw(shapes(min_depth=min_depth, max_depth=max_depth, max_width=max_width))
    rng = draw(rngs())
    sizes = {"lam": min(widths), "x": widths[0], "s": min(widths[0], widths[-1])}
    found = {
        name: rng.permutation(draw(singular_values(size, decades=decades)))
        for name, size in sizes.items()
    }
    if draw(st.booleans()):
        found["x"] = (found["x"] > 0).astype(float)
    event(f"depth {len(widths) - 1}")
    event(f"bottleneck: {sizes['lam'] < sizes['s']}")
    return aligned(rng, widths, **found, samples=draw(st.integers(1, widths[0] + 2)))


def block_matrix(widths, lam, g, x, pair):
    """The block of T2 for the pair {a, c}, written from its statement; any kind of numbers.

    `lam`, `g` and `x` have max(widths) entries. Returns the matrix as a list of rows, and the
    entries (k, row, column) that number its rows.
    """
    depth = len(widths) - 1
    a, c = pair
    entries = [
        (k, i, j)
        for i, j in dict.fromkeys([(a, c), (c, a)])
        for k in range(1, depth + 1)
        if i < widths[k] and j < widths[k - 1]
    ]

    def entry(first, second):
        (j, a, c), (k, a2, c2) = first, second
        value = 0 * lam[a]
        if (a, c) == (a2, c2):
            value += lam[a] ** (2 * depth - j - k) * lam[c] ** (j + k - 2) * x[c] ** 2
        if (a, c) == (c2, a2) and j > k:
            value += g[a] * lam[a] ** (depth - 1 - (j - k)) * lam[c] ** (j - k - 1)
        if (a, c) == (c2, a2) and j < k:
            value += g[c] * lam[c] ** (depth - 1 - (k - j)) * lam[a] ** (k - j - 1)
        return value

    return [[entry(first, second) for second in entries] for first in entries], entries


def pairs(widths):
    n = max(widths)
    return [(a, c) for a in range(n) for c in range(a, n)]


def whole_matrix(network):
    """The Hessian in the singular bases, all entries by T2, rows as autograd numbers them."""
    widths = network.widths
    offsets = np.cumsum([0, *(b * a for a, b in pairwise(widths))])
    matrix = np.zeros((offsets[-1], offsets[-1]))
    lam, x = (padded(values, max(widths)) for values in (network.lam, network.x))
    for pair in pairs(widths):
        block, entries = block_matrix(widths, lam, network.slope, x, pair)
        rows = [offsets[k - 1] + i * widths[k - 1] + j for k, i, j in entries]
        if rows:
            matrix[np.ix_(rows, rows)] = block
    return matrix


def rotation_of_parameters(network):
    """Orthogonal matrix from the parameters to the perturbations delta_k[a, c]."""
    blocks = [np.kron(above.T, below.T) for below, above in pairwise(network.bases)]
    size = sum(len(block) for block in blocks)
    matrix, start = np.zeros((size, size)), 0
    for block in blocks:
        stop = start + len(block)
        matrix[start:stop, start:stop] = block
        start = stop
    return matrix


def spectrum(matrix):
    """Eigenvalues, descending."""
    return autograd.eigenvalues(matrix)
