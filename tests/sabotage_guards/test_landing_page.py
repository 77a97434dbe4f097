"""The landing page computes its picture itself: it must be that of the book's closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest

from depth_not_data.linear import flow

INDEX = Path(__file__).parents[2] / "book" / "index.ipynb"


@pytest.fixture(scope="module")
def landing():
    cells = json.loads(INDEX.read_text("utf-8"))["cells"]
    namespace = {}
    exec("".join(next(c["source"] for c in cells if c["cell_type"] == "code")), namespace)
    return namespace


def test_the_first_picture_shows_the_theorem(landing):
    rank = landing["RANK"]
    dominant, bulk = rank**2, rank * (16 + 10 - 2 * rank)
    for depth in landing["DEPTHS"]:
        values = landing["spectra"][depth]
        np.testing.assert_allclose(values[:dominant], depth, rtol=1e-9)
        # Directions that the target leaves empty decay as the flow does: 50 with the output's five,
        # 30 exactly 1 with the inputs that no layer holds.
        start = landing["aligned_problem"](
            landing["paper_widths"](depth), rank, seed=landing["SEED"]
        ).layer_singular_values.numpy()
        mu = flow.decaying_square(start[rank:], depth, landing["LR"] * landing["STEPS"])
        wanted = np.ones(bulk)
        shared = 2 * rank * len(mu)
        wanted[:shared] = np.sort(np.tile(flow.bulk_eigenvalue(mu, depth), 2 * rank))[::-1]
        np.testing.assert_allclose(values[dominant : dominant + bulk], wanted, rtol=2e-2)
        assert values[dominant + bulk] < 0.5
