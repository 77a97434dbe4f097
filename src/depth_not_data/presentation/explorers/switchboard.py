"""Take a residual block apart, say where the gaps will be, and see the measured spectrum.

The networks are those of ``predictions.yml`` whose interventions are switches of this figure, the
unchanged network, and the unchanged network at other sizes; the spectra come from the caller, who
ran or loaded them (:func:`depth_not_data.residual.sweeps.sweep`).
"""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from depth_not_data.presentation import figures, predictions, vega

RANKS = 60
"""Leading eigenvalues that are kept of each network."""

# Whose the expected gaps are: only the last were written down before anyone knew.
POST, KNOWN, PREDICTED = "The post's counts", "Predicted, outcome known", "Predicted before any run"

SWITCHES = {
    "mean": "the ReLU has a mean",
    "bias": "LayerNorm has a bias",
    "gain": "LayerNorm has a gain",
    "centre": "LayerNorm subtracts the mean",
    "norm": "there is a normalisation",
}


def switches(options: Mapping) -> dict[str, bool] | None:
    """Translate options of a student into switches.

    Parameters
    ----------
    options : mapping
        Of :func:`depth_not_data.residual.network.train_student`, without size and training.

    Returns
    -------
    dict of str to bool, or None
        The keys of :data:`SWITCHES`; what an absent normalisation would have is off. None if the
        options change something else.

    Examples
    --------
    >>> [name for name, on in switches({"norm": "rms"}).items() if not on]
    ['bias', 'centre']
    >>> switches({"activation": "tanh"}) is None
    True
    """
    rest = dict(options)
    on = dict.fromkeys(SWITCHES, True)
    on["mean"] = rest.pop("activation", "relu") != "relu-centred"
    for part in rest.pop("frozen", []):
        on[part] = False
    off = {
        ("norm", "layer-plain"): ("bias", "gain"),
        ("norm", "rms"): ("bias", "centre"),
        ("placement", "none"): ("bias", "gain", "centre", "norm"),
    }
    for (option, value), parts in off.items():
        if rest.get(option) == value:
            on |= dict.fromkeys(parts, False)
            del rest[option]
    known = options.get("activation", "relu") in ("relu", "relu-centred")
    return on if known and not rest else None


def records(
    outcomes: Mapping[str, Sequence], unchanged: Mapping[tuple[int, int], Sequence]
) -> list[dict]:
    """Round what the figure needs of each network.

    Parameters
    ----------
    outcomes : mapping of str to sequence of array_like
        For ids of predictions, spectra of several seeds, descending. Predictions that are no
        setting of the switches are left out.
    unchanged : mapping of (int, int) to sequence of array_like
        The same for the unchanged network of width N and D blocks; N = 10, D = 2 among them.

    Returns
    -------
    list of dict
        ``width``, ``blocks``, one boolean for each of :data:`SWITCHES`, ``said`` (whose the
        expected gaps are), ``predicted`` and ``found`` (ranks of gaps) and ``spectrum``, the
        median over seeds at each of the first :data:`RANKS` ranks, three digits.

    Raises
    ------
    ValueError
        If there is no unchanged network with N = 10, D = 2, an id is unknown, or a spectrum is too
        short.
    """
    if (10, 2) not in unchanged:
        raise ValueError(f"unchanged must hold (10, 2), got {list(unchanged)}")
    listed = predictions.predictions()
    networks = [
        (n, d, dict.fromkeys(SWITCHES, True), (n - 1, 2 * (n - 1)), POST, spectra)
        for (n, d), spectra in unchanged.items()
    ]
    for name, spectra in outcomes.items():
        if name not in listed:
            raise ValueError(f"outcomes must be keyed by ids of predictions, got {name!r}")
        prediction = listed[name]
        on = switches(prediction.options)
        if on is not None:
            size = prediction.n_embd, prediction.n_block
            said = KNOWN if prediction.seen else PREDICTED
            networks.append((*size, on, prediction.gaps, said, spectra))
    return [_record(*network) for network in networks]


def _record(width, blocks, on, predicted, said, spectra):
    found = predictions.observed_gaps(spectra, width)
    if min(map(len, spectra)) < RANKS:
        raise ValueError(f"spectra must have {RANKS} entries, got {min(map(len, spectra))}")
    median = np.median([spectrum[:RANKS] for spectrum in spectra], axis=0)
    return {
        "width": width,
        "blocks": blocks,
        **on,
        "said": said,
        "predicted": list(predicted),
        "found": list(found),
        "spectrum": [float(f"{value:.3g}") for value in median],
    }


def chart(data: list[dict]) -> alt.LayerChart:
    """Build the figure; its controls are the switches, width_n, blocks_d, first, second and reveal.

    Parameters
    ----------
    data : list of dict
        From :func:`records`.
    """
    views = alt.layer(_spectra(), _predicted(), _found(), _guesses(), _table(), _sentence())
    return vega.readable(
        views.properties(data=alt.Data(values=data), height=260)
        .transform_calculate(
            match=f"{' && '.join(f'datum.{name} === {name}_on' for name in SWITCHES)}"
            " && datum.width === width_n && datum.blocks === blocks_d ? 1 : 0",
            whole=" && ".join(f"datum.{name}" for name in SWITCHES),
        )
        .add_params(*_parameters(data)),
        sentence="sentence",
        table="ratios",
        columns={"rank": "rank", "value": "eigenvalue", "ratio": "over the next"},
        order="rank",
    )


def texts(data: list[dict]) -> dict[str, str]:
    """Return the words for :func:`depth_not_data.presentation.interactive.show`.

    Parameters
    ----------
    data : list of dict
        From :func:`records`, all predictions among its outcomes.
    """

    def found(width=10, blocks=2, **off):
        on = dict.fromkeys(SWITCHES, True) | off
        (record,) = (
            r
            for r in data
            if all(r[name] == on[name] for name in SWITCHES)
            and (r["width"], r["blocks"]) == (width, blocks)
        )
        return _listed(record["found"])

    first = next(r for r in data if (r["width"], r["blocks"]) == (10, 2))
    blind = [r for r in data if r["said"] == PREDICTED]
    hits = sum(r["predicted"] == r["found"] for r in blind)
    return {
        "alt": (
            f"The {RANKS} leading eigenvalues of the unchanged network, N = 10, D = 2, from "
            f"{first['spectrum'][0]} down to {first['spectrum'][-1]}, with gaps at "
            f"{_listed(first['found'])}."
        ),
        "caption": (
            f"The leading {RANKS} eigenvalues against their rank: grey the unchanged network of "
            "that size where it is stored, blue, on request, the one that the switches build, "
            "median of the seeds. Bars from above are the gaps of the hypothesis, triangles those "
            f"that were found; of {len(blind)} networks whose gaps were predicted before any run, "
            f"{hits} have exactly these."
        ),
        "try_this": (
            "Take away one part, place your gaps where you expect them, then reveal. Which parts "
            "feed the first cluster, and which the second?"
        ),
        "answer": (
            "The first cluster is fed by the mean of the ReLU and by the bias, the second by the "
            f"gain. Gaps found at $N = 10$, $D = 2$: without the bias {found(bias=False)}; without "
            f"the mean {found(mean=False)}, one cluster of both; without both "
            f"{found(mean=False, bias=False)}, and it is the gain's. Without the gain "
            f"{found(gain=False)}; without all three "
            f"{found(mean=False, bias=False, gain=False)}. Their sizes come from what "
            "normalisation takes away: a norm that subtracts no mean leaves one constant more, "
            f"{found(width=15, bias=False, centre=False)} at $N = 15$."
        ),
    }


def _listed(ranks):
    return " and ".join(map(str, ranks)) or "no gap"


def _parameters(data):
    def sizes(field):
        return sorted({record[field] for record in data})

    return [
        *(vega.switch(name, label, value=True) for name, label in SWITCHES.items()),
        vega.choice("width_n", "width N", sizes("width"), 10),
        vega.choice("blocks_d", "blocks D", sizes("blocks"), 2),
        vega.slider("first", "your first gap, after rank (0: none)", 0, 40, 1, 0),
        vega.slider("second", "your second gap, after rank (0: none)", 0, 40, 1, 0),
        vega.switch("reveal", "reveal prediction and measurement"),
        # A norm that subtracts nothing has no bias, and an absent one has no parts.
        alt.param(name="mean_on", expr="mean"),
        alt.param(name="bias_on", expr="bias && centre && norm"),
        alt.param(name="gain_on", expr="gain && norm"),
        alt.param(name="centre_on", expr="centre && norm"),
        alt.param(name="norm_on", expr="norm"),
    ]


def _scales():
    x = alt.Scale(domain=[0, RANKS + 1], nice=False)
    y = alt.Scale(type="log", domain=[0.04, 8], nice=False)
    ticks = alt.Axis(values=[0.05, 0.1, 0.2, 0.5, 1, 2, 5], format="~r")
    return {
        "x": alt.X("rank:Q", title="rank", scale=x),
        "y": alt.Y("value:Q", title="eigenvalue", scale=y, axis=ticks),
    }


def _ranked(condition):
    """Give one datum for each rank of the networks that meet a condition."""
    return (
        alt.Chart()
        .transform_filter(condition)
        .transform_calculate(value="datum.spectrum")
        .transform_flatten(["value"])
        .transform_window(rank="row_number()")
    )


def _spectra():
    here = "datum.whole && datum.width === width_n && datum.blocks === blocks_d"
    unchanged = _ranked(here).mark_point(
        color=figures.COLORS["grey"], shape="diamond", size=25, filled=True, opacity=1
    )
    measured = _ranked("reveal && datum.match").mark_circle(
        color=figures.COLORS["blue"], size=45, opacity=1, clip=True
    )
    return alt.layer(
        unchanged.encode(**_scales()).properties(name="unchanged"),
        measured.encode(**_scales()).properties(name="measured"),
    )


def _gaps(field):
    return (
        alt.Chart()
        .transform_filter("reveal && datum.match")
        .transform_flatten([field], as_=["gap"])
        .transform_filter("isValid(datum.gap)")
        .transform_calculate(rank="datum.gap + 0.5")
    )


def _predicted():
    """Short bars from the top: what was written down before the runs."""
    base = _gaps("predicted").transform_calculate(text="'predicted'")
    bar = base.mark_rule(color=figures.COLORS["vermillion"], strokeWidth=4)
    return bar.encode(x="rank:Q", y=alt.value(0), y2=alt.value(40)).properties(name="predicted")


def _found():
    """Triangles at the bottom: where the measured spectrum has its gaps."""
    mark = _gaps("found").mark_point(
        color=figures.COLORS["blue"], shape="triangle-up", size=130, filled=True, opacity=1
    )
    return mark.encode(x="rank:Q", y=alt.value(250)).properties(name="found")


def _guesses():
    guesses = alt.Chart(alt.Data(values=[{"which": 0}, {"which": 1}]))
    return (
        guesses.transform_calculate(gap="datum.which ? second : first")
        .transform_filter("datum.gap > 0")
        .transform_calculate(rank="datum.gap + 0.5")
        .mark_rule(strokeDash=[5, 4], strokeWidth=2)
        .encode(x="rank:Q")
        .properties(name="guesses")
    )


def _table():
    rows = _ranked("reveal && datum.match").transform_window(
        next="lead(value)", sort=[alt.SortField("rank")]
    )
    rows = rows.transform_calculate(ratio="datum.value / datum.next")
    return vega.quiet(rows.transform_filter("datum.rank <= 40"), "ratios")


def _sentence():
    """Compare the reader's gaps, those that were written down, and those that were found."""

    def listed(expression):
        return f"(length({expression}) ? join({expression}, ' and ') : 'none')"

    yours = (
        "(first && second ? first + ' and ' + second : first || second ? first + second : 'none')"
    )
    text = (
        "datum.best.match === 0 ? 'This combination was not run. Turn a switch back.'"
        f" : !reveal ? 'Where will the gaps be? Yours: ' + {yours} + '.'"
        f" : 'Yours: ' + {yours} + '. ' + datum.best.said + ': '"
        f" + {listed('datum.best.predicted')} + '. Found: ' + {listed('datum.best.found')} + '.'"
    )
    best = alt.Chart().transform_aggregate(best="argmax(match)")
    return vega.quiet(best.transform_calculate(sentence=text), "sentence")
