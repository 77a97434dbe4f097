r"""Deep networks with tanh after every layer, on X = I: the paper's second set of figures.

``h^0 = I``, ``h^k = tanh(W^k h^{k-1})``, loss ``1/2 ||h^L - Phi||_F^2``. tanh has slope 1 at zero:
small weights make the linear network; a target entry of 1 is out of reach at any weight. All
functions take a batch of networks: the same leading axes on every layer. Everything is float64.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import network


def states(weights: Sequence[Tensor]) -> list[Tensor]:
    """Layer outputs h^0 = I, h^1, ..., h^L; one column for each input.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L; layer k has shape (..., d_k, d_{k-1}).

    Returns
    -------
    list of Tensor
        Shapes (d_0, d_0), (..., d_1, d_0), ..., (..., d_L, d_0).

    >>> states([torch.zeros(2, 1)])[1].flatten()
    tensor([0., 0.])
    """
    weights = network.chained(weights, batch=True)
    found = [torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)]
    for layer in weights:
        found.append(torch.tanh(layer @ found[-1]))
    return found


def outputs(weights: Sequence[Tensor]) -> Tensor:
    """Return h^L of every network, shape (..., d_L, d_0).

    >>> outputs([torch.zeros(1, 1)])
    tensor([[0.]])
    """
    return states(weights)[-1]


def losses(weights: Sequence[Tensor], target: Tensor) -> Tensor:
    """Half the summed squared error of every network, shape (...).

    >>> losses([torch.zeros(1, 1)], torch.ones(1, 1)).item()
    0.5
    """
    found = outputs(weights)
    one_each = isinstance(target, torch.Tensor) and target.ndim > 2
    network.fitting("target", target, found.shape if one_each else found.shape[-2:], found.dtype)
    return 0.5 * ((found - target) ** 2).sum(dim=(-2, -1))


def jacobian_gram(weights: Sequence[Tensor]) -> Tensor:
    """J J^T over output-input pairs; its eigenvalues are those of the outer-product part.

    Parameters
    ----------
    weights : sequence of Tensor
        As in :func:`states`.

    Returns
    -------
    Tensor, shape (..., d_0 d_L, d_0 d_L)
        Rows are numbered by input first, output second.

    Notes
    -----
    Summed over layers, an entry is the product of the derivatives at the outputs and of the overlap
    of the layer's inputs. One layer at zero has slope 1 everywhere:

    >>> jacobian_gram([torch.zeros(1, 2)])
    tensor([[1., 0.],
            [0., 1.]])
    """
    levels = states(weights)
    n_out, n_in = levels[-1].shape[-2:]
    # Derivative of the output in the state, for each input.
    back = torch.eye(n_out, dtype=weights[0].dtype).expand(n_in, n_out, n_out)
    total = torch.zeros((), dtype=weights[0].dtype)
    for k in reversed(range(len(weights))):
        back = back * (1 - levels[k + 1].mT[..., None, :] ** 2)  # through the activation
        flat = back.flatten(-3, -2)
        overlap = (flat @ flat.mT).unflatten(-1, (n_in, n_out)).unflatten(-3, (n_in, n_out))
        total = total + overlap * (levels[k].mT @ levels[k])[..., :, None, :, None]
        back = back @ weights[k].unsqueeze(-3)
    return total.flatten(-4, -3).flatten(-2, -1)


def diagonal_eigenvalues(diagonals, d_in: int, d_out: int) -> np.ndarray:
    """Eigenvalues of the outer-product part where every layer is diagonal.

    Parameters
    ----------
    diagonals : array_like, shape (L, n)
        Entries w_{k,i} of layer k in direction i; 0 in the directions beyond n.
    d_in, d_out : int
        d_0 and d_L, both >= n.

    Returns
    -------
    numpy.ndarray, float64, shape (d_out, d_in)
        ``sum_k h_{k-1,c}^2 prod_{j>k} w_{j,a}^2`` for output a and input c, and for a = c every
        factor from layer k on with the squared slope of tanh there.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or of the wrong shape.

    Notes
    -----
    The theorem on diagonal tanh networks. A single layer at zero is linear:

    >>> diagonal_eigenvalues([[0.0]], d_in=2, d_out=1)
    array([[1., 1.]])
    """
    w = _validation.real_array("diagonals", diagonals)
    if w.ndim != 2 or 0 in w.shape:
        raise ValueError(f"diagonals must have shape (L, n), got {w.shape}")
    d_in = _validation.integer("d_in", d_in, minimum=w.shape[1])
    d_out = _validation.integer("d_out", d_out, minimum=w.shape[1])
    w = np.pad(w, ((0, 0), (0, max(d_in, d_out) - w.shape[1])))
    h = [np.ones(w.shape[1])]
    for layer in w:
        h.append(np.tanh(layer * h[-1]))
    h = np.array(h)
    slope = 1.0 - h[1:] ** 2
    above = np.array([np.prod(w[k + 1 :], axis=0) for k in range(len(w))])
    through = np.array([np.prod(slope[k:], axis=0) for k in range(len(w))])
    pairs = (above**2).T @ h[:-1] ** 2
    np.fill_diagonal(pairs, np.sum((h[:-1] * above * through) ** 2, axis=0))
    return pairs[:d_out, :d_in]
