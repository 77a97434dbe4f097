"""The shipped published values."""

import numpy as np

from depth_not_data.published import blog_spectra, paper_figures


def test_shape_and_known_values():
    table = paper_figures()
    assert list(table.index) == [2, 3, 4, 5, 6, 7]
    assert table.shape == (6, 6)
    assert table.loc[2, ("tanh", "lambda_dom")] == 2.83
    assert table.loc[7, ("linear", "lambda_bulk")] == 1.05


def test_ratios_agree_with_the_means_that_stand_beside_them():
    # Each number is rounded by 0.005: the printed ratio lies in the interval of quotients. The
    # authors may have averaged ratios over runs; tanh leaves twice that room.
    table = paper_figures()
    for activation in ("linear", "tanh"):
        values = table[activation]
        dominant, bulk = values["lambda_dom"], values["lambda_bulk"]
        slack = 0.01
        assert np.all(values["ratio"] >= (dominant - 0.005) / (bulk + 0.005) - slack)
        assert np.all(values["ratio"] <= (dominant + 0.005) / (bulk - 0.005) + slack)


def test_blog_spectra_are_descending_curves_at_known_ranks():
    spectra = blog_spectra()
    sizes = spectra.groupby(level=["figure", "n_block"]).size()
    assert sizes.to_dict() == {
        ("depth-alignment-log", 2): 90,
        ("depth-alignment-log", 4): 103,
        ("vary-N", 2): 22,
        ("vary-depth", 4): 22,
    }
    for _, curve in spectra.groupby(level=["figure", "n_block"]):
        ranks = curve.index.get_level_values("rank")
        assert np.all(np.diff(ranks) > 0)
        # The digitised curve repeats a value where two ranks fall on one row of pixels.
        assert np.all(np.diff(curve) <= 0)
        assert np.all(curve > 0)


def test_the_two_readings_of_one_blog_spectrum_agree_where_they_overlap():
    spectra = blog_spectra()
    for figure, n_block, error in (("vary-N", 2, 0.006), ("vary-depth", 4, 0.02)):
        markers = spectra.loc[figure, n_block]
        curve = spectra.loc["depth-alignment-log", n_block]
        both = markers.index.intersection(curve.index)
        assert len(both) == 3
        difference = np.abs(markers[both] - curve[both])
        # Errors of the two readings, the curve's at its 3%, doubled.
        assert np.all(difference <= 2 * (error + 0.03 * markers[both]))
