"""Answers of the chapter "What if layers start neither balanced nor aligned?"."""

from answers import Answer

_SEND = "    import numpy as np\n    p = [np.sum(np.square(v))]\n    for W in layers:\n"
_SEND += "        v = W @ v\n        p.append(np.sum(np.square(v)))\n"

ANSWERS = {
    "any-start-defect": Answer(
        solution="""
import numpy as np


def defect(layers):
    pairs = zip(layers, layers[1:])
    return sum(np.linalg.norm(b.T @ b - a @ a.T, 2) for a, b in pairs)
""",
        wrong=[
            (
                "import numpy as np\ndef defect(layers):\n    return sum(np.linalg.norm(b.T @ b"
                " - a @ a.T) for a, b in zip(layers, layers[1:]))",
                "Frobenius norm",
                "NumPy's default norm of a matrix is that of Frobenius.",
            ),
            (
                "import numpy as np\ndef defect(layers):\n    return max(np.linalg.norm(b.T @ b"
                " - a @ a.T, 2) for a, b in zip(layers, layers[1:]))",
                "adds them all",
                "The worst pair is taken for the whole.",
            ),
            (
                "import numpy as np\ndef defect(layers):\n    return sum(np.linalg.norm(b.T @ b"
                " - a @ a.T, 2) ** 2 for a, b in zip(layers, layers[1:]))",
                "squares of the norms",
                "A sum of squares, as in a loss.",
            ),
            (
                "import numpy as np\ndef defect(layers):\n    return sum(abs(np.linalg.norm(b, 2)"
                " ** 2 - np.linalg.norm(a, 2) ** 2) for a, b in zip(layers, layers[1:]))",
                "its norm, and add",
                "Sizes are compared in place of matrices.",
            ),
        ],
        marks=2,
    ),
    "any-start-which": Answer(
        solution="""
balanced = {
    "all layers zero": True,
    "square orthogonal layers": True,
    "three times the identity, in every layer": True,
    "square Gaussian layers": False,
    "identity, then twice the identity": False,
}
""",
        wrong=[
            (
                'balanced = {"all layers zero": False, "square orthogonal layers": True,\n'
                ' "three times the identity, in every layer": True,\n'
                ' "square Gaussian layers": False, "identity, then twice the identity": False}',
                "goes nowhere",
                "Balanced is taken for trainable.",
            ),
            (
                'balanced = {"all layers zero": True, "square orthogonal layers": True,\n'
                ' "three times the identity, in every layer": False,\n'
                ' "square Gaussian layers": False, "identity, then twice the identity": False}',
                "Size does not matter",
                "Balanced is taken for small.",
            ),
            (
                'balanced = {"all layers zero": True, "square orthogonal layers": True,\n'
                ' "three times the identity, in every layer": True,\n'
                ' "square Gaussian layers": True, "identity, then twice the identity": False}',
                "Two independent random matrices",
                "Equal in distribution is taken for equal.",
            ),
        ],
        marks=1,
    ),
    "any-start-stretch": Answer(
        solution="""
import numpy as np


def stretches(layers, v):
    lengths = [v @ v]
    for W in layers:
        v = W @ v
        lengths.append(v @ v)
    return [after / before for before, after in zip(lengths, lengths[1:])]
""",
        wrong=[
            (
                f"def stretches(layers, v):\n{_SEND}"
                "    return [(b / a) ** 0.5 for a, b in zip(p, p[1:])]",
                "take them squared",
                "Lengths are compared and not their squares.",
            ),
            (
                f"def stretches(layers, v):\n{_SEND}    return p[1:]",
                "divide each by the one before",
                "p is returned in place of q.",
            ),
            (
                f"def stretches(layers, v):\n{_SEND}    return [b / p[0] for b in p[1:]]",
                "by the length of v everywhere",
                "The stretch of all layers so far in place of one.",
            ),
            (
                f"def stretches(layers, v):\n{_SEND}    return [a / b for a, b in zip(p, p[1:])]",
                "upside down",
                "Before over after.",
            ),
        ],
        marks=2,
    ),
    "any-start-two": Answer(
        solution="smallest = 0.5**0.5",
        wrong=[
            ("smallest = 1.0", "defect at c = 1", "Only the unused direction is varied."),
            ("smallest = 0.5", "c, c^2 and c^4", "c^4 = 1/2 is taken for the answer."),
            ("smallest = 0.05**0.5", "loses it only beyond", "The bound is taken for attained."),
            ("smallest = 2**0.5", "larger of them", "Norms of the two entries are added."),
        ],
        marks=4,
    ),
}
