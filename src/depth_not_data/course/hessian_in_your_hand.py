"""Checks of the exercises of the chapter "A Hessian in your hand"."""

import numpy as np

from depth_not_data.course.exercise import (
    array,
    choice,
    close,
    compare,
    entries,
    exercise,
    number,
    require,
)


def _curvatures(weights, target=1.0) -> np.ndarray:
    """All eigenvalues of the Hessian of 1/2 (w_L ... w_1 - target)^2, descending."""
    w = np.asarray(weights, dtype=float)
    without = [np.delete(w, k).prod() for k in range(w.size)]
    hessian = np.outer(without, without)
    for j in range(w.size):
        for k in range(j):
            mixed = (w.prod() - target) * np.delete(w, [j, k]).prod()
            hessian[j, k] += mixed
            hessian[k, j] += mixed
    return np.linalg.eigvalsh(hessian)[::-1]


@exercise(
    "hand-flattest",
    stub="""
flattest = {
    "weights": ...,  # three numbers, not all of them positive
    "curvature": ...,  # the largest there
}
""",
    answer="flattest",
)
def flattest(answer):
    """Measure the curvature at the weights, and compare with a scan of other minima."""
    weights, curvature = entries(answer, "weights", "curvature")
    w = array(weights, (3,), "the weights")
    product = w.prod()
    require(close(product, 1, 1e-6), f"Not a minimum: the product of your weights is {product:g}.")
    top = _curvatures(w)[0]
    require(
        close(number(curvature, "the curvature"), top, 1e-3),
        "The largest curvature at your weights is another number: ask `curvatures`.",
    )
    scan = np.exp(np.random.default_rng(0).normal(size=(2000, 3)))
    scan /= np.cbrt(scan.prod(axis=1))[:, None]
    least = min(_curvatures(point)[0] for point in scan)
    require(top <= least, "A minimum, but a random search finds flatter ones.")
    require((w < 0).any(), "As flat as it gets. Now find one of the others, with negative weights.")
    return "Right: as flat as the one with three positive weights, and no minimum is flatter."


@exercise(
    "hand-target",
    stub='''
def curvature_and_edge(s, depth):
    """Largest curvature at the minimum with equal weights, and the learning rate at the edge."""
    ...  # your code here
''',
    answer="curvature_and_edge",
)
def target(curvature_and_edge):
    """Measure the curvature at other targets and depths; the edge is two over it."""
    cases = [(2.0, 2), (0.5, 3), (3.0, 5), (1.7, 1)]
    found = [array(curvature_and_edge(*case), (2,), "what it returns") for case in cases]
    curvature, edge = np.transpose(found)
    s, L = np.transpose(cases)
    right = [_curvatures(np.full(n, t ** (1 / n)), t)[0] for t, n in cases]
    two = "Right for two layers only. What is the slope of the product in one of L equal weights?"
    mistakes = {
        two: L * s,
        "You have put s where a weight belongs: the weights are the L-th root of s.": L
        * s ** (2 * (L - 1)),
        "Your curvature has the derivative of a single layer; there are L of them.": s
        ** (2 - 2 / L),
        "You have the length of the gradient of the output; curvature is its square.": np.sqrt(L)
        * s ** (1 - 1 / L),
        "Your curvature does not know of the target: measure it with another one.": L,
    }
    otherwise = "Your curvature is not what `curvatures` measures with the target in place of 1."
    compare(curvature, right, mistakes, otherwise)
    stable = "The curvature is right. At your edge a step multiplies the error by 0, not by -1."
    old = "The curvature is right; the edge moves with it and is no longer that of the target 1."
    otherwise = "The curvature is right, the edge is not: when is |1 - eta * curvature| below 1?"
    compare(edge, 2 / np.array(right), {stable: 1 / np.array(right), old: 2 / L}, otherwise)


@exercise(
    "hand-saddle",
    stub="""
saddle = {
    "eigenvalues": ...,  # of H at (0, 0), two numbers
    "part": ...,  # "o" or "f", the part of H that makes them
    "from (0.01, 0.01)": ...,  # where gradient descent ends, two numbers
    "from (0.01, -0.01)": ...,
}
""",
    answer="saddle",
)
def saddle(answer):
    """Compare with the Hessian at the origin, and with gradient descent."""
    keys = ("eigenvalues", "part", "from (0.01, 0.01)", "from (0.01, -0.01)")
    values, part, same, opposite = entries(answer, *keys)
    values = np.sort(array(values, (2,), "the eigenvalues"))
    nothing = "At the origin the gradient of the output is zero, but the residual is not."
    up = "No direction downhill? Follow the loss along w_1 = w_2."
    require(not close(values, [0, 0]), nothing)
    require(values[0] < 0, up)
    require(close(values, _curvatures([0.0, 0.0])[::-1]), "These are not the eigenvalues of H.")
    part = choice(str(part)[-1:] if isinstance(part, str) else part, "OF", "the part")
    require(part == "F", "H_o is made of the gradient of the output. What is it at the origin?")
    ends = [_descended(np.array([0.01, sign * 0.01])) for sign in (1, -1)]
    same, opposite = (array(end, (2,), "an end") for end in (same, opposite))
    require(not close(same, [0, 0], atol=1e-2), "(0.01, 0.01) is not on the saddle: does it stay?")
    require(close(same, ends[0], atol=1e-2), "From (0.01, 0.01) it ends elsewhere: run it longer.")
    away = "From (0.01, -0.01): your end has another product than the target, so it is no minimum."
    require(close(opposite[0] * opposite[1], 1, 0.1) or close(opposite, ends[1], atol=1e-2), away)
    sign = "From (0.01, -0.01): the weights keep opposite signs, and at a minimum they cannot."
    require(close(opposite, ends[1], atol=1e-2), sign)
    return "Right. A little noise, and the second run leaves the saddle as well."


def _descended(w, lr=0.1, steps=2000):
    for _ in range(steps):
        w = w - lr * (w.prod() - 1) * w[::-1]
    return w


@exercise(
    "hand-count",
    stub='''
def counts(d, r, depth):
    """How many eigenvalues are `depth`, how many are 1, how many are 0."""
    ...  # your code here
''',
    answer="counts",
)
def count(counts):
    """Compare with the dense Hessian of small networks of square layers."""
    cases = [(3, 2, 4), (4, 1, 3), (3, 3, 2), (5, 2, 3)]
    found = np.array([array(counts(*case), (3,), "what counts returns") for case in cases])
    d, r, L = np.transpose(cases)
    right = np.array([_counted(*case) for case in cases])
    dominant = {
        "You have counted learnt directions at the top, not pairs of them.": r,
        "The top: each entry of the map counts once, however many layers can change it.": L * r**2,
    }
    compare(
        found[:, 0], right[:, 0], dominant, "The number of eigenvalues at the top is not right."
    )
    bulk = {
        "The bulk is half of what it should be: did you count both orders of the pair?": r
        * (d - r),
        "The bulk grows with your depth. How many layers can make such a change?": 2
        * L
        * r
        * (d - r),
        "You have put the pairs of two unlearnt directions into the bulk.": d**2 - r**2,
    }
    compare(found[:, 1], right[:, 1], bulk, "The number of eigenvalues that are 1 is not right.")
    zeros = {
        "You have counted the zeros among the entries of the map. H has a row for every weight.": (
            d - r
        )
        ** 2,
    }
    compare(found[:, 2], right[:, 2], zeros, "The three counts should add up to the rows of H.")
    return "Right: depth adds zeros, and nothing else."


def _counted(d, r, depth):
    """Count the eigenvalues of J^T J with layers diag(1, ..., 1, 0, ..., 0)."""
    layer = np.diag(np.arange(d) < r).astype(float)
    power = [np.linalg.matrix_power(layer, k) for k in range(depth)]
    jacobian = np.hstack([np.kron(power[depth - 1 - k], power[k]) for k in range(depth)])
    values = np.linalg.eigvalsh(jacobian.T @ jacobian).round(6)
    return [int((values == level).sum()) for level in (depth, 1, 0)]


@exercise(
    "hand-two-cycle",
    stub='''
def cycle(eta, s):
    """The two values between which the weight jumps, for the target s and eta > 1/s."""
    ...  # your code here
''',
    answer="cycle",
)
def two_cycle(cycle):
    """Put the two values into the recursion with other targets."""
    for eta, s in ((1.15, 1.0), (1.2, 0.9), (1.1, 1.3)):
        p, q = array(cycle(eta, s), (2,), "what cycle returns")
        require(not close(p, q, 1e-4), "Your two values are the same: a fixed point, not a cycle.")
        squares = "Your values are the squares of the weights."
        if p > 0 and q > 0:
            require(not _jumps(p**0.5, q**0.5, eta, s), squares)
        if s != 1:
            only = "Right for the target 1. Write s for it in both equations, and subtract again."
            require(not _jumps(p, q, eta, 1.0), only)
        require(p > 0 and q > 0, "Both values should be positive: the weight stays above zero.")
        once = "One step from your first value does not lead to your second one."
        require(close(p - eta * p * (p**2 - s), q, 1e-5), once)
        require(_jumps(p, q, eta, s), "A step leads from p to q, but not back from q to p.")


def _jumps(p, q, eta, s):
    """Whether one step leads from p to q and the next one back."""
    step = lambda w: w - eta * w * (w**2 - s)  # noqa: E731
    return close([step(p), step(q)], [q, p], 1e-5)
