"""Linear residual blocks trained from Gaussian weights, on fresh seeds."""

import numpy as np
import torch

from depth_not_data.linear import residual as closed
from depth_not_data.residual import linear_network as linear

TARGET = np.array([2.0, 1.5, 0.75, 0.5])
HIDDEN, STEPS = 16, 3000


def exponents(seed: int) -> dict:
    """Exponent of the mean nonzero eigenvalue against L: aligned blocks, then trained ones (E23).

    The training is that of
    :func:`depth_not_data.residual.linear_network.mean_curvature_after_descent`, whose seed is
    tied to the depth.
    """
    found = []
    for start in linear.STARTS:
        small, large = (_conserved(depth, start) for depth in (64, 128))
        found.append(np.log(large / small) / np.log(2))
    for start in linear.STARTS:
        small, large = (_trained(depth, start, seed) for depth in (8, 32))
        found.append(np.log(large / small) / np.log(4))
    return {"exponents": found}


def _conserved(depth, start):
    imbalance = 1.0 if start == "zero output" else 0.0
    p, q = linear.conserved_factors(TARGET, depth, imbalance=imbalance)
    return closed.block_hessian_eigenvalues(p, q, TARGET, part="outer")[:16].mean()


def _outputs(weights):
    return linear.end_to_end(weights, skip=1.0, two_layer=True)


def _trained(depth, start, seed):
    generator = torch.Generator().manual_seed(1000 * depth + seed)
    d, zero = len(TARGET), start == "zero output"
    basis = linear.random_rotation(d, generator)
    goal = basis @ torch.diag(torch.as_tensor(TARGET)) @ basis.T
    weights, lr = [], 0.3 / depth if zero else 0.2
    for _ in range(depth):
        normal = torch.randn(2, HIDDEN, d, generator=generator, dtype=torch.float64) / 12**0.5
        inner, outer = (normal[0], 0 * normal[1]) if zero else 0.01 * normal
        weights += [inner, outer.reshape(d, HIDDEN)]
    for _ in range(STEPS):
        weights = [w.detach().requires_grad_() for w in weights]
        loss = 0.5 * (_outputs(weights) - goal).square().sum()
        if loss < 1e-16:
            break
        gradients = torch.autograd.grad(loss, weights)
        weights = [w - lr * g for w, g in zip(weights, gradients, strict=True)]
    jacobian = torch.autograd.functional.jacobian(lambda *w: _outputs(w), tuple(weights))
    return sum(part.square().sum() for part in jacobian).item() / d**2
