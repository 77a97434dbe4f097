"""Width against depth, growth at the start, leaky ReLU, and small eigenvalues, on fresh seeds."""

import numpy as np

from depth_not_data.residual import at_start, leaky_relu, restricted_descent
from depth_not_data.residual.sweeps import sweep
from depth_not_data.spectra import gaps

NETWORKS = [(18, 1), (13, 2), (9, 4), (6, 9)]  # N and D, about 2,700 parameters each
SLOPES = (0.0, 0.25, 0.5, 0.75, 1.0)
PREDICTED_GAPS = {0.0: (1, 11), 0.25: (1, 11), 0.5: (11,), 0.75: (10, 11)}  # in units of N
WIDTH, BLOCKS, SHORT, LONG = 8, 2, 100, 2000  # of descent in an eigenspace, and its steps


def large(n_embd: int, n_block: int, seed: int) -> dict:
    """Numbers of large eigenvalues of one trained network, its size and its trace."""
    [run] = sweep([n_embd], [n_block], [seed], n_jobs=1, progress=False)
    scaled = run.eigenvalues * n_embd / 2
    counts = [np.sum(scaled / n_block > 0.13), np.sum(scaled > 0.26), scaled.size]
    return {"counts": counts, "trace": [scaled.mean()]}


def equal_counts(*found: dict) -> list[float]:
    """Large eigenvalues over N^2, and two quotients, as E17 takes them."""
    per_block = [v["counts"][0] for v in found]
    squares = [n**2 for n, _ in NETWORKS]
    over = [count / square for count, square in zip(per_block, squares, strict=True)]
    return [*over, per_block[-1] / per_block[0], squares[-1] / found[-1]["counts"][1]]


def added(before: dict, deep: dict, wide: dict) -> list[float]:
    """Share of large ones among added eigenvalues by depth, and by width over it (E28)."""

    def share(after):
        return np.subtract(after["counts"], before["counts"])[1:]

    by_depth, by_width = ((large / more) for large, more in (share(deep), share(wide)))
    return [by_depth, by_width / by_depth if by_depth > 0 else np.inf]


def scaled(n_block: int, seed: int) -> dict:
    """Group means at the start where the weights shrink with depth."""
    return {
        "means": at_start.group_means(at_start.scaled_start(10, n_block, seed=seed, exponent=-0.5))
    }


def growth(two: dict, eight: dict) -> list[float]:
    """Exponents of the three groups from D = 2 to 8."""
    return (np.log(np.divide(eight["means"], two["means"])) / np.log(4)).tolist()


def random_features(seed: int) -> dict:
    """Whether the widest gaps of random features are the predicted ones, for each slope."""
    hits = []
    for slope in SLOPES:
        spectrum = leaky_relu.feature_spectrum(slope, 10, 8, seed=seed)
        expected = PREDICTED_GAPS.get(slope)
        if expected is None:
            hits.append(np.sum(spectrum > 1e-10) == 10)
        else:
            hits.append(gaps.largest_gaps(spectrum, len(expected), first=1, last=32) == expected)
    return {"hits": hits}


def restricted(seed: int) -> dict:
    """Loss removed inside an eigenspace over that of free descent, the four tasks of E26."""
    students = restricted_descent.five_students(WIDTH, BLOCKS, seed=seed)
    tasks = ("late", "linear", "quadratic")
    long = restricted_descent.descend([students[task] for task in tasks], LONG)
    short = restricted_descent.descend([students["start"]], SHORT)
    removed = dict(zip(tasks, np.moveaxis(long[..., 0] - long[..., -1], 0, 1), strict=True))
    removed["start"] = short[:, 0, 0] - short[:, 0, -1]
    spaces = {"start": 1, "late": 2, "linear": 1, "quadratic": 2}  # N^2 leading ones, the others
    return {"shares": [removed[task][k] / removed[task][0] for task, k in spaces.items()]}
