"""Random linear networks on fresh seeds: unequal layers and inputs, noise, any start."""

from itertools import pairwise

import numpy as np
import torch

from depth_not_data.linear import conditioning, defect, ensembles, minimum, network, noise

D_IN, D_OUT, RANK = 8, 6, 3
BULK = conditioning.bulk_size((D_IN, D_OUT), RANK)
GROUPS = RANK**2 + BULK
PHI = network.rectangular_diagonal(np.ones(RANK), D_OUT, D_IN)
D = 8  # width of the networks from any start
ANY_TARGET = np.diag([1.0, 1.0] + [0.0] * (D - 2))


def _widths(depth, hidden=9):
    return (D_IN, *[hidden] * (depth - 1), D_OUT)


def unequal_layers(seed: int) -> dict:
    """Ratio at rank r^2 over the widest other one, smallest of ten draws, L = 2..6 (R1)."""
    rng, eps, clear = np.random.default_rng(seed), 0.05, []
    for depth in range(2, 7):
        clearest = []
        for _ in range(10):
            lam = 1 + eps * rng.uniform(-1, 1, size=(depth, RANK))
            lam = np.hstack([lam, eps * rng.uniform(0, 1, size=(depth, D_OUT - RANK))])
            shapes = pairwise(_widths(depth))
            layers = [
                network.rectangular_diagonal(row, b, a)
                for row, (a, b) in zip(lam, shapes, strict=True)
            ]
            hessian = network.dense_hessian(layers, PHI).numpy()
            values = np.linalg.eigvalsh(hessian)[::-1][:GROUPS]
            steps = values[:-1] / values[1:]
            clearest.append(steps[RANK**2 - 1] / np.delete(steps, RANK**2 - 1).max())
        clear.append(min(clearest))
    return {"clear": clear}


def unequal_inputs(seed: int) -> dict:
    """Exponent of rho(eps) / rho(0) against L, the farthest of four E, both tasks (R2)."""
    rng, eps, draws, depths, tilt = np.random.default_rng(seed), 0.1, 4, (2, 3, 4, 5), []
    near = [np.eye(D_IN) + eps * ensembles.random_symmetric(D_IN, rng) for _ in range(draws)]
    near = np.array([ensembles.symmetric_root(covariance) for covariance in near])
    white = np.tile(np.eye(D_IN), (draws, 1, 1))
    for kind in minimum.TASKS:
        quotients = [
            _ratios_on(near, kind, d, seed) / _ratios_on(white, kind, d, seed) for d in depths
        ]
        slopes = np.polyfit(np.log(depths), np.log(quotients), 1)[0]
        tilt.append(slopes[np.abs(slopes).argmax()])
    return {"tilt": tilt}


def _ratios_on(inputs, kind, depth, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = (len(inputs), D_OUT, D_IN)
    products = 0.1 * torch.randn(shape, generator=generator, dtype=torch.float64)
    starts = [network.balanced_weights(_widths(depth), p) for p in products]
    start = [torch.stack(layers).numpy() for layers in zip(*starts, strict=True)]
    targets = PHI.numpy() @ inputs if kind == "teacher" else np.tile(PHI, (len(inputs), 1, 1))
    trained = ensembles.train(start, targets, inputs, steps=2500)
    ratios = []
    for x, target, *layers in zip(inputs, targets, *trained, strict=True):
        layers = [torch.tensor(layer) for layer in layers]
        found = network.dense_hessian(layers, torch.tensor(target), torch.tensor(x))
        ratios.append(conditioning.ratio_by_size(np.linalg.eigvalsh(found), RANK, BULK))
    return np.array(ratios)


def hidden_width(depth: int, hidden: int, seed: int) -> dict:
    """Median ``|rho / L - 1|`` of 24 networks, balanced and Gaussian; spread at the start."""
    generator = torch.Generator().manual_seed(1_000_000 * depth + 1000 * hidden + seed)
    start = [
        (torch.randn(24, b, a, generator=generator, dtype=torch.float64) / a**0.5).numpy()
        for a, b in pairwise(_widths(depth, hidden))
    ]
    at_start = np.linalg.eigvalsh(minimum.jacobian_gram(start))
    found = {"spread": [np.median(at_start.std(axis=1) / at_start.mean(axis=1))]}
    if hidden in (16, 256):
        copy = ensembles.balanced_copy(start, np.random.default_rng([depth, seed]))
        found["far"] = [_far(copy, depth, 1000), _far(start, depth, 2500)]
    return found


def _far(weights, depth, steps):
    trained = ensembles.train(weights, PHI, steps=steps)
    spectra = np.linalg.eigvalsh(minimum.jacobian_gram(trained))
    return np.median(np.abs(conditioning.ratio_by_size(spectra, RANK, BULK) / depth - 1))


def narrowed(*found: dict) -> list[float]:
    """Far from L at width 16 less that at 256: three depths, each narrow then wide (R3)."""
    pairs = zip(found[::2], found[1::2], strict=True)
    return np.array([np.subtract(a["far"], b["far"]) for a, b in pairs]).T.ravel().tolist()


def noisy(edge: float, depth: int, seed: int) -> dict:
    """Measured over predicted gap with noise in the target, median of ten networks (T23)."""
    rng, d_in, d_out, rank, count = np.random.default_rng([depth, seed]), 30, 24, 2, 10
    exact = network.rectangular_diagonal([1.0] * rank, d_out, d_in).numpy()
    deviation = edge / (d_in**0.5 + d_out**0.5)
    targets = exact + deviation * rng.normal(size=(count, *exact.shape))
    maps = rng.normal(size=(count, d_out, d_in))
    maps /= np.linalg.norm(maps, 2, axis=(1, 2))[:, None, None]
    copies = [np.broadcast_to(np.eye(d_out), (count, d_out, d_out))] * (depth - 1)
    start = ensembles.balanced_copy([maps, *copies], rng)
    weights = ensembles.train(start, targets, steps=3000, tolerance=1e-6)
    values = np.linalg.eigvalsh(minimum.jacobian_gram(weights))[:, ::-1]
    measured = values[:, : rank**2].mean(1) / values[:, rank**2]
    predicted = float(noise.gap(depth, noise.gaussian_level(d_out, d_in, deviation)))
    return {"over": [np.median(measured) / predicted]}


def any_start(depth: int, size: float, seed: int) -> dict:
    """Defect, dominant mean, bulk and gap of Gaussian starts, medians of ten networks (T27)."""
    rng = np.random.default_rng([depth, round(100 * size), seed])
    start = [size * rng.normal(size=(10, D, D)) / D**0.5 for _ in range(depth)]
    return _outcome(start, 40_000 if size == 0.05 else 6000)


def orthogonal_start(depth: int, seed: int) -> dict:
    """Compute the same of orthogonal layers (T28)."""
    rng = np.random.default_rng([depth, seed])
    return _outcome([np.linalg.qr(rng.normal(size=(10, D, D)))[0] for _ in range(depth)], 6000)


def _outcome(start, steps):
    inside = np.zeros((D, D), dtype=bool)
    inside[:2, :2] = True
    pairs = inside.ravel()
    trained = ensembles.train(start, ANY_TARGET, steps=steps, tolerance=1e-8)
    gram = minimum.jacobian_gram(trained)
    dominant, others = gram[:, pairs][:, :, pairs], gram[:, ~pairs][:, :, ~pairs]
    gap = np.linalg.eigvalsh(dominant)[:, 0] / np.linalg.eigvalsh(others)[:, -1]
    spectrum = np.linalg.eigvalsh(gram)[:, ::-1]
    columns = (defect.defect(start), spectrum[:, :4].mean(1), spectrum[:, 4], gap)
    return {"medians": [np.median(values) for values in columns]}


def orders(*found: dict) -> list[float]:
    """Exponents in the defect, L = 3, then L = 4, from three sizes each (T27)."""
    exponents = []
    for depth, rows in ((3, found[:3]), (4, found[3:])):
        start, dominant, bulk, _ = np.transpose([v["medians"] for v in rows])
        for excess in (dominant / depth - 1, bulk - 1):
            exponents.append(np.polyfit(np.log(start), np.log(excess), 1)[0])
    return exponents


def spread_exponents(*found: dict) -> list[float]:
    """Exponent of the spread at the start against hidden width 32 to 256, L = 2, 3, 4 (T19)."""
    spread = np.reshape([v["spread"][0] for v in found], (3, 4))
    return np.polyfit(np.log([32, 64, 128, 256]), np.log(spread.T), 1)[0].tolist()
