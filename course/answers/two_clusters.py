"""Answers to the exercises of the chapter "Two clusters of N - 1, and N^2"."""

from answers import Answer

_PLANTED = """
import numpy as np


def found(factor, scatter):
    hits = 0
    for seed in range(200):
        noise = np.random.default_rng(100 + seed).standard_normal(400)
        spectrum = np.arange(1, 401) ** -0.5 * np.exp(scatter * noise)
        spectrum[:9] *= factor
        spectrum = np.sort(spectrum)[::-1]
        ratios = spectrum[:200] / spectrum[1:201]
        widest = np.argsort(-ratios)[:3] + 1
        hits += 9 in widest
    return hits / 200
"""

_SPREAD = """
import numpy as np


def spread(eigenvalues, low=0.02, high=0.08):
    top = np.max(eigenvalues)
    return np.sum(eigenvalues > low * top) / np.sum(eigenvalues > high * top)
"""

_LAW = """
import numpy as np


def extrapolate(widths, ratios, width):
    slope, offset = np.polyfit(np.log(widths), np.log(ratios), 1)
    return np.exp(offset + slope * np.log(width))
"""

ANSWERS = {
    "two-clusters-binomial": Answer(
        solution="""
from math import comb


def accepts(p, needed=9, seeds=10):
    return sum(comb(seeds, k) * p**k * (1 - p) ** (seeds - k) for k in range(needed, seeds + 1))
""",
        wrong=[
            (
                """
from math import comb


def accepts(p, needed=9, seeds=10):
    return comb(seeds, needed) * p**needed * (1 - p) ** (seeds - needed)
""",
                "probability of exactly so many",
                "At least nine is read as nine.",
            ),
            (
                "def accepts(p, needed=9, seeds=10):\n    return p**needed\n",
                "Which seeds fail is left open",
                "Nine successes multiply; that the tenth may be any of the ten is forgotten.",
            ),
            (
                """
from math import comb


def accepts(p, needed=9, seeds=10):
    return sum(comb(seeds, k) * p**k * (1 - p) ** (seeds - k) for k in range(needed))
""",
                "the rule rejects",
                "The sum goes over the wrong side.",
            ),
            (
                "def accepts(p, needed=9, seeds=10):\n    return 10 * p**9 * (1 - p) + p**10\n",
                "whatever rule is asked for",
                "The formula of the special case.",
            ),
        ],
        marks=2,
    ),
    "two-clusters-planted": Answer(
        solution=_PLANTED,
        wrong=[
            (
                _PLANTED.replace("hits += 9 in widest", "hits += ratios[8] >= 1.25"),
                "Is it one of the three widest?",
                "One ratio is looked at, and the others are forgotten: poll 1.",
            ),
            (
                _PLANTED.replace("[:3] + 1", "[:3]"),
                "You look at a neighbour of rank 9",
                "Indices are taken for ranks.",
            ),
            (
                _PLANTED.replace(
                    "spectrum[:200] / spectrum[1:201]", "spectrum[:200] - spectrum[1:201]"
                ),
                "a gap is a ratio",
                "Differences, as the eye sees them on a linear axis.",
            ),
            (
                _PLANTED.replace("default_rng(100 + seed)", "default_rng(100)"),
                "random numbers of its own",
                "The generator is made anew with the same seed for each spectrum.",
            ),
            (
                _PLANTED.replace("return hits / 200", "return hits"),
                "A fraction is asked for",
                "The count is handed in.",
            ),
        ],
        marks=2,
    ),
    "two-clusters-eye": Answer(
        solution=_SPREAD,
        wrong=[
            (
                _SPREAD.replace("np.max(eigenvalues)", "1.0"),
                "You compare with the fraction itself",
                "The curves of the chapter begin near 1, and a per cent is taken for 0.01.",
            ),
            (
                _SPREAD.replace("np.max(eigenvalues)", "np.sum(eigenvalues)"),
                "of the sum of all eigenvalues",
                "Explained variance, as in principal component analysis.",
            ),
            (
                _SPREAD.replace("> low * top) /", "> low * top) -"),
                "That is the difference",
                "How many more, in place of how many times as many.",
            ),
            (
                _SPREAD.replace("np.sum(eigenvalues >", "np.sum(np.abs(eigenvalues) >"),
                "Right for sorted positive eigenvalues only",
                "Large in size is taken for large.",
            ),
        ],
        marks=4,
    ),
    "two-clusters-width": Answer(
        solution=_LAW,
        wrong=[
            (
                """
import numpy as np


def extrapolate(widths, ratios, width):
    return np.polyval(np.polyfit(widths, ratios, 1), width)
""",
                "a straight line in N",
                "The simplest fit.",
            ),
            (
                """
import numpy as np


def extrapolate(widths, ratios, width):
    return np.exp(np.polyval(np.polyfit(widths, np.log(ratios), 1), width))
""",
                "an exponential in N",
                "One logarithmic axis only.",
            ),
            (
                _LAW.replace("(widths), np.log(ratios)", "(widths[-2:]), np.log(ratios[-2:])"),
                "uses the last two widths only",
                "Two points are enough for two unknowns.",
            ),
            (
                _LAW.replace("return np.exp(", "return max(1.0, ").replace(
                    "max(1.0, offset + slope * np.log(width))",
                    "max(1.0, np.exp(offset + slope * np.log(width)))",
                ),
                "You have put a floor at 1",
                "A ratio of sorted eigenvalues is at least 1, so the law is bent.",
            ),
        ],
        marks=6,
    ),
}
