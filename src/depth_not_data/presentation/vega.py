"""Specifications of interactive figures: controls, words, and their values without a browser.

Figures are written in Vega-Lite with Altair and compiled to Vega, whose formulas the reader's
browser evaluates. Two views of a figure are read by name, in the page as in :func:`rows`: the
sentence that says what the current state shows, and the rows of a table of its numbers, since a
screen reader cannot walk through the marks themselves.
"""

import json
import re
from collections.abc import Sequence

import altair as alt
import vl_convert

from depth_not_data import _validation

# "currentColor" is the colour of the text around a figure: it follows the theme of the page.
INK = "currentColor"
_CONFIG = {
    "aria": False,  # the page gives the whole figure a name, a sentence and a table
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "padding": 2,
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": INK,
        "tickColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.12,
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "axisY": {"minExtent": 30, "maxExtent": 30},
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "labelLimit": 0,
        "orient": "top",
        "title": None,
        "columns": 3,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
    },
    "rule": {"color": INK},
    "text": {"color": INK, "fontSize": 12},
    "title": {"color": INK, "fontSize": 13, "fontWeight": "normal", "anchor": "start"},
    "view": {"stroke": None, "continuousWidth": 600},
}
# Sets off the fields of a datum in `rows`; no text of a figure has it.
_SEPARATOR = "\u241f"


def readable(
    chart, *, sentence: str, table: str, columns: dict[str, str], order: str, hover: str = ""
):
    """Give a chart the style of the book, and say where its words and numbers are.

    Parameters
    ----------
    chart : altair.Chart, altair.LayerChart or altair.VConcatChart
        Its panels have no width of their own; they take that of the page.
    sentence : str
        Name of the view with one datum, whose field of the same name says in one sentence what
        the figure shows at the current settings.
    table : str
        Name of the view whose data are the rows of the table.
    columns : dict of str to str
        Field of the rows: heading.
    order : str
        Field by which the rows are sorted.
    hover : str, optional
        Name of views whose field of the same name, at the pointer, sets the parameter of the same
        name; that parameter has a slider besides, for the keyboard.

    Returns
    -------
    The chart, with its configuration and with ``usermeta``.

    Raises
    ------
    ValueError
        If there is no view of one of these names, or no column.
    """
    if not columns:
        raise ValueError(f"columns must name at least one field of the table, got {columns!r}")
    reading = {
        "sentence": sentence,
        "table": table,
        "columns": columns,
        "order": order,
        "hover": hover,
    }
    chart = chart.properties(usermeta={"reading": reading}, config=alt.Config.from_dict(_CONFIG))
    views = compiled(chart.to_dict())["usermeta"]["views"]
    for argument, view in (("sentence", sentence), ("table", table)):
        if view not in views:
            raise ValueError(f"{argument} must name a view of the chart, got {view!r}")
    return chart


def slider(name: str, label: str, low: float, high: float, step: float, value: float):
    """Make a parameter that a slider sets; the page shows label and value above it.

    Parameters
    ----------
    name : str
        Of the parameter, as formulas use it.
    label : str
        What the reader sees, in words and Unicode letters.
    low, high, step, value : float
        Ends, distance of two settings and first setting.

    Raises
    ------
    ValueError
        If `name` is one that Vega uses itself.
    """
    return _control(name, value, alt.binding_range(min=low, max=high, step=step, name=label))


def switch(name: str, label: str, value: bool = False):
    """Make a parameter that a checkbox sets.

    Parameters
    ----------
    name, label
        As for :func:`slider`.
    value : bool
        First setting.

    Raises
    ------
    ValueError
        As for :func:`slider`.
    """
    return _control(name, value, alt.binding_checkbox(name=label))


def choice(name: str, label: str, options: Sequence, value, words: Sequence[str] | None = None):
    """Make a parameter that is chosen from a list.

    Parameters
    ----------
    name, label
        As for :func:`slider`.
    options : sequence
        Numbers or texts.
    value
        First setting, one of them.
    words : sequence of str, optional
        What the reader sees in their place.

    Raises
    ------
    ValueError
        As for :func:`slider`.
    """
    labels = list(words or map(str, options))
    bind = alt.binding_select(options=list(options), labels=labels, name=label)
    return _control(name, value, bind)


def _control(name, value, bind):
    if name in ("width", "height", "padding", "autosize", "background"):
        raise ValueError(f"name must not be one that Vega uses itself, got {name!r}")
    return alt.param(name=name, value=value, bind=bind)


def quiet(chart, name: str):
    """Make a view that draws nothing, for a sentence or a table that the page reads.

    Parameters
    ----------
    chart : altair.Chart
        Data and transforms.
    name : str
        Name of the view.
    """
    return chart.mark_text(text="").properties(name=name)


def rows(chart, view: str, fields: Sequence[str], **settings) -> list[dict]:
    """Evaluate a figure without a browser: the data behind one view.

    Parameters
    ----------
    chart : altair chart or dict
    view : str
        Name of the view.
    fields : sequence of str
        Which fields of its data.
    **settings
        Values of sliders and switches, by the name of the parameter.

    Returns
    -------
    list of dict
        One for each datum, with the fields as the page computes them: numbers, booleans or text.

    Raises
    ------
    ValueError
        If there is no such view or parameter.

    Examples
    --------
    >>> slope = alt.param(name="slope", value=2)
    >>> chart = alt.Chart(alt.sequence(0, 3, as_="x")).transform_calculate(y="slope * datum.x")
    >>> chart = chart.mark_point().encode(x="x:Q").add_params(slope).properties(name="line")
    >>> [row["y"] for row in rows(chart, "line", ["y"], slope=5)]
    [0, 5, 10]
    """
    drawn = compiled(chart if isinstance(chart, dict) else chart.to_dict())
    signals = {signal["name"]: signal for signal in drawn["signals"]}
    for name, value in settings.items():
        if name not in signals:
            raise ValueError(f"settings must be parameters of the chart, got {name!r}")
        signals[name].pop("update", None)
        signals[name]["value"] = value
    views = drawn["usermeta"]["views"]
    _validation.choice("view", view, list(views))
    # In place of the marks, one symbol for each datum whose description lists the fields with
    # their types; the letters of a text would be measured, which takes a hundred times as long.
    parts = (
        f"(isNumber(datum[{f!r}]) ? 'n' : isBoolean(datum[{f!r}]) ? 'b' : 's') + datum[{f!r}]"
        for f in fields
    )
    text = {"signal": f"+ '{_SEPARATOR}' +".join(parts)}
    encode = {"update": {"description": text}}
    mark = {"type": "symbol", "from": {"data": views[view]}, "encode": encode}
    sheet = {key: drawn[key] for key in ("$schema", "data", "signals")} | {"marks": [mark]}
    scene = vl_convert.vega_to_scenegraph(sheet)["scenegraph"]
    found = scene["items"][0]["items"][0]["items"]
    return [
        dict(zip(fields, map(_value, item["description"].split(_SEPARATOR)), strict=True))
        for item in found
    ]


def compiled(specification: dict) -> dict:
    """Compile Vega-Lite to Vega, which is what the page gets, and list the views by name.

    Parameters
    ----------
    specification : dict
        Vega-Lite.

    Returns
    -------
    dict
        Vega; ``usermeta["views"]`` holds the name of the data behind each named view.
    """
    vega = vl_convert.vegalite_to_vega(specification)
    vega["usermeta"] = specification.get("usermeta", {}) | {"views": dict(_views(vega["marks"]))}
    hover = vega["usermeta"].get("reading", {}).get("hover")
    for signal in vega.setdefault("signals", []):
        if signal["name"] == hover:
            signal["on"] = [
                {"events": {"type": "pointerover", "markname": mark}, "update": f"datum.{hover}"}
                for mark in _mark_names(vega["marks"])
                if _view_name(mark) == hover
            ]
    return vega


def compact(specification: dict) -> str:
    """JSON of a specification as it stands in the page, without blanks.

    >>> compact({"mark": "point", "values": [1, 2]})
    '{"mark":"point","values":[1,2]}'
    """
    return json.dumps(specification, separators=(",", ":"), ensure_ascii=False)


def _views(marks):
    """Pairs of a view's name and the name of the data behind its mark."""
    for mark in marks:
        if mark["type"] == "group" and "data" in mark.get("from", {}).get("facet", {}):
            yield _view_name(mark["marks"][0]["name"]), mark["from"]["facet"]["data"]
        elif mark["type"] == "group":
            yield from _views(mark["marks"])
        elif "from" in mark:
            yield _view_name(mark["name"]), mark["from"]["data"]


def _mark_names(marks):
    for mark in marks:
        if mark["type"] == "group":
            yield from _mark_names(mark["marks"])
        elif "name" in mark:
            yield mark["name"]


def _view_name(mark):
    # Altair tells views of one name apart by a number; Vega-Lite appends "marks".
    return re.sub(r"(_\d+)?_marks$", "", mark)


def _value(text):
    kind, text = text[0], text[1:]
    if kind == "n":
        return float(text) if not re.fullmatch(r"-?\d+", text) else int(text)
    return text == "true" if kind == "b" else text
