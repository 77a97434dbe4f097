"""Checks of the exercises of the chapter "Who is right on real data: depth or data?"."""

import numpy as np

from depth_not_data.course.exercise import array, close, compare, exercise, number, require
from depth_not_data.linear import least_squares


@exercise(
    "real-data-ex-whitened",
    stub='''
def white_gap(L, s):
    """Gap on whitened data for a target with the singular values s."""
    ...  # your code here
''',
    answer="white_gap",
)
def whitened(white_gap):
    """Compare with the spectrum of a target with these singular values."""
    for depth, s in ((2, [3.0, 2.0]), (5, [0.3, 0.25, 0.2])):
        cross = np.diag([*s, 0.0])
        right = least_squares.at_balanced_minimum(np.eye(len(cross)), cross, depth).gap
        least, power = min(s) / max(s), 2 - 2 / depth
        compare(
            number(white_gap(depth, np.array(s)), "the gap"),
            right,
            {
                "L alone holds for equal singular values; here the target is uneven.": depth,
                "Each layer holds the L-th root of s: which power of s is left in a curvature?": (
                    depth * least**2
                ),
                "Curvatures are squares of products of layers: the power is too small.": (
                    depth * least ** (power / 2)
                ),
                "The smallest dominant curvature belongs to the weakest learnt direction.": (
                    depth / least**power
                ),
            },
            "Not the gap: write down the smallest curvature of a learnt pair, and the largest of a "
            "pair with one learnt direction.",
        )


@exercise(
    "real-data-ex-dial",
    stub='''
def turn(inputs, a):
    """Centred inputs whose second moment is that of the raw ones to the power 1 - a."""
    ...  # your code here
''',
    answer="turn",
)
def dial(turn):
    """Compare second moments at several positions of the dial."""
    raw = np.diag([3.0, 1.0, 0.5]) @ np.random.default_rng(0).normal(size=(3, 60))
    raw[1] += 0.8 * raw[0]
    raw += np.array([[2.0], [0.0], [-1.0]])
    for a in (0.0, 0.5, 1.0):
        turned = array(turn(raw.copy(), a), raw.shape, "the inputs")
        require(np.abs(turned.mean(axis=1)).max() < 1e-9, "The rows of the result are not centred.")
        found = turned @ turned.T / raw.shape[1]
        _compare_moments(found, raw, a)


def _compare_moments(found, raw, a):
    centred = raw - raw.mean(axis=1, keepdims=True)
    values, axes = np.linalg.eigh(centred @ centred.T / raw.shape[1])

    def power(p):
        return axes * values**p @ axes.T

    if close(found, power(1 - a), 1e-6, 1e-8):
        return
    square = "The second moment is quadratic in the inputs: at a = 1/2 yours is white already."
    require(not close(found, power(1 - 2 * a), 1e-6, 1e-8), square)
    backwards = "Your dial runs the wrong way: a = 0 should leave the centred inputs as they are."
    require(not close(found, power(a), 1e-6, 1e-8), backwards)
    means = "Second moments are means over the samples; yours has another size."
    scale = np.trace(found) / np.trace(power(1 - a))
    require(not close(found / scale, power(1 - a), 1e-6, 1e-8), means)
    own = np.sort(np.linalg.eigvalsh(found))
    turned = "The powers are right, and the principal axes are not: turn the inputs back."
    require(not close(own, np.sort(values ** (1 - a)), 1e-6, 1e-8), turned)
    require(False, f"At a = {a:g} the second moment is not the one that is asked for.")


@exercise(
    "real-data-ex-one-output",
    stub='''
def one_output(second, cross, L):
    """Gap between directions for one output; cross has the shape (1, d_0)."""
    ...  # your code here
''',
    answer="one_output",
)
def one_output(answer):
    """Compare with the spectrum of random data with one output."""
    rng = np.random.default_rng(5)
    root = rng.normal(size=(4, 4))
    second, cross = root @ root.T + 0.1 * np.eye(4), rng.normal(size=(1, 4))
    for depth in (2, 6):
        right = least_squares.at_balanced_minimum(second, cross, depth).gap
        w = np.linalg.solve(second, cross[0])
        compare(
            number(answer(second.copy(), cross.copy(), depth), "the gap"),
            right,
            {
                "What is learnt is the least-squares map; that is not the direction of the "
                "correlations.": _gap(second, cross[0], depth),
                "Where is the depth? All layers move the learnt direction.": right / depth,
                "The rest is what is orthogonal to the learnt direction, not all of the "
                "inputs.": _rayleigh(second, w) * depth / np.linalg.eigvalsh(second)[-1],
                "The largest curvature of the rest is asked for, not its mean.": depth
                * _rayleigh(second, w)
                / ((np.trace(second) - _rayleigh(second, w)) / 3),
            },
            "Not the gap: L times the variance along what is learnt, over the largest variance "
            "orthogonal to it.",
        )


def _rayleigh(second, w):
    return w @ second @ w / (w @ w)


def _gap(second, w, depth):
    rest = np.eye(len(w)) - np.outer(w, w) / (w @ w)
    return depth * _rayleigh(second, w) / np.linalg.eigvalsh(rest @ second @ rest)[-1]


@exercise(
    "real-data-ex-units",
    stub='''
def units(x, y, L):
    """Factor of all eigenvalues for inputs times x and targets times y."""
    ...  # your code here
''',
    answer="units",
)
def units(answer):
    """Compare with the spectrum of scaled data."""
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(4, 9)), rng.normal(size=(2, 9))
    for x, y, depth in ((3.0, 2.0, 3), (1.0, 5.0, 2), (2.0, 0.5, 5)):
        before, after = (
            least_squares.at_balanced_minimum(*least_squares.moments(p, q), depth).eigenvalues[0]
            for p, q in ((inputs, targets), (x * inputs, y * targets))
        )
        compare(
            number(answer(x, y, depth), "the factor"),
            after / before,
            {
                "That is the factor of the loss, not of the curvature in the weights.": y**2,
                "With other inputs the map W changes too, and with it every layer.": (
                    x**2 * y ** (2 - 2 / depth)
                ),
                "The second moment of the inputs is missing: it stands in K_a besides W.": (
                    (y / x) ** (2 - 2 / depth)
                ),
                "A single layer has this factor; with L layers the targets count too.": x**2,
            },
            f"Not the factor for x = {x:g}, y = {y:g}, L = {depth}: which power of W is in w_ac?",
        )
