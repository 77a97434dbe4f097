"""Checks of the exercises of the chapter "Your own network"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise


@exercise(
    "your-own-network-losses",
    stub='''
def constants(k):
    """Directions with curvature: softmax, squared error, k yes-or-no questions."""
    ...  # your code here
''',
    answer="constants",
)
def losses(constants):
    """Compare with the ranks of second differences of the three losses."""
    sizes = (3, 5, 8)
    found = [array(constants(k), (3,), f"constants({k})") for k in sizes]
    wanted = np.array([_ranks(k) for k in sizes])

    def table(*less):
        return np.array(sizes)[:, None] - less

    recognise(
        found,
        wanted,
        [
            (table(0, 0, 0), "One of the three losses does not see a shift of all outputs."),
            (table(1, 1, 1), "The squared error measures each output against its own target."),
            (table(1, 0, 1), "Separate questions have a sigmoid each: is a shift free there?"),
            (table(0, 1, 1), "The loss that is blind to a shift is another one of the three."),
            (table(1, 1, 0), "The squared error sees a shift of all outputs; which does not?"),
        ],
        "For each loss: add the same number to all outputs. Does the loss change?",
    )


def _ranks(k, eps=1e-3):
    """Count the curved directions of each loss by second differences at random outputs."""
    rng = np.random.default_rng(k)
    outputs = rng.normal(size=(9, k))

    def softmax(u):
        return np.log(np.exp(outputs + u).sum(1)).mean()

    def squares(u):
        return ((outputs + u) ** 2).mean()

    def questions(u):
        return np.log1p(np.exp(outputs + u)).mean()

    def differences(loss):
        steps = eps * np.eye(k)
        pairs = [
            [loss(a + b) - loss(a - b) - loss(b - a) + loss(-a - b) for b in steps] for a in steps
        ]
        return np.array(pairs) / (4 * eps**2)

    losses = (softmax, squares, questions)
    return [np.linalg.matrix_rank(differences(loss), tol=1e-4) for loss in losses]


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
