"""The exact Hessian of the toy residual network's loss, assembled by matrix products.

Every parameter enters at a *node*: a vector z that is affine in it, ``z = W s + b`` for a
linear map with input s, ``z = gain * y + bias`` for a normalisation with normalised vector y.
Let ``g_k`` be the gradient of one sample's loss with respect to node k and
``M_kl = d g_k / d z_l`` its total derivative when node l is displaced. With node k at or
behind node l, the sample's share of the Hessian is

    H[W_k(o, i), W_l(q, j)] = M_kl[o, q] s_k[i] s_l[j] + g_k[o] (d s_k[i] / d z_l[q]) s_l[j].

Summed over samples, each of the two terms is one matrix product. To find ``M_kl``, displace
node l, follow the displacement forwards, and differentiate the backward pass along it. The
curvature of everything behind a block is held in one N x N matrix per sample, the second
derivative of the loss with respect to the block's output.

A displacement has one row per component q of the displaced node, so that arrays of
displacements have the shape (samples, q, width).
"""

import numpy as np
import torch
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual.activations import DERIVATIVES
from depth_not_data.residual.network import EPSILONS, Block, Normalisation, ResidualNetwork, Student
from depth_not_data.spectra import lanczos

# Samples per pass. It bounds the working set next to the matrix itself: 130 MB beside 344 MB at
# N = 10, D = 8. Of 128, 256, 512 and 1024, 256 and 512 were the fastest.
CHUNK = 256


def hessian(student: Student) -> torch.Tensor:
    """Hessian of the student's mean squared error at its present weights.

    Parameters
    ----------
    student : Student
        Any architecture of :class:`depth_not_data.residual.network.ResidualNetwork`.

    Returns
    -------
    torch.Tensor, float64, shape (P, P)
        Second derivatives of ``mean((model(inputs) - targets)**2)``, mean over samples and
        outputs, in the order of ``model.parameters()`` less the frozen ones, each flattened row
        by row. Where an activation has a kink (ReLU at 0) its second derivative counts as 0.

    Raises
    ------
    ValueError
        If the student's model is not a ``ResidualNetwork``.
    MemoryError
        If the matrix does not fit in the memory that is free; the message says how much it needs.

    Examples
    --------
    >>> from depth_not_data.residual.network import train_student
    >>> student = train_student(3, 2, seed=0, steps=10, n_samples=20)
    >>> hessian(student).shape  # P = 8 N^2 D + 2 N D
    torch.Size([156, 156])
    """
    model = student.model
    if not isinstance(model, ResidualNetwork):
        raise ValueError(f"student.model must be a ResidualNetwork, got {type(model).__name__}")
    places, size = {}, 0
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        places[parameter] = slice(size, size + parameter.numel())
        size += parameter.numel()
    _validation.hessian_in_memory(size)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    scale = 2.0 / student.targets.numel()
    with torch.no_grad():
        for inputs, targets in zip(
            student.inputs.split(CHUNK), student.targets.split(CHUNK), strict=True
        ):
            nodes = _accumulate(matrix, places, model, inputs, targets, scale)
    # Only blocks with the row at or behind the column are filled: reflect them.
    order = [places[entry.parameter] for node in nodes for entry in node.entries]
    for k, rows in enumerate(order):
        for columns in order[:k]:
            matrix[columns, rows] = matrix[rows, columns].T
    return matrix


def largest_eigenvalues(student: Student, count: int) -> np.ndarray:
    """Largest eigenvalues of the same Hessian, without the matrix; for any `student.model`.

    `count`, result and errors as in :func:`depth_not_data.spectra.lanczos.largest_eigenvalues`.

    >>> from depth_not_data.residual.network import train_student
    >>> student = train_student(3, 2, seed=0, steps=10, n_samples=20)
    >>> largest_eigenvalues(student, 4).shape
    (4,)
    """
    loss = functional.mse_loss(student.model(student.inputs), student.targets)
    return lanczos.largest_eigenvalues(loss, student.model.parameters(), count)


def _accumulate(matrix, places, model, inputs, targets, scale):
    """Add the share of some samples; return the nodes in the order of the forward pass."""
    h = inputs
    blocks = []
    for block in model.blocks:
        blocks.append(_BlockPass(block, _turn(h, block)))
        h = blocks[-1].output
    gradient, curvature = scale * (h - targets), scale * _identities(h)
    for block in reversed(blocks):
        gradient, curvature = block.backward(gradient, curvature)

    for d, block in enumerate(blocks):
        for index, source in enumerate(block.nodes):
            at_rest = torch.zeros(*source.gradient.shape, h.shape[1], dtype=h.dtype)
            displacement = block.displace(at_rest, source)
            for row in source.entries:
                for column in source.entries:
                    if places[column.parameter].start <= places[row.parameter].start:
                        _add(matrix, places, row, column, source, moved=False)
            _add_all(matrix, places, block.nodes[index + 1 :], source)
            for later in blocks[d + 1 :]:
                displacement = later.displace(_turn(displacement, later.block), None)
                _add_all(matrix, places, later.nodes, source)
    return [node for block in blocks for node in block.nodes]


def _add_all(matrix, places, nodes, source):
    for node in nodes:
        for row in node.entries:
            for column in source.entries:
                _add(matrix, places, row, column, node, moved=True)


class _Entry:
    """A parameter and how it enters its node: ``z[o] = factor[o] * sum_i parameter[o, i] s[i]``.

    A linear map has no factor; a gain has the normalised vector as its factor and s = 1; a
    bias has neither factor nor input.
    """

    def __init__(self, parameter, *, factor=None, s=None):
        self.parameter = parameter
        self.factor = factor
        self.s = s


class _Node:
    """A node of the forward pass.

    ``gradient`` is g_k, shape (samples, o). For the node displaced last, ``bent`` is M_kl,
    shape (samples, q, o), and ``moved`` the derivative of the node's input (for a
    normalisation: of its normalised vector), shape (samples, q, i).
    """

    def __init__(self, entries):
        self.entries = entries
        self.gradient = self.bent = self.moved = None


def _add(matrix, places, row, column, node, *, moved):
    """Add the block of two parameters; `node` is the row's and holds the displacement."""
    bent, shift = node.bent, node.moved
    if row.factor is not None:
        bent = bent * row.factor[:, None]
        if moved:
            bent = bent + shift * node.gradient[:, None]
    if column.factor is not None:
        bent = bent * column.factor[:, :, None]
        shift = shift * column.factor[:, :, None]
    ones = torch.ones(len(bent), 1, dtype=bent.dtype)
    s_row = ones if row.s is None else row.s
    s_column = ones if column.s is None else column.s
    # q, o are components of the column's and the row's node; j, i of their inputs.
    block = _contract(bent, _outer(s_column, s_row)).permute(1, 3, 0, 2)
    if moved and row.s is not None:
        block = block + _contract(shift, _outer(s_column, node.gradient)).permute(3, 1, 0, 2)
    o, i, q, j = block.shape
    place = matrix[places[row.parameter], places[column.parameter]]
    place.unflatten(0, (o, i)).unflatten(2, (q, j)).add_(block)


def _outer(x, y):
    return x[:, :, None] * y[:, None, :]


def _contract(x, y):
    """Sum of outer products over samples: (n, a, b) and (n, c, d) give (a, b, c, d)."""
    return (x.flatten(1).T @ y.flatten(1)).view(*x.shape[1:], *y.shape[1:])


def _identities(h):
    """One identity matrix for each sample of `h`."""
    return torch.eye(h.shape[1], dtype=h.dtype).expand(len(h), -1, -1)


class _BlockPass:
    """One block's forward pass on some samples, then its backward pass and displacements."""

    def __init__(self, block: Block, h):
        self.block = block
        self.norm = None
        v = h
        if block.placement == "pre":
            self.norm = _NormPass(block.norm, h)
            v = self.norm.output
        a, self.slope, self.bend = DERIVATIVES[block.activation](
            functional.linear(v, block.w1, block.b1)
        )
        self.output = h + functional.linear(a, block.w2, block.b2)
        if block.placement == "post":
            self.norm = _NormPass(block.norm, self.output)
            self.output = self.norm.output

        self.u = _Node(_linear_entries(block.w1, block.b1, v))
        self.r = _Node(_linear_entries(block.w2, block.b2, a))
        self.nodes = [self.u, self.r]
        if block.placement == "pre":
            self.nodes.insert(0, self.norm.node)
        if block.placement == "post":
            self.nodes.append(self.norm.node)

    def backward(self, gradient, curvature):
        """Turn derivatives by the output into derivatives by the input.

        `gradient` has shape (samples, N), `curvature` is the loss-to-go Hessian, (samples, N, N).
        """
        block = self.block
        self.curvature = curvature
        self.r.gradient = gradient
        if block.placement == "post":
            self.r.gradient = self.norm.backward(gradient)
        g_a = self.r.gradient @ block.w2
        self.u.gradient = self.slope * g_a
        if self.bend is not None:
            self.bend = self.bend * g_a
        g_v = self.u.gradient @ block.w1
        if block.placement == "pre":
            g_v = self.norm.backward(g_v)

        identity = _identities(gradient)
        self.displace(identity, None)
        bent = self.u.bent @ block.w1
        if block.placement == "pre":
            bent = self.norm.pull(self.norm.node.bent, identity)
        gradient, curvature = self.r.gradient + g_v, self.r.bent + bent
        if block.rotation is not None:
            gradient = gradient @ block.rotation
            curvature = block.rotation.T @ curvature @ block.rotation
        return gradient, curvature

    def displace(self, dh, source):
        """Displace the block's input by `dh` and node `source` by the unit vectors.

        Sets ``bent`` and ``moved`` of every node and returns the output's displacement.
        """
        block = self.block
        dv = dh
        if block.placement == "pre":
            dv = self.norm.push(dh, source)
        du = dv @ block.w1.T
        if source is self.u:
            du = du + _identities(self.u.gradient)
        da = du * self.slope[:, None]
        dr = dh + da @ block.w2.T
        if source is self.r:
            dr = dr + _identities(self.r.gradient)
        output = self.norm.push(dr, source) if block.placement == "post" else dr

        self.r.moved, self.r.bent = da, output @ self.curvature
        if block.placement == "post":
            self.norm.node.bent = self.r.bent
            self.r.bent = self.norm.pull(self.r.bent, dr)
        self.u.moved = dv
        self.u.bent = (self.r.bent @ block.w2).mul_(self.slope[:, None])
        if self.bend is not None:
            self.u.bent += du * self.bend[:, None]
        if block.placement == "pre":
            self.norm.node.bent = self.u.bent @ block.w1
        return output


def _turn(h, block):
    return h if block.rotation is None else h @ block.rotation.T


def _linear_entries(weight, bias, s):
    entries = [_Entry(weight, s=s)]
    if bias is not None:
        entries.append(_Entry(bias))
    return entries


class _NormPass:
    """One normalisation of x, shape (samples, N): ``output = gain * y + bias``.

    With ``y = (x - mean(x)) / sigma`` (RMSNorm: no mean) the Jacobian is the symmetric matrix
    ``Y = (C - y y^T / N) / sigma``, where C removes the mean (RMSNorm: C = 1), whatever
    epsilon is in sigma.
    """

    def __init__(self, module: Normalisation, x):
        n_embd = x.shape[1]
        centring = torch.eye(n_embd, dtype=x.dtype)
        if module.norm != "rms":
            centring -= 1.0 / n_embd
        x = x @ centring
        sigma = torch.sqrt(x.square().mean(1, keepdim=True) + EPSILONS[module.norm])
        self.y = x / sigma
        self.scale = 1.0 / (n_embd * sigma[:, :, None])
        self.jacobian = self.scale * (n_embd * centring - _outer(self.y, self.y))
        self.gain = torch.ones_like(x) if module.gain is None else module.gain.expand_as(x)
        self.output = self.gain * self.y
        entries = []
        if module.gain is not None and module.gain.requires_grad:
            entries.append(_Entry(module.gain, factor=self.y))
        if module.bias is not None:
            self.output = self.output + module.bias
            if module.bias.requires_grad:
                entries.append(_Entry(module.bias))
        self.node = _Node(entries)

    def backward(self, gradient):
        """Gradient with respect to x, from the gradient with respect to the output."""
        self.node.gradient = gradient
        g_y = (self.gain * gradient)[:, None]
        g_x = g_y @ self.jacobian
        # Derivative of g_x by x at fixed g_y.
        cross = _outer(self.y, g_x[:, 0])
        along = g_y @ self.y[:, :, None]
        self.curvature = -self.scale * (cross + cross.mT + along * self.jacobian)
        return g_x[:, 0]

    def push(self, dx, source):
        """Displacement of the output, from that of x and of the node itself."""
        self.node.moved = dx @ self.jacobian
        output = self.node.moved * self.gain[:, None]
        if source is self.node:
            output = output + _identities(self.y)
        return output

    def pull(self, bent, dx):
        """Change of the gradient with respect to x along a displacement."""
        return (bent * self.gain[:, None]) @ self.jacobian + dx @ self.curvature
