"""The shipped published values."""

import numpy as np
import pytest

from depth_not_data.presentation.published import (
    BLOG_CURVE_ERROR,
    BLOG_MARKER_ERRORS,
    BLOG_POSITIVE_COUNTS,
    blog_curve,
    blog_markers,
    blog_spectra,
    largest_ratios,
    paper_figures,
)


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
    network = ["figure", "n_embd", "n_block"]
    sizes = spectra.groupby(level=network).size()
    assert sizes.to_dict() == {
        ("depth-alignment-log", 10, 2): 90,
        ("depth-alignment-log", 10, 4): 103,
        ("depth-alignment-log", 10, 8): 116,
        ("vary-N", 10, 2): 22,
        ("vary-N", 15, 2): 30,
        ("vary-N", 20, 2): 42,
        ("vary-depth", 10, 4): 22,
        ("vary-depth", 10, 8): 22,
    }
    for _, curve in spectra.groupby(level=network):
        ranks = curve.index.get_level_values("rank")
        assert np.all(np.diff(ranks) > 0)
        # The digitised curve repeats a value where two ranks fall on one row of pixels.
        assert np.all(np.diff(curve) <= 0)
        assert np.all(curve > 0)


@pytest.mark.parametrize("network", BLOG_MARKER_ERRORS)
def test_markers_leave_no_rank_out_and_reach_behind_the_second_cluster(network):
    markers = blog_markers(*network)
    assert list(markers.index) == list(range(1, len(markers) + 1))
    assert len(markers) > 2 * (network[0] - 1)


def test_every_network_of_the_file_has_a_reading_error():
    levels = blog_spectra().drop("depth-alignment-log").index.droplevel(["figure", "rank"])
    assert set(levels) == set(BLOG_MARKER_ERRORS)


@pytest.mark.parametrize(("n_block", "end"), [(2, 1425), (4, 2656), (8, 4953)])
def test_the_curves_end_near_the_last_positive_eigenvalue(n_block, end):
    assert blog_curve(n_block).index[-1] == end
    assert abs(end / BLOG_POSITIVE_COUNTS[n_block] - 1) < 0.04


def test_the_two_readings_of_one_blog_spectrum_agree_where_they_overlap():
    for n_block in (2, 4, 8):
        markers, curve = blog_markers(10, n_block), blog_curve(n_block)
        both = markers.index.intersection(curve.index)
        assert list(both) == [20, 21, 22]
        difference = np.abs(markers[both] - curve[both])
        # Errors of the two readings, doubled.
        error = BLOG_MARKER_ERRORS[10, n_block] + BLOG_CURVE_ERROR * markers[both]
        assert np.all(difference <= 2 * error)


def test_largest_ratios_bound_the_ratios_of_the_markers():
    for network in BLOG_MARKER_ERRORS:
        markers = blog_markers(*network).to_numpy()
        found = largest_ratios(*network)
        assert list(found.index) == list(range(1, len(markers)))
        assert np.all(found > markers[:-1] / markers[1:])
        # To first order the relative errors of the two markers add up.
        error = BLOG_MARKER_ERRORS[network]
        first_order = markers[:-1] / markers[1:] * (1 + error / markers[:-1] + error / markers[1:])
        assert np.all(np.abs(found / first_order - 1) < 0.02)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: blog_markers(10, 3), "n_embd, n_block"),
        (lambda: largest_ratios(15, 4), "n_embd, n_block"),
        (lambda: blog_curve(1), "n_block"),
    ],
)
def test_a_network_that_the_blog_does_not_show_is_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()
