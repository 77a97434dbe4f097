"""Real data on fresh starts."""

from importlib.resources import files

import numpy as np
import pandas as pd

from depth_not_data.linear import growing_steps, least_squares, minibatches, real_data, softmax

DEPTHS, DIAL = range(1, 8), (0, 0.25, 0.5, 0.75, 1)
LEADING, BULK = 81, 9 * (61 + 10 - 18)


def predicted() -> pd.DataFrame:
    """Return the predictions that were stored before any training."""
    path = files("depth_not_data.presentation") / "data" / "real_data_predictions.csv"
    with path.open("rb") as file:
        return pd.read_csv(file).set_index(["name", "whitening", "depth"]).sort_index()


def settings(name: str, whitening: float, seed: int) -> dict:
    """Measured gaps of one data set at one place of the dial, L = 1..7, one start."""
    second, cross = least_squares.moments(*real_data.load(name, whitening=whitening))
    table, measured = predicted(), []
    for depth in DEPTHS:
        done = growing_steps.train(second, cross, depth, seed=seed, steps=10_000)
        rank = int(table.loc[name, whitening, depth]["rank"])
        measured.append(least_squares.of_network(done.weights, second, rank).gap)
    return {"measured": measured}


def smaller_steps(depth: int, seed: int) -> dict:
    """Gap of digits at the dial 1/4 over its prediction, with a third of the step."""
    second, cross = least_squares.moments(*real_data.load("digits", whitening=0.25))
    done = growing_steps.train(second, cross, depth, seed=seed, steps=25_000, growth=0.001)
    found = least_squares.of_network(done.weights, second, 9).gap
    return {"error": [abs(found / predicted().loc[("digits", 0.25, depth), "gap"] - 1)]}


def _table(found):
    cases = [(name, a) for name in real_data.NAMES for a in DIAL]
    keys = [(name, a, depth) for name, a in cases for depth in DEPTHS]
    measured = np.concatenate([v["measured"] for v in found])
    index = pd.MultiIndex.from_tuples(keys, names=["name", "whitening", "depth"])
    return predicted().join(pd.Series(measured, index, name="measured"))


def errors(*found: dict) -> list[float]:
    """``|measured / predicted - 1|`` in every setting that the table marks as reached (T51)."""
    table = _table(found)
    error = (table["measured"] / table["gap"] - 1).abs()
    return error[table["reached"] == "yes"].tolist()


def wrong_sides(*found: dict) -> int:
    """Count settings with L > 1 where measured and predicted gap lie on different sides of 1."""
    table = _table(found)
    deep = table[table.index.get_level_values("depth") > 1]
    return int(((deep["measured"] > 1) != (deep["gap"] > 1)).sum())


def soft(depth: int, seed: int) -> dict:
    """Mean of the leading over mean of the next eigenvalues, softmax on whitened digits."""
    inputs, targets = real_data.load("digits", whitening=1)
    widths = (61, *[32] * (depth - 1), 10)
    [done] = softmax.train(inputs, targets, widths, seeds=[seed], loss=0.2, lr=0.1)
    values, _ = softmax.outer_eigenvalues(done.weights, inputs)
    return {"ratio": [values[:LEADING].mean() / values[LEADING : LEADING + BULK].mean()]}


def batches(depth: int, seed: int) -> dict:
    """Sorted gap after training on batches of 64, squared error on whitened digits."""
    inputs, targets = real_data.load("digits", whitening=1)
    second, cross = least_squares.moments(inputs, targets)
    sharpness = least_squares.at_balanced_minimum(second, cross, depth).eigenvalues[0]
    options = {"seeds": [seed], "batch": 64, "excess": 0.01, "lr": 0.05 / sharpness}
    [weights] = minibatches.train(inputs, targets, depth, **options)
    return {"gap": [least_squares.of_network(weights, second, 9).sorted_gap]}


def batch_exponent(two: dict, seven: dict) -> float:
    """Exponent of the gap against depth, from L = 2 to 7 (T54)."""
    return float(np.log(seven["gap"][0] / two["gap"][0]) / np.log(3.5))
