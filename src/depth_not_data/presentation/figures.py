"""The plotting style of the book, and figures that carry a caption and an alternative text.

Colours are the Okabe-Ito palette, which stays distinct under the common colour deficiencies;
lines and markers differ in shape as well, so that a figure survives greyscale. Figures are drawn
on white; the book's stylesheet inverts lightness in its dark theme.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from depth_not_data.presentation import curves
from depth_not_data.presentation.pictures import pictures

COLORS = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
    "grey": "#7F7F7F",
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# One meaning, one look, in every chapter.
DOMINANT = {"color": COLORS["vermillion"], "marker": "o"}
BULK = {"color": COLORS["blue"], "marker": "s"}
REST = {"color": COLORS["grey"], "marker": "."}
PUBLISHED = {
    "color": COLORS["black"],
    "marker": "x",
    "linestyle": "none",
    "markersize": 8,
    "markeredgewidth": 1.6,
}

_STYLE = {
    "figure.figsize": (6.4, 3.8),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.prop_cycle": plt.cycler(
        color=[c for name, c in COLORS.items() if name not in ("black", "grey")],
        marker=MARKERS[:6],
    ),
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
}


def use_style() -> None:
    """Set matplotlib's defaults to the style of the book; call it once at the top of a chapter."""
    plt.rcParams.update(_STYLE)


def ordered_colors(count: int) -> list[tuple[float, float, float, float]]:
    """Colours for `count` ordered curves (depths, times), dark to light, monotone in greyscale.

    >>> len(ordered_colors(6))
    6
    """
    # The last fifth of viridis is too pale to read on white.
    return list(plt.get_cmap("viridis")(np.linspace(0.0, 0.82, count)))


def show(figure: Figure, *, name: str, alt: str, caption: str) -> None:
    """Display a figure with its caption and alternative text, and close it.

    The picture is an SVG, with a PNG beside it for those who show none, or a PNG alone
    (:func:`depth_not_data.presentation.pictures.pictures`). Beside it stand the
    alternative text and the rounded ranges of the curves
    (:func:`depth_not_data.presentation.curves.record`), which strict nbval compares.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name : str
        Label for cross references, ``fig-`` and lower-case words joined by hyphens.
    alt : str
        What the plotted numbers say, for a reader who does not see the figure.
    caption : str
        What to see, in MyST Markdown. In the book it stands under a numbered figure; in a live
        notebook it is printed below the picture.

    Raises
    ------
    ValueError
        If `name` has another form, or `alt` or `caption` is blank.
    """
    check_words(name, alt, caption)
    numbers = curves.record(figure)
    found = pictures(figure, alt)
    plt.close(figure)
    details = {"name": name, "alt": alt, "caption": caption}
    display(
        {**found, "text/plain": "\n".join([f"[{name}] {alt}", *numbers])},
        raw=True,
        metadata={**{kind: {"alt": alt} for kind in found}, "depth_not_data": {"figure": details}},
    )
    display(
        {"text/markdown": f"*{caption}*", "text/plain": caption},
        raw=True,
        metadata={"depth_not_data": {"caption_of": name}},
    )


def check_words(name: str, alt: str, caption: str) -> None:
    """Refuse a figure without a label, an alternative text or a caption.

    Parameters
    ----------
    name, alt, caption : str
        As in :func:`show`.

    Raises
    ------
    ValueError
        If `name` has another form, or `alt` or `caption` is blank.
    """
    if not re.fullmatch(r"fig(-[a-z0-9]+)+", name):
        raise ValueError(f"name must look like 'fig-some-words', got {name!r}")
    for argument, text in (("alt", alt), ("caption", caption)):
        if not text.strip():
            raise ValueError(f"{argument} must say what the figure shows, got {text!r}")


def glue(name: str, text: str) -> None:
    """Keep a formatted text under a name, for prose that shows it with ``{glue:text}``.

    Puts out what ``myst_nb.glue(name, text, display=False)`` does, so that a chapter needs nothing
    that only the site is built with.

    Parameters
    ----------
    name : str
        The key that the prose uses.
    text : str
        A number as the reader shall see it, such as ``f"{x:.2f}"``.

    Raises
    ------
    ValueError
        If `name` or `text` is not a string with something in it.
    """
    for argument, value in (("name", name), ("text", text)):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{argument} must be a string that is not blank, got {value!r}")
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": repr(text)},
        raw=True,
        metadata={"scrapbook": {"mime_prefix": prefix, "name": name}},
    )
