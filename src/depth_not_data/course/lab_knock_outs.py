"""Checks of the lab "A knock-out of your own design"."""

from itertools import pairwise

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import Wrong, array, entries, exercise, require
from depth_not_data.residual import network
from depth_not_data.spectra import gaps

WIDTH, BLOCKS = 8, 2
ALLOWED = ("placement", "norm", "activation", "bias", "frozen", "rotation")
ALLOWED += ("input_mean", "input_std")


@exercise(
    "lab-knock-outs-gaps",
    stub='''
def gaps_of(spectra, n):
    """Ranks k = 1..n^2/2 at which the median over seeds of Lambda_k / Lambda_(k+1) is 1.25 or more.

    spectra: array (seeds, P), each row descending.
    """
    ...  # your code here
''',
    answer="gaps_of",
)
def gaps_of(gaps_of):
    """Compare with the book's rule on spectra of which each short cut misreads one."""
    cases = _spectra()
    found = [_ranks(gaps_of(s, n), "gaps_of(spectra, n)") for s, n in cases]
    right = [_gaps(_ratios(s), n) for s, n in cases]
    if found == right:
        return
    for short_cut, message in (
        (
            lambda s, n: tuple(np.subtract(_gaps(_ratios(s), n), 1)),
            "Each rank is one too small: ranks count from 1, the indices of NumPy from 0.",
        ),
        (
            lambda s, n: _gaps(_ratios(np.median(s, axis=0, keepdims=True)), n),
            "You take the median of the eigenvalues first: a ratio belongs to one network.",
        ),
        (
            lambda s, n: _gaps(_ratios(s), n, over=np.mean),
            "That is the mean over the seeds: one odd network moves it.",
        ),
        (
            lambda s, n: _gaps(_ratios(s), n, over=np.max),
            "A gap that a single seed has does not count.",
        ),
        (
            lambda s, n: _gaps(_ratios(s), 10**6),
            "Only ranks up to n^2/2 count: behind them ratios are arbitrary.",
        ),
        (
            lambda s, n: _gaps(1 + np.diff(-s, axis=1), n),
            "A gap is a ratio of neighbours here, not a difference.",
        ),
    ):
        require(found != [short_cut(s, n) for s, n in cases], message)
    raise Wrong("Some gaps differ from ratio, median over the seeds, at least 1.25, rank <= n^2/2.")


def _spectra():
    """Three networks of each of two widths: a gap for all, for two, for one, and behind n^2/2."""
    rng = np.random.default_rng(3)
    cases = []
    for n, all_, two, one in ((4, 3, 6, 5), (6, 5, 10, 15)):
        ratios = 1 + rng.uniform(0.0, 0.06, (3, n * n))
        ratios[:, all_ - 1] = 1.5, 1.6, 1.3
        ratios[:2, two - 1] = 1.27, 1.3
        ratios[0, one - 1] = 3.0
        ratios[:, n * n // 2 + 1] = 1.4
        spectra = np.cumprod(np.hstack([np.full((3, 1), 5.0), 1 / ratios]), axis=1)
        cases.append((spectra * np.array([[1.0], [3.0], [0.2]]), n))
    return cases


def _ratios(spectra):
    return np.array([gaps.neighbour_ratios(s) for s in spectra])


def _gaps(ratios, n, over=np.median):
    ratios = over(ratios, axis=0)[: n * n // 2]
    return tuple(int(k) for k in gaps.wide_gaps(np.maximum(ratios, 1)))


def _ranks(value, what):
    return tuple(array(value, None, what).ravel().tolist())


@exercise(
    "lab-knock-outs-predict",
    stub='''
def predict(n, mean=True, bias=True, gain=True, subtracts=True):
    """Gaps, a list of ranks, by the table of the lab.

    mean: the activation has a mean; bias, gain: the norm has one; subtracts: it subtracts a mean.
    """
    ...  # your code here
''',
    answer="predict",
)
def predict(predict):
    """Compare with the table for networks with and without each part."""
    cases = [
        (12, {}),
        (8, {"gain": False}),
        (9, {"mean": False, "bias": False}),
        (20, {"bias": False}),
        (14, {"bias": False, "subtracts": False}),
        (9, {"mean": False, "gain": False}),
        (8, {"bias": False}),
        (10, {"mean": False}),
        (9, {"mean": False, "bias": False, "gain": False}),
        (5, {"bias": False}),
    ]
    found = [tuple(sorted(_ranks(predict(n, **parts), "the list"))) for n, parts in cases]
    right = [_table(n, **parts) for n, parts in cases]
    for mistake, message in (
        ({"merged": False}, "Two groups at nearly one level make one cluster, with one gap."),
        ({"always": True}, "Whether one constant is lost depends on what the norm subtracts."),
        ({"sizes": True}, "A gap stands behind all groups above it: add up their members."),
        ({"no_bias": True}, "Constants have two sources: is the second one in your level?"),
        ({"in_order": True}, "Sort the groups by level: constants need not stand on top."),
    ):
        require(found != [_table(n, **parts, **mistake) for n, parts in cases], message)
    for (n, parts), ours, theirs in zip(cases, right, found, strict=True):
        what = ", ".join(f"{k}={v}" for k, v in parts.items()) or "all parts"
        require(
            theirs == ours,
            f"predict({n}) with {what}: the gaps are not those of the table. Which groups are "
            "left, at which levels, and which neighbours differ by a factor of 1.4?",
        )


def _table(
    n,
    mean=True,
    bias=True,
    gain=True,
    subtracts=True,
    *,
    merged=True,
    always=False,
    sizes=False,
    no_bias=False,
    in_order=False,
):
    """Gaps by the table; the later arguments are mistakes."""
    constants = 0.18 * n * mean + (bias and not no_bias)
    groups = [(constants, n - 1 if subtracts or always else n)] * (constants > 0)
    groups += [(1.36, n - 1)] * gain
    if not in_order:
        groups.sort(reverse=True)
    levels = [level for level, _ in groups] + [0.66]
    counts = [count for _, count in groups]
    ends = counts if sizes else np.cumsum(counts)
    wide = [upper >= (1.4 if merged else 1.0) * lower for upper, lower in pairwise(levels)]
    return tuple(sorted(int(end) for end, gap in zip(ends, wide, strict=True) if gap))


@exercise(
    "lab-knock-outs-prediction",
    stub="""
prediction = {
    "options": ...,  # of train_student, for example {"norm": "rms"}
    "gaps": ...,  # a list of ranks, [] for none
    "rival": ...,  # the gaps that somebody would expect who thinks otherwise
    "because": ...,  # which source goes, or changes, and what follows; a sentence or two
}
""",
    answer="prediction",
)
def prediction(prediction):
    """Check that the experiment can be run, and that its outcome can tell two ideas apart."""
    options, ranks, rival, because = entries(
        prediction, "options", "gaps", "rival", "because", what="prediction"
    )
    require(isinstance(options, dict), 'options should be a dict, for example {"norm": "rms"}.')
    other = sorted(set(options) - set(ALLOWED))
    require(
        not other,
        f"{', '.join(map(repr, other))}: only the parts of the network and its inputs are yours "
        f"to change, {', '.join(ALLOWED)}. Training stays as it is.",
    )
    require(_changes(options), "These options leave the network as it is: nothing is knocked out.")
    half = WIDTH**2 // 2
    for name, value in (("gaps", ranks), ("rival", rival)):
        found = array(value, None, name).ravel()
        require(
            all(k == round(k) and 1 <= k <= half for k in found),
            f"{name}: a gap is a rank from 1 to {half}, half of N^2; behind it none is counted.",
        )
    require(
        set(_ranks(ranks, "gaps")) != set(_ranks(rival, "rival")),
        "You and your rival predict the same: whatever comes out, nobody learns anything.",
    )
    require(
        isinstance(because, str) and len(because.split()) >= 8,
        "because: name the source and the functions it feeds, in a sentence.",
    )
    return "It can be run, and it can fail. Commit it, or hand it in, before you go on."


def _changes(options):
    """Whether a network with these options can be made and differs; Wrong if it cannot be."""
    try:
        own, plain = (
            network.train_student(
                WIDTH, BLOCKS, seed=0, steps=0, n_samples=3, progress=False, **parts
            )
            for parts in (options, {})
        )
    except ValueError as error:
        raise Wrong(f"The network cannot be made: {error}.") from error
    trained = [
        sum(p.numel() for p in s.model.parameters() if p.requires_grad) for s in (own, plain)
    ]
    return trained[0] != trained[1] or not np.array_equal(own.targets, plain.targets)


@exercise(
    "lab-knock-outs-score",
    stub='''
def score(predicted, observed):
    """Return {"hit": True or False, "missing": list, "extra": list}, both lists ascending.

    missing: gaps that were predicted and not found; extra: found and not predicted.
    """
    ...  # your code here
''',
    answer="score",
)
def score(score):
    """Compare on pairs of sets in any order, with none, some and all in common."""
    cases = [([7, 14], [7, 14]), ([14], [7, 14]), ([7, 14], [7]), ([], [8]), ([9], [8]), ([], [])]
    cases += [([20, 3, 11], [30, 11, 4])]
    said = [entries(score(p, o), "hit", "missing", "extra", what="score(...)") for p, o in cases]
    hits = [bool(hit) for hit, _, _ in said]
    hit = [set(p) == set(o) for p, o in cases]
    require(
        hits != [set(p) <= set(o) for p, o in cases],
        "A hit asks for more than that all predicted gaps were found: no others may be there.",
    )
    require(
        hits != [bool(set(p) & set(o)) for p, o in cases],
        "One gap in common is no hit, and no gaps, predicted and found, is one.",
    )
    require(hits == hit, "A hit: the set of gaps is the predicted set, exactly.")
    found = [(_ranks(m, "missing"), _ranks(e, "extra")) for _, m, e in said]
    right = [(tuple(sorted(set(p) - set(o))), tuple(sorted(set(o) - set(p)))) for p, o in cases]
    require(
        found != [(extra, missing) for missing, extra in right],
        "The hits are right; missing and extra have changed places.",
    )
    ordered = [(tuple(sorted(m)), tuple(sorted(e))) for m, e in found]
    require(found == right or ordered != right, "The hits are right; both lists should ascend.")
    recognise(
        _flat(found),
        _flat(right),
        [],
        "The hits are right; missing and extra are not the differences of the two sets.",
    )


def _flat(pairs):
    """Both lists of each case in one row of numbers, each closed by a zero."""
    return np.array([k for pair in pairs for ranks in pair for k in (*ranks, 0)], dtype=float)
