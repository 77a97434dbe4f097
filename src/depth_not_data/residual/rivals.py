"""Networks and trainings that have as many parameters as the blog's, and are not it.

:mod:`depth_not_data.residual.network` holds the candidates that differ in normalisation, activation
and biases. Here are those that differ in the initialisation, in the place of the LayerNorm, in
three more activations, in the inputs and in the weight decay. At the blog's N = 10 and D = 2 each
has 1640 parameters.
"""

import functools
import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import _training, stored_runs, sweeps
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.spectra import assembled, autograd

PLACEMENTS = ("post", "branch", "ends")
ACTIVATIONS = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "elu": functional.elu,
    "softplus": functional.softplus,
    "leaky-relu": functional.leaky_relu,  # slope 0.01 below zero
}
INPUTS = ("gaussian", "uniform")
# Standard deviation of a weight, from its fan in, its fan out, the number of blocks and whether it
# ends a branch (W_2). All but PyTorch's default, which is uniform, are Gaussian here.
INITIALISATIONS = {
    "pytorch": lambda fan_in, fan_out, n_block, ends: 1 / math.sqrt(3 * fan_in),
    "lecun": lambda fan_in, fan_out, n_block, ends: 1 / math.sqrt(fan_in),
    "he": lambda fan_in, fan_out, n_block, ends: math.sqrt(2 / fan_in),
    "xavier": lambda fan_in, fan_out, n_block, ends: math.sqrt(2 / (fan_in + fan_out)),
    # GPT-2: 0.02, and less by the square root of the number of branches where a branch ends.
    "gpt": lambda fan_in, fan_out, n_block, ends: 0.02 / math.sqrt(n_block if ends else 1),
}


class RivalNetwork(nn.Module):
    """Residual blocks of width N and hidden width 4N, normalised by affine LayerNorms.

    With the two linear maps as ``mlp(h) = W_2 phi(W_1 h)`` a block is ``LN(h + mlp(h))`` for
    the placement "post" and ``h + LN(mlp(h))`` for "branch"; for "ends" it is ``h + mlp(h)``, with
    one LayerNorm before the first block and one behind the last.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1.
    generator : torch.Generator
        Source of the initial weights, drawn block by block, W_1 before W_2.
    placement : {"post", "branch", "ends"}
    activation : {"relu", "gelu", "elu", "softplus", "leaky-relu"}
    initialisation : {"pytorch", "lecun", "he", "xavier", "gpt"}
        The weights' standard deviation, see :data:`INITIALISATIONS`.
    w2_scale : float
        >= 0. Every ``W_2`` starts this times as large.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    >>> network = RivalNetwork(10, 2, generator=torch.Generator(), placement="ends")
    >>> sum(p.numel() for p in network.parameters())
    1640
    """

    def __init__(
        self,
        n_embd: int,
        n_block: int,
        *,
        generator: torch.Generator,
        placement: str = "post",
        activation: str = "relu",
        initialisation: str = "pytorch",
        w2_scale: float = 1.0,
    ):
        super().__init__()
        n_embd = _validation.integer("n_embd", n_embd, minimum=2)
        n_block = _validation.integer("n_block", n_block, minimum=1)
        self.placement = _validation.choice("placement", placement, PLACEMENTS)
        activation = _validation.choice("activation", activation, tuple(ACTIVATIONS))
        self.activation = ACTIVATIONS[activation]
        _validation.choice("initialisation", initialisation, tuple(INITIALISATIONS))
        w2_scale = _validation.number("w2_scale", w2_scale, minimum=0.0)
        self.w1, self.w2 = nn.ParameterList(), nn.ParameterList()
        generator = _training.random_source(generator)
        draw = functools.partial(_draw, initialisation, n_block, generator)
        for _ in range(n_block):
            self.w1.append(draw((4 * n_embd, n_embd), ends=False, scale=1.0))
            self.w2.append(draw((n_embd, 4 * n_embd), ends=True, scale=w2_scale))
        norms = 2 if placement == "ends" else n_block
        self.norms = nn.ModuleList(
            residual_network.Normalisation(n_embd, "layer") for _ in range(norms)
        )

    def forward(self, h: torch.Tensor, nodes: assembled.Nodes | None = None) -> torch.Tensor:
        """Map inputs, shape (n_samples, N), to outputs of the same shape; note its nodes."""
        linear = functional.linear if nodes is None else nodes.linear
        if self.placement == "ends":
            h = self._normalised(0, h, nodes)
        for b, (w1, w2) in enumerate(zip(self.w1, self.w2, strict=True)):
            change = linear(self.activation(linear(h, w1)), w2)
            if self.placement == "branch":
                change = self._normalised(b, change, nodes)
            h = h + change
            if self.placement == "post":
                h = self._normalised(b, h, nodes)
        return self._normalised(1, h, nodes) if self.placement == "ends" else h

    def _normalised(self, index, h, nodes):
        norm = self.norms[index]
        if nodes is None:
            return norm(h)
        y = functional.layer_norm(h, h.shape[-1:], eps=residual_network.EPSILONS["layer"])
        return nodes.affine(y, norm.gain, norm.bias)


def train_rival(
    n_embd: int,
    n_block: int,
    *,
    seed: int,
    inputs: str = "gaussian",
    weight_decay: float = 0.0,
    steps: int = 1000,
    n_samples: int = 1000,
    **architecture,
) -> residual_network.Student:
    """Train a rival on a teacher of its own architecture, as the blog's network is trained.

    Parameters
    ----------
    n_embd, n_block, **architecture
        As in :class:`RivalNetwork`.
    seed : int
        >= 0. Teacher, student and inputs are drawn in this order from one generator, as
        :func:`depth_not_data.residual.network.train_student` does.
    inputs : {"gaussian", "uniform"}
        Standard Gaussian, or uniform with the same variance: between -sqrt(3) and sqrt(3).
    weight_decay : float
        >= 0, decoupled from the gradient (AdamW).
    steps, n_samples : int
        Full-batch steps of AdamW at learning rate 1e-3, and number of inputs.

    Returns
    -------
    depth_not_data.residual.network.Student

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    >>> student = train_rival(3, 1, seed=0, steps=20, n_samples=50, placement="branch")
    >>> bool(student.loss_history[-1] < student.loss_history[0])
    True
    """
    seed, steps, n_samples = _training.run_length(seed, steps, n_samples)
    inputs = _validation.choice("inputs", inputs, INPUTS)
    weight_decay = _validation.number("weight_decay", weight_decay, minimum=0.0)
    generator = torch.Generator().manual_seed(seed)
    teacher = RivalNetwork(n_embd, n_block, generator=generator, **architecture)
    model = RivalNetwork(n_embd, n_block, generator=generator, **architecture)
    x = torch.empty(n_samples, n_embd, dtype=torch.float64)
    if inputs == "gaussian":
        x.normal_(generator=generator)
    else:
        x.uniform_(-math.sqrt(3), math.sqrt(3), generator=generator)
    with torch.no_grad():
        targets = teacher(x)

    descent = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=weight_decay, fused=True)
    history = _training.descend(model, x, targets, descent, steps)
    return residual_network.Student(model, teacher, x, targets, history)


def rival_sweep(
    n_embd: int,
    n_block: int,
    seeds: Iterable[int],
    *,
    count: int | None = None,
    n_jobs: int = -1,
    **options,
) -> list[sweeps.Run]:
    """Train a rival for every seed and return the spectra of their Hessians.

    Parameters
    ----------
    n_embd, n_block : int
        Width N and number of blocks D.
    seeds : iterable of int
    count : int, optional
        Only so many of the largest, by :func:`depth_not_data.residual.hessian.largest_eigenvalues`;
        all by default, from the assembled Hessian.
    n_jobs : int
        Number of runs at once, as in joblib; each uses one thread.
    **options
        Passed to :func:`train_rival`.

    Returns
    -------
    list of depth_not_data.residual.sweeps.Run
        In the order of `seeds`; stored by :func:`depth_not_data.residual.stored_runs.stored`.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = sweeps.checked([n_embd], [n_block], seeds, minimum_width=2)
    if count is not None:
        count = _validation.integer("count", count, minimum=1)
    return stored_runs.stored(_run, cases, count, with_defaults(options), n_jobs=n_jobs)


def with_defaults(options: dict) -> dict:
    """Options for :func:`train_rival` with the defaults that were left out, by name.

    >>> with_defaults({"inputs": "uniform"})["placement"]
    'post'
    """
    return sweeps.with_defaults(RivalNetwork, sweeps.with_defaults(train_rival, options))


def spectrum(student: residual_network.Student) -> np.ndarray:
    """All eigenvalues of the Hessian of a rival's mean squared error, descending.

    >>> student = train_rival(2, 1, seed=0, steps=5, n_samples=20)
    >>> spectrum(student).shape  # P = 8 N^2 D + 2 N D
    (36,)
    """

    def losses(nodes, inputs, targets):
        errors = student.model(inputs, nodes) - targets
        return errors.square().sum(1) / student.targets.numel()

    samples = student.inputs, student.targets
    parameters = [*student.model.parameters()]
    return autograd.eigenvalues(assembled.assembled_hessian(losses, parameters, samples))


def _draw(initialisation, n_block, generator, shape, *, ends, scale):
    std = scale * INITIALISATIONS[initialisation](shape[1], shape[0], n_block, ends)
    if initialisation == "pytorch":
        return _training.uniform(shape, math.sqrt(3) * std, generator)
    weights = torch.empty(shape, dtype=torch.float64)
    return nn.Parameter(weights.normal_(0.0, std, generator=generator))


def _run(n_embd, n_block, seed, count, options, code):
    student = train_rival(n_embd, n_block, seed=seed, **options)
    values = residual_hessian.largest_eigenvalues(student, count) if count else spectrum(student)
    return sweeps.Run(n_embd, n_block, seed, values, student.loss_history)
