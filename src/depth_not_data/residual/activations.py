"""Activations of the residual network, with the two derivatives that a Hessian needs.

``FUNCTIONS`` maps a name to the activation; ``DERIVATIVES`` maps it to a function that returns
value, first and second derivative. The second derivative is None for a piecewise linear
activation; at a kink the first is 0.
"""

import math

import torch
from torch.nn import functional

# Mean of ReLU for a Gaussian of variance 1/3, the variance of a pre-activation at the start when
# the state has mean square 1.
RELU_MEAN = 1.0 / math.sqrt(6.0 * math.pi)

FUNCTIONS = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "relu-centred": lambda u: functional.relu(u) - RELU_MEAN,
    "abs": torch.abs,
}


def _relu(u):
    slope = (u > 0).to(u.dtype)
    return slope * u, slope, None


def _relu_centred(u):
    a, slope, bend = _relu(u)
    return a - RELU_MEAN, slope, bend


def _abs(u):
    return u.abs(), u.sign(), None


def _tanh(u):
    a = torch.tanh(u)
    slope = 1 - a * a
    return a, slope, -2 * a * slope


def _silu(u):
    s = torch.sigmoid(u)
    slope = s * (1 + u * (1 - s))
    return u * s, slope, s * (1 - s) * (2 + u * (1 - 2 * s))


def _gelu(u):
    density = torch.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    below = torch.special.ndtr(u)
    return u * below, below + u * density, (2 - u * u) * density


DERIVATIVES = {
    "relu": _relu,
    "tanh": _tanh,
    "silu": _silu,
    "gelu": _gelu,
    "relu-centred": _relu_centred,
    "abs": _abs,
}
