"""Checks of the exercises of the chapter "Cheaper training"."""

import numpy as np

from depth_not_data.course.exercise import array, compare, exercise, number


@exercise(
    "cheaper-training-ex-sources",
    stub='''
def edge(n_embd, n_block, mean, bias, slope, gain, ratio):
    """Largest stable step; gains and biases have `ratio` times the step of the weights."""
    ...  # your code here
''',
    answer="edge",
)
def sources(edge):
    """Compare with the Gram matrix of the sources, at eases that the text does not use."""
    cases = [
        (10, 2, 1.8, 1.0, 0.4, 1.0, 0.5),
        (7, 3, 0.2, 1.0, 0.4, 1.1, 0.3),
        (12, 4, 0.1, 0.5, 0.3, 0.9, 0.0),
        (8, 5, 1.2, 0.9, 0.3, 1.4, 1.0),
    ]
    found = [number(edge(*case), "what edge returns") for case in cases]
    right = np.array([2 / _largest(*case) for case in cases])
    n, d, mean, bias, slope, gain, ratio = np.transpose(cases)
    both = d * (mean + ratio * bias + slope + ratio * gain)
    full = d * np.maximum(mean + bias, slope + gain)
    squared = d * np.maximum(mean + ratio**2 * bias, slope + ratio**2 * gain)
    constants, maps = d * (mean + ratio * bias), d * (slope + ratio * gain)
    mistakes = {
        "Sources of one kind of function add; constants and maps are different functions.": n
        / both,
        "One block only: each further block makes the same functions once more.": d * right,
        "What has become of the separate step of gains and biases?": n / full,
        "A step enters an eigenvalue once: the ratio should not be squared.": n / squared,
        "That is one over the largest eigenvalue. Where is the edge?": right / 2,
        "The smaller level bears a longer step. Which of the two breaks first?": n
        / np.minimum(constants, maps),
    }
    compare(found, right, mistakes, "Not the edge: write down the two levels, and their sources.")
    return "Right: making one kind small helps until the other is on top."


def _largest(n_embd, n_block, mean, bias, slope, gain, ratio):
    """Largest eigenvalue of the Gram matrix of all sources, each a unit function times its root."""
    eases = np.repeat([[mean, ratio * bias, 0.0, 0.0], [0.0, 0.0, slope, ratio * gain]], n_block, 1)
    J = np.sqrt(2 / n_embd * eases)
    return np.linalg.eigvalsh(J @ J.T)[-1]


@exercise(
    "cheaper-training-ex-preconditioned",
    stub='''
def edge(H, affine, ratio):
    """Largest stable step of the others if the parameters in `affine` have `ratio` times it."""
    ...  # your code here
''',
    answer="edge",
)
def preconditioned(edge):
    """Compare with the eigenvalues of P H, in random Hessians."""
    rng = np.random.default_rng(3)
    found, right, wrong = [], [], []
    for size, ratio in ((5, 0.1), (7, 0.5), (6, 3.0), (6, 0.0)):
        J = rng.standard_normal((size + 3, size))
        H, affine = J.T @ J, np.arange(size) < 2
        found.append(number(edge(H.copy(), affine.copy(), ratio), "what edge returns"))
        right.append(2 / _top(np.where(affine, ratio, 1.0)[:, None] * H))
        squared = _top(np.where(affine, ratio**2, 1.0)[:, None] * H)
        parts = max(ratio * _top(H[:2, :2]), _top(H[2:, 2:]))
        whole, others = _top(H), _top(H[2:, 2:])
        wrong.append([2 / squared, 2 / parts, 2 / whole, 2 / others, right[-1] / 2])
    squared, parts, whole, others, half = np.transpose(wrong)
    mistakes = {
        "The ratio has come in twice: with P H P it is squared.": squared,
        "You take the two blocks of H apart; what couples them is lost.": parts,
        "That is the edge with one step for all.": whole,
        "That is the edge with these parameters frozen. They still move.": others,
        "One over the largest eigenvalue is the fastest step, not the last stable one.": half,
    }
    compare(found, right, mistakes, "Not the edge: when does the update matrix 1 - eta P H grow?")
    return "Right: a frozen parameter is the case of ratio 0."


def _top(matrix):
    return np.linalg.eigvals(matrix).real.max()


@exercise(
    "cheaper-training-ex-updates",
    stub='''
def updates(curvatures, step, share):
    """Number of updates until the quadratic loss is at most `share` of the first one."""
    ...  # your code here
''',
    answer="updates",
)
def count(updates):
    """Compare with gradient descent itself."""
    cases = [
        ([2.0, 0.1], 0.4, 0.01),
        ([1.0, 0.1], 0.9, 0.03),
        ([3.0, 1.0, 0.05], 0.3, 0.005),
        ([0.5], 1.0, 0.1),
    ]
    found = array([number(updates(*case), "what updates returns") for case in cases])
    right = np.array([_descent(*case) for case in cases])
    mistakes = {
        "One too many: the loss before the first update is after 0 updates.": right + 1,
        "One too few: count the update that brings the loss below the share.": right - 1,
        "The loss is the square of the error.": [_count(*case, power=1) for case in cases],
        "Each direction enters the loss with its curvature.": [
            _count(*case, weighted=False) for case in cases
        ],
        "A half too much: the gradient of half v x squared is v x.": [
            _count(v, 2 * step, share) for v, step, share in cases
        ],
    }
    compare(found, right, mistakes, "Not the number: follow each direction by itself.")
    return "Right: the smallest curvature and the step together set the time."


def _descent(curvatures, step, share):
    """Count the updates of gradient descent on a matrix that is turned out of its eigenbasis."""
    v = np.array(curvatures)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((len(v), len(v))))[0]
    H, x = Q @ np.diag(v) @ Q.T, Q.sum(axis=1)
    first, t = x @ H @ x, 0
    while x @ H @ x > share * first:
        x, t = x - step * H @ x, t + 1
    return t


def _count(curvatures, step, share, power=2, weighted=True):
    v = np.array(curvatures)
    weights = v if weighted else np.ones(len(v))
    t = np.arange(2000)[:, None]
    losses = (weights * np.abs(1 - step * v) ** (power * t)).sum(axis=1)
    return int(np.argmax(losses <= share * losses[0]))
