"""The whole Hessian spectrum of the paper's network while it trains, and the published means.

The singular values follow :func:`depth_not_data.linear.recursion.trajectory` with the learning rate
and momentum of the published code, and :func:`depth_not_data.linear.spectrum.hessian_eigenvalues`
turns them into all eigenvalues; of the thousands of these the figure holds some ranks.
"""

import altair as alt
import numpy as np

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion, spectrum
from depth_not_data.presentation import figures, published, vega

DEPTHS = range(2, 8)
RANK, D_IN, HIDDEN, D_OUT = 5, 16, 32, 10
LEARNING_RATE, MOMENTUM = 0.01, 0.9
N_DOMINANT, N_BULK = RANK**2, (D_IN + D_OUT - 2 * RANK) * RANK
DECADES, PER_DECADE = 4, 10


def times() -> np.ndarray:
    """Numbers of updates that are kept: ten a decade up to 10,000.

    >>> times()[[0, 10, 40]]
    array([    1,    10, 10000])
    """
    exponents = np.arange(DECADES * PER_DECADE + 1) / PER_DECADE
    return np.round(10.0**exponents).astype(int)


def records(seed: int = 0) -> list[dict]:
    """Compute spectra and group means for every depth at every one of :func:`times`.

    Parameters
    ----------
    seed : int
        Of the start, >= 0.

    Returns
    -------
    list of dict
        One for each depth: ``depth``; ``ranks`` that are kept; ``spectra``, for each time the
        eigenvalues at these ranks to 0.001; ``dominant`` and ``bulk``, their means at each time;
        ``published_dominant``, ``published_bulk`` and ``published_ratio``.

    Raises
    ------
    ValueError
        If `seed` is negative.
    """
    table = published.paper_figures()["linear"]
    found = []
    for depth in DEPTHS:
        widths = (D_IN, *[HIDDEN] * (depth - 1), D_OUT)
        problem = linear_network.aligned_problem(widths, RANK, seed=seed)
        target = problem.target_singular_values.numpy()
        path = recursion.trajectory(
            problem.layer_singular_values.numpy(),
            target,
            depth,
            LEARNING_RATE,
            int(times()[-1]),
            momentum=MOMENTUM,
        )
        spectra = np.array([spectrum.hessian_eigenvalues(path[t], target, widths) for t in times()])
        ranks = _kept(spectra.shape[1])
        bulk = spectra[:, N_DOMINANT : N_DOMINANT + N_BULK]
        found.append(
            {
                "depth": depth,
                "ranks": ranks.tolist(),
                "spectra": spectra[:, ranks - 1].round(3).tolist(),
                "dominant": spectra[:, :N_DOMINANT].mean(axis=1).round(4).tolist(),
                "bulk": bulk.mean(axis=1).round(4).tolist(),
                "published_dominant": float(table.loc[depth, "lambda_dom"]),
                "published_bulk": float(table.loc[depth, "lambda_bulk"]),
                "published_ratio": float(table.loc[depth, "ratio"]),
            }
        )
    return found


def _kept(last):
    """Every dominant rank, every fourth of the bulk, and ranks that crowd at both ends."""
    head = [*range(1, N_DOMINANT + 1), *range(N_DOMINANT + 1, N_DOMINANT + N_BULK, 4)]
    after = N_DOMINANT + N_BULK
    tail = np.geomspace(after, last, 30).round()
    return np.unique([*head, after, *tail]).astype(int)


def chart(data: list[dict]) -> alt.VConcatChart:
    """Build the figure; its controls are depth and log_updates.

    Parameters
    ----------
    data : list of dict
        From :func:`records`.
    """
    panels = alt.vconcat(_spectrum(), _ratios(), spacing=10, data=alt.Data(values=data))
    return vega.readable(
        panels.add_params(
            vega.slider("log_updates", "updates, log₁₀ t", 0, DECADES, 1 / PER_DECADE, DECADES),
            vega.slider("depth", "depth L", DEPTHS[0], DEPTHS[-1], 1, 7),
            alt.param(name="at", expr=f"round({PER_DECADE} * log_updates)"),
            alt.param(name="updates", expr="round(pow(10, log_updates))"),
        ),
        sentence="sentence",
        table="means",
        columns={
            "depth": "depth",
            "now_dominant": "mean dominant",
            "now_bulk": "mean bulk",
            "ratio": "ratio",
            "published_ratio": "published ratio",
        },
        order="depth",
    )


def texts(data: list[dict]) -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`.

    Parameters
    ----------
    data : list of dict
        From :func:`records`.
    """
    last = data[-1]
    ratios = np.array([np.divide(r["dominant"], r["bulk"]) for r in data])
    paper = np.array([r["published_ratio"] for r in data])
    worst = np.abs(ratios / paper[:, None] - 1).max(axis=0)
    best = int(worst.argmin())
    below = np.flatnonzero(np.min(last["spectra"], axis=1) < -0.05)
    return {
        "alt": (
            f"After {times()[-1]:,} updates, depth {last['depth']}: dominant eigenvalues at "
            f"{last['dominant'][-1]:.2f}, bulk from {last['spectra'][-1][N_DOMINANT]:.2f} down to "
            f"1, mean {last['bulk'][-1]:.2f}, ratio {ratios[-1, -1]:.2f}; the paper prints "
            f"{paper[-1]}."
        ),
        "caption": (
            "Top: all eigenvalues of the whole Hessian of the paper's network, "
            f"{D_IN}–{HIDDEN}–…–{HIDDEN}–{D_OUT} with rank {RANK}, on a logarithmic axis of ranks; "
            "crosses are the published means of the two groups. Bottom: the ratio of the two "
            "means over $L$ for all depths at that time, and the published ratios. Learning rate "
            f"{LEARNING_RATE} and momentum {MOMENTUM}, the defaults of the published code."
        ),
        "try_this": (
            "Drag the time from the start to the end. When do the negative eigenvalues go, when "
            "do the groups part, and is there a time at which all six crosses are met?"
        ),
        "answer": (
            f"At $L = {last['depth']}$ the last negative eigenvalues below $-0.05$ are gone after "
            f"{times()[below[-1] + 1]:,} updates, and the two groups stand apart. The dominant "
            "level arrives long before the bulk, which sinks like a power of time that is smaller "
            "the deeper the network. No time up to the end meets all six published ratios: the "
            f"best, {times()[best]:,} updates, misses one of them by {worst[best]:.1%}. With the "
            "defaults of the published code the printed ratios do not come out."
        ),
    }


def _spectrum():
    edges = [N_DOMINANT, N_DOMINANT + N_BULK]
    look = {"dominant": figures.DOMINANT, "bulk": figures.BULK, "rest": figures.REST}
    # Momentum carries the largest eigenvalues above L for a while.
    height = alt.Scale(domainMin=-1, domainMax=alt.ExprRef("1.9 * depth"), nice=False)
    x = alt.X("rank:Q", title="rank", scale=alt.Scale(type="log", domain=[0.9, 7000], nice=False))
    y = alt.Y("value:Q", title="eigenvalue", scale=height)
    points = (
        alt.Chart()
        .transform_filter("datum.depth === depth")
        .transform_calculate(value="datum.spectra[at]", rank="datum.ranks")
        .transform_flatten(["value", "rank"])
        .transform_calculate(
            group=f"datum.rank <= {edges[0]} ? 'dominant' : datum.rank <= {edges[1]}"
            " ? 'bulk' : 'rest'"
        )
        .mark_point(filled=True, size=26, opacity=1, clip=True)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "group:N",
                scale=alt.Scale(domain=list(look), range=[v["color"] for v in look.values()]),
            ),
            shape=alt.Shape(
                "group:N",
                scale=alt.Scale(domain=list(look), range=["circle", "square", "diamond"]),
            ),
        )
        .properties(name="spectrum")
    )
    # In the middle of each group, as the logarithmic axis sees it.
    middle = f"{[round(N_DOMINANT**0.5, 2), round((N_DOMINANT * edges[1]) ** 0.5, 2)]}"
    printed = (
        alt.Chart()
        .transform_filter("datum.depth === depth")
        .transform_calculate(value="[datum.published_dominant, datum.published_bulk]", rank=middle)
        .transform_flatten(["value", "rank"])
    )
    return alt.layer(
        alt.Chart().mark_rule(opacity=0.5).encode(y=alt.datum(0)),
        points,
        _cross(printed).encode(x=x, y=y).properties(name="published"),
        _sentence(),
        vega.quiet(_means(), "means"),
    ).properties(height=230)


def _cross(base):
    return base.mark_point(
        shape="M-.5,-.5L.5,.5M.5,-.5L-.5,.5",
        size=150,
        strokeWidth=2.5,
        filled=False,
        color=vega.INK,
        opacity=1,
    )


def _means():
    """Group means of every depth at the chosen time."""
    return (
        alt.Chart()
        .transform_calculate(now_dominant="datum.dominant[at]", now_bulk="datum.bulk[at]")
        .transform_calculate(ratio="datum.now_dominant / datum.now_bulk")
        .transform_calculate(
            share="datum.ratio / datum.depth", published="datum.published_ratio / datum.depth"
        )
    )


def _ratios():
    x = alt.X(
        "depth:Q",
        title="depth L",
        scale=alt.Scale(domain=[1.7, 7.3], nice=False),
        axis=alt.Axis(values=list(DEPTHS)),
    )

    near = alt.Scale(domain=[0.5, 1.15], nice=False, zero=False)

    def y(field):
        return alt.Y(f"{field}:Q", title="ratio of means / L", scale=near)

    ours = _means().mark_line(
        color=figures.COLORS["green"],
        clip=True,
        point=alt.OverlayMarkDef(size=50, filled=True, opacity=1, color=figures.COLORS["green"]),
    )
    return alt.layer(
        alt.Chart().mark_rule(strokeDash=[4, 4], opacity=0.6).encode(y=alt.YDatum(1, scale=near)),
        ours.encode(x=x, y=y("share")).properties(name="ratios"),
        _cross(_means()).encode(x=x, y=y("published")),
    ).properties(height=130)


def _sentence():
    """Say the means of the chosen depth at the chosen time, and what the paper prints."""
    text = (
        "'Depth ' + depth + ' after ' + format(updates, ',') + (updates === 1 ? ' update' :"
        " ' updates') + ': mean dominant ' + format(datum.now_dominant, '.2f') + ', mean bulk '"
        " + format(datum.now_bulk, '.2f') + ', ratio ' + format(datum.ratio, '.2f')"
        " + '. The paper prints ' + format(datum.published_ratio, '.2f') + '.'"
    )
    chosen = _means().transform_filter("datum.depth === depth")
    return vega.quiet(chosen.transform_calculate(sentence=text), "sentence")
