"""Checks of the exercises of the chapter "One mechanism, and what to take home"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise, number, require
from depth_not_data.linear import flow, residual


@exercise(
    "one-mechanism-ex-memory",
    stub='''
def memory(alpha):
    """Height at which the bulk ends, and the smallest depth at which it is within 5% of it."""
    ...  # your code here
''',
    answer="memory",
)
def memory(memory):
    """Compare with sums over layers, deep enough to have ended."""
    skips = np.array([0.5, 0.8, 0.95])
    found = np.array([array(memory(a), (2,), f"memory({a:g})") for a in skips])
    bulks = [_bulk(a, 2000) for a in skips]
    ends = np.array([bulk[-1] for bulk in bulks])
    depths = np.array([1 + np.argmax(bulk >= 0.95 * bulk[-1]) for bulk in bulks])
    recognise(
        found[:, 0],
        ends,
        [
            (depths, "The order is the height first, then the depth."),
            (1 / (1 - skips), "A change passes alpha, its curvature alpha squared."),
            (
                ends - 1,
                "The layer next to the blocked end is missing: its change passes no skip at all.",
            ),
            (np.sqrt(ends), "You add changes, or take a root: a curvature adds their squares."),
        ],
        "The height is not right. Let `curvatures` run to a large depth and look at its bulk.",
        rtol=1e-3,
    )
    recognise(
        found[:, 1],
        depths,
        [
            (depths - 1, "The height is right, the depth one too small: count layers, not powers."),
            (ends, "The height is right. The depth is not the memory itself but several times it."),
            (
                np.round(ends),
                "The height is right. After as many layers as the memory a third is still missing.",
            ),
            (
                1 + np.array([np.argmax(bulk >= bulk[-1] - 0.05) for bulk in bulks]),
                "The height is right. Within 5% of the height, not within 0.05.",
            ),
            (
                [np.ceil(np.log(0.05) / np.log(a)) for a in skips],
                "The height is right, the depth twice too large: the fading factor is a square.",
            ),
        ],
        "The height is right. Add layers until 95% of it is reached: how many are there?",
    )


def _bulk(alpha, depth):
    """Bulk for all depths from 1 to `depth`."""
    return np.cumsum(residual.layer_curvatures(np.tile([1.0, alpha], (depth, 1)))[:, 0, 1])


@exercise(
    "one-mechanism-ex-order",
    stub='''
def curvatures_at(k, depth):
    """Array (2, 2): [a, c] is the curvature from c to a, the block at layer k = 1..depth."""
    ...  # your code here
''',
    answer="curvatures_at",
)
def order(curvatures_at):
    """Compare with the sum over layers, with the block at several places."""
    cases = [(1, 4), (3, 10), (6, 7), (5, 5)]
    found = [
        array(curvatures_at(k, n), (2, 2), f"curvatures_at({k}, {n})").tolist() for k, n in cases
    ]
    wanted = [_blocked_at(k, n) for k, n in cases]

    def like(side, other, corner=1):
        return [[[n, side(k, n)], [other(k, n), corner]] for k, n in cases]

    recognise(
        found,
        wanted,
        [
            (
                np.swapaxes(wanted, 1, 2),
                "Rows and columns have changed places: entry [a, c] is the change from c to a.",
            ),
            (
                like(lambda k, n: k - 1, lambda k, n: n - k),
                "The blocking layer itself can make both kinds of change: it is not counted.",
            ),
            (
                like(lambda k, n: k, lambda k, n: n + 1 - k, 0),
                "From 2 to 2: the blocking layer can make this change, the others pass it on.",
            ),
            (
                like(lambda k, n: 1, lambda k, n: 1, 0),
                "That is the case in which every layer blocks; here one alone does.",
            ),
            (
                [[[n, n], [n, n]] for _, n in cases],
                "A layer that passes a direction on can still not undo a block further along.",
            ),
        ],
        "For each layer ask whether a change made there can come in and go out past the block.",
    )


def _blocked_at(k, depth):
    factors = np.ones((depth, 2))
    factors[k - 1, 1] = 0.0
    return residual.layer_curvatures(factors).sum(axis=0)


@exercise(
    "one-mechanism-ex-hidden",
    stub='''
def ratio(tau, depth):
    """Dominant over bulk at training time tau; W = 0 at tau = 0, alpha = 1."""
    ...  # your code here
''',
    answer="ratio",
)
def hidden(ratio):
    """Compare with the flow from 1 in closed form."""
    cases = [(0.5, 3), (2.0, 7), (30.0, 5), (400.0, 4)]
    depth = np.array(cases)[:, 1]
    found = np.array([number(ratio(t, int(n)), f"ratio({t:g}, {n:g})") for t, n in cases])
    at_start = [number(ratio(0.0, n), f"ratio(0, {n})") for n in (3, 8)]
    require(
        not np.allclose(at_start, (3, 8)),
        "At tau = 0 you have the paper's ratio already: where do the skipped directions start?",
    )
    mu = np.array([flow.decaying_square(1.0, int(n), t) for t, n in cases]).ravel()
    bulk = np.array(
        [flow.bulk_eigenvalue(m, int(n)) for m, (_, n) in zip(mu, cases, strict=True)]
    ).ravel()
    wanted = depth / bulk
    recognise(
        found,
        wanted,
        [
            (1 / wanted, "The other way round: dominant over bulk."),
            (bulk, "That is the bulk; the ratio divides the dominant level by it."),
            (
                depth / _powers(np.sqrt(mu), depth),
                "The bulk is a sum of powers of f^2, not of f.",
            ),
            (
                depth / _powers(mu**2, depth),
                "Your directions die twice as fast: is the exponent of mu or of f?",
            ),
            (
                wanted * bulk / (bulk - mu ** (depth - 1)),
                "One term is missing in the bulk: how many layers are there?",
            ),
            (
                1 / mu ** (depth - 1),
                "That is dominant over the rest; a bulk pair has one direction in the target.",
            ),
        ],
        "Take mu = f^2 from the law of the paper's recursion, start 1, and sum over layers.",
        rtol=1e-3,
    )


def _powers(mu, depth):
    return np.array([sum(m**k for k in range(int(n))) for m, n in zip(mu, depth, strict=True)])


@exercise(
    "one-mechanism-ex-budget",
    stub='''
def depths(lr, steps):
    """Depth for (a), and the smallest depth L for (b) at which lr * L * steps >= 1."""
    ...  # your code here
''',
    answer="depths",
)
def budget(depths):
    """Compare with a search over depths with a fixed number of parameters."""
    cases = [(0.01, 20), (0.003, 100), (0.05, 100), (0.001, 90)]
    found = np.array(
        [array(depths(*case), (2,), "depths({:g}, {})".format(*case)) for case in cases]
    )
    require(
        np.all(found >= 1) and np.all(found == np.round(found)),
        "A network has a whole number of layers, one at least.",
    )
    wanted = np.array([[_stablest(), _most_learnt(*case)] for case in cases])
    stable = [[2 / lr // 1] for lr, _ in cases]
    recognise(
        found[:, 0],
        wanted[:, 0],
        [
            (
                wanted[:, 1],
                "(a) asks for the largest stable learning rate, whatever is learnt with it.",
            ),
            (
                np.ravel(stable),
                "(a) is not the largest depth for a given rate, but the best for the largest rate.",
            ),
        ],
        "(a): all nonzero eigenvalues are L, and a stable rate stays below 2 over the largest.",
    )
    recognise(
        found[:, 1],
        wanted[:, 1],
        [
            (
                [max(1, np.floor(1 / (lr * t) + 1e-9)) for lr, t in cases],
                "(b): with the depth rounded down nothing is learnt in time.",
            ),
            (
                np.ravel(stable),
                "(b): the deepest stable network has the fewest directions: P / L.",
            ),
            (
                np.ones(4),
                "(b): one layer has the most directions, but does it learn them in time?",
            ),
        ],
        "(b): count the P / L directions of the depths that learn in time, and take the most.",
    )


def _stablest(deepest=50):
    """Depth with the largest stable learning rate, 2 over the sharpness at the identity."""
    sharpness = [
        residual.hessian_eigenvalues(np.ones((n, 2)), np.ones(2))[0] for n in range(1, deepest)
    ]
    return 1 + int(np.argmin(np.round(sharpness, 9)))


def _most_learnt(lr, steps, deepest=2000):
    depth = np.arange(1, deepest)
    return depth[np.argmax(np.where(lr * depth * steps >= 1 - 1e-9, 1 / depth, 0.0))]
