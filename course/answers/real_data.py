"""Answers of the chapter "Who is right on real data: depth or data?"."""

from answers import Answer

WHITE = """
def white_gap(L, s):
    return {gap}
"""
TURN = """
import numpy as np


def turn(inputs, a):
    x = inputs - {mean}
    values, axes = np.linalg.eigh(x @ x.T{samples})
    return {result}
"""
MEAN, SAMPLES = "inputs.mean(axis=1, keepdims=True)", " / x.shape[1]"
BACK = "axes * values ** (-a / 2) @ axes.T @ x"
ONE = """
import numpy as np


def one_output(second, cross, L):
    v = {w}
    v = v / np.linalg.norm(v)
    rest = {rest}
    return {depth} * v @ second @ v / {largest}
"""
SOLVE, REST = "np.linalg.solve(second, cross.ravel())", "np.eye(len(v)) - np.outer(v, v)"
LARGEST = "np.linalg.eigvalsh(rest @ second @ rest)[-1]"
UNITS = """
def units(x, y, L):
    return {factor}
"""

ANSWERS = {
    "real-data-ex-whitened": Answer(
        solution=WHITE.format(gap="L * (min(s) / max(s)) ** (2 - 2 / L)"),
        wrong=[
            (
                WHITE.format(gap="L"),
                "L alone holds for equal singular values",
                "The theorem for whitened data is remembered without its condition on the target.",
            ),
            (
                WHITE.format(gap="L * (min(s) / max(s)) ** 2"),
                "which power of s is left",
                "Curvatures are thought to go with the square of what is learnt, at any depth.",
            ),
            (
                WHITE.format(gap="L * (min(s) / max(s)) ** (1 - 1 / L)"),
                "the power is too small",
                "The L - 1 other layers are counted once and not squared.",
            ),
            (
                WHITE.format(gap="L * (max(s) / min(s)) ** (2 - 2 / L)"),
                "belongs to the weakest learnt direction",
                "Strong targets are thought to widen the gap.",
            ),
        ],
        marks=2,
    ),
    "real-data-ex-dial": Answer(
        solution=TURN.format(mean=MEAN, samples=SAMPLES, result=BACK),
        wrong=[
            (
                TURN.format(mean="0", samples=SAMPLES, result=BACK),
                "are not centred",
                "The second moment is taken for the covariance.",
            ),
            (
                TURN.format(mean=MEAN, samples=SAMPLES, result="axes * values**-a @ axes.T @ x"),
                "quadratic in the inputs",
                "The power of the second moment is applied to the inputs.",
            ),
            (
                TURN.format(
                    mean=MEAN, samples=SAMPLES, result="axes * values ** ((a - 1) / 2) @ axes.T @ x"
                ),
                "runs the wrong way",
                "a is read as the power of the result.",
            ),
            (
                TURN.format(mean=MEAN, samples="", result=BACK),
                "are means over the samples",
                "The sum over samples is used, as in the loss of the other chapters.",
            ),
            (
                TURN.format(
                    mean=MEAN,
                    samples=SAMPLES,
                    result="np.diag(values ** (-a / 2)) @ axes.T @ x",
                ),
                "turn the inputs back",
                "The principal axes are taken for the coordinates of the inputs.",
            ),
        ],
        marks=3,
    ),
    "real-data-ex-one-output": Answer(
        solution=ONE.format(w=SOLVE, rest=REST, depth="L", largest=LARGEST),
        wrong=[
            (
                ONE.format(w="cross.ravel()", rest=REST, depth="L", largest=LARGEST),
                "not the direction of the correlations",
                "Correlation with the target is taken for what is learnt.",
            ),
            (
                ONE.format(w=SOLVE, rest=REST, depth="1", largest=LARGEST),
                "Where is the depth?",
                "Only the data are compared.",
            ),
            (
                ONE.format(w=SOLVE, rest="np.eye(len(v))", depth="L", largest=LARGEST),
                "not all of the inputs",
                "The largest variance of all is used for that of the rest.",
            ),
            (
                ONE.format(
                    w=SOLVE,
                    rest=REST,
                    depth="L",
                    largest="(np.trace(rest @ second @ rest) / (len(v) - 1))",
                ),
                "not its mean",
                "The ratio of means of an earlier chapter is computed.",
            ),
        ],
        marks=3,
    ),
    "real-data-ex-units": Answer(
        solution=UNITS.format(factor="(y / x) ** (2 - 2 / L) * x**2"),
        wrong=[
            (
                UNITS.format(factor="y**2"),
                "the factor of the loss",
                "The loss goes with the square of the targets, so its curvature is thought to.",
            ),
            (
                UNITS.format(factor="x**2 * y ** (2 - 2 / L)"),
                "the map W changes too",
                "The learnt map is thought to depend on the targets alone.",
            ),
            (
                UNITS.format(factor="(y / x) ** (2 - 2 / L)"),
                "is missing",
                "Only the layers are scaled.",
            ),
            (
                UNITS.format(factor="x**2"),
                "A single layer has this factor",
                "H of one layer is the second moment, and this is thought to hold at any depth.",
            ),
        ],
        marks=4,
    ),
}
