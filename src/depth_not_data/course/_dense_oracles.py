"""Derivatives of small linear networks by autograd, for the checks of "Every eigenvalue"."""

import numpy as np
import torch

from depth_not_data.linear import blocks, network

_WIDTHS = (4, 4, 4, 3)


def outside(angle, *, relative=False):
    """Return the largest entry outside the blocks, with the target turned by `angle`."""
    problem = network.aligned_problem(_WIDTHS, rank=2, seed=0, variance=0.3)
    layers = network.in_singular_basis(problem.weights, problem.left, problem.right)
    generator = torch.zeros(2 * _WIDTHS[-1:], dtype=torch.float64)
    generator[1, 0], generator[0, 1] = angle, -angle
    target = torch.linalg.matrix_exp(generator) @ problem.left.T @ problem.target @ problem.right
    order, sizes, _ = blocks.pair_order(_WIDTHS)
    H = np.abs(network.dense_hessian(layers, target).numpy()[np.ix_(order, order)])
    scale = H.max() if relative else 1.0
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        H[end - size : end, end - size : end] = 0.0
    return H.max() / scale


def smallest(lam, s):
    """Return the smaller Hessian eigenvalue of two scalar layers at w_1 = w_2 = lam."""
    weights = [torch.full((1, 1), float(lam), dtype=torch.float64)] * 2
    H = network.dense_hessian(weights, torch.full((1, 1), float(s), dtype=torch.float64))
    return np.linalg.eigvalsh(H.numpy())[0]


def derivatives(lam, x, s, a, c):
    """Return u and C by automatic differentiation in the entries (a, c) and (c, a)."""
    depth, n = lam.shape
    lam, x, s = (torch.as_tensor(values, dtype=torch.float64) for values in (lam, x, s))

    def output(change):
        W = torch.diag(x)
        for k in range(depth):
            delta = torch.zeros(n, n, dtype=torch.float64)
            delta[a, c], delta[c, a] = change[0, k], change[1, k]
            W = (torch.diag(lam[k]) + delta) @ W
        return W

    def loss(change):
        return 0.5 * ((output(change) - torch.diag(s)) ** 2).sum()

    zero = torch.zeros(2, depth, dtype=torch.float64)
    u = torch.autograd.functional.jacobian(lambda change: output(change)[a, c], zero)[0]
    C = torch.autograd.functional.hessian(loss, zero)[0, :, 1, :]
    return u.numpy(), C.numpy()
