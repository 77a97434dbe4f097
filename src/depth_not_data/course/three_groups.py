"""Checks of the exercises of the chapter "Why L: three groups"."""

import numpy as np

from depth_not_data.course.exercise import compare, exercise, number
from depth_not_data.linear import flow


@exercise(
    "three-groups-half-learnt",
    stub='''
def mixed(mu, depth):
    """Eigenvalue of a pair of a learnt direction (lambda = 1) and one with lambda**2 = mu."""
    ...  # your code here
''',
    answer="mixed",
)
def half_learnt(mixed):
    """Compare with the closed form at values and depths that the text does not use."""
    mu, L = np.array([0.3, 0.62, 0.25, 0.0]), np.array([4, 7, 3, 5])
    cases = list(zip(mu.tolist(), L.tolist(), strict=True))
    found = [number(mixed(*case), "what mixed returns") for case in cases]
    right = np.array([float(flow.bulk_eigenvalue(*case)) for case in cases])
    rooted = [float(flow.bulk_eigenvalue(m**0.5, n)) for m, n in cases]
    one_more = "Your sum has one layer too many: with which power of mu does the first layer begin?"
    late = "Your first layer has a factor mu already. In it the signal has met no other layer."
    root = "You have used lambda where its square belongs: curvature is the square of the change."
    both = "You have let both directions be half learnt: one of the two passes unchanged."
    equal = (
        "You give all layers but one the same strength; each further layer sees the signal weaker."
    )
    mistakes = {one_more: right + mu**L, late: mu * right, root: rooted}
    mistakes |= {both: L * mu ** (L - 1), equal: 1 + (L - 1) * mu}
    compare(found, right, mistakes, "Not the closed form of the chapter: write down its L terms.")
    return "Right: it hardly exceeds 1/(1 - mu), however deep the network is."
