"""Checks of the exercises of the chapter "Two clusters of N - 1, and N^2"."""

from math import comb

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import close, exercise, number, require
from depth_not_data.spectra import gaps

# A rule that may fail


@exercise(
    "two-clusters-binomial",
    stub='''
def accepts(p, needed=9, seeds=10):
    """Probability that at least `needed` of `seeds` show what each shows with probability `p`."""
    ...  # your code here
''',
    answer="accepts",
)
def binomial(accepts):
    """Right for all probabilities, and for other rules than nine of ten."""
    cases = [(0.5, 9, 10), (0.9, 10, 10), (0.6, 4, 5), (0.97, 17, 20), (0.0, 1, 3), (1.0, 9, 10)]
    found = np.array([number(accepts(*case), f"accepts{case}") for case in cases])
    require(
        ((found >= 0) & (found <= 1 + 1e-9)).all(),
        "A probability lies between 0 and 1. In how many ways can the seeds be chosen?",
    )
    nine = np.array([_exactly(p, 9, 10) + p**10 for p, *_ in cases])
    require(
        not close(found[[0, 5]], nine[[0, 5]]) or not close(found, nine),
        "Right for nine of ten, whatever rule is asked for: use `needed` and `seeds`.",
    )
    wanted = np.array([_at_least(*case) for case in cases])
    recognise(
        found,
        wanted,
        [
            (
                [_exactly(*case) for case in cases],
                "That is the probability of exactly so many. A rule that asks for nine takes ten.",
            ),
            (
                1 - wanted,
                "That is the probability that the rule rejects.",
            ),
            (
                [_at_least(p, k + 1, n) for p, k, n in cases],
                "That is the probability of *more* than `needed`: at least nine is nine or ten.",
            ),
            (
                [p**k for p, k, _ in cases],
                "That is the probability that the first `needed` seeds show it, whatever others "
                "do. Which seeds fail is left open.",
            ),
        ],
        f"accepts{cases[2]} is {found[2]:.4g}. Count: all show it, or all but one.",
    )
    return "Right: the rule forgives one exception, and ten of ten does not."


def _exactly(p, k, n):
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def _at_least(p, k, n):
    return sum(_exactly(p, j, n) for j in range(k, n + 1))


# A planted cluster


@exercise(
    "two-clusters-planted",
    stub='''
import numpy as np


def found(factor, scatter):
    """Fraction of 200 spectra in which rank 9 is among the three widest gaps.

    Each spectrum as in the chapter's cell with the planted cluster, from random numbers of its own:
    400 ranks, the first nine values times `factor`, `scatter` in place of 0.05.
    """
    ...  # your code here
''',
    answer="found",
)
def planted(found):
    """Right if the fractions are those of other random numbers, within chance."""
    cases = [(2.0, 0.05), (1.0, 0.05), (1.2, 0.05), (1.1, 0.01), (1.4, 0.15), (2.0, 0.3)]
    rates = np.array([number(found(*case), f"found{case}") for case in cases])
    require(
        not np.any(rates > 1.0001),
        "A fraction is asked for, at most 1: divide the count by the number of spectra.",
    )
    spectra = [_spectra(*case) for case in cases]
    wanted = _rates(spectra, lambda s: 9 in gaps.largest_gaps(s, 3, first=1, last=200))
    if _alike(rates, wanted):
        return "Right: what decides is the step against the ratios that scatter makes by itself."
    require(
        not np.isin(rates, (0.0, 1.0)).all(),
        "Always all or none: does each spectrum have random numbers of its own?",
    )
    mistakes = [
        (
            lambda s: 10 in gaps.largest_gaps(s, 3, first=1, last=200),
            "You look at a neighbour of rank 9: Python counts from 0, ranks count from 1.",
        ),
        (
            lambda s: s[8] / s[9] >= gaps.GAP,
            "You ask whether the ratio at rank 9 is wide. Is it one of the three widest?",
        ),
        (
            lambda s: 9 in np.argsort(s[1:201] - s[:200])[:3] + 1,
            "You look for the three largest differences: a gap is a ratio.",
        ),
        (
            lambda s: 9 in gaps.largest_gaps(s, 1, first=1, last=200),
            "You ask for the widest gap of all; the rule takes the three widest.",
        ),
    ]
    for rule, message in mistakes:
        require(not _alike(rates, _rates(spectra, rule)), message)
    for k, said in ((1, "without a planted step"), (0, "for a step of a factor 2")):
        require(
            abs(rates[k] - wanted[k]) < 0.17,
            f"found{cases[k]} is {rates[k]:.2f}: {said} rank 9 should stand out "
            f"{'rarely' if k else 'nearly always'}.",
        )
    k = int(np.argmax(np.abs(rates - wanted)))
    require(
        False,
        f"found{cases[k]} is {rates[k]:.2f}, and here {wanted[k]:.2f}: is the list sorted again "
        "after planting, and does the scatter multiply?",
    )


def _spectra(factor, scatter):
    random = np.random.default_rng(20)
    values = np.arange(1, 401) ** -0.5 * np.exp(scatter * random.standard_normal((200, 400)))
    values[:, :9] *= factor
    return np.sort(values, axis=1)[:, ::-1]


def _rates(spectra, rule):
    return np.array([np.mean([rule(one) for one in many]) for many in spectra])


def _alike(rates, wanted):
    """Two fractions of 200 differ by more than this once in a thousand tries."""
    return np.abs(rates - wanted).max() < 0.17


# By eye


@exercise(
    "two-clusters-eye",
    stub='''
import numpy as np


def spread(eigenvalues, low=0.02, high=0.08):
    """How much a count by eye depends on the eye: the count at `low` over the count at `high`.

    A count: how many eigenvalues exceed this fraction of the largest. In any order.
    """
    ...  # your code here
''',
    answer="spread",
)
def eye(spread):
    """Right on a cliff, on power laws, and for eigenvalues in any order and of any sign."""
    random = np.random.default_rng(3)
    ranks = np.arange(1.0, 2001.0)
    signed = np.concatenate([3.0 * ranks[:500] ** -0.8, -2.0 * ranks[:500] ** -0.8])
    cases = [
        (np.repeat([1.7, 1e-3], [10, 700]), 0.02, 0.08),
        (5.0 / ranks, 0.02, 0.08),
        (0.3 * ranks**-1.5, 0.05, 0.2),
        (random.permutation(signed), 0.01, 0.04),
    ]
    found = np.array([number(spread(*case), "spread(...)") for case in cases])
    wanted = np.array([_count(v, a) / _count(v, b) for v, a, b in cases])
    require(
        close(found[:3], wanted[:3]) <= close(found[3], wanted[3]),
        "Right for sorted positive eigenvalues only: those of a Hessian come in both signs, and "
        "perhaps in another order. The fraction is one of the largest, and negative values are not "
        "above it.",
    )
    recognise(
        found,
        wanted,
        [
            (1 / wanted, "Upside down: the count at `low` over that at `high`."),
            (
                [_count(v, a) - _count(v, b) for v, a, b in cases],
                "That is the difference of the two counts: their quotient is asked for.",
            ),
            (
                [_ratio_above(v, a, b, 1.0) for v, a, b in cases],
                "You compare with the fraction itself: it is one of the largest eigenvalue.",
            ),
            (
                [_ratio_above(v, a, b, v.sum()) for v, a, b in cases],
                "You take the fraction of the sum of all eigenvalues, not of the largest.",
            ),
        ],
        f"For values falling like 1/rank, at 2 and 8 per cent, yours is {found[1]:.4g}. How many "
        "of them exceed each?",
    )
    return "Right: 1 for a cliff, and far above it for a curve without an edge."


def _count(values, fraction):
    return np.sum(values > fraction * values.max())


def _ratio_above(values, low, high, scale):
    return np.sum(values > low * scale) / max(np.sum(values > high * scale), 1)


# Extrapolation


@exercise(
    "two-clusters-width",
    stub='''
import numpy as np


def extrapolate(widths, ratios, width):
    """Ratio at another `width`: a power law of N by least squares on logarithmic axes."""
    ...  # your code here
''',
    answer="extrapolate",
)
def width(extrapolate):
    """Right on exact power laws, and with the least squares of logarithms on others."""
    widths = np.array([10.0, 15.0, 20.0])
    cases = [
        (widths, 0.7 * widths**0.5, 40.0),
        (widths, 2.4 * widths**-0.2, 100.0),
        (np.array([8.0, 12.0, 18.0, 30.0]), np.array([1.9, 2.7, 2.6, 3.8]), 50.0),
        (widths, np.array([1.5, 1.42, 1.28]), 40.0),
    ]
    found = np.array([number(extrapolate(*case), "extrapolate(...)") for case in cases])
    wanted = np.array([_line(np.log, np.exp, np.log, *case) for case in cases])
    flat = (lambda v: v, lambda v: v)
    ends = [(n[[0, -1]], r[[0, -1]], m) for n, r, m in cases]
    last = [(n[-2:], r[-2:], m) for n, r, m in cases]
    recognise(
        found,
        wanted,
        [
            (
                [_line(*flat, flat[0], *case) for case in cases],
                "That is a straight line in N: a power law is one on two logarithmic axes.",
            ),
            (
                [_line(np.log, np.exp, flat[0], *case) for case in cases],
                "That is an exponential in N: the axis of the widths has to be logarithmic too.",
            ),
            (
                [_line(*flat, np.log, *case) for case in cases],
                "That is linear in log N: the axis of the ratios has to be logarithmic too.",
            ),
            (
                [_line(np.log, np.exp, np.log, *case) for case in ends],
                "Right if the points lie on a power law. Yours goes through the first and last, "
                "and does not know of those between.",
            ),
            (
                [_line(np.log, np.exp, np.log, *case) for case in last],
                "Right if the points lie on a power law. Yours uses the last two widths only.",
            ),
            (
                np.log(wanted),
                "That is the logarithm of the ratio: go back from the logarithmic axis.",
            ),
            (
                np.maximum(wanted, 1.0),
                "You have put a floor at 1. True of ratios, but then it is no power law: hand in "
                "the law, and say in words where it must fail.",
            ),
        ],
        "Right if the points lie on a power law, and else not the line of least squares through "
        "their logarithms."
        if close(found[:2], wanted[:2])
        else f"From the ratios {np.round(cases[0][1], 2).tolist()} at the widths 10, 15, 20, which "
        f"lie on a power law, yours is {found[0]:.4g} at 40.",
    )
    return "Right. Below 1, where a ratio cannot go, no such law can hold."


def _line(into, back, across, widths, ratios, width):
    slope, offset = np.polyfit(across(widths), into(ratios), 1)
    return float(back(offset + slope * across(width)))
