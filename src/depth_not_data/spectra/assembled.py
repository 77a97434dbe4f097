"""Dense Hessian of a loss that is a sum over samples, assembled at the nodes of a network.

A *node* is a vector z that is affine in parameters: ``z = W s`` for a linear map, ``z = gain * y
+ bias`` behind a normalisation. Parameters act through their node alone, so that second
derivatives by displacements of the nodes, some tens for each sample, say what those by all
parameters are. With ``g_k`` the gradient of a sample's loss by node k and ``M_kl = d g_k / d z_l``,

    H[W_k(o, i), W_l(q, j)] = sum over samples of
        M_kl[o, q] s_k[i] s_l[j] + g_k[o] (d s_k[i] / d z_l[q]) s_l[j],

two matrix products. Automatic differentiation gives the derivatives at the nodes, one pass for each
component of a node; :func:`depth_not_data.spectra.autograd.dense_hessian` needs one for each
parameter.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from depth_not_data import _validation

# Components of a node whose derivatives are taken in one pass: bounds the memory.
COMPONENTS = 64


class _Entry(NamedTuple):
    """A parameter at its node: ``z[o] = factor[o] * sum_i parameter[o, i] s[i]``; None is 1."""

    parameter: Tensor
    s: Tensor | None = None
    factor: Tensor | None = None


class _Node(NamedTuple):
    shift: Tensor
    entries: list[_Entry]


class Nodes:
    """What a network computes its affine maps with, so that they are known.

    With no argument it computes and notes nothing.

    >>> s, weight = torch.ones(3, 2), torch.eye(2)
    >>> Nodes().linear(s, weight).shape
    torch.Size([3, 2])
    """

    def __init__(self, parameters: Sequence[Tensor] = ()):
        self._free = set(parameters)
        self._found: list[_Node] = []

    def linear(self, s: Tensor, weight: Tensor) -> Tensor:
        """Return ``s @ weight.T`` for `s`, shape (samples, i), and `weight`, shape (o, i)."""
        return self._note(functional.linear(s, weight), [_Entry(weight, s=s)])

    def affine(self, y: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
        """Return ``gain * y + bias`` for `y`, shape (samples, o)."""
        return self._note(gain * y + bias, [_Entry(gain, factor=y), _Entry(bias)])

    def _note(self, z, entries):
        entries = [entry for entry in entries if entry.parameter in self._free]
        if not entries:
            return z
        shift = torch.zeros_like(z, requires_grad=True)
        self._found.append(_Node(shift, entries))
        return z + shift


def assembled_hessian(
    losses: Callable[..., Tensor],
    parameters: Sequence[Tensor],
    samples: Sequence[Tensor],
    *,
    chunk_size: int = 256,
) -> Tensor:
    """Hessian of a sum over samples in all parameters, as one dense matrix.

    Parameters
    ----------
    losses : callable
        ``losses(nodes, *part)`` is what each of some samples adds to the loss, shape (samples,).
        It must compute every affine map of the parameters by ``nodes.linear`` and
        ``nodes.affine``, each parameter once, and treat samples apart.
    parameters : sequence of Tensor
        float64, the very tensors that `losses` uses. Row-major flattening, in this order, numbers
        the rows and columns; other tensors that it uses are constants.
    samples : sequence of Tensor
        Their first axes are the samples.
    chunk_size : int
        Samples at once, >= 1.

    Returns
    -------
    Tensor, float64, shape (P, P)
        Symmetric to round-off.

    Raises
    ------
    ValueError
        If `losses` does not return one number a sample, a parameter is not used by one node, or
        `chunk_size` is not a positive integer.
    MemoryError
        If the matrix does not fit in the memory that is free; the message says how much it needs.

    Examples
    --------
    One sample x = 3 and the loss ``(w x)^2``, of curvature ``2 x^2``:

    >>> x, w = torch.full((1, 1), 3.0).double(), torch.ones(1, 1).double()
    >>> assembled_hessian(lambda nodes, x: nodes.linear(x, w).square().sum(1), [w], [x])
    tensor([[18.]], dtype=torch.float64)
    """
    chunk_size = _validation.integer("chunk_size", chunk_size, minimum=1)
    places, size = {}, 0
    for parameter in parameters:
        places[parameter] = slice(size, size + parameter.numel())
        size += parameter.numel()
    _validation.hessian_in_memory(size)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for part in zip(*(tensor.split(chunk_size) for tensor in samples), strict=True):
        nodes = Nodes(parameters)
        with torch.enable_grad():
            values = losses(nodes, *part)
            if not isinstance(values, Tensor) or values.shape != part[0].shape[:1]:
                raise ValueError(f"losses must return one number a sample, got {values!r}")
            order = [entry.parameter for node in nodes._found for entry in node.entries]
            if len(order) != len(places) or set(order) != set(places):
                raise ValueError("parameters must be used by one node each")
            _add_samples(matrix, places, nodes._found, values.sum())
    for k, later in enumerate(order):
        for earlier in order[:k]:
            rows, columns = places[later], places[earlier]
            matrix[columns, rows] = matrix[rows, columns].T
    return matrix


def _add_samples(matrix, places, nodes, total):
    """Add the blocks of every entry by itself and by those before it."""
    shifts = [node.shift for node in nodes]
    gradients = torch.autograd.grad(total, shifts, create_graph=True, materialize_grads=True)
    for k, (node, gradient) in enumerate(zip(nodes, gradients, strict=True)):
        bent = _derivatives(gradient, shifts[: k + 1])
        gradient = gradient.detach()
        for e, row in enumerate(node.entries):
            varying = row.factor if row.s is None else row.s
            moved = [None] * (k + 1)
            if varying is not None and gradient.any():
                moved = [*_derivatives(varying, shifts[:k]), None]
            for column_node, m, shift in zip(nodes[: k + 1], bent, moved, strict=True):
                columns = node.entries[: e + 1] if column_node is node else column_node.entries
                for column in columns:
                    block = _block(row, column, gradient, m, shift)
                    place = matrix[places[row.parameter], places[column.parameter]]
                    place += block.reshape(place.shape)


def _derivatives(values, shifts):
    """Return derivatives of every component, shape (samples, o, q) for each of the shifts."""
    n, width = values.shape
    zeros = [values.new_zeros(width, n, shift.shape[1]) for shift in shifts]
    if values.requires_grad and shifts:
        unit = torch.eye(width, dtype=values.dtype)[:, None].expand(width, n, width)
        options = {"retain_graph": True, "is_grads_batched": True, "allow_unused": True}
        found = [torch.autograd.grad(values, shifts, u, **options) for u in unit.split(COMPONENTS)]
        zeros = [
            zero if parts[0] is None else torch.cat(parts)
            for parts, zero in zip(zip(*found, strict=True), zeros, strict=True)
        ]
    return [derivative.transpose(0, 1) for derivative in zeros]


def _block(row, column, gradient, bent, moved):
    """Sum over samples of the second derivatives by two entries, shape (o, i, q, j)."""
    ones = gradient.new_ones(len(gradient), 1)
    s_row = ones if row.s is None else row.s.detach()
    s_column = ones if column.s is None else column.s.detach()
    if row.factor is not None:
        bent = bent * row.factor.detach()[:, :, None]
        if moved is not None:
            bent = bent + gradient[:, :, None] * moved
    if column.factor is not None:
        bent = bent * column.factor.detach()[:, None]
    block = _contract(bent, _outer(s_row, s_column)).permute(0, 2, 1, 3)
    if row.s is not None and moved is not None:
        if column.factor is not None:
            moved = moved * column.factor.detach()[:, None]
        block = block + _contract(moved, _outer(gradient, s_column)).permute(2, 0, 1, 3)
    return block


def _outer(x, y):
    return x[:, :, None] * y[:, None]


def _contract(x, y):
    """Sum of outer products over samples: (n, a, b) and (n, c, d) give (a, b, c, d)."""
    return (x.flatten(1).T @ y.flatten(1)).view(*x.shape[1:], *y.shape[1:])
