"""The blog's toy residual network and its teacher-student regression.

A block adds a two-layer perceptron to its input h: ``W_2 phi(W_1 h)``. The blog does not
state where it normalises, what phi is, whether there are biases or how it trained; the options
below are the candidates, and the defaults are the one whose figures agree with the blog's.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import _training, activations

PLACEMENTS = ("post", "pre", "none")
NORMS = ("layer", "layer-plain", "rms")
ROTATIONS = ("none", "shared", "separate")
AFFINE_PARTS = ("gain", "bias")
# Fused: all parameters in one call, half the time of a step of a small network.
OPTIMISERS = {
    "adam": functools.partial(torch.optim.Adam, fused=True),
    "sgd": torch.optim.SGD,
}
# PyTorch's defaults for nn.LayerNorm and, in double precision, for nn.RMSNorm.
EPSILONS = {"layer": 1e-5, "layer-plain": 1e-5, "rms": torch.finfo(torch.float64).eps}


class Normalisation(nn.Module):
    """LayerNorm with or without its affine part, or RMSNorm with its gain, in float64.

    Parameters
    ----------
    n_embd : int
        Width N >= 1 of the normalised vector.
    norm : {"layer", "layer-plain", "rms"}
        ``gain * y + bias``, ``y`` or ``gain * y``, with y the normalised input.

    Attributes
    ----------
    gain, bias : torch.nn.Parameter or None
        Shape (N,), at 1 and 0 at the start as in PyTorch; None where `norm` has none.
    """

    def __init__(self, n_embd: int, norm: str):
        super().__init__()
        self.norm = norm
        ones = torch.ones(n_embd, dtype=torch.float64)
        self.gain = nn.Parameter(ones) if norm != "layer-plain" else None
        self.bias = nn.Parameter(torch.zeros_like(ones)) if norm == "layer" else None

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Normalise the last axis of `h`, shape (..., N)."""
        shape = h.shape[-1:]
        if self.norm == "rms":
            return functional.rms_norm(h, shape, self.gain, EPSILONS["rms"])
        return functional.layer_norm(h, shape, self.gain, self.bias, EPSILONS[self.norm])


class Block(nn.Module):
    """One residual block: ``norm(h + mlp(h))``, ``h + mlp(norm(h))`` or ``h + mlp(h)``.

    Attributes
    ----------
    w1, b1 : torch.nn.Parameter
        Shapes (4N, N) and (4N,); `b1` is None without biases.
    w2, b2 : torch.nn.Parameter
        Shapes (N, 4N) and (N,); `b2` is None without biases.
    norm : Normalisation or None
    rotation : torch.Tensor or None
        Orthogonal matrix, shape (N, N): the block acts on ``rotation @ h``.
    """

    def __init__(self, n_embd, placement, norm, activation, bias, generator):
        super().__init__()
        self.rotation = None
        n_hidden = 4 * n_embd
        self.placement = placement
        self.activation = activation
        # PyTorch's default for nn.Linear: 1 / sqrt(fan in) bounds weights and bias.
        one, two = 1.0 / math.sqrt(n_embd), 1.0 / math.sqrt(n_hidden)
        self.w1 = _training.uniform((n_hidden, n_embd), one, generator)
        self.b1 = _training.uniform((n_hidden,), one, generator) if bias else None
        self.w2 = _training.uniform((n_embd, n_hidden), two, generator)
        self.b2 = _training.uniform((n_embd,), two, generator) if bias else None
        self.norm = Normalisation(n_embd, norm) if placement != "none" else None

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Map `h`, shape (..., N), to the same shape."""
        if self.rotation is not None:
            h = h @ self.rotation.T
        v = self.norm(h) if self.placement == "pre" else h
        hidden = activations.FUNCTIONS[self.activation](functional.linear(v, self.w1, self.b1))
        h = h + functional.linear(hidden, self.w2, self.b2)
        return self.norm(h) if self.placement == "post" else h


class ResidualNetwork(nn.Module):
    """A stack of `n_block` residual blocks of width `n_embd` and hidden width 4 `n_embd`.

    Weights and biases are drawn from PyTorch's default for ``nn.Linear``, uniform between
    +-1/sqrt(fan_in), by `generator` alone: the global random state is neither read nor moved.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 1 (>= 2 with a LayerNorm, which maps a single number to a constant) and
        number of blocks D >= 1.
    generator : torch.Generator
        Source of the initial weights.
    placement : {"post", "pre", "none"}
        Normalise the sum at the end of each block, the input of its perceptron, or nothing.
    norm : {"layer", "layer-plain", "rms"}
        See :class:`Normalisation`; without effect for `placement` "none".
    activation : {"relu", "gelu", "silu", "tanh", "relu-centred", "abs"}
        "relu-centred" is ReLU less its mean at the start, 1 / sqrt(6 pi).
    bias : bool
        Whether the two linear maps of a block have biases.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    The blog's text counts 8 N^2 D = 1600 parameters, its figure shows 1640 eigenvalues, which
    is what a gain and a bias of N numbers in each block add:

    >>> network = ResidualNetwork(10, 2, generator=torch.Generator().manual_seed(0))
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
        norm: str = "layer",
        activation: str = "relu",
        bias: bool = False,
    ):
        super().__init__()
        placement = _validation.choice("placement", placement, PLACEMENTS)
        norm = _validation.choice("norm", norm, NORMS)
        activation = _validation.choice("activation", activation, tuple(activations.FUNCTIONS))
        if not isinstance(bias, bool):
            raise ValueError(f"bias must be True or False, got {bias!r}")
        layer_norm = placement != "none" and norm != "rms"
        n_embd = _validation.integer("n_embd", n_embd, minimum=2 if layer_norm else 1)
        n_block = _validation.integer("n_block", n_block, minimum=1)
        generator = _training.random_source(generator)
        self.blocks = nn.ModuleList(
            Block(n_embd, placement, norm, activation, bias, generator) for _ in range(n_block)
        )

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Map inputs, shape (n_samples, N), to outputs of the same shape."""
        for block in self.blocks:
            h = block(h)
        return h


@dataclass(frozen=True)
class Student:
    """A trained student with what it was trained on.

    Attributes
    ----------
    model, teacher : ResidualNetwork
    inputs, targets : torch.Tensor, float64, shape (n_samples, N)
        Standard Gaussian inputs, and the teacher's outputs on them.
    loss_history : numpy.ndarray, shape (steps + 1,)
        Mean squared error before each step and after the last one.
    """

    model: ResidualNetwork
    teacher: ResidualNetwork
    inputs: torch.Tensor = field(repr=False)
    targets: torch.Tensor = field(repr=False)
    loss_history: np.ndarray = field(repr=False)


def train_student(
    n_embd: int,
    n_block: int,
    *,
    seed: int,
    placement: str = "post",
    norm: str = "layer",
    activation: str = "relu",
    bias: bool = False,
    optimiser: str = "adam",
    lr: float = 1e-3,
    steps: int = 1000,
    n_samples: int = 1000,
    frozen: Sequence[str] = (),
    rotation: str = "none",
    input_mean: Sequence[float] | None = None,
    input_std: Sequence[float] | None = None,
    progress: bool | None = None,
) -> Student:
    """Train a student network on a teacher of the same architecture, full batch, in float64.

    Parameters
    ----------
    n_embd, n_block, placement, norm, activation, bias
        As in :class:`ResidualNetwork`.
    seed : int
        >= 0. Rotations (if any), teacher, student and inputs are drawn in this order from one
        generator, so two runs of one seed and architecture share their networks whatever else
        differs.
    optimiser : {"adam", "sgd"}
        PyTorch's, with its defaults apart from the learning rate.
    lr : float
        Learning rate > 0.
    steps : int
        Number of full-batch steps >= 0.
    n_samples : int
        Number of inputs >= 1.
    frozen : sequence of {"gain", "bias"}
        Parts of the student's normalisations that stay at 1 and 0: they are not trained and the
        Hessian leaves them out.
    rotation : {"none", "shared", "separate"}
        Turn the state by a random rotation before the first block, or by another one before each
        block: the normalisations then act in one other basis, or each in one of its own.
    input_mean, input_std : sequence of float, optional
        N means and N standard deviations >= 0 of the inputs; 0 and 1 by default.
    progress : bool, optional
        Show a progress bar; by default only where the error stream is a terminal.

    Returns
    -------
    Student

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, or if a part is frozen that the
        normalisation does not have.

    Notes
    -----
    Loss: ``mean((model(inputs) - targets)**2)`` over samples and outputs, as
    ``nn.MSELoss``. Blog, "Problem setup".

    Examples
    --------
    >>> student = train_student(3, 1, seed=0, steps=20, n_samples=50)
    >>> bool(student.loss_history[-1] < student.loss_history[0])
    True
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=1)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    seed, steps, n_samples = _training.run_length(seed, steps, n_samples)
    optimiser = _validation.choice("optimiser", optimiser, tuple(OPTIMISERS))
    lr = _validation.number("lr", lr, above=0.0)
    rotation = _validation.choice("rotation", rotation, ROTATIONS)

    generator = torch.Generator().manual_seed(seed)
    rotations = _rotations(rotation, n_embd, n_block, generator)
    options = {"placement": placement, "norm": norm, "activation": activation, "bias": bias}
    teacher = ResidualNetwork(n_embd, n_block, generator=generator, **options)
    model = ResidualNetwork(n_embd, n_block, generator=generator, **options)
    inputs = torch.randn(n_samples, n_embd, generator=generator, dtype=torch.float64)
    if input_std is not None:
        input_std = _validation.vector("input_std", input_std, minimum=0.0, lengths=[n_embd])
        inputs *= torch.from_numpy(input_std)
    if input_mean is not None:
        input_mean = _validation.vector("input_mean", input_mean, lengths=[n_embd])
        inputs += torch.from_numpy(input_mean)
    for network in (teacher, model):
        for block, turn in zip(network.blocks, rotations, strict=True):
            block.rotation = turn
    _freeze(model, frozen)
    with torch.no_grad():
        targets = teacher(inputs)

    descent = OPTIMISERS[optimiser](model.parameters(), lr=lr)
    history = _training.descend(model, inputs, targets, descent, steps, progress=progress)
    return Student(model, teacher, inputs, targets, history)


def zero_residual_student(n_embd: int, n_block: int, *, seed: int, **options) -> Student:
    """Return a student that is its own teacher: its Hessian is the outer-product part alone.

    Parameters
    ----------
    n_embd, n_block, seed
        As in :func:`train_student`.
    **options
        Passed to :func:`train_student`, which takes no step by default: the student stands at its
        start.

    Returns
    -------
    Student
        Its targets are its own outputs and its `loss_history` is a single 0.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> student = zero_residual_student(3, 2, seed=0, n_samples=10)
    >>> student.teacher is student.model, student.loss_history
    (True, array([0.]))
    """
    options = {"steps": 0, "progress": False} | options
    student = train_student(n_embd, n_block, seed=seed, **options)
    with torch.no_grad():
        outputs = student.model(student.inputs)
    return Student(student.model, student.model, student.inputs, outputs, np.zeros(1))


def _rotations(rotation, n_embd, n_block, generator):
    """One orthogonal matrix, or None, for each block."""
    rotations = [None] * n_block
    for b in {"none": (), "shared": (0,), "separate": range(n_block)}[rotation]:
        gaussian = torch.randn(n_embd, n_embd, generator=generator, dtype=torch.float64)
        rotations[b] = torch.linalg.qr(gaussian).Q
    return rotations


def _freeze(model, frozen):
    if isinstance(frozen, str) or not isinstance(frozen, Iterable):
        raise ValueError(f"frozen must be a sequence of {AFFINE_PARTS}, got {frozen!r}")
    for part in frozen:
        _validation.choice("frozen", part, AFFINE_PARTS)
        for block in model.blocks:
            parameter = getattr(block.norm, part, None)
            if parameter is None:
                raise ValueError(f"frozen must name parts of the normalisation, got {part!r}")
            parameter.requires_grad_(False)
