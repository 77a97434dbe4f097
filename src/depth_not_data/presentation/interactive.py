"""Display figures with sliders: a specification for the page, a still picture, and words.

The page computes the figure in the reader's browser, without a kernel and without a network. Where
no script runs (a notebook, paper, a browser without JavaScript) a picture of its first state stands
in its place. :mod:`depth_not_data.presentation.vega` makes the specifications.
"""

import base64
import io
import json
import math

import matplotlib.pyplot as plt
import vl_convert
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from depth_not_data.presentation import figures, vega
from depth_not_data.presentation.pictures import pictures

LARGEST_PAGE = 400_000
"""Bytes that the specifications of one page may have together, data included."""


def show(
    chart,
    *,
    name: str,
    alt: str,
    caption: str,
    try_this: str = "",
    answer: str = "",
    still: Figure | None = None,
) -> None:
    """Display an interactive figure, with a still picture where no script runs.

    Parameters
    ----------
    chart : altair chart
        From :func:`depth_not_data.presentation.vega.readable`.
    name, alt, caption : str
        As in :func:`depth_not_data.presentation.figures.show`; `alt` describes the first state.
    try_this, answer : str, optional
        One sentence that says what to do, and what there is to see then, in MyST Markdown. In the
        book the answer unfolds.
    still : matplotlib.figure.Figure, optional
        Picture for notebooks and paper; the first state of the chart itself if not given.

    Raises
    ------
    ValueError
        If `name` has another form, if `alt` or `caption` is blank, if `try_this` or `answer`
        stands alone, if `chart` does not come from ``vega.readable`` or is larger than
        :data:`LARGEST_PAGE`.
    """
    figures.check_words(name, alt, caption)
    if bool(try_this.strip()) != bool(answer.strip()):
        raise ValueError(f"answer must be given if and only if try_this is, got {answer!r}")
    specification = chart.to_dict()
    if "reading" not in specification.get("usermeta", {}):
        raise ValueError("chart must come from vega.readable, got one without its words")
    size = len(vega.compact(vega.compiled(specification)).encode())
    if size > LARGEST_PAGE:
        raise ValueError(f"chart must have at most {LARGEST_PAGE:,} bytes, got {size:,}")
    found = _pictures(specification, still, alt)
    details = {"name": name, "alt": alt, "caption": caption}
    # A text, since a notebook file gives every number of a list a line of its own.
    words = {"specification": vega.compact(specification), "try_this": try_this, "answer": answer}
    display(
        {**found, "text/plain": f"[{name}] {alt}\n{in_words(specification)}"},
        raw=True,
        metadata={
            **{kind: {"alt": alt} for kind in found},
            "depth_not_data": {"figure": details, "interactive": words},
        },
    )
    below = [f"*{caption}*"]
    if try_this:
        folded = f"<details><summary>What there is to see</summary>\n\n{answer}\n\n</details>"
        below += [f"**Try this.** {try_this}", folded]
    display(
        {"text/markdown": "\n\n".join(below), "text/plain": caption},
        raw=True,
        metadata={"depth_not_data": {"caption_of": name}},
    )


def in_words(specification: dict) -> str:
    """Sentence and table of the first state, and a digest of the data, all rounded.

    What a text-only notebook shows, and what strict comparison of outputs compares; the
    specification itself is not compared.

    Parameters
    ----------
    specification : dict
        Of a chart from :func:`depth_not_data.presentation.vega.readable`.
    """
    reading = specification["usermeta"]["reading"]
    (said,) = vega.rows(specification, reading["sentence"], [reading["sentence"]])
    lines = [said[reading["sentence"]], " | ".join(reading["columns"].values())]
    fields, order = list(reading["columns"]), reading["order"]
    table = vega.rows(specification, reading["table"], [*fields, order])
    table.sort(key=lambda row: row[order])
    lines += [" | ".join(_rounded(row[field]) for field in fields) for row in table]
    for number, data in enumerate(_datasets(specification), start=1):
        for field in data[0]:
            numbers = list(_numbers([row.get(field) for row in data]))
            if numbers:
                total = math.fsum(map(abs, numbers))
                lines.append(f"data {number}, {field}: {len(numbers)} numbers, sum {total:.3g}")
    return "\n".join(lines)


def _pictures(specification, still, alt):
    if still is not None:
        found = pictures(still, alt)
        plt.close(still)
        return found
    # A picture file has no text around it, and no fonts of the reader's system.
    text = vega.compact(specification).replace(vega.INK, "#000000").replace("system-ui, ", "")
    white = json.loads(text)
    white["config"]["background"] = "#ffffff"
    drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(white, scale=1.5)))
    buffer = io.BytesIO()
    # Few colours are enough for lines and letters, and take a tenth of the space.
    drawn.convert("RGB").quantize(64).save(buffer, format="png", optimize=True)
    return {"image/png": base64.b64encode(buffer.getvalue()).decode()}


def _datasets(part):
    """Values of data that stand in a specification, of two data or more."""
    if isinstance(part, dict):
        if len(part.get("data", {}).get("values", [])) > 1:
            yield part["data"]["values"]
        yield from part.get("datasets", {}).values()
        for entry in part.values():
            yield from _datasets(entry)
    elif isinstance(part, list):
        for entry in part:
            yield from _datasets(entry)


def _rounded(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _numbers(value):
    if isinstance(value, list):
        for entry in value:
            yield from _numbers(entry)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)
