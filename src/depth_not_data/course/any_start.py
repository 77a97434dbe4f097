"""Checks of the exercises of the chapter "What if layers start neither balanced nor aligned?"."""

import numpy as np

from depth_not_data.course.exercise import array, compare, entries, exercise, number, require
from depth_not_data.linear import defect as book


def _layers(widths, seed):
    rng = np.random.default_rng(seed)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    return [rng.normal(size=shape) / 2 for shape in shapes]


def _conserved(layers):
    return [np.linalg.svd(matrix, compute_uv=False) for matrix in book.conserved(layers)]


@exercise(
    "any-start-defect",
    stub='''
import numpy as np


def defect(layers):
    """Balancedness defect of the layers W^1, ..., W^L, a list of matrices."""
    ...  # your code here
''',
    answer="defect",
)
def written_defect(defect):
    """Compare with the book's defect for layers of different shapes."""
    cases = [_layers((4, 5, 3), 1), _layers((3, 6, 4, 2), 2), _layers((5, 5, 5, 5, 5), 3)]
    found = [number(defect(layers), "what defect returns") for layers in cases]
    right = [float(book.defect(layers)) for layers in cases]
    values = [_conserved(layers) for layers in cases]
    mistakes = {
        "You have the Frobenius norm; the spectral norm is the largest singular value alone.": [
            sum(np.sqrt((v**2).sum()) for v in case) for case in values
        ],
        "You take the largest pair of neighbours; the defect adds them all.": [
            max(v[0] for v in case) for case in values
        ],
        "You have averaged over the pairs of neighbours; the defect adds them.": [
            np.mean([v[0] for v in case]) for case in values
        ],
        "You have added the squares of the norms.": [
            sum(v[0] ** 2 for v in case) for case in values
        ],
    }
    compare(found, right, mistakes, "Take (W^{k+1})^T W^{k+1} - W^k (W^k)^T, its norm, and add.")
    return "Right: zero for balanced layers, and the flow does not change it."


@exercise(
    "any-start-which",
    stub="""
balanced = {
    "all layers zero": ...,  # True or False
    "square orthogonal layers": ...,
    "three times the identity, in every layer": ...,
    "square Gaussian layers": ...,
    "identity, then twice the identity": ...,
}
""",
    answer="balanced",
)
def which(balanced):
    """Right if three of the five are balanced."""
    identity, rng = np.eye(3), np.random.default_rng(0)
    first, second = rng.standard_normal((2, 3, 3))
    layers = [
        [0 * identity, 0 * identity],
        [np.linalg.qr(first)[0], np.linalg.qr(second)[0]],
        [3 * identity, 3 * identity],
        [first, second],
        [identity, 2 * identity],
    ]
    reasons = {
        "all layers zero": "Zero minus zero is zero, even though such a start goes nowhere.",
        "square orthogonal layers": "Q^T Q and Q Q^T are both the identity.",
        "three times the identity, in every layer": "Size does not matter if all have the same.",
        "square Gaussian layers": "Two independent random matrices have different squares.",
        "identity, then twice the identity": "4 I - I is not zero.",
    }
    found = entries(balanced, *reasons)
    for (name, reason), pair, said in zip(reasons.items(), layers, found, strict=True):
        require(isinstance(said, bool | np.bool_), f"{name!r}: say True or False.")
        same = np.allclose(book.conserved(pair)[0], 0, atol=1e-12)
        require(bool(said) == same, f"Look at {name!r} again. {reason}")
    return "Right: a condition on neighbours, not on size or on the product."


@exercise(
    "any-start-stretch",
    stub='''
import numpy as np


def stretches(layers, v):
    """The list q_1, ..., q_L of the chapter for the layers W^1, ..., W^L and a vector v."""
    ...  # your code here
''',
    answer="stretches",
)
def stretched(stretches):
    """Right if each ratio of squared lengths is that of one layer."""
    found, lengths = [], []
    for widths, seed in (((4, 5, 3), 5), ((3, 3, 3, 3), 6)):
        layers, v = _layers(widths, seed), 3.0 * np.random.default_rng(seed).normal(size=widths[0])
        found.append(array(stretches(layers, v), (len(layers),), "what stretches returns"))
        lengths.append([np.linalg.norm(v)])
        for layer in layers:
            v = layer @ v
            lengths[-1].append(np.linalg.norm(v))
    p = [np.array(lengths_of) ** 2 for lengths_of in lengths]
    right = np.concatenate([row[1:] / row[:-1] for row in p])
    mistakes = {
        "These are ratios of lengths; take them squared.": np.sqrt(right),
        "These are squared lengths; divide each by the one before it.": np.concatenate(
            [row[1:] for row in p]
        ),
        "You divide by the length of v everywhere, not by the length before the layer.": (
            np.concatenate([row[1:] / row[0] for row in p])
        ),
        "Your ratios are upside down: after the layer over before it.": 1 / right,
        "You start with the last layer; v meets W^1 first.": np.concatenate(
            [(row[1:] / row[:-1])[::-1] for row in p]
        ),
    }
    compare(np.concatenate(found), right, mistakes, "Send v up layer by layer and compare lengths.")
    return "Right: with balanced layers this list never falls."


@exercise(
    "any-start-two",
    stub="""
smallest = ...  # a number
""",
    answer="smallest",
)
def gone_for_two_layers(smallest):
    """Right if it is the smallest defect of the family at which the groups touch."""
    found = number(smallest, "smallest")
    mistakes = {
        "That is the defect at c = 1; with c < 1 a smaller q is enough.": 1.0,
        "That is the square of the number, or c^4: which of c, c^2 and c^4 is the defect?": 0.5,
        "Below that the theorem guarantees the split; this family loses it only beyond.": (
            book.safe(2)
        ),
        "That is c; the defect is q.": 0.5**0.25,
        "You have added two entries; the norm of a diagonal matrix is the larger of them.": (
            2**0.5
        ),
    }
    compare(
        found,
        0.5**0.5,
        mistakes,
        "The groups touch at q = c^2; make the larger of c^-2 - c^2 and q as small as you can.",
        rtol=2e-3,
    )
    return "Right: three times what the theorem guarantees."
