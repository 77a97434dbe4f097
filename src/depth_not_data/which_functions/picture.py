"""Three panels: eigenvalues, what each eigenvector does to the function, where it sits."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from depth_not_data.presentation.figures import COLORS

KINDS = {"constant": "vermillion", "linear": "blue", "quadratic": "orange", "rest": "grey"}
GROUPS = ("purple", "vermillion", "blue", "green", "orange", "sky")
HATCHES = ("", "//", "xx", "..", "\\\\", "++")


def three_panels(
    eigenvalues: np.ndarray, functions: pd.DataFrame, parameters: pd.DataFrame, gaps: Sequence[int]
) -> Figure:
    """Draw eigenvalues, shares of functions and shares of parameters against the rank.

    Parameters
    ----------
    eigenvalues : numpy.ndarray, shape (k,)
        Descending.
    functions, parameters : pandas.DataFrame
        A row a rank; rows add to 1. Of parameters the six largest columns are shown, the others as
        one.
    gaps : sequence of int
        Ranks behind which a dashed line stands.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not registered with pyplot's windows beyond what ``plt.subplots`` does.
    """
    figure, axes = plt.subplots(
        3, 1, figsize=(7.0, 7.6), sharex=True, height_ratios=[1.1, 1.2, 1.2], layout="constrained"
    )
    ranks = np.arange(1, len(eigenvalues) + 1)
    axes[0].plot(ranks, eigenvalues, ".k", markersize=5)
    axes[0].set_yscale("log" if np.min(eigenvalues) > 0 else "linear")
    colors = [COLORS[color] for color in KINDS.values()]
    _stack(axes[1], functions, colors, ncols=4)
    few = _fewer(parameters)
    _stack(axes[2], few, [COLORS[c] for c in GROUPS] + [COLORS["grey"]], ncols=2)
    labels = ("eigenvalue", "share of the\nfunction change", "share of the\nsquared length")
    for axis, label in zip(axes, labels, strict=True):
        axis.set_ylabel(label)
        axis.set_xlim(0.5, len(ranks) + 0.5)
        for gap in gaps:
            axis.axvline(gap + 0.5, color="black", linewidth=1.0, linestyle="--")
    axes[0].margins(y=0.1)
    axes[2].set_xlabel("rank of the eigenvector")
    axes[2].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _fewer(table):
    """Return the columns with the largest sums, and the others added up."""
    if table.shape[1] <= len(GROUPS) + 1:
        return table
    order = table.sum().sort_values(ascending=False, kind="stable").index
    few = table[order[: len(GROUPS)]].copy()
    few["others"] = table[order[len(GROUPS) :]].sum(axis=1)
    return few


def _stack(axis, table, colors, ncols):
    bottom = np.zeros(len(table))
    for number, (name, color) in enumerate(zip(table, colors, strict=False)):
        share = table[name].fillna(0.0).to_numpy()
        look = {"color": color, "hatch": HATCHES[number % 6], "edgecolor": "white", "linewidth": 0}
        axis.bar(np.arange(1, len(table) + 1), share, 1.0, bottom=bottom, label=name, **look)
        bottom += share
    axis.set_ylim(0, 1)
    axis.grid(False)
    axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=ncols, fontsize=8, frameon=False)
