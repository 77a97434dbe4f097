"""What each leading eigenvector of a trained student does, and in which parameters it sits.

The shares are those of :class:`depth_not_data.residual.eigenfunctions.Eigenfunctions`, one student
for each size.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np

from depth_not_data.presentation import figures, vega
from depth_not_data.residual.eigenfunctions import Eigenfunctions

KINDS = {
    "constant": ("constants", figures.COLORS["vermillion"]),
    "linear, mean-free": ("linear maps of the mean-free input", figures.COLORS["blue"]),
    "linear, mean": ("linear maps of the input's mean", figures.COLORS["sky"]),
    "quadratic": ("quadratic functions", figures.COLORS["orange"]),
    "rest": ("rest", "#b0b0b0"),
}
PARTS = {
    "FC2": ("second matrix of the blocks", figures.COLORS["purple"]),
    "bias": ("bias of the LayerNorms", figures.COLORS["vermillion"]),
    "gain": ("gain of the LayerNorms", figures.COLORS["blue"]),
    "FC1": ("first matrix of the blocks", figures.COLORS["green"]),
}


def records(students: Sequence[Eigenfunctions]) -> list[dict]:
    """Round what the figure needs of each student.

    Parameters
    ----------
    students : sequence of Eigenfunctions
        From :func:`depth_not_data.residual.eigenfunctions.analyse`; of students of one size the
        first.

    Returns
    -------
    list of dict
        ``size`` ("N = 10, D = 2"), ``width``, ``eigenvalue`` (three digits), ``kinds`` and
        ``parts``: lists over ranks, the latter two of shares in the order of :data:`KINDS` and
        :data:`PARTS`, to 0.01.

    Raises
    ------
    ValueError
        If there is no student.
    """
    if not len(students):
        raise ValueError("students must hold at least one student, got none")
    found = {}
    for student in students:
        size = f"N = {student.n_embd}, D = {student.n_block}"
        parts = [
            sum(share for (name, _), share in student.parts.items() if name == part)
            for part in PARTS
        ]
        found.setdefault(
            size,
            {
                "size": size,
                "width": student.n_embd,
                "eigenvalue": [float(f"{value:.3g}") for value in student.eigenvalues],
                "kinds": np.transpose([student.kinds[k] for k in KINDS]).round(2).tolist(),
                "parts": np.transpose(parts).round(2).tolist(),
            },
        )
    return list(found.values())


def chart(data: list[dict]) -> alt.VConcatChart:
    """Build the figure; its controls are size and chosen, the rank.

    Parameters
    ----------
    data : list of dict
        From :func:`records`.
    """
    longest = max(len(record["eigenvalue"]) for record in data)
    panels = alt.vconcat(
        _spectrum(),
        _shares("kinds", KINDS, "function"),
        _shares("parts", PARTS, "parameters"),
        spacing=10,
        data=alt.Data(values=data),
    )
    panels = panels.transform_filter("datum.size === size")
    panels = panels.transform_calculate(n="length(datum.eigenvalue)")
    panels = panels.transform_flatten(["eigenvalue", "kinds", "parts"])
    return vega.readable(
        panels.transform_window(rank="row_number()")
        .add_params(
            vega.slider("chosen", "rank of the eigenvector", 1, longest, 1, 5),
            vega.choice("size", "student", [record["size"] for record in data], data[0]["size"]),
        )
        .resolve_scale(color="independent"),
        sentence="sentence",
        table="shares",
        columns={"what": "share of", "name": "which", "share": "share"},
        order="place",
        hover="chosen",
    )


def texts(data: list[dict]) -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`.

    Parameters
    ----------
    data : list of dict
        From :func:`records`.
    """
    first = data[0]
    n, kinds, parts = first["width"], np.array(first["kinds"]), np.array(first["parts"])
    constants, linear = kinds[: n - 1, 0].mean(), kinds[n - 1 : 2 * n - 2, 1].mean()
    gain = parts[n - 1 : 2 * n - 2, 2].mean()
    alone = {
        name: 2 * n - 1 + int(np.argmax(parts[2 * n - 2 : n**2, column]))
        for name, column in (("bias", 1), ("gain", 2))
    }
    return {
        "alt": (
            f"Student with {first['size']}. Ranks 1 to {n - 1} are constants, share "
            f"{constants:.2f}; ranks {n} to {2 * n - 2} linear maps, {linear:.2f}, and sit in the "
            f"gain, {gain:.2f}; beyond rank {n**2} quadratic functions take over."
        ),
        "caption": (
            "The leading eigenvectors of a trained student, one column each. Top: eigenvalue, with "
            "dashed lines behind $N - 1$, $2(N - 1)$ and $N^2$. Middle: the share of each kind of "
            "function in what a step along the eigenvector adds to the output. Bottom: the share "
            "of each group of parameters in its squared length."
        ),
        "try_this": (
            "Walk through the ranks, with the pointer or the slider. Two eigenvectors between "
            "$2(N - 1)$ and $N^2$ do not look like their neighbours: which?"
        ),
        "answer": (
            f"Constants up to rank {n - 1}, then linear maps made by the gain up to rank "
            f"{2 * n - 2}, then all other linear maps, then quadratic functions. The two strangers "
            f"are rank {alone['bias']}, in the bias, and rank {alone['gain']}, in the gain: "
            "the constant along the mean and the rescaling of the output. Only the last block can "
            "make them."
        ),
    }


def _numbered(field, names):
    return {f"{field}{i}": f"datum.{field}[{i}]" for i in range(len(names))}


def _spectrum():
    base = alt.Chart()
    edges = (
        base.transform_filter("datum.rank === 1")
        .transform_calculate(edge="[datum.width - 1, 2 * datum.width - 2, pow(datum.width, 2)]")
        .transform_flatten(["edge"])
        .transform_calculate(edge="datum.edge + 0.5")
    )
    y = alt.Y(
        "eigenvalue:Q",
        title="eigenvalue",
        scale=alt.Scale(type="log", nice=False, padding=6),
        axis=alt.Axis(format="~r", tickCount=4),
    )
    points = base.mark_circle(size=16, color=vega.INK, opacity=1).encode(x=_rank(), y=y)
    return alt.layer(
        points.properties(name="points"),
        edges.mark_rule(strokeDash=[4, 4]).encode(x="edge:Q"),
        *_cursor(),
        _sentence(),
        _table(),
    ).properties(height=120)


def _rank():
    scale = alt.Scale(nice=False, domainMin=0.5, zero=False)
    return alt.X("rank:Q", title="rank", scale=scale)


def _shares(field, names, title):
    labels, colors = zip(*names.values(), strict=True)
    folded = (
        alt.Chart()
        .transform_calculate(**_numbered(field, names))
        .transform_fold(list(_numbered(field, names)), as_=["key", "share"])
        .transform_calculate(place=f"+slice(datum.key, {len(field)})")
        .transform_calculate(label=f"{list(labels)}[datum.place]")
    )
    color = alt.Color(
        "label:N",
        scale=alt.Scale(domain=list(labels), range=list(colors)),
        legend=alt.Legend(columns=alt.ExprRef("width < 420 ? 1 : 2"), title=None),
    )
    areas = folded.mark_area(interpolate="step", clip=True).encode(
        x=_rank(),
        y=alt.Y("share:Q", stack="zero", title=title, scale=alt.Scale(domain=[0, 1])),
        color=color,
        order="place:Q",
    )
    return alt.layer(areas, *_cursor()).properties(height=130)


def _cursor():
    """Mark the chosen rank, and let the pointer choose one."""
    here = alt.Chart().transform_filter(_CHOSEN)
    columns = alt.Chart().transform_calculate(
        chosen="datum.rank", low="datum.rank - 0.5", high="datum.rank + 0.5"
    )
    return (
        here.mark_rule(strokeWidth=2.5).encode(x=_rank()),
        columns.mark_rect(opacity=0)
        .encode(x=alt.X("low:Q", title="rank"), x2="high:Q")
        .properties(name="chosen"),
    )


# A rank beyond the last of a small student stands for its last.
_CHOSEN = "datum.rank === min(chosen, datum.n)"


def _table():
    """Shares of the chosen eigenvector, functions first."""
    fields = list(_numbered("kinds", KINDS)) + list(_numbered("parts", PARTS))
    names = [label for label, _ in (*KINDS.values(), *PARTS.values())]
    rows = (
        alt.Chart()
        .transform_filter(_CHOSEN)
        .transform_calculate(**_numbered("kinds", KINDS), **_numbered("parts", PARTS))
        .transform_fold(fields, as_=["key", "share"])
        .transform_calculate(place=f"indexof({fields}, datum.key)")
        .transform_calculate(
            name=f"{names}[datum.place]",
            what=f"datum.place < {len(KINDS)} ? 'function' : 'parameters'",
        )
    )
    return vega.quiet(rows, "shares")


def _sentence():
    """Name the largest share of the chosen eigenvector in functions and in parameters."""

    def largest(field, names):
        labels = [label for label, _ in names.values()]
        values = ", ".join(_numbered(field, names).values())
        top = f"max({values})"
        return f"format({top}, '.0%') + ' ' + {labels}[indexof([{values}], {top})]"

    text = (
        "'Rank ' + datum.rank + ', eigenvalue ' + format(datum.eigenvalue, '.3~r') + ': '"
        f" + {largest('kinds', KINDS)} + '. In parameters: '"
        f" + {largest('parts', PARTS)} + '.'"
    )
    return vega.quiet(
        alt.Chart().transform_filter(_CHOSEN).transform_calculate(sentence=text), "sentence"
    )
