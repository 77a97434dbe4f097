"""Checks of the exercises of the chapter "Why L: three groups"."""

import numpy as np

from depth_not_data.course.exercise import (
    array,
    close,
    compare,
    entries,
    exercise,
    number,
    require,
)
from depth_not_data.linear import flow, spectrum


def _levels(r, q, outputs, inputs, depth=3) -> tuple[int, int]:
    """Count the pairs at the depth and at 1, with data in the first q inputs."""
    lam = [np.where(np.arange(n) < r, 1.0, 0.0) for n in (outputs, inputs)]
    data = np.where(np.arange(inputs) < q, 1.0, 0.0)
    values = spectrum.pair_eigenvalues(*lam, depth, data_singular_values=data)
    return int(np.isclose(values, depth).sum()), int(np.isclose(values, 1).sum())


@exercise(
    "bifurcation-theorem-one-layer",
    stub="""
one_layer = {
    "step": ...,  # the number of the step in the proof
    "spectrum": ...,  # 6 eigenvalues of one layer with 2 outputs and data x = (3, 2, 1), r = 1
}
""",
    answer="one_layer",
)
def one_layer(answer):
    """Compare the spectrum with the pairs of a single layer."""
    step, values = entries(answer, "step", "spectrum")
    values = np.sort(array(values, (6,), "the spectrum"))
    right = np.sort(spectrum.pair_eigenvalues([1, 0], [1, 0, 0], 1, data_singular_values=[3, 2, 1]))
    square = "You have used x where its square belongs."
    learnt = (
        "Your zeros are those of deep networks: can a single layer turn c into a, learnt or not?"
    )
    once = "Each eigenvalue of Sigma_xx should be there once for each output."
    x = np.array([1.0, 2.0, 3.0])
    mistakes = {
        square: np.repeat(x, 2),
        learnt: [0, 0, 1, 4, 9, 9],
        once: [0, 0, 0, 1, 4, 9],
        "Without data one eigenvalue would be left; here each input has its own strength.": np.ones(
            6
        ),
    }
    otherwise = "Not the spectrum: go through the six pairs of outputs and inputs."
    compare(values, np.sort(right.ravel()), mistakes, otherwise)
    step = number(step, "the step")
    last = "The proof of the counts has five steps; which of them asks for two different layers?"
    require(step in (1, 2, 3, 4, 5), last)
    holds = f"Step {step:g} holds for a single layer too: write it out for L = 1."
    require(_fails(int(step)), holds)
    return "Right: depth makes the groups, and a single layer has none."


def _fails(step):
    """Whether the pairs of this step have another eigenvalue than the proof says, at L = 1."""
    pairs = spectrum.pair_eigenvalues([1, 0], [1, 0, 0], 1, data_singular_values=[1, 1, 0])
    kind = {1: (0, 0), 2: (1, 0), 3: (0, 1), 4: (1, 1), 5: (0, 2)}[step]
    said = {1: 1, 2: 1, 3: 1, 4: 0, 5: 0}[step]
    return not np.isclose(pairs[kind], said)


@exercise(
    "bifurcation-theorem-classifier",
    stub='''
def groups(widths, r):
    """Number of eigenvalues at L and number at 1: target of rank r, data in all inputs."""
    ...  # your code here


print(groups((784, 100, 100, 10), 10))
''',
    answer="groups",
)
def classifier(groups):
    """Count the pairs of other networks."""
    cases = [((12, 7, 7, 5), 5), ((6, 9, 9, 8), 2), ((9, 4, 6), 3), ((5, 6, 5), 5)]
    found = [array(groups(*case), (2,), "what groups returns") for case in cases]
    dominant, bulk = np.transpose(found)
    right = [_levels(r, w[0], w[-1], w[0], len(w) - 1) for w, r in cases]
    top, below = np.transpose(right)
    r = np.array([r for _, r in cases])
    first, last, least = np.transpose([(w[0], w[-1], min(w)) for w, _ in cases])
    depth = np.array([len(w) - 1 for w, _ in cases])
    mistakes = {
        "At the top there are pairs: each learnt output with each learnt input.": r,
        "At the top, each pair has one eigenvalue; its value is L, not its number.": depth * top,
    }
    compare(dominant, top, mistakes, "The number at L is not right.")
    mistakes = {
        "You use the smallest width where the data count: the first layer sees every input.": (
            (least + last - 2 * r) * r
        ),
        "You have paired each unlearnt direction with one learnt one. There are r.": first
        + last
        - 2 * r,
        "You count changes in one layer only: both the first and the last make them.": (first - r)
        * r,
        "All pairs that are not at the top? Those of two unlearnt directions are at 0.": first
        * last
        - r**2,
    }
    compare(bulk, below, mistakes, "The number at 1 is not right.")


@exercise(
    "three-groups-half-learnt",
    stub='''
def mixed(mu, depth):
    """Eigenvalue of a pair of a learnt direction (lambda = 1) and one with lambda**2 = mu."""
    ...  # your code here
''',
    answer="mixed",
)
def half_learnt(mixed):
    """Compare with the closed form at values and depths that the text does not use."""
    mu, L = np.array([0.3, 0.62, 0.25, 0.0]), np.array([4, 7, 3, 5])
    cases = list(zip(mu.tolist(), L.tolist(), strict=True))
    found = [number(mixed(*case), "what mixed returns") for case in cases]
    right = np.array([float(flow.bulk_eigenvalue(*case)) for case in cases])
    rooted = [float(flow.bulk_eigenvalue(m**0.5, n)) for m, n in cases]
    one_more = "Your sum has one layer too many: with which power of mu does the first layer begin?"
    late = "Your first layer has a factor mu already. In it the signal has met no other layer."
    root = "You have used lambda where its square belongs: curvature is the square of the change."
    both = "You have let both directions be half learnt: one of the two passes unchanged."
    equal = (
        "You give all layers but one the same strength; each further layer sees the signal weaker."
    )
    mistakes = {one_more: right + mu**L, late: mu * right, root: rooted}
    twice = "You have squared once more: mu is the square of lambda already."
    ends = "You count the first and the last layer only. What do those between contribute?"
    mistakes |= {both: L * mu ** (L - 1), equal: 1 + (L - 1) * mu, ends: 1 + mu ** (L - 1)}
    mistakes |= {twice: [float(flow.bulk_eigenvalue(m**2, n)) for m, n in cases]}
    compare(found, right, mistakes, "Not the closed form of the chapter: write down its L terms.")
    return "Right: it hardly exceeds 1/(1 - mu), however deep the network is."


@exercise(
    "three-groups-filled",
    stub='''
def bulk(r, q, outputs, inputs):
    """Number of eigenvalues 1 with r learnt directions and data in the first q inputs, L = 3."""
    ...  # your code here
''',
    answer="bulk",
)
def filled(bulk):
    """Count the pairs, with less data than learnt directions too."""
    cases = [(2, 5, 4, 6), (3, 3, 5, 8), (2, 6, 2, 6), (3, 2, 5, 8), (4, 1, 6, 7), (2, 0, 4, 6)]
    found = np.array([number(bulk(*case), "what bulk returns") for case in cases])
    right = np.array([_levels(*case)[1] for case in cases])
    r, q, out, into = np.transpose(cases)
    enough = q >= r
    mistakes = {
        "You count inputs without data too. What is x_c there?": (into + out - 2 * r) * r,
        "Each further input adds one? Which output directions can it be turned into?": q
        + (out - 2) * r,
        "You count the pairs of an unlearnt output only.": (out - r) * r,
    }
    otherwise = "Not right for q >= r: change the cell, and count the ones."
    compare(found[enough], right[enough], {k: v[enough] for k, v in mistakes.items()}, otherwise)
    few = ~enough
    mistakes = {
        "Right for q >= r. For q < r the theorem does not hold: some learnt inputs have no data.": (
            (q + out - 2 * r) * r
        ),
        "Right for q >= r. For q < r a learnt input and an unlearnt output still make pairs.": (
            0 * q
        ),
        "Right for q >= r. For q < r you count learnt inputs without data.": (out - r) * r,
        "Right for q >= r. For q < r these are the pairs at the top.": q * r,
    }
    otherwise = "Right for q >= r, not for q < r: run the cell with q = 1."
    compare(found[few], right[few], {k: v[few] for k, v in mistakes.items()}, otherwise)


@exercise(
    "three-groups-invariant",
    stub='''
def nonzero(r, q, outputs):
    """Number of nonzero eigenvalues, for every invertible G."""
    ...  # your code here


invariant = {
    "nonzero": nonzero,
    "G": ...,  # 3 x 3, diagonal; brings the largest over the smallest nonzero eigenvalue beyond 10
}
''',
    answer="invariant",
)
def invariant(answer):
    """Count in random networks, and measure the ratio that the matrix G makes."""
    nonzero, G = entries(answer, "nonzero", "G")
    cases = np.array([(2, 5, 4), (1, 3, 3), (3, 3, 6), (2, 2, 2)])
    found = [number(nonzero(*map(int, case)), "what nonzero returns") for case in cases]
    r, q, out = cases.T
    ranks = [np.linalg.matrix_rank(_jacobian(*case, np.eye(8))) for case in cases]
    mistakes = {
        "You count the dominant ones only. Which others are not zero?": r**2,
        "You count the bulk only. Which others are not zero?": r * (q + out - 2 * r),
        "Not every entry of the map can be changed: not those of two unlearnt directions.": q * out,
        "You count the pairs of two learnt directions twice.": r * (q + out),
        "Each unlearnt direction makes a pair with every learnt one of the other side.": r**2
        + q
        + out
        - 2 * r,
    }
    compare(found, ranks, mistakes, "The number of nonzero eigenvalues is not right.")
    G = array(G, (3, 3), "G")
    require(np.linalg.cond(G) < 1e8, "G should be invertible.")
    values = np.linalg.svd(_jacobian(2, 3, 3, G), compute_uv=False) ** 2
    values = values[values > 1e-9 * values[0]]
    ratio = values[0] / values[-1]
    same = "Your G only turns the directions between the layers, and no eigenvalue moves."
    require(not close(G.T @ G, np.eye(3)), same)
    random = f"The ratio is {ratio:.3g}, but why? Find a diagonal G, and you will see."
    require(np.array_equal(G, np.diag(np.diag(G))), random)
    small = f"Your G gives the ratio {ratio:.3g}. What has G to do with the length of a direction?"
    require(ratio > 10, small)
    return f"Right: the count stays, and the ratio is {ratio:.3g} now, with two layers."


def _jacobian(r, q, outputs, G):
    """J of two layers W^2 G^(-1) and G W^1 of hidden width len(G), learnt directions first."""
    h = len(G)
    second = np.eye(outputs, h) * (np.arange(h) < r) @ np.linalg.inv(G)
    first = G @ (np.eye(h, q) * (np.arange(q) < r))
    return np.hstack([np.kron(second, np.eye(q)), np.kron(np.eye(outputs), first.T)])
