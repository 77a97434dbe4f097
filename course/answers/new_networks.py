"""Answers to the exercises of the chapter "Networks that nobody has looked at"."""

from answers import Answer

ANSWERS = {
    "new-networks-groups": Answer(
        solution="""
def gap_ranks(n, g):
    return n - g, 2 * (n - g)
""",
        wrong=[
            (
                "def gap_ranks(n, g):\n    return n - 1, 2 * (n - 1)",
                "ranks of one group",
                "GroupNorm is taken for LayerNorm.",
            ),
            (
                "def gap_ranks(n, g):\n    return n - g, 2 * n - g - 1",
                "rescaling of one group alone",
                "Means are counted by group, rescalings for the whole vector.",
            ),
            (
                "def gap_ranks(n, g):\n    return n // g - 1, 2 * (n // g - 1)",
                "How many functions do all of them make",
                "One group is counted.",
            ),
            (
                "def gap_ranks(n, g):\n    return n - g, n - g",
                "counts both clusters",
                "Sizes of the clusters are given in place of ranks.",
            ),
        ],
        marks=1,
    ),
    "new-networks-softmax": Answer(
        solution="""
import numpy as np


def curvature(logits):
    p = np.exp(logits) / np.exp(logits).sum()
    return np.diag(p) - np.outer(p, p)
""",
        wrong=[
            (
                """
import numpy as np


def curvature(logits):
    p = np.exp(logits) / np.exp(logits).sum()
    return np.diag(p)
""",
                "share a denominator",
                "The denominator is not differentiated.",
            ),
            (
                """
import numpy as np


def curvature(logits):
    p = np.exp(logits) / np.exp(logits).sum()
    return np.diag(p) + np.outer(p, p)
""",
                "a logit that all classes share",
                "A sign is lost in the quotient rule.",
            ),
            (
                """
import numpy as np


def curvature(logits):
    p = np.exp(logits) / np.exp(logits).sum()
    return np.outer(p, p) - np.diag(p)
""",
                "check the sign on the diagonal",
                "The log-likelihood is differentiated, not the loss.",
            ),
            (
                """
import numpy as np


def curvature(logits):
    return np.diag(logits) - np.outer(logits, logits)
""",
                "Probabilities, not logits",
                "The softmax is forgotten.",
            ),
        ],
        marks=2,
    ),
    "new-networks-shared-gain": Answer(
        solution="""
def first_depth(n):
    return int(0.178 * n + 1 - 0.36) + 1
""",
        wrong=[
            (
                "def first_depth(n):\n    return 0.178 * n + 1 - 0.36",
                "a number of blocks is an integer",
                "The equation is solved and not rounded up.",
            ),
            (
                "def first_depth(n):\n    return int(0.178 * n + 1 - 0.36)",
                "constants are still above",
                "Rounded down.",
            ),
            (
                "def first_depth(n):\n    return int(0.178 * n + 1) + 1",
                "which other source",
                "The share of W_2 in diagonal maps is left out.",
            ),
            (
                "def first_depth(n):\n    return int(0.178 * n) + 1",
                "one source or two",
                "The bias is left out, and so is W_2.",
            ),
        ],
        marks=2,
    ),
    "new-networks-batch": Answer(
        solution="""
def after(change, h):
    scale = h.std(0)
    y = (h - h.mean(0)) / scale
    change = change - change.mean(0)
    return (change - y * (y * change).mean(0)) / scale
""",
        wrong=[
            (
                """
def after(change, h):
    return change / h.std(0)
""",
                "Try a constant change",
                "Mean and deviation are held, as in evaluation.",
            ),
            (
                """
def after(change, h):
    return (change - change.mean(0)) / h.std(0)
""",
                "multiplies each coordinate by a number",
                "The deviation is held.",
            ),
            (
                """
def after(change, h):
    y = (h - h.mean(0)) / h.std(0)
    change = change - change.mean(0)
    return change - y * (y * change).mean(0)
""",
                "a norm divides",
                "The projection is right and the scale is left out.",
            ),
        ],
        marks=3,
    ),
}
