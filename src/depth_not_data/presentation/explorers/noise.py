"""How much of the depth is left as a gap, for a level of noise and for a training time.

The page computes :func:`depth_not_data.linear.noise.gap` at the chosen level, and at the level
:func:`depth_not_data.linear.noise.of_training_time` that unfinished training leaves at each depth.
"""

import altair as alt

from depth_not_data.linear import noise
from depth_not_data.presentation import figures, published, vega

DEEPEST = 60
LISTED = (2, 3, 5, 7, 10, 20, 40, 60)
_NOISE, _TIME = figures.COLORS["blue"], figures.COLORS["green"]


def chart() -> alt.LayerChart:
    """Build the figure; its controls are log_noise, depth, log_time and printed."""
    return vega.readable(
        alt.layer(
            alt.Chart(alt.sequence(1, DEEPEST + 1, as_="depth_l"))
            .mark_line(color=vega.INK, strokeWidth=1, opacity=0.7, clip=True)
            .encode(x=_x("depth_l"), y=_y("depth_l")),
            _line("timed", _TIME, [7, 4]),
            _line("gap", _NOISE, [1, 0]),
            _ceiling(),
            _half(),
            _chosen(),
            _published(),
            vega.quiet(_depths().transform_filter(_listed()), "depths"),
            _sentence(),
        )
        .add_params(
            vega.slider("log_noise", "noise level, log₁₀ ν", -6, 0, 0.1, -2),
            vega.slider("depth", "depth L", 1, DEEPEST, 1, 7),
            vega.slider("log_time", "training time, log₁₀ τ", 0, 6, 0.1, 3),
            vega.switch("printed", "published ratios", True),
            alt.param(name="level", expr="pow(10, log_noise)"),
            alt.param(name="time", expr="pow(10, log_time)"),
            alt.param(name="limit", expr=_ceiling_of("level")),
            alt.param(name="half", expr=_half_of("level")),
        )
        .properties(height=300),
        sentence="sentence",
        table="depths",
        columns={
            "depth_l": "depth L",
            "gap": "gap with noise",
            "share": "share of L",
            "timed": "gap after training",
        },
        order="depth_l",
    )


def texts() -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`."""
    at, limit, half = (float(f(0.01)) for f in (_gap_seven, noise.ceiling, noise.half_depth))
    loud, tenfold = float(noise.half_depth(0.1)), float(noise.half_depth(0.001)) - half
    timed = [float(noise.gap(L, noise.of_training_time(L, 1e3))) for L in (7, DEEPEST)]
    return {
        "alt": (
            f"At noise level 0.01 the gap follows the depth at first, is {at:.2f} at 7 layers and "
            f"bends below its ceiling {limit:.2f}; half of the depth is left at {half:.1f} layers. "
            f"After a training time of 1,000 it is {timed[0]:.2f} at 7 layers and {timed[1]:.2f} "
            f"at {DEEPEST}."
        ),
        "caption": (
            "The gap against the depth. Thin line: $L$, the gap of a target of exactly low rank. "
            r"Solid: a target with noise at the level $\nu$; its ceiling is the horizontal line, "
            "and the vertical one stands where half of the linear law is gone. Dashed: no noise, "
            r"but training that stops at the time $\tau$. Crosses: the published ratios."
        ),
        "try_this": (
            r"Lower the noise tenfold, from $10^{-1}$ to $10^{-2}$ to $10^{-3}$. By how many "
            "layers does the vertical line move each time? Then find a training time for which "
            "the dashed line is below the solid one at every depth that the figure has."
        ),
        "answer": (
            f"From {loud:.1f} to {half:.1f} layers, and then by {tenfold:.1f} more each time, "
            r"$2 \log_2 10$: a tenth of the noise buys as many layers whatever the noise was. The "
            "dashed line has no ceiling: deep networks leave less of a direction than shallow ones "
            "do in the same time, and the gap goes on like the logarithm of depth times time. "
            "Beyond some depth, though not always one that the figure reaches, it is above the "
            "solid line."
        ),
    }


def _gap_seven(level):
    return noise.gap(7, level)


def _gap(depth, level):
    """Return the gap as a Vega expression, with its limit at level 1."""
    return f"({level} >= 1 ? 1 : {depth} * (1 - pow({level}, 2 / {depth})) / (1 - pow({level}, 2)))"


def _ceiling_of(level):
    return f"{level} >= 1 ? 1 : -2 * log({level}) / (1 - pow({level}, 2))"


def _half_of(level):
    return f"{level} >= 1 ? 2 : -2 * log({level}) / log(2 / (1 + pow({level}, 2)))"


def _depths():
    """Gap with noise and after training for every depth."""
    # Started at 1, mu^-(L-1) = 1 + (2L-2) tau and nu = mu^(L/2); a single layer decays like e^-tau.
    left = (
        "datum.depth_l === 1 ? exp(-time) : pow(1 + (2 * datum.depth_l - 2) * time,"
        " -datum.depth_l / (2 * datum.depth_l - 2))"
    )
    return (
        alt.Chart(alt.sequence(1, DEEPEST + 1, as_="depth_l"))
        .transform_calculate(gap=_gap("datum.depth_l", "level"), left=left)
        .transform_calculate(
            share="datum.gap / datum.depth_l", timed=_gap("datum.depth_l", "datum.left")
        )
    )


def _x(field):
    scale = alt.Scale(type="log", domain=[1, DEEPEST], nice=False)
    axis = alt.Axis(values=[1, 2, 3, 5, 7, 10, 20, 40, 60])
    return alt.X(f"{field}:Q", title="depth L", scale=scale, axis=axis)


def _y(field):
    scale = alt.Scale(type="log", domain=[1, 32], nice=False)
    axis = alt.Axis(values=[1, 2, 3, 5, 7, 10, 20, 30])
    return alt.Y(f"{field}:Q", title="gap", scale=scale, axis=axis)


def _line(field, color, dash):
    mark = _depths().mark_line(color=color, strokeWidth=2, strokeDash=dash, clip=True)
    return mark.encode(x=_x("depth_l"), y=_y(field)).properties(name=field)


def _one(**fields):
    return alt.Chart(alt.sequence(0, 1, as_="i")).transform_calculate(**fields)


def _ceiling():
    mark = _one(limit_g="limit").mark_rule(color=_NOISE, strokeDash=[2, 3], strokeWidth=1.5)
    return mark.encode(y=_y("limit_g")).properties(name="ceiling")


def _half():
    line = _one(at="half").transform_filter(f"datum.at <= {DEEPEST}")
    mark = line.mark_rule(color=_NOISE, strokeDash=[2, 3], strokeWidth=1.5)
    return mark.encode(x=_x("at")).properties(name="half")


def _chosen():
    point = _depths().transform_filter("datum.depth_l === depth")
    mark = point.mark_point(filled=True, size=90, color=_NOISE, opacity=1)
    return mark.encode(x=_x("depth_l"), y=_y("gap")).properties(name="chosen")


def _published():
    table = published.paper_figures()["linear"]["ratio"]
    rows = [{"depth_l": int(depth), "ratio": float(ratio)} for depth, ratio in table.items()]
    mark = (
        alt.Chart(alt.Data(values=rows))
        .transform_filter("printed")
        .mark_point(
            shape="M-.5,-.5L.5,.5M.5,-.5L-.5,.5",
            size=120,
            strokeWidth=2,
            filled=False,
            color=vega.INK,
            opacity=1,
        )
    )
    return mark.encode(x=_x("depth_l"), y=_y("ratio")).properties(name="published")


def _listed():
    return " || ".join(f"datum.depth_l === {depth}" for depth in LISTED)


def _sentence():
    """Say gap and ceiling at the chosen depth and level."""
    text = (
        "'With noise ' + format(level, '.2~g') + ' a network with ' + depth + (depth === 1 ? "
        "' layer' : ' layers') + ' has the gap ' + format(datum.gap, '.2f') + ', '"
        " + format(100 * datum.share, '.0f') + ' per cent of its depth. No depth exceeds '"
        " + format(limit, '.2f') + '; half of the depth is left at ' + format(half, '.1f')"
        " + ' layers. Without noise, training up to τ = ' + format(time, ',.0f')"
        " + ' gives ' + format(datum.timed, '.2f') + '.'"
    )
    chosen = _depths().transform_filter("datum.depth_l === depth")
    return vega.quiet(chosen.transform_calculate(sentence=text), "sentence")
