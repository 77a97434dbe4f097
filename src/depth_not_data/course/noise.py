"""Checks of the exercises of the chapter "How much depth is left when the target is noisy?"."""

import numpy as np

from depth_not_data.course.exercise import compare, exercise, number, require
from depth_not_data.linear import noise

# The gap


@exercise(
    "noise-ex-gap",
    stub='''
def gap(L, nu):
    """Smallest dominant over largest bulk eigenvalue, L layers, noise level 0 < nu <= 1."""
    ...  # your code here
''',
    answer="gap",
)
def written_gap(gap):
    """Right if it is the formula of the book, also at the end of its range."""
    cases = [(3, 0.2), (7, 0.05), (12, 0.6), (2, 0.9)]
    found = [number(gap(*case), "what gap returns") for case in cases]
    L, nu = (np.array(column) for column in zip(*cases, strict=True))
    right = noise.gap(L.astype(int), nu)
    upside = (
        "This is the bulk over the dominant eigenvalue: smaller than 1, and falling with depth."
    )
    linear = "Your layers pass on nu^(1/L), which is the change; curvature is its square."
    whole = "You give every layer the whole noise nu: it is the product of L layers that holds nu."
    mean = (
        "You divide by the mean of the bulk's terms in place of their sum, or forget the factor L."
    )
    mistakes = {
        upside: 1 / right,
        linear: L * (1 - nu ** (1 / L)) / (1 - nu),
        whole: L * (1 - nu**2) / (1 - nu ** (2 * L)),
        mean: right / L,
    }
    compare(found, right, mistakes, "Not the formula: add up what each layer does to entry (1, 2).")
    for depth in (1, 5):
        at_one = number(gap(depth, 1.0), "what gap returns at nu = 1")
        require(abs(at_one - 1) < 1e-9, "At nu = 1 all directions are alike and the gap is 1.")
    return "Right, and at nu = 1 as well."


@exercise(
    "noise-ex-half",
    stub="""
layers = ...  # a whole number
""",
    answer="layers",
)
def half_is_left(layers):
    """Right if it is the half depth at one fiftieth, rounded down."""
    found = number(layers, "layers")
    exact = float(noise.half_depth(1 / 50))
    mistakes = {
        "Half is gone there already: the gap falls below L/2 before that depth.": np.ceil(exact),
        "log2(1/nu) counts halvings of nu itself; curvature goes with nu squared.": 5,
        "You have taken the natural logarithm: 2 ln(1/nu) is the ceiling of the gap.": 7,
        "That is the depth at which the gap is half of its own ceiling.": 4,
    }
    compare(
        found, np.floor(exact), mistakes, "Compare the gap at your depth, and one deeper, with L/2."
    )
    return "Right: a little more than two layers for each halving of the noise."


# Samples


@exercise(
    "noise-ex-samples",
    stub='''
def samples(L, deviation, d_out, d_in):
    """Samples needed for half of the linear law to be left at L layers."""
    ...  # your code here
''',
    answer="samples",
)
def needed_samples(samples):
    """Right if every layer doubles the number."""
    cases = [(6, 0.5, 24, 30), (10, 0.2, 10, 40), (13, 1.5, 9, 16)]
    found = [number(samples(*case), "what samples returns") for case in cases]
    L, s, out, into = (np.array(column, float) for column in zip(*cases, strict=True))
    edge = s * (np.sqrt(out) + np.sqrt(into))
    mistakes = {
        "This is the root of the number: nu falls like one over the root of n.": edge
        * 2 ** (L / 2),
        "Your number grows by the root of 2 with each layer; n enters by 1/nu squared.": (
            edge**2 * 2 ** (L / 2)
        ),
        "You have left the sizes out: the edge of the noise grows with both.": s**2 * 2**L,
        "You have added the sizes; it is their roots that add, before squaring.": (
            s**2 * (out + into) * 2**L
        ),
        "Two layers for each halving of nu: yours has one, and asks for 4 times as many a layer.": (
            edge**2 * 4**L
        ),
    }
    compare(found, edge**2 * 2**L, mistakes, "Solve 2 log2(1/nu) = L for n.", rtol=1e-3)
    return "Right: one more layer costs twice the samples, two cost four times as many."


# Time


@exercise(
    "noise-ex-time",
    stub='''
def level(L, tau):
    """Singular value of the product after the time tau, target 0, start 1, L >= 2."""
    ...  # your code here
''',
    answer="level",
)
def level_left(level):
    """Right if it is the level of the book."""
    cases = [(2, 3.0), (5, 40.0), (9, 1000.0), (3, 0.0)]
    found = [number(level(*case), "what level returns") for case in cases]
    right = np.array([float(noise.of_training_time(*case)) for case in cases])
    L, tau = (np.array(column) for column in zip(*cases, strict=True))
    base = 1 + (2 * L - 2) * tau
    late = "This is the late form: at tau = 0 it does not give the start, 1."
    mistakes = {
        "That is mu, the square of what one layer holds; the product has L layers.": right
        ** (2 / L),
        "That is what one layer holds; the product has L of them.": right ** (1 / L),
        "That is the square of the product's singular value.": right**2,
        "You have L in place of L - 1 in the exponent.": base**-0.5,
    }
    with np.errstate(divide="ignore"):
        mistakes[late] = np.where(tau > 0, (base - 1.0) ** (-L / (2 * L - 2)), found)
    require(not (tau.size and np.isinf(found).any()), late)
    compare(found, right, mistakes, "Integrate d mu / d tau = -2 mu^L, and take the L-th power.")
    return "Right: in the product the deep network is hardly later than the shallow one."


# Means


@exercise(
    "noise-ex-means",
    stub='''
import numpy as np


def ceiling_of_means(first, p, n):
    """Limit of the ratio of means for the levels first * i**-p, i = 1..n, as L goes to infinity."""
    ...  # your code here
''',
    answer="ceiling_of_means",
)
def harmonic(ceiling_of_means):
    """Right if it is the harmonic mean of the ceilings."""
    cases = [(0.2, 0.5, 20), (0.05, 1.0, 7), (0.1, 2.0, 60)]
    found = [number(ceiling_of_means(*case), "what ceiling_of_means returns") for case in cases]
    limits = [noise.ceiling(a * np.arange(1.0, n + 1) ** -p) for a, p, n in cases]
    levels = [a * np.arange(1.0, n + 1) ** -p for a, p, n in cases]
    mistakes = {
        "You average the ceilings. The bulk is what is averaged, and it is below the fraction.": [
            np.mean(limit) for limit in limits
        ],
        "That is the ceiling of the gap, which sees the largest level only.": [
            limit[0] for limit in limits
        ],
        "That is the ceiling at the mean level; average after the formula, not before it.": [
            float(noise.ceiling(level.mean())) for level in levels
        ],
        "That is the geometric mean of the ceilings.": [
            np.exp(np.log(limit).mean()) for limit in limits
        ],
    }
    right = [1 / np.mean(1 / limit) for limit in limits]
    compare(found, right, mistakes, "Let L go to infinity in the ratio of means of the chapter.")
    return "Right: the harmonic mean, which the largest levels dominate."
