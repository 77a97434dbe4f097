"""Answers of the chapter "Why N - 1"."""

from answers import Answer


def clusters(value):
    """Code of an answer on the two gaps."""
    return f"def clusters(n_embd, subtract, divide):\n    return {value}\n"


CONSTANTS = """
from depth_not_data.residual.wide_limit import kernel_eigenvalue


def constants(n_embd, n_block):
    relu = 2 * n_embd / 3 * kernel_eigenvalue(0, n_embd)
    return {value}
"""

OVERTAKE = """
from depth_not_data.residual.wide_limit import levels


def overtake(n_embd):
    one = {{v.functions: v.eigenvalue * n_embd / 2 for v in levels(n_embd, 1)}}
    exact = 1 / one["quadratic, {kind}"]
    return {value}
"""


def constants(value):
    """Code of an answer on the constants."""
    return CONSTANTS.format(value=value)


def overtake(value="int(exact) + 1", kind="divergence-free"):
    """Code of an answer on the overtaking."""
    return OVERTAKE.format(value=value, kind=kind)


ANSWERS = {
    "why-n-minus-one-ex-counts": Answer(
        solution=clusters("(n_embd - subtract, 2 * n_embd - subtract - divide)"),
        wrong=[
            (
                clusters("(n_embd - subtract, n_embd - divide)"),
                "sizes of clusters",
                "Size of the second cluster and rank of the second gap are taken for one thing.",
            ),
            (
                clusters("(n_embd - divide, 2 * n_embd - subtract - divide)"),
                "Which half costs which",
                "The mean is thought to cost a diagonal map, the scale a constant.",
            ),
            (
                clusters("(n_embd - subtract, 2 * (n_embd - subtract))"),
                "not always the first",
                "The two clusters of LayerNorm are equal, so they are taken for equal always.",
            ),
            (
                clusters("(n_embd - 1, 2 * n_embd - 2)"),
                "whatever the norm does",
                "The numbers of the post are copied.",
            ),
        ],
        marks=2,
    ),
    "why-n-minus-one-ex-constants": Answer(
        solution=constants("2 / n_embd * n_block * (relu + 1)"),
        wrong=[
            (
                constants("n_block * (relu + 1)"),
                "And the loss's 2/N",
                "The ease is taken for the eigenvalue.",
            ),
            (
                constants("2 / n_embd * n_block * relu"),
                "What else shifts it",
                "The bias is forgotten.",
            ),
            (
                constants("2 / n_embd * (n_block * relu + 1)"),
                "How many blocks have a bias",
                "Only the last bias is counted.",
            ),
            (
                constants("2 / n_embd * (relu + 1)"),
                "shares add",
                "Depth is forgotten.",
            ),
        ],
        marks=3,
    ),
    "why-n-minus-one-ex-overtake": Answer(
        solution=overtake(),
        wrong=[
            (overtake("int(exact)"), "One block short", "The root is rounded down."),
            (
                overtake(kind="gradients"),
                "higher quadratic functions",
                "The smaller of the two quadratic levels is taken.",
            ),
            (overtake("exact"), "is an integer", "The equation is solved in real numbers."),
        ],
        marks=4,
    ),
}
