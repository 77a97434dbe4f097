"""Checks of the exercises of the chapter "Training as one recursion"."""

import numpy as np

from depth_not_data.course.exercise import (
    choice,
    close,
    compare,
    entries,
    exercise,
    number,
    require,
)
from depth_not_data.linear import recursion


def _steps_to(goal, depth, eta) -> int:
    """Count the steps that a direction of target 0 needs, from lambda = 1."""
    lam, steps = 1.0, 0
    while lam > goal:
        lam, steps = lam - eta * lam ** (2 * depth - 1), steps + 1
    return steps


@exercise(
    "balanced-recursion-ex-time",
    stub='''
def layer(goal, depth, eta):
    """Steps until the singular value of every layer has fallen to `goal`, to 2 per cent."""
    ...  # your code here


def product(goal, depth, eta):
    """Steps until the singular value of the product has fallen to `goal`."""
    ...  # your code here


print([f(1e-3, L, 0.01) for f in (layer, product) for L in (2, 7)])
''',
    answer='{"layer": layer, "product": product}',
)
def time(answer):
    """Run the recursion from 1 to goals that it reaches soon."""
    layer, product = entries(answer, "layer", "product")
    cases = [(0.06, 2, 0.02), (0.2, 3, 0.05), (0.4, 5, 0.05)]
    found = [number(layer(*case), "what layer returns") for case in cases]
    goal, L, eta = np.transpose(cases)
    p = 2 * L - 2
    right = np.array([_steps_to(g, int(n), lr) for g, n, lr in cases])
    mistakes = {
        "Exponential? The pull on a small value is a high power of it.": np.log(1 / goal) / eta,
        "Exponential, at the rate of the learnt directions? The target is 0 here.": np.log(1 / goal)
        / (eta * L),
        "Your power is that of the step, 2L-1; integrate it.": goal ** -(p + 1) / ((p + 1) * eta),
        "Training time, not steps: a step moves time on by eta.": goal**-p / p,
        "Integrate once more: a constant in front is missing.": goal**-p / eta,
    }
    otherwise = "Not what `recursion.trajectory` needs for a layer: invert the law of the decay."
    compare(found, right, mistakes, otherwise, rtol=0.03)
    cases = [(0.002, 2, 0.02), (0.005, 3, 0.05), (0.005, 5, 0.05)]
    found = [number(product(*case), "what product returns") for case in cases]
    goal, L, eta = np.transpose(cases)
    p = 2 * L - 2
    right = np.array([_steps_to(g ** (1 / n), int(n), lr) for g, n, lr in cases])
    mistakes = {
        "The layers are right. How large is one of them when the product is at the goal?": goal**-p
        / (p * eta),
        "The layers are right; the product is their L-th power, not L times one of them.": (
            (goal / L) ** -p / (p * eta)
        ),
    }
    otherwise = "The layers are right, the product is not: what is lambda when it is at the goal?"
    compare(found, right, mistakes, otherwise, rtol=0.03)


@exercise(
    "balanced-recursion-ex-unbalanced",
    stub='''
def lost(lams, s, eta, steps):
    """Share of lams[0]**2 - lams[1]**2 that is lost: three layers, one direction."""
    ...  # your code here


unbalanced = {
    "lost": lost,
    "flow": ...,  # share that gradient flow loses, a number
}
''',
    answer="unbalanced",
)
def unbalanced(answer):
    """Train three coupled layers of one direction."""
    lost, flow = entries(answer, "lost", "flow")
    cases = [((0.9, 0.5, 0.7), 1.0, 0.1, 30), ((1.2, 0.8, 0.4), 0.5, 0.05, 60)]
    found = [number(lost(list(lams), *rest), "what lost returns") for lams, *rest in cases]
    right = np.array([_lost(*case) for case in cases])
    start = np.array([lams[0] ** 2 - lams[1] ** 2 for lams, *_ in cases])
    mistakes = {
        "You move the layers one after the other. Gradient descent moves all of them at once.": [
            _lost(*case, at_once=False) for case in cases
        ],
        "You have what is left. How much is lost?": 1 - right,
        "You have the loss itself, not its share of the difference at the start.": right * start,
        "You take the difference of the values, not of their squares.": [
            _lost(*case, power=1) for case in cases
        ],
        "Nothing is lost? Compare many digits, or take a larger step.": 0 * right,
    }
    otherwise = "Not what three coupled layers lose: what is the gradient of each one's value?"
    compare(found, right, mistakes, otherwise, rtol=1e-4)
    flow = number(flow, "the share that flow loses")
    shrinks = "Of the same time, how much is lost at a tenth of the step size, and at a hundredth?"
    require(abs(flow) < 1e-12, shrinks)
    return "Right: flow conserves the difference, and descent loses it with its step size."


def _lost(start, s, eta, steps, at_once=True, power=2):
    layers = np.array(start, dtype=float)
    before = layers[0] ** power - layers[1] ** power
    for _ in range(steps):
        old = layers if not at_once else layers.copy()
        for k in range(layers.size):
            layers[k] -= eta * (old.prod() - s) * np.delete(old, k).prod()
    return 1 - (layers[0] ** power - layers[1] ** power) / before


@exercise(
    "balanced-recursion-ex-data",
    stub='''
def limit(x, s, depth):
    """Largest stable step size of a direction with data x and target s."""
    ...  # your code here


unequal = {
    "limit": limit,
    "sets": ...,  # "largest" or "smallest": the x that sets the limit of the whole network
}
''',
    answer="unequal",
)
def data(answer):
    """Compare with the slope of the recursion, measured at its fixed point."""
    limit, sets = entries(answer, "limit", "sets")
    cases = [(1.0, 1.0, 4), (2.0, 1.5, 3), (0.5, 2.0, 2), (1.7, 0.4, 5)]
    found = [number(limit(*case), "what limit returns") for case in cases]
    right = np.array([_limit(*case) for case in cases])
    x, s, L = np.transpose(cases)
    mistakes = {
        "Your limit does not know of the data: where is the fixed point, and how steep is it?": 2
        / (L * s ** (2 - 2 / L)),
        "You take the fixed point of whitened data, the L-th root of s.": 2
        / (L * x**2 * s ** (2 - 2 / L)),
        "You have put 1 for the fixed point.": 2 / (L * x**2),
        "A slope of 0 is the fastest, not the limit: how negative may it become?": right / 2,
        "You have counted x once. It stands before the gradient and in it.": 2
        / (L * x ** (2 / L - 1) * s ** (2 - 2 / L)),
    }
    otherwise = "Not where the slope at the fixed point is -1."
    compare(found, right, mistakes, otherwise, rtol=1e-4)
    require(isinstance(sets, str), "What sets the limit should be 'largest' or 'smallest'.")
    first = choice(sets.strip()[:1], "LS", "the first letter of what sets the limit")
    limits = {name: _limit(x, x, 3) for name, x in (("L", 2.0), ("S", 0.5))}
    ratio = (
        "The limit is right. For s = x, compare it at two values of x: all must be below theirs."
    )
    require(first == min(limits, key=limits.get), ratio)


def _limit(x, s, depth, small=1e-5):
    """Measure the slope of the gradient at the fixed point, and return 2 over it."""
    star = (s / x) ** (1 / depth)
    gradient = [x * w ** (depth - 1) * (x * w**depth - s) for w in (star - small, star + small)]
    return 2 / ((gradient[1] - gradient[0]) / (2 * small))


@exercise(
    "balanced-recursion-ex-momentum",
    stub='''
def late(t, depth, eta, beta):
    """Singular value of a direction of target 0 after t steps with momentum, for large t."""
    ...  # your code here
''',
    answer="late",
)
def momentum(late):
    """Run the recursion with momentum for a long time."""
    cases = [(20_000, 3, 0.02, 0.9), (40_000, 2, 0.01, 0.5), (20_000, 4, 0.05, 0.8)]
    found = [number(late(*case), "what late returns") for case in cases]
    right = [
        recursion.trajectory(0.9, 0.0, L, eta, t, momentum=beta)[-1] for t, L, eta, beta in cases
    ]
    t, L, eta, beta = np.transpose(cases)
    p = 2 * L - 2
    mistakes = {
        "This is the law without momentum: the velocity adds up old gradients.": (p * eta * t)
        ** (-1 / p),
        "Momentum does not slow the clock down.": (p * eta * t * (1 - beta)) ** (-1 / p),
        "A geometric series of old gradients, yes, but once.": (p * eta * t / (1 - beta) ** 2)
        ** (-1 / p),
        "Your time is right. The exponent is that of the recursion without momentum.": (
            (p * eta * t / (1 - beta)) ** (-1 / (p + 1))
        ),
        "Your time is right, but the constant 2L-2 is missing.": (eta * t / (1 - beta)) ** (-1 / p),
        "An exponential? The target is 0.": np.exp(-eta * t / (1 - beta)),
    }
    otherwise = "Not where the recursion with momentum is after many steps."
    compare(np.squeeze(found), np.squeeze(right), mistakes, otherwise, rtol=0.02)


@exercise(
    "balanced-recursion-ex-limit",
    stub='''
def distance(t, depth):
    """Distance from 1 after t steps at eta = 2 / depth and s = 1, for large t."""
    ...  # your code here
''',
    answer="distance",
)
def limit(distance):
    """Run the recursion at the limit for a long time."""
    cases = [(30_000, 2), (30_000, 3), (20_000, 5)]
    found = np.array([number(distance(*case), "what distance returns") for case in cases])
    right = []
    for steps, depth in cases:
        lam = recursion.trajectory(0.97, 1.0, depth, 2 / depth, steps)[-1]
        right.append(abs(float(np.squeeze(lam)) - 1))
    t, L = np.transpose(cases)
    right = np.array(right)
    a, b = -3 * (L - 1), -(L - 1) * (7 * L - 11) / 3
    fits = found / right
    require(
        not (found < 1e-12).all(), "An exponential? The slope is -1: the linear part never decays."
    )
    require((found > 0).all(), "A distance is positive.")
    same = np.ptp(fits) < 0.03 * fits.mean()
    double = "Off by the square root of 2 for each depth: do you count single steps, or pairs?"
    require(not (same and close(fits[0] ** 2, [2.0, 0.5][int(fits[0] < 1)], 0.05)), double)
    mistakes = {
        "Your expansion stops at the square: its square and the cube are of the same order.": (
            2 * a**2 * t
        )
        ** -0.5,
        "Your constant has the cube alone: the square of the map, applied twice, is one as well.": (
            2 * np.abs(b) * t
        )
        ** -0.5,
        "One over time? The cube of u changes u^(-2), not u^(-1), at a constant rate.": (
            1 / (2 * (a**2 + b) * t)
        ),
    }
    otherwise = "Not where the recursion is: apply the map twice, and expand to the third order."
    compare(found, right, mistakes, otherwise, rtol=0.02)
