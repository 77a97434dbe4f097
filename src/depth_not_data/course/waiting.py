"""Checks of the exercises of the chapter "Waiting: why the paper measured 6.66"."""

import numpy as np

from depth_not_data.course.exercise import compare, entries, exercise, number, require
from depth_not_data.linear import flow, network, shortfall

LR, MOMENTUM, SHARE = 0.01, 0.9, 0.625


@exercise(
    "figures-ex-half",
    stub='''
def updates(depth, missing):
    """Updates after which the ratio of means is (1 - missing) * depth, to 3 per cent."""
    ...  # your code here


print([updates(depth, 0.01) for depth in (3, 7)])
''',
    answer="updates",
)
def half(updates):
    """Look for the time at which the law has the ratio, with the defaults of the code."""
    cases = [(3, 0.01), (4, 0.02), (7, 0.03), (2, 0.001)]
    found = np.array([number(updates(*case), "what updates returns") for case in cases])
    right = np.array([_updates(*case) for case in cases])
    L, missing = np.transpose(cases)
    mu = missing / (1 - missing) / SHARE
    first = mu ** -(L - 1) / (2 * L - 2) * (1 - MOMENTUM) / LR
    mistakes = {
        "You have the training time. How many updates are that, with momentum?": right
        * LR
        / (1 - MOMENTUM),
        "You have forgotten momentum: ten updates without it are one with it.": right
        / (1 - MOMENTUM),
        "Momentum makes training faster, not slower, than a step of eta.": right
        / (1 - MOMENTUM) ** 2,
        "All of the bulk is late, you say; only a share of it is.": [
            _updates(*c, 1.0) for c in cases
        ],
        "An estimate. mu is a little smaller, and the power makes that count: compute it.": first,
    }
    otherwise = "Not where `shortfall.ratios` has this ratio, at the defaults of the code."
    compare(found, right, mistakes, otherwise, rtol=0.03)
    return "Right. Compare three layers with seven."


def _updates(depth, missing, share=SHARE):
    times = np.geomspace(1e-1, 1e16, 40_001)
    ratios = shortfall.ratios(times, share, [depth])[:, 0]
    tau = np.exp(np.interp((1 - missing) * depth, ratios, np.log(times)))
    return tau * (1 - MOMENTUM) / LR


@exercise(
    "waiting-ex-full-rank",
    stub='''
def ratio(rank, updates):
    """Ratio of means of the paper's network, 7 layers, after training by the recursion."""
    ...  # your code here


full = {
    "predicted": ...,  # for rank 10, before you run it
    "ratio": ratio,
}
''',
    answer="full",
)
def full_rank(answer):
    """Compare with the spectrum along the recursion, for full rank and for others."""
    predicted, ratio = entries(answer, "predicted", "ratio")
    predicted = number(predicted, "the prediction")
    cases = [(10, 2000), (8, 500)]
    found = [number(ratio(*case), "what ratio returns") for case in cases]
    right = [_ratio(*case) for case in cases]
    mistakes = {
        "You group the eigenvalues as for rank 5, whatever the rank is.": lambda: [
            _ratio(*case, grouped=5) for case in cases
        ],
        "You have left out the momentum of the paper's code.": lambda: [
            _ratio(*case, momentum=0.0) for case in cases
        ],
        "You look at the start of training, not at its end.": lambda: [
            _ratio(rank, 0) for rank, _ in cases
        ],
        "You train for 2,000 updates, whatever is asked.": lambda: [
            _ratio(rank, 2000) for rank, _ in cases
        ],
    }
    otherwise = "Not the ratio of means of dominant and bulk eigenvalues after training."
    compare(found, right, mistakes, otherwise, rtol=1e-4)
    late = (
        "Your function is right; put its value for rank 10 beside your prediction. What is omega?"
    )
    require(abs(predicted - right[0]) < 0.01, late)
    return "Right: nothing decays, and nothing is late."


def _ratio(rank, updates, *, grouped=None, momentum=MOMENTUM):
    problem = network.aligned_problem(network.paper_widths(7), rank, seed=0)
    end = problem.layer_singular_values.numpy()
    if updates:
        end = problem.trajectory(LR, updates, momentum=momentum)[-1]
    values = problem.hessian_eigenvalues(end)
    return float(shortfall.groups(values, problem.widths, grouped or rank).ratio)


@exercise(
    "figures-ex-share",
    stub='''
def inputs(omega, r, outputs):
    """d_0 >= d_L = outputs at which the share of late directions is omega, r < outputs."""
    ...  # your code here


shares = {
    "inputs": inputs,
    "square": ...,  # the share for d_0 = d_L, hidden layers as wide, r < d_L
}
''',
    answer="shares",
)
def share(answer):
    """Put the number of inputs into the share of a network with wide hidden layers."""
    inputs, square = entries(answer, "inputs", "square")
    cases = [(1 / 7, 10, 13), (0.25, 3, 9), (0.5, 6, 8), (0.2, 9, 12)]
    found = np.array([number(inputs(*case), "what inputs returns") for case in cases])
    omega, r, out = np.transpose(cases)
    right = []
    for share, rank, outputs in cases:
        wide = np.arange(outputs, 200)
        shares = [flow.decaying_share((d, d, outputs), rank) for d in wide.tolist()]
        right.append(wide[np.argmin(np.abs(np.array(shares) - share))])
    late = out - r
    mistakes = {
        "A decaying direction is late on both sides, going in and going out.": late / omega
        - out
        + 2 * r,
        "The learnt directions are not in the bulk: take them from the inputs and the outputs.": 2
        * late
        / omega
        - out,
        "The learnt directions are missing on both sides, inputs and outputs.": 2 * late / omega
        - out
        + r,
    }
    otherwise = "With your d_0 the theorem's share is another one."
    if (found < out).any():
        otherwise = "Your d_0 is smaller than d_L, and would be the smallest width."
    compare(found, right, mistakes, otherwise, rtol=1e-3)
    square = number(square, "the share of a square network")
    empty = "The inputs are right. In a square network, which unlearnt direction has no room?"
    require(abs(square - flow.decaying_share((9, 9, 9), 4)) < 1e-9, empty)


@exercise(
    "figures-ex-inertia",
    stub='''
def gain(depth, eta, beta, start, end):
    """Training time that inertia gains while lambda falls from start to end, target 0."""
    ...  # your code here
''',
    answer="gain",
)
def inertia(gain):
    """Integrate the flow with and without the correction."""
    cases = [(7, 0.01, 0.9, 0.8, 0.5), (3, 0.02, 0.8, 0.9, 0.1), (2, 0.05, 0.5, 0.6, 0.2)]
    found = [number(gain(*case), "what gain returns") for case in cases]
    right = np.array([_gain(*case) for case in cases])
    L, _, beta, _, _ = np.transpose(cases)
    mistakes = {
        "A sign: inertia carries on, so the clock is ahead.": -right,
        "Your iota has 1 - beta once; the second derivative in training time has it twice.": right
        * (1 - beta),
        "Your iota has no beta: without momentum there is no inertia.": right / beta,
        "Your power is 2L-2; f has another one.": right * (2 * L - 2) / (2 * L - 1),
        "Use the natural logarithm.": right / np.log(10),
        "The logarithm is that of f, and f is a power of lambda.": right / (2 * L - 1),
    }
    otherwise = "Not the integral of iota f' along the flow."
    compare(found, right, mistakes, otherwise, rtol=1e-3)


def _gain(depth, eta, beta, start, end, small=1e-6):
    """Integrate iota times the slope of f over the time that the flow needs."""
    f = lambda lam: lam ** (2 * depth - 1)  # noqa: E731
    lam = np.geomspace(end, start, 20_001)
    slope = (f(lam * (1 + small)) - f(lam * (1 - small))) / (2 * small * lam)
    middle = np.sqrt(lam[1:] * lam[:-1])
    rate = np.interp(middle, lam, slope) / f(middle)
    return eta * beta / (1 - beta) ** 2 * float((rate * np.diff(lam)).sum())
