"""The stored predictions of real data are what the helper predicts, for every setting once."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from depth_not_data.linear import least_squares, real_data

STORED = files("depth_not_data.presentation") / "data" / "real_data_predictions.csv"


@pytest.fixture(scope="module")
def table():
    with STORED.open("rb") as file:
        return pd.read_csv(file).set_index(["name", "whitening", "depth"])


def test_every_setting_is_there_once(table):
    expected = {
        (name, a, depth)
        for name in real_data.NAMES
        for a in (0, 0.25, 0.5, 0.75, 1)
        for depth in range(1, 8)
    }
    assert len(table) == len(expected) == len(set(table.index) & expected)


@pytest.mark.parametrize("whitening", [0.5, 1])
@pytest.mark.parametrize("name", real_data.NAMES)
def test_predictions_can_be_made_again(table, name, whitening):
    moments = least_squares.moments(*real_data.load(name, whitening=whitening))
    for depth in (1, 2, 7):
        split = least_squares.at_balanced_minimum(*moments, depth)
        row = table.loc[name, whitening, depth]
        assert split.rank == row["rank"]
        found = split.gap, split.sorted_gap
        np.testing.assert_allclose(found, (row["gap"], row["sorted_gap"]), rtol=1e-4)


def test_reached_is_the_rule_that_the_table_states(table):
    assert ((table["spread"] < 5e4) == (table["reached"] == "yes")).all()
