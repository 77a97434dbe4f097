r"""All Hessian eigenvalues of an aligned, balanced deep linear network from small blocks.

The loss is ``1/2 ||W^L ... W^1 X - Phi||_F^2``. Every layer holds the singular value lam_a in
direction a, and X and Phi are diagonal in the same singular bases, with entries x_a and s_a.
Write delta_k[a, c] for the perturbation of layer k from input direction c to output direction
a; it exists if ``a < d_k`` and ``c < d_(k-1)``. To second order the loss couples
``{delta_k[a, c]}_k`` and ``{delta_k[c, a]}_k`` with each other and with nothing else, so the
Hessian is a direct sum of blocks of at most 2L rows for each pair a != c and of at most L rows
for each a:

* outer-product part: ``u u^T`` on the (a, c) entries, ``u_k = lam_a^(L-k) lam_c^(k-1) x_c``,
  and the same with a and c exchanged on the (c, a) entries;
* functional part: ``g_a lam_a^(L-1-(l-k)) lam_c^(l-k-1)`` between delta_l[a, c] and
  delta_k[c, a] for l > k, and the same with a and c exchanged for l < k, where
  ``g_a = (lam_a^L x_a - s_a) x_a`` is the residual's slope in direction a.

The outer-product part is ``H_o = J^T J``, J the derivative of the output in the weights: J sends
delta_k[a, c] to the single output entry (a, c) with weight u_k, so its rows are orthogonal, and
the squared length of row (a, c) is an eigenvalue of H_o (:func:`pair_eigenvalues`).

Here ``0^0 = 1``, and lam, x and g are 0 in directions where they have no entry. Exchanging equal
directions leaves a block as it is, so each kind of block is diagonalised once and counted.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation

HESSIAN_PARTS = ("full", "outer", "functional")
# Matrix entries in one batch: 32 MiB of float64, far above the cost of a batch's overhead.
_BATCH_ENTRIES = 2**22


def hessian_eigenvalues(
    layer_singular_values,
    target_singular_values,
    widths,
    *,
    data_singular_values=None,
    part: str = "full",
) -> np.ndarray:
    """All P eigenvalues of the Hessian, or of one of its two parts.

    Parameters
    ----------
    layer_singular_values : array_like, shape (min(widths),)
        Singular values lam_a >= 0 that every layer holds, in any order.
    target_singular_values : array_like, shape (min(widths),) or (min(d_0, d_L),)
        Singular values s_a >= 0 of the target Phi in the same directions. The longer form also
        gives those that a hidden layer narrower than d_0 and d_L cannot reach; in the shorter
        form they are 0.
    widths : sequence of int
        Layer widths (d_0, ..., d_L), each >= 1. The depth is ``L = len(widths) - 1 >= 1``.
    data_singular_values : array_like, shape (d_0,), optional
        Singular values x_c >= 0 of the data matrix X in the input directions, the first
        min(widths) of them in the order of `layer_singular_values`. Whitened data, X = I, if not
        given.
    part : {"full", "outer", "functional"}
        The Hessian ``H = H_o + H_f``, its outer-product (Gauss-Newton) part H_o or its functional
        part H_f, which holds the residual.

    Returns
    -------
    numpy.ndarray, float64, shape (P,)
        Eigenvalues with multiplicity, descending, ``P = sum_k d_k d_(k-1)``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or of the wrong shape.

    Notes
    -----
    The paper gives the eigenvalues of H_o; the blocks of the whole H are derived in this book.
    The cost is O(d^2 L^3) for different directions and less for equal ones; memory is O(P).

    At the saddle point W = 0 of a scalar network with two layers, ``1/2 (w_2 w_1 - 1)^2``, the
    Hessian is ``[[0, -1], [-1, 0]]`` and all of it is functional:

    >>> hessian_eigenvalues([0.0], [1.0], (1, 1, 1))
    array([ 1., -1.])

    At the minimum only the outer-product part is left: the sum of L ones squared for the pair
    (0, 0), one for each pair with an unused direction, and zeros:

    >>> hessian_eigenvalues([1.0, 0.0], [1.0, 0.0], (2, 2, 2, 2)).round(12) + 0.0
    array([3., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0.])
    """
    widths = _validation.widths(widths)
    rank, reach, d_in = min(widths), min(widths[0], widths[-1]), widths[0]
    lam = _validation.vector(
        "layer_singular_values", layer_singular_values, minimum=0.0, lengths=[rank]
    )
    s = _validation.vector(
        "target_singular_values", target_singular_values, minimum=0.0, lengths=[rank, reach]
    )
    x = np.ones(d_in)
    if data_singular_values is not None:
        x = _validation.vector(
            "data_singular_values", data_singular_values, minimum=0.0, lengths=[d_in]
        )
    part = _validation.choice("part", part, HESSIAN_PARTS)
    if part == "outer":
        return _outer_eigenvalues(lam, x, widths)
    classes = _direction_classes(lam, s, x, widths)
    eigenvalues, counts = [], []
    for block, count in _blocks(classes, widths, part):
        spectra = np.linalg.eigvalsh(block)
        eigenvalues.append(spectra.ravel())
        counts.append(np.repeat(count, spectra.shape[1]))
    eigenvalues, counts = np.concatenate(eigenvalues), np.concatenate(counts)
    order = np.argsort(eigenvalues)[::-1]
    return np.repeat(eigenvalues[order], counts[order])


def pair_eigenvalues(
    out_singular_values, in_singular_values, depth: int, *, data_singular_values=None
) -> np.ndarray:
    """Eigenvalues of H_o, one for each pair of an output and an input direction.

    Parameters
    ----------
    out_singular_values : array_like, shape (n_out,)
        Per-layer singular values lam_a >= 0 of the output directions, n_out = d_L for the whole
        spectrum; directions beyond the stored singular values are passed as zeros.
    in_singular_values : array_like, shape (n_in,)
        Per-layer singular values lam_c >= 0 of the input directions, n_in = d_0 for the whole
        spectrum; directions beyond the stored singular values are passed as zeros.
    depth : int
        Number of layers L >= 1.
    data_singular_values : array_like, shape (n_in,), optional
        Singular values x_c >= 0 of the data matrix X in the input directions, so that
        ``Sigma_xx = X X^T`` has eigenvalues x_c^2. Whitened data, x_c = 1, if not given.

    Returns
    -------
    numpy.ndarray, float64, shape (n_out, n_in)
        Entry (a, c) is ``x_c^2 sum_{k=1..L} lam_a^(2(L-k)) lam_c^(2(k-1))`` with 0^0 = 1. These
        are all nonzero eigenvalues of H_o; every other eigenvalue is zero.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or of the wrong shape.

    Notes
    -----
    Paper, the spectrum of the Gauss-Newton part (Theorem 2 and its Gram matrix), here for any
    singular values. With two directions, the first learnt (lam = 1) and the second empty
    (lam = 0), the pair (1, 1) collects all L layers, the mixed pairs one layer each, and the
    pair of empty directions none:

    >>> pair_eigenvalues([1.0, 0.0], [1.0, 0.0], depth=5)
    array([[5., 1.],
           [1., 0.]])

    A single layer has the eigenvalues of Sigma_xx, once for each output:

    >>> pair_eigenvalues([0.3, 0.0], [0.3, 0.0], depth=1, data_singular_values=[2.0, 1.0])
    array([[4., 1.],
           [4., 1.]])
    """
    out = _validation.vector("out_singular_values", out_singular_values, minimum=0.0)
    into = _validation.vector("in_singular_values", in_singular_values, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    above = np.arange(depth)[::-1]  # L - k layers stand above layer k = 1..L
    below = np.arange(depth)  # and k - 1 layers below it
    eigenvalues = out[:, None] ** (2 * above) @ (into[:, None] ** (2 * below)).T
    if data_singular_values is not None:
        x = _validation.vector(
            "data_singular_values", data_singular_values, minimum=0.0, lengths=[into.size]
        )
        eigenvalues = eigenvalues * x**2
    return eigenvalues


class _Classes(NamedTuple):
    """Directions that no block tells apart, in order of `band`."""

    band: np.ndarray  # levels d_0..d_L have it if they are as wide as np.unique(widths)[band]
    lam: np.ndarray  # per-layer singular value
    slope: np.ndarray  # g, the residual's slope
    x: np.ndarray  # data singular value
    count: np.ndarray  # number of directions

    def __getitem__(self, index) -> "_Classes":
        return _Classes(*(field[index] for field in self))


def _outer_eigenvalues(lam, x, widths):
    out, into = np.zeros(widths[-1]), np.zeros(widths[0])
    out[: lam.size] = into[: lam.size] = lam
    pairs = pair_eigenvalues(out, into, len(widths) - 1, data_singular_values=x)
    total = sum(np.multiply(widths[1:], widths[:-1]))
    # H_o has one eigenvalue for each output entry, besides zeros; behind a narrow layer there
    # are fewer parameters than output entries, and the surplus pairs are zero.
    eigenvalues = np.zeros(max(total, pairs.size))
    eigenvalues[: pairs.size] = np.sort(pairs, axis=None)[::-1]
    return eigenvalues[:total]


def _direction_classes(lam, s, x, widths) -> _Classes:
    n = max(widths)
    lam, x = _padded(lam, n), _padded(x, n)
    slope = (lam ** (len(widths) - 1) * x - _padded(s, n)) * x
    slope[min(widths[0], widths[-1]) :] = 0.0  # there the residual has no diagonal entry
    band = np.searchsorted(np.unique(widths), np.arange(n), side="right")
    rows = np.stack([band, lam, slope, x], axis=1)
    classes, count = np.unique(rows, axis=0, return_counts=True)
    band, lam, slope, x = classes.T
    return _Classes(band.astype(int), lam, slope, x, count)


def _padded(values, n):
    return np.concatenate([values, np.zeros(n - values.size)])


def _blocks(classes, widths, part) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches (matrices, how often each occurs).

    Which entries exist is the same for all pairs from two bands, and there are no more bands
    than layer widths: the loops are over bands and batches, never over pairs.
    """
    depth = len(widths) - 1
    exists = _existing_entries(widths)
    bands = range(len(exists))
    for p in bands:
        layers = np.flatnonzero(exists[p, p])
        members = np.flatnonzero(classes.band == p)
        for index in _batches(members, layers.size):
            a = classes[index]
            block = _coupling(a, a, layers, layers, depth)
            if part == "full":
                block += _outer_product(a, a, layers, depth)
            yield block, a.count
        for q in bands[p:]:
            rows, columns = np.flatnonzero(exists[p, q]), np.flatnonzero(exists[q, p])
            first, second, count = _pairs(classes, p, q)
            for index in _batches(np.arange(count.size), rows.size + columns.size):
                a, c = classes[first[index]], classes[second[index]]
                yield _pair_block(a, c, rows, columns, depth, part), count[index]


def _existing_entries(widths):
    """Whether delta_k[a, c] exists, for a in band p, c in band q and layer k: shape (p, q, k)."""
    has_direction = np.array(widths) >= np.unique(widths)[:, None]  # (band, level 0..L)
    return has_direction[:, None, 1:] & has_direction[None, :, :-1]


def _batches(index, size) -> list[np.ndarray]:
    """Split `index` so that a batch of size x size matrices stays within the memory bound."""
    if size == 0 or index.size == 0:
        return []
    per_batch = max(1, _BATCH_ENTRIES // size**2)
    return np.split(index, range(per_batch, index.size, per_batch))


def _pairs(classes, p, q):
    """Class indices (first, second) and the number of unordered pairs of different directions."""
    in_p, in_q = (np.flatnonzero(classes.band == band) for band in (p, q))
    first, second = np.repeat(in_p, in_q.size), np.tile(in_q, in_p.size)
    count = classes.count[first] * classes.count[second]
    if p == q:
        within = first == second
        count[within] = (count[within] - classes.count[in_p]) // 2
        wanted = (first <= second) & (count > 0)
        first, second, count = first[wanted], second[wanted], count[wanted]
    return first, second, count


def _pair_block(a, c, rows, columns, depth, part):
    """Hessian blocks over delta[a, c] in layers `rows`, then delta[c, a] in layers `columns`."""
    n, m = rows.size, rows.size + columns.size
    block = np.zeros((a.lam.size, m, m))
    coupling = _coupling(a, c, rows, columns, depth)
    block[:, :n, n:] = coupling
    block[:, n:, :n] = coupling.transpose(0, 2, 1)
    if part == "full":
        block[:, :n, :n] = _outer_product(a, c, rows, depth)
        block[:, n:, n:] = _outer_product(c, a, columns, depth)
    return block


def _outer_product(a, c, layers, depth):
    u = a.lam[:, None] ** (depth - 1 - layers) * c.lam[:, None] ** layers * c.x[:, None]
    return u[:, :, None] * u[:, None, :]


def _coupling(a, c, rows, columns, depth):
    """Functional part between delta_l[a, c], l in `rows`, and delta_k[c, a], k in `columns`."""
    m = np.arange(1, depth)  # the distance l - k, on which alone the coupling depends
    above = a.slope[:, None] * a.lam[:, None] ** (depth - 1 - m) * c.lam[:, None] ** (m - 1)
    below = c.slope[:, None] * c.lam[:, None] ** (depth - 1 - m) * a.lam[:, None] ** (m - 1)
    by_distance = np.hstack([below[:, ::-1], np.zeros((a.lam.size, 1)), above])
    return by_distance[:, rows[:, None] - columns + depth - 1]
