"""Closed form of the outer-product part of the Hessian of a balanced deep linear network.

The Hessian of ``1/2 ||W^L ... W^1 X - Phi||_F^2`` is ``H_o + H_f``. The outer-product
(Gauss-Newton) part is ``H_o = J^T J`` with J the derivative of the output in the weights.
In the singular basis of a balanced network, J sends ``delta_k[a, c]``, the perturbation of
layer k from input direction c to output direction a, to the single output entry ``(a, c)``,
with weight ``lam_a^(L-k) lam_c^(k-1) x_c``. The rows of J are therefore orthogonal, and the
squared length of row ``(a, c)`` is an eigenvalue of H_o.
"""

import numpy as np

from depth_not_data import _validation


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
