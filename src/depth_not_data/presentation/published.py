"""Numbers that the sources print on, or that were read off, their figures.

They are what the book compares its own results with, never an input to one. Where each number
comes from and how well it was read stands in ``data/README.md``.
"""

from importlib.resources import files

import pandas as pd

from depth_not_data import _validation

BLOG_POSITIVE_COUNTS = {2: 1475, 4: 2750, 8: 4950}
"""Rank of the last positive eigenvalue in the blog's log-log plot, N = 10, for each D."""

BLOG_MARKER_ERRORS = {
    (10, 2): 0.006,
    (15, 2): 0.006,
    (20, 2): 0.006,
    (10, 4): 0.02,
    (10, 8): 0.05,
}
"""Reading error of the markers on the blog's linear axes, for each network (N, D) it shows."""

BLOG_CURVE_ERROR = 0.03
"""Relative reading error of the curves in the blog's log-log plot."""


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
    """Hessian eigenvalues digitised from the blog's plots, not divided by depth.

    Returns
    -------
    pandas.Series
        Index ``(figure, n_embd, n_block, rank)``, with the rank counted from 1 at the largest
        eigenvalue. Figures ``vary-N`` (n_block 2) and ``vary-depth`` (n_embd 10, n_block 4 and 8)
        hold the largest 2 n_embd + 2 or so, from linear axes; ``depth-alignment-log`` holds about
        100 ranks each for n_embd 10 and n_block 2, 4 and 8 from rank 20 on.

    Examples
    --------
    >>> blog_spectra().loc["vary-N", 10, 2].head(3).to_dict()
    {1: 1.286, 2: 1.255, 3: 1.224}
    """
    table = _read("blog_spectra_digitised.csv")
    return table.set_index(["figure", "n_embd", "n_block", "rank"])["eigenvalue"].sort_index()


def blog_markers(n_embd: int, n_block: int) -> pd.Series:
    """Largest eigenvalues of one of the blog's networks, every rank from 1, from a linear axis.

    Parameters
    ----------
    n_embd, n_block : int
        One of the keys of :data:`BLOG_MARKER_ERRORS`, which holds the reading errors.

    Returns
    -------
    pandas.Series
        Index ``rank``: 1, 2, ... without a rank left out.

    Raises
    ------
    ValueError
        If the blog shows no such network.

    Examples
    --------
    >>> blog_markers(20, 2).loc[19:20].to_dict()
    {19: 0.867, 20: 0.292}
    """
    network = _validation.choice("(n_embd, n_block)", (n_embd, n_block), list(BLOG_MARKER_ERRORS))
    return blog_spectra().loc["vary-N" if n_block == 2 else "vary-depth"].loc[network]


def blog_curve(n_block: int) -> pd.Series:
    """Eigenvalues at about 100 ranks of the blog's log-log plot, N = 10.

    Parameters
    ----------
    n_block : {2, 4, 8}

    Returns
    -------
    pandas.Series
        Index ``rank``, from 20 to the last positive eigenvalue; the relative reading error is
        :data:`BLOG_CURVE_ERROR` and more where the curve falls steeply.

    Raises
    ------
    ValueError
        If the blog shows no such network.

    Examples
    --------
    >>> int(blog_curve(8).index[0]), int(blog_curve(8).index[-1])
    (20, 4953)
    """
    _validation.choice("n_block", n_block, list(BLOG_POSITIVE_COUNTS))
    return blog_spectra().loc["depth-alignment-log", 10, n_block]


def largest_ratios(n_embd: int, n_block: int) -> pd.Series:
    """Largest ratios of neighbours that the reading error of the blog's markers allows.

    Parameters
    ----------
    n_embd, n_block : int
        As in :func:`blog_markers`.

    Returns
    -------
    pandas.Series
        Index ``rank``: at k ``(Lambda_k + e) / (Lambda_(k+1) - e)`` with the reading error e. A
        gap that is too narrow by this measure is too narrow in the blog's own network.

    Raises
    ------
    ValueError
        As :func:`blog_markers`.

    Examples
    --------
    >>> float(largest_ratios(10, 2)[9]) == (0.991 + 0.006) / (0.494 - 0.006)
    True
    """
    values = blog_markers(n_embd, n_block)
    error = BLOG_MARKER_ERRORS[n_embd, n_block]
    return (values.iloc[:-1] + error) / (values.to_numpy()[1:] - error)


def _read(name):
    with (files("depth_not_data.presentation") / "data" / name).open("rb") as file:
        return pd.read_csv(file)
