"""What a picture shows, in numbers: the rounded range of each of its curves.

Pictures are not compared when a notebook is executed again, since their bytes differ from one
machine to the next. These lines are: they stand beside the picture in the stored output, so that a
curve that moves is seen. The site does not show them.
"""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

TINY = 1e-9
"""What is smaller may be round-off, which differs from one machine to the next."""
LARGEST_RECORD = 16
"""Lines that one figure may take; curves beyond them share the last line."""


def record(figure: Figure) -> list[str]:
    """One line for each curve, set of points, set of bars, area and image of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    list of str
        Panel, kind and label; number of finite points; least and largest value along each axis
        that the curve is drawn on in data units; mean modulus along the last of them. Three
        digits, at most :data:`LARGEST_RECORD` lines.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.subplots().plot([0, 1, 2], [5, 2, -1], label="falls")
    >>> record(figure)
    ['panel 1, line (falls): 3 points, x 0 to 2, y -1 to 5, mean 2.67']
    """
    drawn = [
        (f"panel {number}, {kind}", values)
        for number, axes in enumerate(_panels(figure.axes), start=1)
        for kind, values in _drawn(axes)
    ]
    shown = len(drawn) if len(drawn) <= LARGEST_RECORD else LARGEST_RECORD - 1
    lines = [f"{name}: {_ranges(values)}" for name, values in drawn[:shown]]
    if drawn[shown:]:
        lines.append(f"{len(drawn) - shown} more: {_ranges(_joined(drawn[shown:]))}")
    return lines


def rounded(value: float) -> str:
    """Three digits, the same on every machine; what may be round-off counts as zero.

    >>> rounded(2.0 / 3.0), rounded(1 / 32), rounded(-3e-16)
    ('0.667', '0.0312', '0')
    """
    if abs(value) < TINY:
        return "0"
    # Rounding twice: else 1/32 with and without round-off would differ in the third digit.
    return f"{float(f'{value:.9g}'):.3g}"


def _panels(axes: list[Axes]) -> Iterator[Axes]:
    for panel in axes:
        yield panel
        yield from _panels(panel.child_axes)


def _drawn(axes: Axes) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Kind with label, and coordinates by axis, of everything that is drawn from data."""
    for line in axes.lines:
        points = np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)])
        yield _title("line", line), _along(points, line.get_transform(), axes)
    for group in axes.collections:
        yield _collection(group, axes)
    barred = set()
    for bars in axes.containers:
        if isinstance(bars, BarContainer) and bars.patches:
            barred.update(bars.patches)
            yield _title("bars", bars), _along(_corners(bars.patches), axes.transData, axes)
    for patch in axes.patches:
        if patch not in barred:
            transform = patch.get_data_transform()
            yield _title("area", patch), _along(_corners([patch]), transform, axes)
    for image in axes.images:
        yield _title("image", image), {"value": np.ma.filled(image.get_array(), np.nan)}


def _title(kind, artist):
    label = str(artist.get_label() or "")
    return kind if not label or label.startswith("_") else f"{kind} ({label})"


def _collection(group, axes):
    if isinstance(group, ContourSet):
        return _title("contours", group), {"level": np.asarray(group.levels, dtype=float)}
    if group.get_offset_transform() == axes.transData:
        kind, points, transform = "points", group.get_offsets(), axes.transData
    else:
        paths = [_vertices(path) for path in group.get_paths()]
        points = np.concatenate(paths) if paths else np.empty((0, 2))
        kind, transform = "shapes", group.get_transform()
    values = _along(points, transform, axes)
    if group.get_array() is not None:
        values["colour"] = np.ma.filled(group.get_array(), np.nan)
    return _title(kind, group), values


def _corners(patches):
    return np.concatenate(
        [patch.get_patch_transform().transform(_vertices(patch.get_path())) for patch in patches]
    )


def _vertices(path):
    """Vertices of a path; the one that closes a polygon stands nowhere."""
    return path.vertices if path.codes is None else path.vertices[path.codes != path.CLOSEPOLY]


def _along(points, transform, axes):
    """Coordinates in units of the data: of a line across the whole panel only one."""
    in_data = transform.contains_branch_seperately(axes.transData)
    points = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)
    return {axis: points[:, i] for i, axis in enumerate("xy") if in_data[i]}


def _joined(drawn):
    names = dict.fromkeys(axis for _, values in drawn for axis in values)
    return {
        axis: np.concatenate([values[axis].ravel() for _, values in drawn if axis in values])
        for axis in names
    }


def _ranges(values):
    finite = {axis: v[np.isfinite(v)] for axis, v in values.items()}
    finite = {axis: v for axis, v in finite.items() if v.size}
    if not finite:
        return "nothing in units of the data"
    parts = [f"{axis} {rounded(v.min())} to {rounded(v.max())}" for axis, v in finite.items()]
    last = list(finite.values())[-1]
    return ", ".join([f"{last.size} points", *parts, f"mean {rounded(np.abs(last).mean())}"])
