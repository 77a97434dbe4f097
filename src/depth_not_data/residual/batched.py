"""Many residual networks of one architecture as one computation: descent and sharpness.

The parameters of all runs, one for each seed and step, are stacked along a first axis. A smaller
learning rate for gains and biases is written as a scale: with ``gain = 1 + sqrt(ratio) g``,
gradient descent on g with step eta is gradient descent on the gain with step ``ratio * eta``, and
the Hessian in g is the preconditioned one.
"""

import copy
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from depth_not_data import _validation
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.activations import FUNCTIONS

EPSILON = residual_network.EPSILONS["layer"]


class Setting(NamedTuple):
    """A Post-LN network, and how its gains and biases are trained.

    ``gain`` and ``bias`` are the factors >= 0 of their learning rate: 1 as all others, 0 frozen.
    ``teacher`` is the activation of the teacher, that of the student unless given.
    """

    n_embd: int = 10
    n_block: int = 2
    activation: str = "relu"
    gain: float = 1.0
    bias: float = 1.0
    teacher: str | None = None


def checked(setting: Setting) -> Setting:
    """Return the setting if its numbers and names are in their ranges, else a ``ValueError``.

    >>> checked(Setting(gain=0)).gain
    0.0
    """
    if not isinstance(setting, Setting):
        raise ValueError(f"setting must be a Setting, got {setting!r}")
    names = tuple(FUNCTIONS)
    return Setting(
        _validation.integer("n_embd", setting.n_embd, minimum=2),
        _validation.integer("n_block", setting.n_block, minimum=1),
        _validation.choice("activation", setting.activation, names),
        _validation.number("gain", setting.gain, minimum=0.0),
        _validation.number("bias", setting.bias, minimum=0.0),
        _validation.choice("teacher", setting.teacher or setting.activation, names),
    )


class Batch:
    """Students of one setting and many seeds at their start, in one set of stacked parameters.

    Parameters
    ----------
    setting : Setting
    seeds : sequence of int
        Networks and inputs are those of ``train_student`` with this seed.
    n_samples : int
    copies : int
        Every seed this many times.

    Attributes
    ----------
    parameters : list of torch.Tensor
        First axis: copies, then seeds within a copy.
    """

    def __init__(self, setting: Setting, seeds: Sequence[int], n_samples: int, copies: int = 1):
        self.setting = checked(setting)
        students = [self._drawn(seed, n_samples) for seed in seeds]
        blocks = [list(s[0].blocks) for s in students]
        weights = [
            torch.stack([getattr(one[b], name).detach() for one in blocks])
            for b in range(self.setting.n_block)
            for name in ("w1", "w2")
        ]
        zeros = torch.zeros(len(seeds), 1, self.setting.n_embd, dtype=torch.float64)
        affine = [zeros] * (2 * self.setting.n_block)
        stacked = [torch.stack([s[i] for s in students]) for i in (1, 2)]
        self.inputs, self.targets = (a.repeat(copies, 1, 1) for a in stacked)
        self.parameters = [a.repeat(copies, 1, 1).requires_grad_(True) for a in [*weights, *affine]]

    def _drawn(self, seed, n_samples):
        """Student, inputs and targets of one seed."""
        s, options = self.setting, {"steps": 0, "n_samples": n_samples, "progress": False}
        found = [
            residual_network.train_student(
                s.n_embd, s.n_block, seed=seed, activation=activation, **options
            )
            for activation in dict.fromkeys([s.activation, s.teacher])
        ]
        return found[0].model, found[0].inputs, found[-1].targets

    def outputs(self) -> torch.Tensor:
        """Compute the outputs of all runs, shape (runs, samples, N)."""
        s, depth = self.setting, self.setting.n_block
        act, h = FUNCTIONS[s.activation], self.inputs
        for b in range(depth):
            w1, w2 = self.parameters[2 * b : 2 * b + 2]
            gain, bias = self.parameters[2 * (depth + b) : 2 * (depth + b) + 2]
            h = h + torch.bmm(act(torch.bmm(h, w1.mT)), w2.mT)
            h = h - h.mean(-1, keepdim=True)
            h = h * torch.rsqrt(h.square().mean(-1, keepdim=True) + EPSILON)
            if s.gain:
                h = h * (1 + math.sqrt(s.gain) * gain)
            if s.bias:
                h = h + math.sqrt(s.bias) * bias
        return h

    def losses(self) -> torch.Tensor:
        """Mean squared error of every run, shape (runs,)."""
        return (self.outputs() - self.targets).square().mean((1, 2))

    def part(self, runs: slice) -> "Batch":
        """Return some of the runs, where they stand."""
        other = copy.copy(self)
        other.inputs, other.targets = self.inputs[runs], self.targets[runs]
        other.parameters = [p.detach()[runs].requires_grad_(True) for p in self.parameters]
        return other

    def gradients(self, create_graph=False):
        """Losses, and their gradients (None for a frozen part)."""
        losses = self.losses()
        return losses, torch.autograd.grad(
            losses.sum(), self.parameters, create_graph=create_graph, allow_unused=True
        )


def descend(batch: Batch, steps: torch.Tensor, updates: int) -> np.ndarray:
    """Train every run with its own step; return losses, shape (runs, updates + 1).

    Parameters
    ----------
    batch : Batch
        Its parameters are moved.
    steps : torch.Tensor, shape (runs,)
    updates : int

    Examples
    --------
    >>> batch = Batch(Setting(4, 1), [0], 20)
    >>> history = descend(batch, torch.tensor([0.1], dtype=torch.float64), 10)
    >>> bool(history[0, -1] < history[0, 0])
    True
    """
    history = []
    for _ in range(updates):
        losses, gradients = batch.gradients()
        history.append(losses.detach())
        with torch.no_grad():
            for parameter, g in zip(batch.parameters, gradients, strict=True):
                if g is not None:
                    parameter -= steps[:, None, None] * g
    with torch.no_grad():
        history.append(batch.losses())
    return torch.stack(history, dim=1).numpy()


def sharpness(batch: Batch, iterations: int = 40) -> np.ndarray:
    """Largest eigenvalue of every run's preconditioned Hessian, by Lanczos.

    Parameters
    ----------
    batch : Batch
    iterations : int
        Number of Hessian-vector products >= 1.

    Returns
    -------
    numpy.ndarray, shape (runs,)
        From below; NaN where a run is not finite.

    Examples
    --------
    >>> batch = Batch(Setting(4, 1), [0, 1], 20)
    >>> sharpness(batch).shape
    (2,)
    """
    losses, gradients = batch.gradients(create_graph=True)
    pairs = zip(batch.parameters, gradients, strict=True)
    kept, gradients = zip(*[(p, g) for p, g in pairs if g is not None], strict=True)
    generator = torch.Generator().manual_seed(0)
    runs, size = len(losses), sum(p[0].numel() for p in kept)
    v = torch.randn(runs, size, generator=generator, dtype=torch.float64)
    basis, alpha, beta = [v / v.norm(dim=1, keepdim=True)], [], []
    for _ in range(iterations):
        w = _product(gradients, kept, basis[-1])
        alpha.append((w * basis[-1]).sum(1))
        for _ in range(2):
            for u in basis:
                w = w - (w * u).sum(1, keepdim=True) * u
        beta.append(w.norm(dim=1))
        basis.append(w / beta[-1][:, None])
    tri = torch.diag_embed(torch.stack(alpha, 1))
    off = torch.diag_embed(torch.stack(beta[:-1], 1), offset=1) if iterations > 1 else 0.0
    matrix = tri + off + (off.mT if iterations > 1 else 0.0)
    good = matrix.isfinite().all((1, 2)) & losses.isfinite()
    values = torch.full((runs,), math.nan, dtype=torch.float64)
    values[good] = torch.linalg.eigvalsh(matrix[good])[:, -1]
    return values.numpy()


def _product(gradients, parameters, vectors):
    parts = vectors.split([p[0].numel() for p in parameters], dim=1)
    shaped = [part.view_as(p) for part, p in zip(parts, parameters, strict=True)]
    inner = sum((g * part).sum() for g, part in zip(gradients, shaped, strict=True))
    products = torch.autograd.grad(inner, parameters, retain_graph=True)
    return torch.cat([p.flatten(1) for p in products], dim=1)
