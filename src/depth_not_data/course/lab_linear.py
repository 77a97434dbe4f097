"""Checks of the lab "The spectrum of your own linear network"."""

from itertools import pairwise

import numpy as np
import torch

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise, number, require
from depth_not_data.linear import minimum, network, residual, shortfall, spectrum


@exercise(
    "lab-linear-staircase",
    stub='''
def staircase(widths, rank):
    """Nonzero Hessian eigenvalues at the minimum, descending; `rank` singular values are 1."""
    ...  # your code here
''',
    answer="staircase",
)
def staircase(staircase):
    """Compare with all eigenvalues of networks of other shapes."""
    cases = [((6, 8, 8, 5), 2), ((4, 3, 7, 7, 5), 3), ((3, 9, 6), 1)]
    found = np.concatenate(
        [array(staircase(w, r), None, f"staircase({w}, {r})").ravel() for w, r in cases]
    )
    wanted = np.concatenate([_levels(w, r) for w, r in cases])
    mistakes = [
        (
            _steps(cases, lambda a, b, r, L: (r, r * (a + b - 2 * r))),
            "A learnt pair has a learnt output and a learnt input: how many such pairs are there?",
        ),
        (
            _steps(cases, lambda a, b, r, L: (r * r, r * (a + b))),
            "In the bulk the learnt pairs are counted again: one direction learnt, the other not.",
        ),
        (
            _steps(cases, lambda a, b, r, L: (r * r, a * b - r * r)),
            "Pairs with neither direction learnt are no part of the bulk: no layer reaches them.",
        ),
        (
            _steps(cases, lambda a, b, r, L: (r * r, r * (a + b - 2 * r)), below=1),
            "Counts are right. How many layers can make a change of a learnt pair?",
        ),
        (
            np.concatenate([_levels(w, r, all_of_them=True) for w, r in cases]),
            "Only the nonzero eigenvalues are asked for: leave the zeros out.",
        ),
        (
            np.concatenate([_levels(w, r)[::-1] for w, r in cases]),
            "The values are right, but they ascend.",
        ),
    ]
    recognise(
        found,
        wanted,
        mistakes,
        f"You have {found.size} eigenvalues in three networks, there are {wanted.size}: count "
        "pairs of an output and an input direction, with both learnt, then with one."
        if found.size != wanted.size
        else "The number is right, the heights are not: count the layers that reach each pair.",
    )


def _levels(widths, rank, all_of_them=False):
    singular = (np.arange(min(widths)) < rank).astype(float)
    values = spectrum.hessian_eigenvalues(singular, singular, widths).round(9)
    return values + 0.0 if all_of_them else values[values > 0.5]


def _steps(cases, counts, below=0):
    """Two stairs for each network, of the given counts."""
    stairs = []
    for widths, rank in cases:
        depth = len(widths) - 1
        upper, lower = counts(widths[0], widths[-1], rank, depth)
        stairs += [depth - below] * upper + [1.0] * lower
    return np.array(stairs, dtype=float)


@exercise(
    "lab-linear-jacobian",
    stub='''
def jacobian(weights):
    """Derivatives of the entries of W_L ... W_1, one a row, in all weights, one a column.

    weights: list of arrays, W_1 first; the columns of one layer stand side by side.
    """
    ...  # your code here
''',
    answer="jacobian",
)
def jacobian(jacobian):
    """Compare the eigenvalues of J J^T with those of the Gram matrix, for other shapes."""
    for widths in ((3, 3, 3, 3), (3, 2, 4, 2), (2, 3, 2, 3, 2)):
        layers = _random_layers(widths)
        rows, columns = widths[0] * widths[-1], sum(layer.size for layer in layers)
        found = array(jacobian(layers), None, "jacobian(weights)")
        require(
            found.shape != (columns, rows),
            "Rows and columns have changed places: one row for each entry of the map.",
        )
        require(
            found.shape == (rows, columns),
            f"With widths {widths} the Jacobian has {rows} rows, one an entry of the map, and "
            f"{columns} columns, one a weight; yours has the shape {found.shape}.",
        )
        recognise(
            np.linalg.eigvalsh(found @ found.T),
            np.linalg.eigvalsh(minimum.jacobian_gram(layers)),
            _wrong_spectra(layers) if len(set(widths)) == 1 else [],
            "The derivatives are not right. With one direction alone the derivative in layer k is "
            "the product of the other layers: compare with that.",
        )


def _wrong_spectra(square):
    """Return what the usual mistakes give for layers of equal widths."""
    return [
        (
            _spectrum_of(square, lambda w, k: (w[k + 1 : k + 2], w[max(k - 1, 0) : k])),
            "A change passes all layers above and below, not the neighbours alone.",
        ),
        (
            _spectrum_of(square, lambda w, k: (w[k:], w[:k])),
            "The changed layer is not passed: its own matrix should not occur.",
        ),
        (
            _spectrum_of(square, lambda w, k: (w[k + 1 :], [m.T for m in w[:k][::-1]])),
            "What comes in through the layers below is transposed: dW_k stands to the left of it.",
        ),
        (
            _spectrum_of(square, lambda w, k: (w[k + 1 :][::-1], w[:k][::-1])),
            "The layers are multiplied in the wrong order: W_1 acts first.",
        ),
    ]


def _random_layers(widths):
    rng = np.random.default_rng(sum(widths))
    return [rng.standard_normal((b, a)) for a, b in pairwise(widths)]


def _spectrum_of(layers, passed):
    """Eigenvalues of J J^T if a change of layer k passes what `passed` says, above and below it."""
    eye = np.eye(len(layers[0]))
    gram = 0.0
    for k in range(len(layers)):
        left, right = eye, eye
        upper, lower = passed(layers, k)
        for matrix in upper:
            left = matrix @ left
        for matrix in lower:
            right = matrix @ right
        gram = gram + np.kron(left @ left.T, right.T @ right)
    return np.linalg.eigvalsh(gram)


@exercise(
    "lab-linear-train",
    stub='''
def train(weights, target, lr, steps):
    """Layers after gradient descent on 1/2 ||W_L ... W_1 - target||^2; W_1 first."""
    ...  # your code here
''',
    answer="train",
)
def train(train):
    """Compare with gradient descent by automatic differentiation."""
    widths, lr, steps = (3, 4, 4, 2), 0.02, 7
    layers = [0.6 * layer for layer in _random_layers(widths)]
    target = np.eye(2, 3)
    new = train([layer.copy() for layer in layers], target, lr, steps)
    require(
        isinstance(new, (list, tuple)) and len(new) == 3,
        "Return a list with one array for each layer, W_1 first.",
    )
    pairs = zip(new, layers, strict=True)
    found = _flat([array(w, old.shape, "a layer") for w, old in pairs])
    path = network.gradient_descent(
        [torch.from_numpy(layer) for layer in layers],
        torch.from_numpy(target),
        lr=lr,
        steps=steps + 1,
    )
    by_time = {t: _flat([w.numpy() for w in weights]) for t, weights in path}
    recognise(
        found,
        by_time[steps],
        [
            (_flat(layers), "The layers have not moved: is the update stored?"),
            (by_time[steps + 1], "One step too many."),
            (by_time[steps - 1], "One step is missing."),
            (
                _flat(_descend(layers, target, lr, steps, in_turn=True)),
                "Each layer is updated before the gradient of the next one is computed: take all "
                "gradients first.",
            ),
            (
                _flat(_descend(layers, target, 2 * lr, steps)),
                "Your gradient is twice too large: the loss has a factor 1/2.",
            ),
            (_flat(_descend(layers, target, -lr, steps)), "You climb: check the sign."),
        ],
        "The gradient is not right: (layers above)^T (W_L ... W_1 - target) (layers below)^T.",
    )


def _flat(layers):
    return np.concatenate([np.ravel(layer) for layer in layers])


def _descend(layers, target, lr, steps, in_turn=False):
    """Gradient descent in NumPy; `in_turn` updates a layer before the next gradient is taken."""
    rows, columns = target.shape
    for _ in range(steps):
        new = list(layers)
        for k in range(len(layers)):
            now = new if in_turn else layers
            left, right = np.eye(rows), np.eye(columns)
            for matrix in now[k + 1 :][::-1]:
                left = left @ matrix
            for matrix in now[:k]:
                right = matrix @ right
            error = left @ now[k] @ right - target
            new[k] = now[k] - lr * left.T @ error @ right.T
        layers = new
    return layers


@exercise(
    "lab-linear-ratio",
    stub='''
def ratio(spectrum, widths, rank):
    """Mean of the dominant group over mean of the bulk; spectrum: all eigenvalues, descending."""
    ...  # your code here
''',
    answer="ratio",
)
def ratio(ratio):
    """Compare on spectra that scatter, so that every group counts."""
    cases = [((6, 8, 8, 5), 2), ((4, 6, 7, 5), 3)]
    rng = np.random.default_rng(5)
    spectra = [np.sort(rng.uniform(0, 4, 90))[::-1] ** 2 for _ in cases]
    found = [
        number(ratio(s, w, r), f"ratio(spectrum, {w}, {r})")
        for s, (w, r) in zip(spectra, cases, strict=True)
    ]

    def each(measure):
        return [measure(s, w, r) for s, (w, r) in zip(spectra, cases, strict=True)]

    def parts(s, w, r):
        return shortfall.groups(s, w, r)

    recognise(
        found,
        each(lambda s, w, r: parts(s, w, r).ratio),
        [
            (
                each(lambda s, w, r: s[: r * r].mean() / s[r * r :].mean()),
                "The bulk has a last member: the zeros behind it do not belong to it.",
            ),
            (
                each(lambda s, w, r: s[0] / s[r * r]),
                "The largest of each group is no mean; the paper compares means.",
            ),
            (
                each(lambda s, w, r: s[:r].mean() / s[r : r + r * (w[0] + w[-1] - 2 * r)].mean()),
                "The dominant group has more members than r: count the pairs.",
            ),
            (
                each(lambda s, w, r: np.divide(*[np.median(g) for g in parts(s, w, r)[:2]])),
                "Means are asked for, not medians.",
            ),
            (
                each(lambda s, w, r: 1 / parts(s, w, r).ratio),
                "The other way round: dominant over bulk.",
            ),
        ],
        "Cut the sorted spectrum at the two counts of the first exercise, and divide the means.",
    )


@exercise(
    "lab-linear-rescaled",
    stub='''
def levels(strengths):
    """Dominant eigenvalue, bulk of learnt outputs, bulk of learnt inputs.

    strengths: c_1, ..., c_L with product 1; layer k holds c_k in each learnt direction.
    """
    ...  # your code here
''',
    answer="levels",
)
def rescaled(levels):
    """Compare with the curvatures that each layer adds, for unequal layers."""
    cases = [(2.0, 0.5), (0.5, 4.0, 0.5), (3.0, 1.0, 0.5, 2 / 3)]
    found = np.array([array(levels(c), (3,), f"levels({c})") for c in cases])
    wanted = np.array([_unequal(c) for c in cases])
    inverse = [1 / np.array(c) for c in cases]
    recognise(
        found,
        wanted,
        [
            (
                [[_sum(c), c[0] ** 2, c[-1] ** 2] for c in cases],
                "A layer that is weak itself passes strong ones: the layer's own strength is "
                "the one that does not count.",
            ),
            (
                [[len(c), 1, 1] for c in cases],
                "Those are the levels of equal layers. Which strengths does a change pass?",
            ),
            (
                wanted[:, [0, 2, 1]],
                "The two kinds of bulk are interchanged: an input that was not learnt is blocked "
                "by every layer above the first.",
            ),
            (
                [[c.sum(), c[0], c[-1]] for c in inverse],
                "A curvature is the square of what a change passes.",
            ),
            (
                [[_sum(c), 1, 1] for c in inverse],
                "The dominant one is right. The bulk changes too: which layer makes it?",
            ),
        ],
        "For each kind of pair: which layers can make the change, and what does it pass?",
    )


def _sum(strengths):
    return float(np.sum(np.square(strengths)))


def _unequal(strengths):
    """Two directions, the first learnt; [a, c] is the change from input c to output a."""
    factors = np.array([strengths, np.zeros(len(strengths))]).T
    curvature = residual.layer_curvatures(factors).sum(axis=0)
    return curvature[0, 0], curvature[0, 1], curvature[1, 0]
