r"""Every eigenvalue of a balanced deep linear network, by depth, task, data and training time.

The page evaluates :func:`depth_not_data.linear.spectrum.pair_eigenvalues`, the Gauss-Newton
part of the Hessian, for the widths of the paper's network. With ``mu = lam^2`` the eigenvalue of
the pair (a, c) is ``x_c^2 sum_k mu_a^(L-k) mu_c^(k-1)``. The r directions of the task are learnt,
mu = 1. The others started with the product :data:`START` of the layers; where there are data they
have decayed for a time tau as in :func:`depth_not_data.linear.flow.decaying_square`; where there
are none they stay. The first input direction has variance kappa, the others with data have 1.
"""

import altair as alt
import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import flow
from depth_not_data.linear import spectrum as linear_spectrum
from depth_not_data.presentation import figures, vega

D_IN, D_OUT = 16, 10
START = 0.1
"""Product of the L layers at the start in each direction that the task does not use."""

# Sum over k of mu_a^(L-k) mu_c^(k-1), a geometric series.
_SERIES = (
    "datum.a === datum.c ? depth * pow(datum.a, depth - 1)"
    " : (pow(datum.a, depth) - pow(datum.c, depth)) / (datum.a - datum.c)"
)


def chart() -> alt.LayerChart:
    """Build the figure; its controls are depth, rank, data, log_time, end and kappa."""
    views = alt.layer(_points(), _labels(), _reference(), _table(), _sentence())
    return vega.readable(
        _pairs(views).add_params(*_parameters()).properties(height=300),
        sentence="sentence",
        table="levels",
        columns={
            "group": "group",
            "input": "input direction",
            "count": "eigenvalues",
            "value": "value",
        },
        order="place",
    )


def eigenvalues(depth=3, rank=5, data=D_IN, tau=1000.0, kappa=1.0) -> np.ndarray:
    """Compute what the page shows with the book's helpers.

    Parameters
    ----------
    depth : int
        L >= 2.
    rank : int
        r, 1 <= r <= :data:`D_OUT`.
    data : int
        Input directions q with data, r <= q <= :data:`D_IN`.
    tau : float
        Training time >= 0; ``inf`` for its end.
    kappa : float
        Variance > 0 of the first input direction.

    Returns
    -------
    numpy.ndarray, shape (D_OUT, D_IN)
        One eigenvalue for each output direction and input direction.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    >>> values = eigenvalues(depth=4, tau=np.inf)
    >>> [int((values == level).sum()) for level in (4, 1, 0)]
    [25, 80, 55]
    """
    depth = _validation.integer("depth", depth, minimum=2)
    rank = _validation.integer("rank", rank, minimum=1)
    data = _validation.integer("data", data, minimum=rank)
    if rank > D_OUT or data > D_IN:
        raise ValueError(f"rank must be <= {D_OUT} and data <= {D_IN}, got {rank} and {data}")
    kappa = _validation.number("kappa", kappa, above=0.0)
    start = START ** (1 / depth)
    lam = np.full(D_OUT, start)
    decayed = 0.0 if np.isinf(tau) else flow.decaying_square(start, depth, tau) ** 0.5
    lam[rank:data] = decayed
    lam[:rank] = 1.0
    into, x = np.zeros(D_IN), (np.arange(D_IN) < data).astype(float)
    into[:D_OUT] = lam
    x[0] = kappa**0.5
    return linear_spectrum.pair_eigenvalues(lam, into, depth, data_singular_values=x)


def texts() -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`."""
    first = eigenvalues()
    lasting = eigenvalues(depth=7, data=5, tau=np.inf)[5, 0]
    order = np.argsort(-eigenvalues(depth=4, kappa=5.0, tau=np.inf), axis=None)[:25]
    left = int(((order // D_IN < 5) & (order % D_IN < 5)).sum())
    return {
        "alt": (
            f"Depth 3, rank 5: {(first > 2).sum()} eigenvalues at {first[0, 0]:.0f}, "
            f"{((first > 0.9) & (first < 2)).sum()} between 1 and {first[5, 0]:.2f}, the other "
            f"{(first < 0.9).sum()} near zero."
        ),
        "caption": (
            f"A linear network with {D_IN} inputs and {D_OUT} outputs: one eigenvalue for each "
            "pair of an output and an input direction, dominant if both are learnt, bulk if one "
            "is. At each level stands how many eigenvalues it has, and their value. Ringed "
            r"markers belong to the input direction of variance $\kappa$. Shown is the "
            "Gauss–Newton part of the Hessian, which is all of it at the end of training; "
            f"directions outside the task start with the product {START}. Dashed: 1 and $L$."
        ),
        "try_this": (
            "Which numbers know the depth? Move $L$. Then set $L = 7$ and let time run; set "
            r"$q = r$ and let it run again; go back, and carry $\kappa$ past $L$."
        ),
        "answer": (
            r"The counts $r^2$ and $(q + d_L - 2r)\,r$ do not change with $L$, only the height of "
            "the dominant level does. The bulk is on its way to 1, the more slowly the deeper the "
            rf"network: at $\tau = 1000$ the ratio of the means is {_ratio(first):.2f} for "
            f"$L = 3$ and {_ratio(eigenvalues(depth=7)):.2f} for $L = 7$. With $q = r$ other "
            "directions have no data and never decay: at $L = 7$ the bulk stays at "
            rf"{lasting:.2f}. And $\kappa$ multiplies one column of pairs. The levels $L$ and "
            r"$\kappa$ meet at $\kappa = L$; beyond, not all of the largest are dominant "
            rf"($L = 4$, $\kappa = 5$: {left} of 25). There the data split the spectrum, and "
            "depth splits each half."
        ),
    }


def _ratio(values, rank=5):
    bulk = np.concatenate([values[rank:, :rank].ravel(), values[:rank, rank:].ravel()])
    return values[:rank, :rank].mean() / bulk.mean()


def _parameters():
    decayed = (
        "end ? 0 : frozen / pow(1 + (2 * depth - 2) * pow(10, log_time)"
        " * pow(frozen, depth - 1), 1 / (depth - 1))"
    )
    return [
        vega.slider("depth", "depth L", 2, 10, 1, 3),
        vega.slider("rank", "rank r of the task", 1, D_OUT, 1, 5),
        vega.slider("data", "input directions q with data", 1, D_IN, 1, D_IN),
        vega.slider("log_time", "training time, log₁₀ τ", 0, 8, 0.25, 3),
        vega.slider("kappa", "variance κ of the first input direction", 1, 20, 0.5, 1),
        vega.switch("end", "end of training, τ → ∞"),
        alt.param(name="filled", expr="max(data, rank)"),
        alt.param(name="frozen", expr=f"pow({START}, 2 / depth)"),
        alt.param(name="decayed", expr=decayed),
    ]


def _pairs(views):
    """Give the views one datum for each output and input direction, ranked by its eigenvalue."""

    def square(index):
        return (
            f"{index} < rank ? 1 : {index} >= {min(D_IN, D_OUT)} ? 0"
            f" : {index} < filled ? decayed : frozen"
        )

    return (
        views.properties(data=alt.sequence(0, D_OUT * D_IN, as_="pair"))
        .transform_calculate(out=f"floor(datum.pair / {D_IN})", into=f"datum.pair % {D_IN}")
        .transform_calculate(
            a=square("datum.out"),
            c=square("datum.into"),
            x="datum.into >= filled ? 0 : datum.into === 0 ? kappa : 1",
            used="(datum.out < rank ? 1 : 0) + (datum.into < rank ? 1 : 0)",
        )
        .transform_calculate(
            value=f"datum.x * ({_SERIES})",
            group="datum.used === 2 ? 'dominant' : datum.used === 1 && datum.x > 0"
            " ? 'bulk' : 'rest'",
            input="datum.x === 0 ? 'no data' : kappa > 1 && datum.into === 0"
            " ? 'variance κ' : 'variance 1'",
        )
        .transform_window(
            place="row_number()",
            sort=[alt.SortField("value", "descending"), alt.SortField("used", "descending")],
        )
    )


def _points():
    looks = {"dominant": figures.DOMINANT, "bulk": figures.BULK, "rest": figures.REST}
    colors = alt.Scale(domain=list(looks), range=[look["color"] for look in looks.values()])
    shapes = alt.Scale(domain=list(looks), range=["circle", "square", "diamond"])
    # A square root, so that zero has a place.
    height = alt.Scale(
        type="sqrt",
        domainMin=0,
        domainMax=alt.ExprRef("max(11, 1.15 * kappa * depth)"),
        nice=False,
    )
    ticks = alt.Axis(values=[0, 1, 2, 3, 5, 7, 10, 20, 50, 100, 150, 200])
    base = alt.Chart().encode(
        x=alt.X("place:Q", title="rank", scale=alt.Scale(domain=[0, 162], nice=False)),
        y=alt.Y("value:Q", title="eigenvalue", scale=height, axis=ticks),
        color=alt.Color("group:N", scale=colors),
        shape=alt.Shape("group:N", scale=shapes),
    )
    rings = base.transform_filter("datum.input === 'variance κ'").mark_point(
        size=110, strokeWidth=1.5, opacity=1
    )
    points = base.mark_point(filled=True, size=30, opacity=1).properties(name="points")
    return alt.layer(points, rings)


def _levels():
    return (
        alt.Chart()
        .transform_calculate(level="datum.group + datum.input + format(datum.value, '.6g')")
        .transform_aggregate(
            count="count()",
            value="mean(value)",
            place="mean(place)",
            groupby=["group", "input", "level"],
        )
    )


def _labels():
    """Write at each level how many eigenvalues it has, and their value."""
    return (
        _levels()
        .transform_filter("datum.value > 0.02 && datum.count > 1")
        .transform_calculate(text="datum.count + ' × ' + format(datum.value, '.3~r')")
        .mark_text(dy=-13)
        .encode(x="place:Q", y="value:Q", text="text:N")
        .properties(name="labels")
    )


def _reference():
    """Lines at 1 and at L."""
    lines = alt.Chart(alt.Data(values=[{"deep": False}, {"deep": True}]))
    return (
        lines.transform_calculate(value="datum.deep ? depth : 1")
        .mark_rule(strokeDash=[4, 4], opacity=0.5)
        .encode(y="value:Q")
    )


def _table():
    return vega.quiet(_levels(), "levels")


def _sentence():
    """Say whose the largest eigenvalues are, and the ratio of the means."""
    summary = (
        alt.Chart()
        .transform_calculate(
            leading="datum.used === 2 && datum.place <= rank * rank ? 1 : 0",
            high="datum.group === 'dominant' ? datum.value : null",
            low="datum.group === 'bulk' ? datum.value : null",
        )
        .transform_aggregate(leading="sum(leading)", high="mean(high)", low="mean(low)")
    )
    text = (
        "'Depth ' + depth + (data < rank ? ', q at least r' : '')"
        " + (end ? ', end of training' : ', log₁₀ τ = ' + log_time)"
        " + '. Of the ' + rank * rank + ' largest eigenvalues ' + datum.leading"
        " + ' are dominant. Mean of the dominant ' + format(datum.high, '.3~r')"
        " + (isValid(datum.low) ? ', of the bulk ' + format(datum.low, '.4~r') + ', ratio '"
        " + format(datum.high / datum.low, '.4~r') + '.' : '; there is no bulk.')"
    )
    return vega.quiet(summary.transform_calculate(sentence=text), "sentence")
