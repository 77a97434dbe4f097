"""Residual networks that the blog did not look at: attention, shared weights, other norms, a head.

All have blocks ``h + branch(h)`` with a perceptron of hidden width 4N, in a transformer also one
head of attention, and are in float64, drawn by one generator.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import _training

BLOCKS = ("perceptron", "transformer")
PLACEMENTS = ("post", "pre", "pre-final")
NORMS = ("layer", "group", "batch")
SHARED = ("none", "gain", "all")
EPSILON = 1e-5


class Norm(nn.Module):
    """``gain * y + bias``, with y normalised over groups of coordinates or over the batch.

    Parameters
    ----------
    n_embd : int
        Width N of the normalised vector, the last axis.
    norm : {"layer", "group", "batch"}
        "layer" is one group; "batch" takes mean and variance of a coordinate over the other axes.
    n_groups : int
        Groups of equal size, for "group".
    gain : torch.nn.Parameter, optional
        A gain that another norm has already, to be used here too.

    Attributes
    ----------
    fixed : tuple of torch.Tensor or None
        Mean and variance to use in place of the batch's, see :meth:`Relative.fix_statistics`.
    """

    def __init__(self, n_embd, norm, n_groups=1, gain=None):
        super().__init__()
        ones = torch.ones(n_embd, dtype=torch.float64)
        self.gain = nn.Parameter(ones) if gain is None else gain
        self.bias = nn.Parameter(torch.zeros_like(ones))
        self.n_groups = None if norm == "batch" else n_groups
        self.fixed = None
        self.seen = None

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Normalise `h`, shape (..., N)."""
        if self.n_groups is None:
            axes = tuple(range(h.ndim - 1))
            mean, variance = h.mean(axes), h.var(axes, correction=0)
            self.seen = mean.detach(), variance.detach()
            mean, variance = self.fixed or (mean, variance)
            y = (h - mean) / torch.sqrt(variance + EPSILON)
        else:
            groups = h.unflatten(-1, (self.n_groups, -1))
            y = functional.layer_norm(groups, groups.shape[-1:], eps=EPSILON).flatten(-2)
        return self.gain * y + self.bias


class Attention(nn.Module):
    """One head of attention between tokens, without biases; maps shape (..., T, N) to itself."""

    def __init__(self, n_embd, generator, causal):
        super().__init__()
        bound = 1 / math.sqrt(n_embd)
        self.causal = causal
        self.query, self.key, self.value, self.output = (
            _training.uniform((n_embd, n_embd), bound, generator) for _ in range(4)
        )

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Mix the tokens of `h`."""
        scores = (h @ self.query.T) @ (h @ self.key.T).mT / math.sqrt(h.shape[-1])
        if self.causal:
            scores = scores + torch.full_like(scores[0], -math.inf).triu(1)
        return scores.softmax(-1) @ (h @ self.value.T) @ self.output.T


class Perceptron(nn.Module):
    """``W_2 relu(W_1 h)`` with hidden width 4N, without biases."""

    def __init__(self, n_embd, generator, dropout=0.0):
        super().__init__()
        n_hidden = 4 * n_embd
        self.w1 = _training.uniform((n_hidden, n_embd), 1 / math.sqrt(n_embd), generator)
        self.w2 = _training.uniform((n_embd, n_hidden), 1 / math.sqrt(n_hidden), generator)
        self.dropout, self.generator = dropout, generator

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Map `h`, shape (..., N), to the same shape."""
        hidden = functional.relu(functional.linear(h, self.w1))
        if self.training and self.dropout:
            kept = torch.empty_like(hidden).bernoulli_(1 - self.dropout, generator=self.generator)
            hidden = hidden * kept / (1 - self.dropout)
        return functional.linear(hidden, self.w2)


class Relative(nn.Module):
    """A stack of residual blocks, with an embedding before it and a head behind it if wanted.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1.
    generator : torch.Generator
        Source of the initial weights (PyTorch's default, uniform) and of the dropout.
    block : {"perceptron", "transformer"}
        A transformer block is a branch of attention and a branch of perceptron, each with its norm.
    placement : {"post", "pre", "pre-final"}
        ``norm(h + branch(h))``, ``h + branch(norm(h))``, or the latter and a norm behind the last.
    norm, n_groups
        As in :class:`Norm`.
    shared : {"none", "gain", "all"}
        What all blocks have in common: nothing, the gain of their norms, or everything.
    dropout : float
        Probability that a hidden unit is left out while the module trains.
    n_in, n_out : int, optional
        Widths of inputs and outputs: an embedding without bias, a head with bias.
    causal : bool
        Whether a token attends to itself and earlier tokens only.

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> network = Relative(10, 2, generator=torch.Generator(), shared="all")
    >>> sum(p.numel() for p in network.parameters())  # one block's
    820
    """

    def __init__(
        self,
        n_embd: int,
        n_block: int,
        *,
        generator: torch.Generator,
        block: str = "perceptron",
        placement: str = "post",
        norm: str = "layer",
        n_groups: int = 1,
        shared: str = "none",
        dropout: float = 0.0,
        n_in: int | None = None,
        n_out: int | None = None,
        causal: bool = False,
    ):
        super().__init__()
        n_embd = _validation.integer("n_embd", n_embd, minimum=2)
        n_block = _validation.integer("n_block", n_block, minimum=1)
        _validation.choice("block", block, BLOCKS)
        self.placement = _validation.choice("placement", placement, PLACEMENTS)
        _validation.choice("norm", norm, NORMS)
        _validation.choice("shared", shared, SHARED)
        dropout = _validation.number("dropout", dropout, minimum=0.0, below=1.0)
        causal = _validation.flag("causal", causal)
        generator = _training.random_source(generator)
        for name, width in (("n_in", n_in), ("n_out", n_out)):
            if width is not None:
                _validation.integer(name, width, minimum=1)
        n_groups = _validation.integer("n_groups", n_groups, minimum=1)
        if n_embd % n_groups:
            raise ValueError(f"n_groups must divide {n_embd}, got {n_groups}")
        self.embedding = _linear(n_in, n_embd, generator, bias=False)
        own = 1 if shared == "all" else n_block
        self.branches, self.norms = nn.ModuleList(), nn.ModuleList()
        for _ in range(own):
            if block == "transformer":
                self.branches.append(Attention(n_embd, generator, causal))
            self.branches.append(Perceptron(n_embd, generator, dropout))
        for _ in range(len(self.branches) + (placement == "pre-final")):
            gain = self.norms[0].gain if shared == "gain" and len(self.norms) else None
            self.norms.append(Norm(n_embd, norm, n_groups, gain))
        self.passes = n_block // own
        self.head = _linear(n_embd, n_out, generator, bias=True)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Map inputs, shape (samples, n_in) or (samples, T, n_in), to outputs."""
        h = h if self.embedding is None else self.embedding(h)
        for _ in range(self.passes):
            for branch, norm in zip(self.branches, self.norms, strict=False):
                h = norm(h + branch(h)) if self.placement == "post" else h + branch(norm(h))
        if self.placement == "pre-final":
            h = self.norms[-1](h)
        return h if self.head is None else self.head(h)

    def fix_statistics(self, inputs: torch.Tensor) -> None:
        """Hold means and variances of batch norms at their values for `inputs`."""
        with torch.no_grad():
            self(inputs)
        for norm in self.norms:
            norm.fixed = norm.seen


def _linear(n_in, n_out, generator, *, bias):
    """Return a linear map from the one width to the other, or None if one is None."""
    if n_in is None or n_out is None:
        return None
    layer = nn.Linear(n_in, n_out, bias=bias, dtype=torch.float64, device="meta")
    bound = 1 / math.sqrt(n_in)
    for name, parameter in list(layer.named_parameters()):
        setattr(layer, name, _training.uniform(parameter.shape, bound, generator))
    return layer
