"""Answers to the exercises of the chapter "Cheaper training"."""

from answers import Answer


def sources(level, factor="n_embd"):
    """Code of an answer to the exercise on sources."""
    head = "def edge(n_embd, n_block, mean, bias, slope, gain, ratio):"
    return f"{head}\n    return {factor} / ({level})\n"


def preconditioned(matrix, factor="2"):
    """Code of an answer to the exercise on separate steps."""
    lines = ["scale = np.where(affine, ratio, 1.0)", f"top = np.linalg.eigvalsh({matrix})[-1]"]
    body = "\n    ".join([*lines, f"return {factor} / top"])
    return f"def edge(H, affine, ratio):\n    {body}\n"


def updates(loss="np.sum(v * (1 - step * v) ** (2 * t))", first="v.sum()", result="t"):
    """Code of an answer to the exercise on the number of updates."""
    return f"""
def updates(curvatures, step, share):
    v, t = np.asarray(curvatures), 0
    while {loss} > share * {first}:
        t += 1
    return {result}
"""


ROOTS = "np.sqrt(scale)[:, None] * H * np.sqrt(scale)"

ANSWERS = {
    "cheaper-training-ex-sources": Answer(
        solution=sources("n_block * max(mean + ratio * bias, slope + ratio * gain)"),
        wrong=[
            (
                sources("n_block * (mean + ratio * bias + slope + ratio * gain)"),
                "constants and maps are different functions",
                "All sources are added, as if a spectrum were one number.",
            ),
            (
                sources("max(mean + ratio * bias, slope + ratio * gain)"),
                "One block only",
                "The ease of the table is taken for the level of the network.",
            ),
            (
                sources("n_block * max(mean + bias, slope + gain)"),
                "separate step of gains and biases",
                "A learning rate is thought to change the path and not the edge.",
            ),
            (
                sources("n_block * max(mean + ratio**2 * bias, slope + ratio**2 * gain)"),
                "should not be squared",
                "The ratio is taken for the scale of the units, which is its root.",
            ),
            (
                sources("n_block * min(mean + ratio * bias, slope + ratio * gain)"),
                "Which of the two breaks first",
                "The longest step of all directions is taken for that which all bear.",
            ),
        ],
        marks=2,
    ),
    "cheaper-training-ex-preconditioned": Answer(
        solution=preconditioned(ROOTS),
        wrong=[
            (
                preconditioned("scale[:, None] * H * scale"),
                "it is squared",
                "Both sides are scaled by the ratio instead of its root.",
            ),
            (
                preconditioned("np.where(affine[:, None] == affine, " + ROOTS + ", 0)"),
                "what couples them is lost",
                "The groups are thought to have an edge each.",
            ),
            (
                preconditioned("H"),
                "one step for all",
                "The edge is taken for a property of the loss alone.",
            ),
            (
                preconditioned("H[~affine][:, ~affine]"),
                "They still move",
                "A small step is taken for none.",
            ),
            (
                preconditioned(ROOTS, factor="1"),
                "not the last stable one",
                "The step that learns this direction at once is taken for the edge.",
            ),
        ],
        marks=3,
    ),
    "cheaper-training-ex-updates": Answer(
        solution=updates(),
        wrong=[
            (
                updates(result="t + 1"),
                "One too many",
                "The loss at the start is counted as an update.",
            ),
            (
                updates(loss="np.sum(v * abs(1 - step * v) ** t)"),
                "square of the error",
                "The error's factor is taken for the loss's.",
            ),
            (
                updates(loss="np.sum((1 - step * v) ** (2 * t))", first="len(v)"),
                "with its curvature",
                "The distance to the minimum is taken for the loss.",
            ),
            (
                updates(loss="np.sum(v * (1 - 2 * step * v) ** (2 * t))"),
                "A half too much",
                "The gradient is taken without the half of the loss.",
            ),
        ],
        marks=3,
    ),
}
