"""Answers to the exercises of the lab "A knock-out of your own design"."""

from answers import Answer

GAPS = """
def gaps_of(spectra, n):
    ratios = np.median(spectra[:, :-1] / spectra[:, 1:], axis=0)
    return [k for k in range(1, n * n // 2 + 1) if ratios[k - 1] >= 1.25]
"""
PREDICT = """
def predict(n, mean=True, bias=True, gain=True, subtracts=True):
    constants = 0.18 * n * mean + 1.0 * bias
    groups = [(constants, n - 1 if subtracts else n)] if constants > 0 else []
    groups += [(1.36, n - 1)] if gain else []
    groups = sorted(groups, reverse=True) + [(0.66, 0)]
    gaps, end = [], 0
    for (level, count), (below, _) in zip(groups[:-1], groups[1:]):
        end += count
        if level >= 1.4 * below:
            gaps.append(end)
    return gaps
"""
PREDICTION = """
prediction = {
    "options": {"rotation": "separate"},
    "gaps": [7],
    "rival": [7, 14],
    "because": "Each block has its own basis: diagonal maps of one are not those of the other.",
}
"""
SCORE = """
def score(predicted, observed):
    missing = sorted(set(predicted) - set(observed))
    extra = sorted(set(observed) - set(predicted))
    return {"hit": not missing and not extra, "missing": missing, "extra": extra}
"""

ANSWERS = {
    "lab-knock-outs-gaps": Answer(
        solution=GAPS,
        wrong=[
            (
                GAPS.replace("ratios[k - 1]", "ratios[k]"),
                "one too small",
                "Indices of NumPy are taken for ranks.",
            ),
            (
                """
def gaps_of(spectra, n):
    middle = np.median(spectra, axis=0)
    ratios = middle[:-1] / middle[1:]
    return [k for k in range(1, n * n // 2 + 1) if ratios[k - 1] >= 1.25]
""",
                "median of the eigenvalues first",
                "Median and ratio are thought to commute.",
            ),
            (
                GAPS.replace("np.median(", "np.mean("),
                "one odd network moves it",
                "Mean and median are thought to be alike.",
            ),
            (
                GAPS.replace("range(1, n * n // 2 + 1)", "range(1, ratios.size + 1)"),
                "behind them ratios are arbitrary",
                "The range of ranks is left out.",
            ),
        ],
        marks=3,
    ),
    "lab-knock-outs-predict": Answer(
        solution=PREDICT,
        wrong=[
            (
                PREDICT.replace("1.4 * below", "below"),
                "make one cluster",
                "Each group is thought to have a gap of its own.",
            ),
            (
                PREDICT.replace("n - 1 if subtracts else n", "n - 1"),
                "depends on what the norm subtracts",
                "N - 1 is taken for a law.",
            ),
            (
                PREDICT.replace(" + 1.0 * bias", ""),
                "Constants have two sources",
                "The bias is not seen as a source.",
            ),
            (
                PREDICT.replace("end += count", "end = count"),
                "add up their members",
                "Sizes are given in place of ranks.",
            ),
            (
                PREDICT.replace("sorted(groups, reverse=True)", "groups"),
                "Sort the groups by level",
                "Constants are thought to stand on top whatever feeds them.",
            ),
        ],
        marks=5,
    ),
    "lab-knock-outs-prediction": Answer(
        solution=PREDICTION,
        wrong=[
            (
                PREDICTION.replace('{"rotation": "separate"}', '{"norm": "layer"}'),
                "nothing is knocked out",
                "An option is named that the network has already.",
            ),
            (
                PREDICTION.replace("[7, 14]", "[7]"),
                "nobody learns anything",
                "A prediction is made that no other idea contradicts.",
            ),
            (
                PREDICTION.replace('"gaps": [7]', '"gaps": [7, 64]'),
                "behind it none is counted",
                "The edge at N^2 is given as a gap.",
            ),
            (
                PREDICTION.replace('{"rotation": "separate"}', '{"norm": "rms", "steps": 0}'),
                "Training stays as it is",
                "Two things are changed at once.",
            ),
            (
                PREDICTION.replace(
                    "Each block has its own basis: diagonal maps of one are not those of the "
                    "other.",
                    "I think so.",
                ),
                "name the source",
                "Ranks without a reason cannot teach anything when they miss.",
            ),
        ],
        marks=6,
    ),
    "lab-knock-outs-score": Answer(
        solution=SCORE,
        wrong=[
            (
                SCORE.replace("not missing and not extra", "not missing"),
                "no others may be there",
                "A gap that was not predicted is overlooked.",
            ),
            (
                SCORE.replace("not missing and not extra", "bool(set(predicted) & set(observed))"),
                "One gap in common is no hit",
                "Any agreement is counted.",
            ),
            (
                SCORE.replace(
                    "set(predicted) - set(observed)", "set(observed) - set(predicted)", 1
                ).replace(
                    "extra = sorted(set(observed) - set(predicted))",
                    "extra = sorted(set(predicted) - set(observed))",
                ),
                "have changed places",
                "Missing is read as: missing from the prediction.",
            ),
        ],
        marks=2,
    ),
}
