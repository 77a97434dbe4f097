"""Checks of the exercises of the chapter "Your own network"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise


@exercise(
    "your-own-network-softmax",
    stub='''
def curvature(p):
    """Second derivatives of the mean cross-entropy by a constant; p: inputs x classes."""
    ...  # your code here
''',
    answer="curvature",
)
def softmax(curvature):
    """Compare with the second differences of the loss itself."""
    outputs = 1.5 * np.random.default_rng(3).normal(size=(7, 4))
    p = _softmax(outputs)
    found = array(curvature(p), (4, 4), "curvature(p)")
    mean = p.mean(0)
    wanted = _second_differences(outputs)
    recognise(
        found,
        wanted,
        [
            (wanted * len(p), "That is the sum over the inputs; asked is the mean cross-entropy."),
            (
                np.diag(mean),
                "Raising one output lowers the others' probabilities: a term is missing.",
            ),
            (
                np.diag(mean) - np.outer(mean, mean),
                "You average the probabilities before you multiply them: take each input's own.",
            ),
            (-wanted, "The sign is turned: the cross-entropy is convex in the outputs."),
            (
                np.diag(mean * (1 - mean)),
                "Two different outputs have a second derivative, too: the matrix is not diagonal.",
            ),
            (
                np.diag((p * (1 - p)).mean(0)),
                "The diagonal is right. How does one probability depend on another output?",
            ),
        ],
        "Take one input: differentiate log(sum(exp(f))) - f_label twice, then average.",
        rtol=1e-4,
    )


def _softmax(outputs):
    powers = np.exp(outputs - outputs.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _second_differences(outputs, eps=1e-3):
    """Central second differences of the mean of log-sum-exp, by each pair of constants."""
    steps = eps * np.eye(outputs.shape[1])

    def loss(u):
        return np.log(np.exp(outputs + u).sum(1)).mean()

    return np.array(
        [[loss(a + b) - loss(a - b) - loss(b - a) + loss(-a - b) for b in steps] for a in steps]
    ) / (4 * eps**2)


@exercise(
    "your-own-network-shares",
    stub='''
def shares(change, x):
    """Shares of constants, linear and quadratic functions, and of the rest: four numbers."""
    ...  # your code here
''',
    answer="shares",
)
def of_functions(shares):
    """Compare with what three nested fits leave over."""
    x = np.random.default_rng(4).exponential(size=60)
    change = 0.5 + x - 0.4 * x**2 + np.sin(3 * x)
    found = array(shares(change, x), (4,), "shares(change, x)")
    wanted = _by_fits(change, x)
    raw = [_inside(change, x**k) for k in range(3)]
    apart = np.array([*raw, 1 - sum(raw)])
    recognise(
        found,
        wanted,
        [
            (
                apart,
                "You project on 1, x, x**2 one by one; they overlap: make them orthogonal first.",
            ),
            (
                np.sqrt(np.abs(wanted)),
                "Those are lengths; a share is one of squares, and the four add to 1.",
            ),
            (
                wanted * (change**2).sum(),
                "Those are the squares themselves: divide by that of the whole change.",
            ),
            (
                np.array([0, *wanted[1:]]) / (1 - wanted[0]),
                "The mean was taken off before; it is the constant, and has a share.",
            ),
            (wanted[[0, 2, 1, 3]], "The order is constant, linear, quadratic, rest."),
        ],
        "Fit a constant; then a line; then a parabola: each share is what the fit gains.",
        rtol=1e-5,
    )


def _by_fits(change, x):
    left = [(change**2).sum()]
    for degree in range(3):
        fit = np.polynomial.Polynomial.fit(x, change, degree)
        left.append(((change - fit(x)) ** 2).sum())
    gains = -np.diff(left)
    return np.array([*gains, left[-1]]) / left[0]


def _inside(change, function):
    return (change @ function) ** 2 / (function @ function) / (change @ change)


@exercise(
    "your-own-network-chance",
    stub='''
def chance(n, d):
    """Shares of linear and of quadratic functions in random numbers at n inputs of d numbers."""
    ...  # your code here
''',
    answer="chance",
)
def by_chance(chance):
    """Compare with counts of monomials."""
    cases = [(200, 3), (1000, 10), (5000, 21)]
    found = [array(chance(n, d), (2,), f"chance({n}, {d})") for n, d in cases]

    def table(linear, quadratic):
        return [[linear(d) / n, quadratic(d) / n] for n, d in cases]

    def pairs(d):
        return sum(1 for i in range(d) for j in range(i, d))

    recognise(
        found,
        table(lambda d: d, pairs),
        [
            (
                table(lambda d: d, lambda d: d * d),
                "Linear is right. The product of two numbers is the same in either order.",
            ),
            (
                table(lambda d: d, lambda d: pairs(d) - d),
                "Linear is right. Squares of one number are quadratic functions, too.",
            ),
            (
                table(lambda d: d + 1, pairs),
                "Quadratic is right. The constant has a share of its own and is not linear here.",
            ),
            (
                [[(d / n) ** 2, (pairs(d) / n) ** 2] for n, d in cases],
                "A share is already one of squares: do not square it again.",
            ),
            (
                table(lambda d: d, lambda d: d),
                "How many products of two numbers are there? More than numbers.",
            ),
        ],
        "A random vector of n entries: which share of its square lies in a space of m dimensions?",
    )
