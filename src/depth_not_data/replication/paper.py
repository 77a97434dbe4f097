"""The paper's network on fresh seeds: the law of waiting, tanh, learning time, period two."""

import numpy as np
import torch

from depth_not_data.linear import batched, flow, network, shortfall, stability, subspace, tanh

DEPTHS, RANK, LR, MOMENTUM = range(2, 8), 5, 0.01, 0.9
STEPS = 10_000
MARKS = (500, 1000, 2000, 5000, STEPS)
COUNT = RANK**2 + (16 + 10 - 2 * RANK) * RANK  # dominant and bulk
STOPS = (6, 10, 14, 18, 22, 26, 30, 40, 50, 60, 70, 80, 90, 120, 250, 500, 1000, 2000)
CASES = [(reachable, rank) for reachable in (True, False) for rank in (5, 10)]
STARTS = 12  # of tanh networks in one replica
PRODUCT = 2.2  # eta L, beyond the edge of stability


def waiting(seed: int) -> dict:
    """Deviations of ratio and bulk of trained networks from the finite-time law, one start."""
    ratio, wrong, bulk, largest = [], [], [], []
    for depth in DEPTHS:
        p = network.aligned_problem(network.paper_widths(depth), RANK, seed=seed)
        weights, target = batched.stacked([p])
        path = batched.gradient_descent(weights, target, lr=LR, momentum=MOMENTUM, marks=MARKS)
        share = flow.decaying_share(p.widths, RANK)
        lam0 = p.layer_singular_values.numpy()[RANK:]
        for t, layers in path:
            values, _ = subspace.leading_eigenvalues([w[0] for w in layers], p.target, COUNT)
            found = shortfall.groups(values, p.widths, RANK)
            tau = shortfall.training_time(t, LR, MOMENTUM)
            mu = flow.decaying_square(lam0, depth, tau)
            law = 1 + share * (flow.bulk_eigenvalue(mu, depth) - 1).mean()
            bulk.append(found.bulk.mean() / law - 1)
            largest.append(found.bulk[0] / flow.largest_bulk_eigenvalue(mu, depth).max() - 1)
            if t == STEPS:
                other = flow.decaying_square(lam0, depth + 1, tau)
                ratio.append(found.ratio / flow.ratio_of_means(mu, depth, share) - 1)
                wrong.append(found.ratio / flow.ratio_of_means(other, depth, share) - 1)
    deviations = (ratio, wrong, bulk, largest)
    return {"deviations": [np.abs(values).max() for values in deviations]}


def _tanh_case(reachable, rank, depth, seed):
    p = network.aligned_problem(network.paper_widths(depth), rank, seed=seed)
    identity = network.rectangular_diagonal(np.ones(rank), 10, 16)
    return p.weights, p.target if reachable else identity


def tanh_networks(depth: int, seed: int) -> dict:
    """Ratio of means at every stopping time, mean of twelve fresh starts, the four cases."""
    seeds = range(STARTS * seed, STARTS * (seed + 1))
    networks = [_tanh_case(*case, depth, s) for case in CASES for s in seeds]
    weights = [torch.stack(layer) for layer in zip(*(w for w, _ in networks), strict=True)]
    target = torch.stack([phi for _, phi in networks])
    settings = {"lr": LR, "momentum": MOMENTUM, "marks": STOPS, "outputs": tanh.outputs}
    means = []
    for _, layers in batched.gradient_descent(weights, target, **settings):
        values = torch.linalg.eigvalsh(tanh.jacobian_gram(layers)).flip(-1)
        split = values.unflatten(0, (len(CASES), STARTS)).numpy()
        means.append(
            [
                shortfall.groups(split[i], network.paper_widths(2), rank)
                for i, (_, rank) in enumerate(CASES)
            ]
        )
    ratios = [[(g.dominant.mean(-1) / g.bulk.mean(-1)).mean() for g in row] for row in means]
    return {"ratios": np.transpose(ratios)}


def tanh_deviation(*by_depth: dict) -> list[float]:
    """Largest ``|rho / L - 1|`` over the depths, at the best and the last stopping time (P7b)."""
    ratio = np.stack([v["ratios"] for v in by_depth], axis=-1)  # case, stop, depth
    deviation = np.abs(ratio / np.array(DEPTHS) - 1).max(-1)
    low, end = deviation.min(1), deviation[:, -1]
    return [low[1], end[1], low[3], end[3], low[0], low[2]]


def learning_time(seed: int) -> dict:
    """Largest ``|updates done - closed form|`` before 99% in five modes, eta L = 0.05."""
    worst = 0.0
    for depth in DEPTHS:
        lr = 0.05 / depth
        p = network.aligned_problem(network.paper_widths(depth), RANK, seed=seed)
        start = p.layer_singular_values[:RANK].numpy()
        path = network.gradient_descent(p.weights, p.target, lr=lr, steps=600, every=10)
        for t, weights in path:
            rotated = network.in_singular_basis(weights, p.left, p.right)
            lam = rotated[0].diagonal()[:RANK].numpy()
            learning = (lam**depth < 0.99) & (t > 0)
            a, b = start[learning], lam[learning]
            speeds = b ** (depth - 1) * (1 - b**depth) / (a ** (depth - 1) * (1 - a**depth))
            predicted = flow.learning_time(a, b, 1.0, depth) / lr + np.log(speeds) / 2
            worst = max(worst, np.abs(predicted - t).max(initial=0.0))
    return {"error": [worst]}


def period_two(seed: int) -> dict:
    """Fitted over predicted growth rate off the balanced form, less 1, L = 2, 3, 5."""
    found = []
    for depth in (2, 3, 5):
        lr = PRODUCT / depth
        orbit = stability.attractor(0.9, 1.0, depth, [lr], transient=4000, keep=2)[:, 0]
        size, state = _off_balanced(depth, seed)
        nearest = np.abs(orbit - state[:, None]).argmin(axis=1)
        one, two = (_update_matrix(orbit[k], depth, lr) for k in (nearest, 1 - nearest))
        factor = np.abs(np.linalg.eigvals(two @ one)).max()
        window = np.flatnonzero((size > 1e-12) & (size < 1e-5))
        fitted = np.polyfit(window, np.log(size[window]), 1)[0]
        found.append(fitted / np.log(factor) - 1)
    return {"deviations": found}


def _update_matrix(lam, depth, lr):
    layer, phi = (network.rectangular_diagonal(v, 2, 2) for v in (lam, (1.0, 1.0)))
    hessian = network.dense_hessian([layer] * depth, phi).numpy()
    return np.eye(4 * depth) - lr * hessian


def _off_balanced(depth, seed):
    p = network.aligned_problem(network.paper_widths(depth), 2, seed=seed)
    size, state = [], None
    path = network.gradient_descent(p.weights, p.target, lr=PRODUCT / depth, steps=900, every=2)
    for t, weights in path:
        rotated = network.in_singular_basis(weights, p.left, p.right)
        off = [layer.clone().fill_diagonal_(0).abs().max().item() for layer in rotated]
        size.append(max(off))
        if not size[-1] <= 1e3:
            return np.array(size[:-1]), state
        if t == 200:
            state = rotated[0].diagonal()[:2].numpy()
    return np.array(size), state
