r"""All Hessian eigenvalues of an aligned linear residual network from small blocks.

The loss is ``1/2 ||M_L ... M_1 - Phi||_F^2`` with layers ``M_k = alpha I + W_k`` of d rows and d
columns, or with two-layer blocks ``M_k = alpha I + B_k A_k``. A layer's parameters enter through
M_k alone, and alpha is a constant: as a function of W the loss is that of the linear network,
shifted. At an *aligned* point orthogonal Q_0, ..., Q_L exist in which ``Q_k^T M_k Q_(k-1)`` and
``Q_L^T Phi Q_0`` are diagonal; f_ka is entry a of the former, its *factor*, of any sign.

With delta_k[a, c] the perturbation of M_k from direction c to direction a, only
``{delta_k[a, c]}_k`` and ``{delta_k[c, a]}_k`` see each other:

* outer-product part: ``u u^T`` on the (a, c) entries, ``u_k = prod_(j>k) f_ja prod_(j<k) f_jc``,
  and the same with a and c exchanged on the (c, a) entries;
* functional part: ``e_a prod_(j>l) f_ja prod_(k<j<l) f_jc prod_(j<k) f_ja`` between
  delta_l[a, c] and delta_k[c, a] for l > k, and the same with a and c exchanged for l < k, where
  ``e_a = prod_j f_ja - s_a`` is the residual in direction a.

In a two-layer block ``delta_k[a, c] = q_ka dA_k[a, c] + p_kc dB_k[a, c]`` to first order, p and q
the diagonals of A and B, and ``dB_k dA_k`` adds a coupling within the layer.
"""

import numpy as np

from depth_not_data import _validation

HESSIAN_PARTS = ("full", "outer")


def layer_curvatures(factors) -> np.ndarray:
    """Curvature that each layer contributes to each pair of directions.

    Parameters
    ----------
    factors : array_like, shape (L, d)
        Entry f_ka of layer k = 1..L in singular direction a; any sign.

    Returns
    -------
    numpy.ndarray, float64, shape (L, d, d)
        Entry [k - 1, a, c] is ``u_k^2 = prod_(j>k) f_ja^2 prod_(j<k) f_jc^2``. The sum over k
        gives all d^2 nonzero eigenvalues of the outer-product part.

    Raises
    ------
    ValueError
        If `factors` is not a finite two-dimensional array with at least one row and one column.

    Notes
    -----
    A direction that is passed on (f = 1) lets all layers act on it, a blocked one (f = 0) only
    the layer next to the block:

    >>> layer_curvatures([[1.0, 0.0]] * 3).sum(axis=0)
    array([[3., 1.],
           [1., 0.]])
    """
    above, below = _partial_products(_factors("factors", factors))
    return (above[:, :, None] * below[:, None, :]) ** 2


def continuous_depth_levels(target) -> np.ndarray:
    """Limit of the eigenvalues over L at a balanced minimum, for L to infinity.

    Parameters
    ----------
    target : array_like, shape (d,)
        Singular values s_a > 0 of the end-to-end map.

    Returns
    -------
    numpy.ndarray, float64, shape (d, d)
        The logarithmic mean of s_a^2 and s_c^2,
        ``integral_0^1 s_a^(2(1-t)) s_c^(2t) dt = (s_a^2 - s_c^2) / (2 log(s_a / s_c))``,
        and ``s_a^2`` where they are equal.

    Raises
    ------
    ValueError
        If `target` is not a finite vector of positive numbers.

    Examples
    --------
    >>> continuous_depth_levels([1.0, np.e]).round(4)
    array([[1.    , 3.1945],
           [3.1945, 7.3891]])
    """
    s = _positive("target", target)
    half = np.log(s)[:, None] - np.log(s)[None, :]  # half the logarithm of s_a^2 / s_c^2
    same = half == 0
    return np.outer(s, s) * np.where(same, 1.0, np.sinh(half) / np.where(same, 1.0, half))


def minimum_levels(target, depth: int) -> np.ndarray:
    """Eigenvalues at a balanced minimum, one for each ordered pair of directions.

    Parameters
    ----------
    target : array_like, shape (d,)
        Singular values s_a > 0 of the end-to-end map; every layer has the factor s_a^(1/L).
    depth : int
        L >= 1.

    Returns
    -------
    numpy.ndarray, float64, shape (d, d)
        ``sum_k s_a^(2(L-k)/L) s_c^(2(k-1)/L) = (s_a s_c)^((L-1)/L) sinh(L y) / sinh(y)`` with
        ``y = log(s_a / s_c) / L``, and ``L s_a^(2-2/L)`` where they are equal.

    Raises
    ------
    ValueError
        If `target` is not a finite vector of positive numbers or `depth` not an integer >= 1.

    Examples
    --------
    Two layers: ``s_a + s_c``.

    >>> minimum_levels([3.0, 1.0], 2).round(12)
    array([[6., 4.],
           [4., 2.]])
    """
    s = _positive("target", target)
    depth = _validation.integer("depth", depth, minimum=1)
    y = (np.log(s)[:, None] - np.log(s)[None, :]) / depth
    same = y == 0
    ratio = np.where(same, depth, np.sinh(depth * y) / np.where(same, 1.0, np.sinh(y)))
    return np.outer(s, s) ** ((depth - 1) / depth) * ratio


def scale_levels(skip, depth: int) -> np.ndarray:
    """Three levels when the layers set some directions to 1 and leave the others to the skip.

    Parameters
    ----------
    skip : array_like, shape (...)
        Residual scale alpha, any sign.
    depth : int
        L >= 1.

    Returns
    -------
    numpy.ndarray, float64, shape (3, ...)
        For pairs with both, one and none of their directions among those set to 1:
        L, ``1 + alpha^2 + ... + alpha^(2(L-1))`` and ``L alpha^(2(L-1))``, with ``0^0 = 1``.

    Raises
    ------
    ValueError
        If `skip` is not finite or `depth` not an integer >= 1.

    Examples
    --------
    The paper's network, one half, and the linear residual network:

    >>> scale_levels([0.0, 0.5, 1.0], 2)
    array([[2.  , 2.  , 2.  ],
           [1.  , 1.25, 2.  ],
           [0.  , 0.5 , 2.  ]])
    """
    skip = _validation.real_array("skip", skip)
    depth = _validation.integer("depth", depth, minimum=1)
    powers = np.power.outer(skip, 2 * np.arange(depth))
    return np.array([np.full_like(skip, depth), powers.sum(-1), depth * powers[..., -1]])


def hessian_eigenvalues(factors, target, *, part: str = "full") -> np.ndarray:
    """All eigenvalues of the Hessian of a linear residual network of single layers.

    Parameters
    ----------
    factors : array_like, shape (L, d)
        Entries f_ka of ``M_k = alpha I + W_k`` in the singular directions; any sign.
    target : array_like, shape (d,)
        Entries s_a of Phi in the same directions; any sign.
    part : {"full", "outer"}
        The Hessian, or its outer-product (Gauss-Newton) part.

    Returns
    -------
    numpy.ndarray, float64, shape (L d^2,)
        Eigenvalues with multiplicity, descending.

    Raises
    ------
    ValueError
        If an argument is not finite, of the wrong shape or not an allowed choice.

    Notes
    -----
    At W = 0 with skip 1 and the identity as target, every pair of directions has the curvature
    of all L layers; there is no bulk of height 1:

    >>> hessian_eigenvalues(np.ones((3, 2)), np.ones(2)).round(12) + 0.0
    array([3., 3., 3., 3., 0., 0., 0., 0., 0., 0., 0., 0.])
    """
    f = _factors("factors", factors)
    s = _validation.vector("target", target, lengths=[f.shape[1]])
    part = _validation.choice("part", part, HESSIAN_PARTS)
    if part == "outer":
        return _descending(layer_curvatures(f).sum(axis=0), f.shape[0] * f.shape[1] ** 2)
    pairs = _PairBlocks(f, s)
    eigenvalues = []
    for a, c in pairs.ordered():
        block = pairs.of_layers(a, c)
        if a == c:
            n = len(f)
            block = block[:n, :n] + block[:n, n:]
        eigenvalues.append(np.linalg.eigvalsh(block))
    return np.sort(np.concatenate(eigenvalues))[::-1]


def block_hessian_eigenvalues(
    inner, outer, target, *, skip: float = 1.0, n_hidden: int | None = None, part: str = "full"
) -> np.ndarray:
    """All eigenvalues of the Hessian of a linear residual network of two-layer blocks.

    Parameters
    ----------
    inner, outer : array_like, shape (L, d)
        Diagonals p_ka of A_k and q_ka of B_k, any sign; both are zero elsewhere, so that ``M_k``
        has the factor ``skip + q_ka p_ka``. A skip other than 0 needs equal Q_0, ..., Q_L.
    target : array_like, shape (d,)
        Entries s_a of Phi in the same directions; any sign.
    skip : float
        Residual scale alpha.
    n_hidden : int, optional
        Hidden width m >= d, d if not given. Hidden units beyond d are at zero.
    part : {"full", "outer"}
        The Hessian, or its outer-product (Gauss-Newton) part.

    Returns
    -------
    numpy.ndarray, float64, shape (2 L d m,)
        Eigenvalues with multiplicity, descending.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite or of the wrong shape.

    Notes
    -----
    The outer-product part has the d^2 eigenvalues ``sum_k u_k^2 (q_ka^2 + p_kc^2)``. At zero
    output weights each block adds p_kc^2, through its output weights:

    >>> block_hessian_eigenvalues([[2.0], [1.0]], [[0.0], [0.0]], [1.0]).round(12) + 0.0
    array([5., 0., 0., 0.])
    """
    p, q = _factors("inner", inner), _factors("outer", outer)
    if p.shape != q.shape:
        raise ValueError(f"outer must have the shape of inner, {p.shape}, got {q.shape}")
    depth, d = p.shape
    s = _validation.vector("target", target, lengths=[d])
    skip = _validation.number("skip", skip)
    m = _validation.integer("n_hidden", d if n_hidden is None else n_hidden, minimum=d)
    part = _validation.choice("part", part, HESSIAN_PARTS)
    f = skip + p * q
    if part == "outer":
        weight = q[:, :, None] ** 2 + p[:, None, :] ** 2
        return _descending((layer_curvatures(f) * weight).sum(axis=0), 2 * depth * d * m)
    pairs = _PairBlocks(f, s)
    # An unused hidden unit i couples dB_k[a, i] with dA_k[i, a] and with nothing else.
    unused = np.repeat(pairs.within_layer, m - d)
    eigenvalues = [unused, -unused]
    for a, c in pairs.ordered():
        block = pairs.of_blocks(a, c, p, q)
        if a == c:
            n = 2 * depth
            block = block[:n, :n] + block[:n, n:]
        eigenvalues.append(np.linalg.eigvalsh(block))
    return np.sort(np.concatenate(eigenvalues))[::-1]


class _PairBlocks:
    """Hessian blocks over delta[a, c] in all layers, then delta[c, a] in all layers.

    For a = c both halves name the same entries: the caller adds their columns, ``u u^T + C``.
    """

    def __init__(self, f, s):
        self.depth, self.d = f.shape
        self.above, self.below = _partial_products(f)
        self.residual = f.prod(axis=0) - s
        # between[l, k] = prod_(k<j<l) f_j, for l > k.
        self.between = np.ones((self.depth, self.depth, self.d))
        for k in range(self.depth):
            for late in range(k + 2, self.depth):
                self.between[late, k] = self.between[late - 1, k] * f[late - 1]
        # Coupling of dB_k[a, i] with dA_k[i, a], shape (L, d).
        self.within_layer = self.residual * self.above * self.below

    def ordered(self):
        return ((a, c) for a in range(self.d) for c in range(a, self.d))

    def of_layers(self, a, c):
        u = self.above[:, a] * self.below[:, c]
        v = self.above[:, c] * self.below[:, a]
        coupling = self._later(a, c) + self._later(c, a).T
        return np.block([[np.outer(u, u), coupling], [coupling.T, np.outer(v, v)]])

    def _later(self, a, c):
        """Coupling of delta_l[a, c] with delta_k[c, a] for l > k, zero elsewhere."""
        outside = self.residual[a] * np.outer(self.above[:, a], self.below[:, a])
        return np.tril(outside * self.between[:, :, c], -1)

    def of_blocks(self, a, c, p, q):
        """Variables dA[a, c], dB[a, c], dA[c, a], dB[c, a], each in all layers."""
        n = self.depth
        zero = np.zeros((n, 2 * n))
        first_order = np.block(
            [
                [np.diag(q[:, a]), np.diag(p[:, c]), zero],
                [zero, np.diag(q[:, c]), np.diag(p[:, a])],
            ]
        )
        block = first_order.T @ self.of_layers(a, c) @ first_order
        k = np.arange(n)
        for b_entry, a_entry, direction in ((n + k, 2 * n + k, a), (3 * n + k, k, c)):
            block[b_entry, a_entry] += self.within_layer[:, direction]
            block[a_entry, b_entry] += self.within_layer[:, direction]
        return block


def _partial_products(f):
    """Products of the factors above and below each layer, both of shape (L, d)."""
    ones = np.ones((1, f.shape[1]))
    below = np.vstack([ones, np.cumprod(f[:-1], axis=0)])
    above = np.vstack([np.cumprod(f[:0:-1], axis=0)[::-1], ones])
    return above, below


def _positive(name, value):
    return _validation.vector(name, value, above=0.0)


def _descending(levels, size):
    eigenvalues = np.zeros(size)
    eigenvalues[: levels.size] = np.sort(levels, axis=None)[::-1]
    return eigenvalues


def _factors(name, value):
    array = _validation.real_array(name, value)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} must have shape (L, d), both at least 1, got {array.shape}")
    return array
