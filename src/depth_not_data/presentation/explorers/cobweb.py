"""The recursion of one or two directions as a cobweb, and where it goes for every step size.

The page iterates :func:`depth_not_data.linear.recursion.step` with ``eta = step / L`` and targets 1
and `target`. Signed values are followed, as in :func:`depth_not_data.linear.stability.attractor`; a
value beyond :data:`ESCAPE` stays where it is.
"""

import altair as alt

from depth_not_data.linear import recursion, stability
from depth_not_data.presentation import figures, vega

UPDATES = 60
ESCAPE = 9
# The diagram: step sizes, updates that are thrown away, and updates that are kept.
COLUMNS, TRANSIENT, KEPT = 160, 100, 12
STEPS = (0.2, 4.2)
_FIRST, _SECOND = figures.COLORS["vermillion"], figures.COLORS["blue"]


def chart() -> alt.VConcatChart:
    """Build the figure; its controls are step, depth, start, two and target."""
    return vega.readable(
        alt.vconcat(_cobweb(), _series(), _diagram(), spacing=10).add_params(*_parameters()),
        sentence="sentence",
        table="orbit",
        columns={"t": "update", "first": "λ, target 1", "second": "λ, second direction"},
        order="t",
    )


def texts() -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`."""
    start, first = 0.3, recursion.trajectory(0.3, 1.0, 2, 0.8, UPDATES)
    pair = stability.attractor(start, 1.0, 2, [1.1], transient=2000, keep=2)[:, 0]
    second = 1.6 * 0.5 ** (2 - 2 / 2)
    return {
        "alt": (
            f"Two layers, ηL = 1.6, start {start}. The cobweb climbs to {first.max():.2f}, passes "
            "the fixed point 1 and spirals into it. Below, late values against ηL: 1 up to "
            f"ηL = 2, two values up to {2 * 5**0.5 - 2:.2f}, then four and more, none beyond 4."
        ),
        "caption": (
            "The recursion of one direction with target 1. Top: the map, and the path of the "
            "iterates between it and the diagonal. Middle: the iterates. Bottom: the last of "
            rf"{TRANSIENT + KEPT} iterates for every learning rate, dashed at $\eta L = 2$, where "
            "the learning rate is two over the largest Hessian eigenvalue $L$ of the minimum."
        ),
        "try_this": (
            r"Carry $\eta L$ slowly past 2, for $L = 2$ and for $L = 6$. Then $L = 1$. Then show "
            "a second direction: which of the two gives way first?"
        ),
        "answer": (
            r"The slope at the fixed point is $1 - \eta L$ at every depth, so every depth gives "
            r"way at 2. For $L \ge 2$ nothing is lost there: the orbit alternates between two "
            rf"values ($L = 2$, $\eta L = 2.2$: {pair.max():.3f} and {pair.min():.3f}), then "
            "between four, and only far beyond does it lose its period, cross zero and escape. A "
            "single layer is linear and diverges at once. A second direction with target $s < 1$ "
            rf"has the slope $1 - \eta L s^{{2-2/L}}$ (at the first setting {1 - second:.1f} for "
            "$s = 0.5$): the direction with the largest target gives way first."
        ),
    }


def _update(value, rate, target):
    """Next value, as a Vega expression."""
    return (
        f"abs({value}) > {ESCAPE} ? {value} : {value} - {rate} * pow({value}, depth - 1)"
        f" * (pow({value}, depth) - {target})"
    )


def _parameters():
    def orbit(letter, target):
        yield alt.param(name=f"{letter}0", expr="start")
        for t in range(UPDATES):
            expression = _update(f"{letter}{t}", "rate", target)
            yield alt.param(name=f"{letter}{t + 1}", expr=expression)
        values = ", ".join(f"{letter}{t}" for t in range(UPDATES + 1))
        yield alt.param(name=f"{letter}_all", expr=f"[{values}]")

    return [
        vega.slider("step", "learning rate times depth, ηL", *STEPS, 0.02, 1.6),
        vega.slider("depth", "depth L", 1, 7, 1, 2),
        vega.slider("start", "start λ₀", 0.05, 1.5, 0.05, 0.3),
        vega.slider("target", "target s of a second direction", 0.05, 1, 0.05, 0.5),
        vega.switch("two", "show the second direction"),
        alt.param(name="rate", expr="step / depth"),
        *orbit("p", "1"),
        *orbit("q", "target"),
        alt.param(name="low", expr=f"min({', '.join(f'p{t}' for t in range(UPDATES + 1))})"),
    ]


def _cobweb():
    """Map, diagonal and path."""
    bounds = alt.Scale(domainMin=alt.ExprRef("low < 0 ? -1.6 : 0"), domainMax=1.6, nice=False)

    def axes(x, y):
        return {
            "x": alt.X(x, scale=bounds, title="λ now"),
            "y": alt.Y(y, scale=bounds, title="λ after one update"),
        }

    grid = alt.Chart(alt.sequence(-1.6, 1.61, 0.02, as_="x"))
    diagonal = grid.mark_line(strokeWidth=1, opacity=0.6, clip=True, color=vega.INK)
    curve = grid.transform_calculate(y=_update("datum.x", "rate", 1)).mark_line(
        strokeWidth=2, clip=True, color=vega.INK
    )
    other = grid.transform_filter("two").transform_calculate(y=_update("datum.x", "rate", "target"))
    other = other.mark_line(strokeWidth=2, strokeDash=[6, 4], clip=True, color=_SECOND)
    return alt.layer(
        diagonal.encode(**axes("x:Q", "x:Q")),
        curve.encode(**axes("x:Q", "y:Q")).properties(name="map"),
        other.encode(**axes("x:Q", "y:Q")),
        _path("q", "two")
        .mark_line(color=_SECOND, strokeWidth=1, clip=True)
        .encode(order="n:Q", **axes("x:Q", "y:Q")),
        _path("p", "true")
        .mark_line(color=_FIRST, strokeWidth=1.2, clip=True)
        .encode(order="n:Q", **axes("x:Q", "y:Q")),
        _sentence(),
    ).properties(height=260)


def _path(letter, condition):
    """Corners of the cobweb: from the diagonal to the map, and back to the diagonal."""
    return (
        alt.Chart(alt.sequence(0, 2 * UPDATES, as_="n"))
        .transform_filter(condition)
        .transform_calculate(
            x=f"{letter}_all[floor(datum.n / 2)]",
            y=f"{letter}_all[ceil(datum.n / 2)]",
        )
    )


def _series():
    """Values over updates."""
    orbit = alt.Chart(alt.sequence(0, UPDATES + 1, as_="t")).transform_calculate(
        first="p_all[datum.t]", second="two ? q_all[datum.t] : null"
    )
    x = alt.X("t:Q", title="update", scale=alt.Scale(nice=False))
    bounds = alt.Scale(domainMin=alt.ExprRef("low < 0 ? -1.6 : 0"), domainMax=1.6, nice=False)

    def line(field, color, shape):
        return orbit.mark_line(
            color=color, strokeWidth=1.2, clip=True,
            point=alt.OverlayMarkDef(color=color, size=18, shape=shape, filled=True, opacity=1),
        ).encode(x=x, y=alt.Y(f"{field}:Q", title="λ", scale=bounds))  # fmt: skip

    listed = orbit.transform_filter(f"datum.t < 8 || datum.t > {UPDATES - 8}").transform_calculate(
        second="two ? datum.second : '–'"
    )
    return alt.layer(
        line("second", _SECOND, "square"),
        line("first", _FIRST, "circle"),
        vega.quiet(listed, "orbit"),
    ).properties(height=110)


def _diagram():
    """Late values for all step sizes, and the step size chosen above."""
    low, high = STEPS
    columns = alt.Chart(
        alt.sequence(0, COLUMNS, as_="i"), title="where it ends, for every learning rate"
    ).transform_calculate(
        at=f"{low} + {high - low} * (datum.i + 0.5) / {COLUMNS}",
        x="start",
    )
    columns = columns.transform_calculate(h="datum.at / depth")
    for _ in range(TRANSIENT):
        columns = columns.transform_calculate(x=_update("datum.x", "datum.h", 1))
    kept = [f"k{t}" for t in range(KEPT)]
    for name in kept:
        columns = columns.transform_calculate(x=_update("datum.x", "datum.h", 1))
        columns = columns.transform_calculate(**{name: "datum.x"})
    late = columns.transform_fold(kept, as_=["kept", "value"])
    edge = alt.Chart(alt.Data(values=[{"at": 2}]))
    now = alt.Chart(alt.sequence(0, 1, as_="i")).transform_calculate(at="step")
    x = alt.X("at:Q", title="ηL", scale=alt.Scale(domain=list(STEPS), nice=False))
    return alt.layer(
        late.mark_circle(size=6, color=_SECOND, opacity=1, clip=True)
        .encode(x=x, y=alt.Y("value:Q", title="late λ", scale=alt.Scale(domain=[-1.6, 1.6])))
        .properties(name="late"),
        edge.mark_rule(strokeDash=[4, 4]).encode(x=x),
        now.mark_rule(color=_FIRST, strokeWidth=2).encode(x=x),
    ).properties(height=170)


def _sentence():
    """Say what the orbit of the first direction does in the end."""
    last = [f"p{UPDATES - back}" for back in range(5)]

    def near(back):
        return f"abs({last[0]} - {last[back]}) < 0.001"

    text = (
        f"'ηL = ' + format(step, '.2f') + ', the slope at the fixed point is '"
        f" + format(1 - step, '.2f') + (two ? ', of the second direction '"
        f" + format(1 - step * pow(target, 2 - 2 / depth), '.2f') : '')"
        f" + '. After {UPDATES} updates λ ' + ("
        f"abs({last[0]}) > {ESCAPE} ? 'has escaped.'"
        f" : {near(1)} ? 'rests at ' + format({last[0]}, '.3f') + '.'"
        f" : {near(2)} ? 'alternates between ' + format({last[0]}, '.3f') + ' and '"
        f" + format({last[1]}, '.3f') + '.'"
        f" : {near(4)} ? 'repeats after four updates.'"
        f" : 'has not settled on a period of one, two or four.')"
    )
    return vega.quiet(
        alt.Chart(alt.sequence(0, 1, as_="i")).transform_calculate(sentence=text), "sentence"
    )
