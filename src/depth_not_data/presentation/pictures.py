"""A matplotlib figure as picture files: SVG that looks the same on any machine, and PNG.

A page shows the SVG. The PNG stands beside it in a notebook for those who show no SVG, such as
JupyterLab before a notebook is trusted, and alone where the SVG would be large.
"""

import base64
import html
import io
import re

import matplotlib as mpl
from matplotlib.collections import Collection, LineCollection, QuadMesh
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

LARGEST_SVG = 250_000
"""Bytes that an SVG may have; a larger one is left out. No figure of the book is near it."""
DENSE = 1000
"""Vertices, or markers, beyond which an area or a set of points becomes pixels inside the SVG."""
PIXELS_PER_INCH = 220
"""Of what becomes pixels inside an SVG."""

_NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_COORDINATES = re.compile(r'(?<=\s)(d|x|y)="([^"]*)"')
_FRACTION = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def pictures(figure: Figure, alt: str) -> dict[str, str]:
    """Draw a figure as PNG and, unless that is large, as SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Areas and points with more than :data:`DENSE` vertices are set to be rasterised.
    alt : str
        Alternative text, which the SVG carries too.

    Returns
    -------
    dict of str
        The file by MIME type, PNG in base64; the same bytes for the same figure.

    Examples
    --------
    >>> sorted(pictures(Figure(), "Nothing."))
    ['image/png', 'image/svg+xml']
    """
    found = {"image/png": base64.b64encode(_saved(figure, "png", {"Software": None})).decode()}
    text = svg(figure, alt)
    if len(text.encode()) <= LARGEST_SVG:
        found["image/svg+xml"] = text
    return found


def svg(figure: Figure, alt: str) -> str:
    """Draw a figure as SVG, with letters as shapes, so that no font has to be installed.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Areas and points with more than :data:`DENSE` vertices are set to be rasterised.
    alt : str
        Alternative text.

    Returns
    -------
    str
        As wide in pixels as the PNG; coordinates in hundredths of a point.
    """
    for artist in figure.findobj(_is_dense):
        artist.set_rasterized(True)
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "depth-not-data"}):
        text = _saved(figure, "svg", _NOTHING, dpi=PIXELS_PER_INCH).decode()
    width, height = figure.get_size_inches() * figure.dpi
    size = f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{html.escape(alt)}"'
    text = re.sub(r'(?<=\s)width="[\d.]+pt" height="[\d.]+pt"', lambda _: size, text, count=1)
    text = _COORDINATES.sub(lambda found: f'{found[1]}="{_short(found[2])}"', text)
    return re.sub(r"\s*\n\s*", "\n", re.sub("<!--.*?-->", "", text, flags=re.DOTALL))


def _short(numbers):
    """Numbers of a path with two decimals, on one line."""
    rounded = _FRACTION.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), numbers)
    return " ".join(rounded.split())


def _is_dense(artist):
    match artist:
        case QuadMesh():
            return artist.get_array().size > DENSE
        case ContourSet(filled=False) | LineCollection():
            return False  # as a line, it is simplified
        case Collection():
            paths = sum(len(path.vertices) for path in artist.get_paths())
            return max(paths, len(artist.get_offsets())) > DENSE
        case Line2D():
            marked = artist.get_marker() not in ("", " ", "None", "none", None)
            return marked and artist.get_markevery() is None and len(artist.get_xdata()) > DENSE
    return False


def _saved(figure, kind, metadata, **options):
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata=metadata, **options)
    return buffer.getvalue()
