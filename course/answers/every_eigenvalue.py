"""Answers to the exercises of the chapter "Every eigenvalue at every step"."""

from answers import Answer

_SETUP = """
import numpy as np
import torch

from depth_not_data.linear import blocks, network

widths = (4, 4, 4, 3)
problem = network.aligned_problem(widths, rank=2, seed=0, variance=0.3)
layers = network.in_singular_basis(problem.weights, problem.left, problem.right)
target = problem.left.T @ problem.target @ problem.right
order, sizes, pairs = blocks.pair_order(widths)
block = np.repeat(np.arange(len(sizes)), sizes)


def turn_of(angle):
    turn = torch.eye(3, dtype=torch.float64)
    turn[0, 0] = turn[1, 1] = np.cos(angle)
    turn[1, 0], turn[0, 1] = np.sin(angle), -np.sin(angle)
    return turn


def rest(H):
    return H.numpy()[np.ix_(order, order)][block[:, None] != block]
"""

_UNBALANCED = """
import numpy as np


def block(lam, x, s, a, c):
    L = len(lam)
    g = x * (x * lam.prod(axis=0) - s)
    passed = lambda i, low, high: lam[max(low, 0):max(high, 0), i].prod()
    u = np.array([passed(a, k + 1, L) * passed(c, 0, k) for k in range(L)]) * x[c]
    C = np.zeros((L, L))
    for l in range(L):
        for k in range(l):
            C[l, k] = g[a] * passed(a, l + 1, L) * passed(c, k + 1, l) * passed(a, 0, k)
            C[k, l] = g[c] * passed(c, l + 1, L) * passed(a, k + 1, l) * passed(c, 0, k)
    return u, C
"""

ANSWERS = {
    "whole-hessian-ex-count": Answer(
        solution="""
def negative(depth, hidden, rank):
    pairs, unused = rank * (rank - 1) // 2, rank * (hidden - rank)
    return (depth - 1) * (pairs + unused) + rank * (rank + 1) // 2
""",
        wrong=[
            (
                """
def negative(depth, hidden, rank):
    return (depth - 1) * (rank * (rank - 1) // 2 + rank * (hidden - rank))
""",
                "one more line of the theorem is below zero",
                "The first line of the theorem has a positive leading term, L lambda^(2L-2).",
            ),
            (
                """
def negative(depth, hidden, rank):
    pairs = rank * (rank + 1) // 2
    return (depth - 1) * (pairs + rank * (hidden - rank)) + pairs
""",
                "Before the target is reached e is negative",
                "The line that begins with a minus sign is taken for the negative one.",
            ),
            (
                """
def negative(depth, hidden, rank):
    both = rank**2 + 2 * rank * (hidden - rank)
    return (depth - 1) * both + rank * (rank + 1) // 2
""",
                "one is the mirror image of the other",
                "Both signs are counted, as if they were of e lambda^(L-2) in size.",
            ),
            (
                """
def negative(depth, hidden, rank):
    pairs, unused = rank * (rank - 1) // 2, rank * (hidden - rank)
    return depth * (pairs + unused) + rank * (rank + 1) // 2
""",
                "count the hidden layers",
                "L layers are taken for L hidden layers.",
            ),
            (
                """
def negative(depth, hidden, rank):
    return (depth - 1) * rank * (rank - 1) // 2 + rank * (rank + 1) // 2
""",
                "does not change with the hidden width",
                "Only directions that the target uses are thought to bend the loss.",
            ),
        ],
        marks=2,
    ),
    "every-eigenvalue-ex-turn": Answer(
        solution=_SETUP
        + """

def outside(angle):
    return np.abs(rest(network.dense_hessian(layers, turn_of(angle) @ target))).max()
""",
        wrong=[
            (
                _SETUP
                + """

def outside(angle):
    H = network.dense_hessian(layers, turn_of(angle) @ target).numpy()
    return np.abs(H[block[:, None] != block]).max()
""",
                "sort rows and columns by `order`",
                "The Hessian is left as it is stored, layer by layer.",
            ),
            (
                _SETUP
                + """

def outside(angle):
    fitted = network.product(layers)  # residual zero, so the Hessian is H_o
    return np.abs(rest(network.dense_hessian(layers, fitted))).max()
""",
                "Nothing appears outside the blocks at any angle",
                "The outer-product part is taken for the Hessian; it does not know the target.",
            ),
            (
                _SETUP
                + """

def outside(angle):
    H = network.dense_hessian(layers, turn_of(angle) @ target)
    return np.abs(rest(H)).max() / np.abs(H.numpy()).max()
""",
                "You divide by the largest entry",
                "A size relative to the whole matrix seems more natural.",
            ),
            (
                _SETUP
                + """

def outside(angle):
    H = network.dense_hessian(layers, turn_of(np.deg2rad(angle)) @ target)
    return np.abs(rest(H)).max()
""",
                "Yours would be right for degrees",
                "The angle is taken for degrees.",
            ),
        ],
        marks=4,
    ),
    "whole-hessian-ex-scalar": Answer(
        solution="""
def positive_definite(s):
    return (s / 3) ** 0.5, s**0.5
""",
        wrong=[
            (
                "def positive_definite(s):\n    return s / 3, s\n",
                "These are the ends for lambda squared",
                "The two conditions are on lambda^2, and the root is forgotten.",
            ),
            (
                "def positive_definite(s):\n    return 0.0, s**0.5\n",
                "Near zero the loss bends downwards",
                "A loss that falls is thought to bend upwards: gradient taken for curvature.",
            ),
            (
                "def positive_definite(s):\n    return (s / 3) ** 0.5, float('inf')\n",
                "beyond the minimum one curvature is negative",
                "Only the curvature along the path is looked at; across, it changes its sign too.",
            ),
            (
                "def positive_definite(s):\n    return (s / 2) ** 0.5, s**0.5\n",
                "At your lower end",
                "Positive entries off the diagonal are taken for positive definiteness.",
            ),
        ],
        marks=4,
    ),
    "whole-hessian-ex-unbalanced": Answer(
        solution=_UNBALANCED,
        wrong=[
            (
                _UNBALANCED.replace(
                    "    L = len(lam)\n",
                    "    lam = np.ones_like(lam) * lam.prod(axis=0) ** (1 / len(lam))\n"
                    "    L = len(lam)\n",
                ),
                "u is that of equal layers",
                "Powers of a mean singular value are kept.",
            ),
            (
                _UNBALANCED.replace("* x[c]", "* x[a]"),
                "u misses its factor from the data",
                "The data are put where the signal leaves and not where it comes in.",
            ),
            (
                _UNBALANCED.replace("return u, C", "return u, C.T"),
                "C is transposed",
                "The layer that turns the signal back is taken for the one that turns it first.",
            ),
            (
                _UNBALANCED.replace("x * (x * lam.prod(axis=0) - s)", "lam.prod(axis=0) - s"),
                "C has forgotten the data",
                "The residual of whitened data is used.",
            ),
            (
                _UNBALANCED.replace("C[k, l] = g[c]", "C[k, l] = g[a]"),
                "the directions a and c change places",
                "C is made symmetric by hand, as if it were a Hessian by itself.",
            ),
        ],
        marks=6,
    ),
    "whole-hessian-ex-bottleneck": Answer(
        solution="""
def pair(s_c, s_b, depth):
    factor = s_c ** ((depth - 2) / depth)
    return factor * (s_c + s_b), factor * (s_c - s_b)
""",
        wrong=[
            (
                "def pair(s_c, s_b, depth):\n    return s_c + s_b, s_c - s_b\n",
                "right for two layers only",
                "Worked out for two layers and carried over.",
            ),
            (
                """
def pair(s_c, s_b, depth):
    both = s_c ** (2 - 2 / depth)
    return both, both
""",
                "neither of yours is negative",
                "At a critical point the functional part is thought to vanish.",
            ),
            (
                """
def pair(s_c, s_b, depth):
    factor = s_c ** ((depth - 2) / depth)
    return factor * s_b, -factor * s_b
""",
                "their mean is not",
                "The functional part alone: the outer-product part is left out.",
            ),
            (
                """
def pair(s_c, s_b, depth):
    top = s_c ** (2 - 2 / depth)
    return top + s_b, top - s_b
""",
                "their distance is not",
                "The residual is put into the block without the layers between the two turns.",
            ),
        ],
        marks=6,
    ),
}
