"""Numbers that the sources print on, or that were read off, their figures.

They are what the book compares its own results with, never an input to one. Where each number
comes from and how well it was read stands in ``data/README.md``.
"""

from importlib.resources import files

import pandas as pd

BLOG_POSITIVE_COUNTS = {2: 1475, 4: 2750, 8: 4950}
"""Rank of the last positive eigenvalue in the blog's log-log plot, N = 10, for each D."""


def paper_figures() -> pd.DataFrame:
    """Values printed on the paper's figure 'spectral gap', rounded to 0.005.

    Returns
    -------
    pandas.DataFrame
        Index ``depth`` (L = 2..7). Columns are pairs (activation, quantity): activation is
        ``linear`` or ``tanh``; quantity is ``lambda_dom``, ``lambda_bulk`` (mean dominant and
        mean bulk Hessian eigenvalue) or ``ratio``.

    Examples
    --------
    >>> float(paper_figures().loc[7, ("linear", "ratio")])
    6.66
    """
    table = _read("paper_figures.csv")
    return table.pivot(index="depth", columns=["activation", "quantity"], values="value")


def blog_spectra() -> pd.Series:
    """Hessian eigenvalues digitised from the blog's plots, width N = 10, not divided by depth.

    Returns
    -------
    pandas.Series
        Index ``(figure, n_block, rank)``, with the rank counted from 1 at the largest
        eigenvalue. Figures ``vary-N`` (n_block 2, error 0.006) and ``vary-depth`` (n_block 4,
        error 0.02) hold ranks 1 to 22 from linear axes; ``depth-alignment-log`` holds about
        100 ranks each for n_block 2 and 4 from 20 on, with an error of 3% and more where the
        curve is steep.

    Examples
    --------
    >>> blog_spectra().loc["vary-N", 2].head(3).to_dict()
    {1: 1.286, 2: 1.255, 3: 1.224}
    """
    table = _read("blog_spectra_digitised.csv")
    return table.set_index(["figure", "n_block", "rank"])["eigenvalue"].sort_index()


def _read(name):
    with (files("depth_not_data") / "data" / name).open("rb") as file:
        return pd.read_csv(file)
