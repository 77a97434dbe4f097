"""What the networks of this room share: initial weights, and descent on a mean squared error."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from depth_not_data import _validation


def random_source(generator):
    """Return `generator` if it is one of torch: None would draw from the global state."""
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator must be a torch.Generator, got {generator!r}")
    return generator


def uniform(shape, bound, generator):
    """Draw a parameter, float64, uniform between -`bound` and `bound`."""
    weights = torch.empty(shape, dtype=torch.float64)
    return nn.Parameter(weights.uniform_(-bound, bound, generator=generator))


def run_length(seed, steps, n_samples):
    """Return the three as ints, checked."""
    return (
        _validation.integer("seed", seed, minimum=0),
        _validation.integer("steps", steps, minimum=0),
        _validation.integer("n_samples", n_samples, minimum=1),
    )


def descend(model, inputs, targets, optimiser, steps, *, progress=False):
    """Take full-batch steps; return the loss before each and after the last, shape (steps + 1,)."""
    history = np.empty(steps + 1)
    disable = None if progress is None else not progress
    for t in tqdm(range(steps), desc="training", leave=False, disable=disable):
        optimiser.zero_grad()
        loss = functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimiser.step()
        history[t] = loss.item()
    model.zero_grad()
    with torch.no_grad():
        history[steps] = functional.mse_loss(model(inputs), targets).item()
    return history
