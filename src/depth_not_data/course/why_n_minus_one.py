"""Checks of the exercises of the chapter "Why N - 1"."""

import math

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import exercise, number, require
from depth_not_data.residual import wide_limit

CASES = [(n, s, d) for n in (9, 12) for s in (True, False) for d in (True, False)]


@exercise(
    "why-n-minus-one-ex-counts",
    stub='''
def clusters(n_embd, subtract, divide):
    """Ranks of the two gaps, for a norm that subtracts the mean, divides, both or neither."""
    ...  # your code here


print(clusters(10, True, True))
''',
    answer="clusters",
)
def counts(clusters):
    """Compare with the gaps of the levels, for all four norms."""
    found = [list(map(float, _pair(clusters(*case)))) for case in CASES]
    levels = [wide_limit.levels(n, 4, subtract=s, divide=d) for n, s, d in CASES]
    right = [
        list(wide_limit.gap_ranks(v, last=n * n // 2))
        for v, (n, _, _) in zip(levels, CASES, strict=True)
    ]
    mistakes = [
        ([[n - s, n - d] for n, s, d in CASES], "These are sizes of clusters. Where is the gap?"),
        ([[n - d, 2 * n - s - d] for n, s, d in CASES], "Which half costs which kind of function?"),
        ([[n - s, 2 * (n - s)] for n, s, d in CASES], "The second size is not always the first."),
        ([[n - 1, 2 * n - 2] for n, _, _ in CASES], "That is LayerNorm, whatever the norm does."),
    ]
    recognise(found, right, mistakes, "These are not the ranks at which the levels have gaps.")
    return "Right: one constant for the mean, one diagonal map for the scale."


def _pair(value):
    require(
        isinstance(value, tuple | list) and len(value) == 2, "Return two ranks, one for each gap."
    )
    return value


@exercise(
    "why-n-minus-one-ex-constants",
    stub='''
def constants(n_embd, n_block):
    """Eigenvalue of the constants in wide blocks without any norm, hidden width 4 N."""
    ...  # your code here


print(constants(10, 2))
''',
    answer="constants",
)
def constants(answer):
    """Compare with the closed form without a norm."""
    cases = [(5, 1), (8, 3), (20, 2)]
    found = [number(answer(*case), "what constants returns") for case in cases]
    relu = [2 * n / 3 * wide_limit.kernel_eigenvalue(0, n) for n, _ in cases]
    both = list(zip(cases, relu, strict=True))
    right = [2 / n * d * (v + 1) for (n, d), v in both]
    mistakes = [
        ([d * (v + 1) for (n, d), v in both], "An ease, summed over blocks. And the loss's 2/N?"),
        ([2 / n * d * v for (n, d), v in both], "The mean of the ReLU alone. What else shifts it?"),
        ([2 / n * (d * v + 1) for (n, d), v in both], "How many blocks have a bias here?"),
        ([2 / n * (v + 1) for (n, d), v in both], "One block is right. The blocks' shares add."),
    ]
    recognise(found, right, mistakes, "Not the level of the constants without a norm.", rtol=1e-3)
    return "Right: the mean of the ReLU and the bias, once a block."


@exercise(
    "why-n-minus-one-ex-overtake",
    stub='''
def overtake(n_embd):
    """Smallest D at which quadratic functions are above what the last block makes alone."""
    ...  # your code here


print(overtake(10))
''',
    answer="overtake",
)
def overtake(answer):
    """Look for the smallest depth with the levels of LayerNorm."""
    widths = (6, 8, 12)
    found = [number(answer(n), "what overtake returns") for n in widths]
    shares = [_shares(n) for n in widths]
    exact = [1 / free for free, _ in shares]
    mistakes = [
        ([math.floor(x) for x in exact], "One block short: there the last block is still above."),
        ([math.ceil(1 / curl) for _, curl in shares], "There are higher quadratic functions."),
        (exact, "A number of blocks is an integer."),
    ]
    right = [math.floor(x) + 1 for x in exact]
    recognise(found, right, mistakes, "Compare the levels of the two kinds, block by block.")
    return "Right. Beyond it the edge is at N^2 - N - 1."


def _shares(n_embd):
    """Level in units of 2/N for one block: divergence-free quadratic fields, and gradients."""
    levels = {v.functions: v.eigenvalue * n_embd / 2 for v in wide_limit.levels(n_embd, 1)}
    return levels[wide_limit.DIVERGENCE_FREE], levels[wide_limit.CURL_FREE]
