"""Checks of the exercises of the chapter "Does depth slow every optimiser?"."""

import numpy as np

from depth_not_data.course.exercise import compare, exercise, number, require
from depth_not_data.linear import optimizers


@exercise(
    "optimisers-arrival",
    stub='''
def arrival(lam0, s, depth, lr):
    """Updates until Muon has reached or passed s**(1/depth), from lam0 in every layer."""
    ...  # your code here
''',
    answer="arrival",
)
def arrival(arrival):
    """Count in the recursion, from below, from above, and towards zero."""
    cases = [(0.31, 1.7, 3, 0.043), (1.9, 0.6, 5, 0.07), (0.83, 0.0, 8, 0.0371)]
    found = [number(arrival(*case), "what arrival returns") for case in cases]
    right, product, floor = [], [], []
    for lam0, s, depth, lr in cases:
        path = optimizers.trajectory("muon", [lam0], [s], depth, lr, 80)[:, 0]
        side = np.sign(path - s ** (1 / depth))
        right.append(int(np.argmax(side != side[0])))
        product.append(np.ceil(abs(s - lam0) / lr))
        floor.append(right[-1] - 1)
    signed = [np.ceil((s ** (1 / depth) - lam0) / lr) for lam0, s, depth, lr in cases]
    early = "You round down: after that many updates Muon has not yet arrived."
    compare(
        found,
        right,
        {
            "You go to s; where is a layer when the product of all layers is s?": product,
            early: floor,
            "Negative counts: a start may be above its target, and Muon then goes down.": signed,
        },
        "Not the count in the recursion: how far is it, and how far does one update go?",
    )
    return "Right: depth has no say in it, but for the place of the target."


@exercise(
    "optimisers-safe-step",
    stub='''
def safe(w, depth):
    """Largest step with which Muon never leaves the window 1 - w to 1 + w of the product."""
    ...  # your code here
''',
    answer="safe",
)
def safe_step(safe):
    """Compare with the closed form, and name the wrong end of the window."""
    cases = [(0.05, 3), (0.2, 7), (0.01, 12)]
    found = [number(safe(*case), "what safe returns") for case in cases]
    w, depth = np.array(cases).T
    right, low = (1 + w) ** (1 / depth) - 1, 1 - (1 - w) ** (1 / depth)
    compare(
        found,
        right,
        {
            "The lower end of the window is further away than the upper one.": low,
            "Your step is as long as the whole window; a layer may come in anywhere.": right + low,
            "That is the tolerance of the product; by how much may one layer be off?": w,
            "Close, for small w. The exact answer takes a root.": w / depth,
        },
        "Not the largest safe step: which values can Muon take around 1?",
        rtol=1e-9,
    )
    return "Right: the upper end decides, because the root is concave."


@exercise(
    "optimisers-rmnp-length",
    stub='''
def ratio(outputs, directions):
    """Length of RMNP's first step on the last layer over that on a hidden layer."""
    ...  # your code here
''',
    answer="ratio",
)
def rmnp_length(ratio):
    """Count rows that are not zero in the last layer and in a hidden one."""
    cases = [(10, 5), (7, 7), (12, 3)]
    found = [number(ratio(*case), "what ratio returns") for case in cases]
    outputs, directions = np.array(cases, dtype=float).T
    compare(
        found,
        np.sqrt(outputs / directions),
        {
            "The Frobenius length is a root of a sum of squares.": outputs / directions,
            "Upside down: which of the two layers has more rows that are not zero?": np.sqrt(
                directions / outputs
            ),
            "That would be so with outputs on axes; here every row of U D has entries.": np.ones(3),
        },
        "Count the rows that are not zero; each becomes a vector of length 1.",
    )
    return "Right: after one update the layers are no longer balanced, unless the numbers agree."


@exercise(
    "optimisers-nesterov-edge",
    stub='''
def edge(beta, depth):
    """Largest stable step of Nesterov at the minimum with target 1."""
    ...  # your code here
''',
    answer="edge",
)
def nesterov_edge(edge):
    """Compare with the closed form; the heavy ball and a forgotten depth are known mistakes."""
    cases = [(0.0, 4), (0.9, 2), (0.5, 6)]
    found = [number(edge(*case), "what edge returns") for case in cases]
    beta, depth = np.array(cases).T
    require(np.isclose(found[0], 0.5) or not np.isclose(found[0], 2), "Where is the depth?")
    right = 2 * (1 + beta) / (1 + 2 * beta) / depth
    compare(
        found,
        right,
        {
            "That is the edge of the heavy ball; Nesterov adds g a second time.": 2
            * (1 + beta)
            / depth,
            "That is the edge without momentum.": 2 / depth,
            "Slow motion has the step eta / (1 - beta); the edge is fast motion.": 2
            * (1 - beta)
            / depth,
        },
        "Not the edge: at beta = 0 it is 2/L; then look at the roots at z = -1.",
    )
    return "Right: momentum lowers this edge."
