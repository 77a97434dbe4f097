"""The formulas of the interactive figure on noise against the helpers of the book."""

import numpy as np
import pytest

from depth_not_data.linear import noise
from depth_not_data.presentation import published, vega
from depth_not_data.presentation.explorers import noise as explorer


@pytest.fixture(scope="module")
def figure():
    return explorer.chart().to_dict()


def column(figure, view, field, **settings):
    return np.array([row[field] for row in vega.rows(figure, view, [field], **settings)])


def sentence(figure, **settings):
    ((text,),) = (row.values() for row in vega.rows(figure, "sentence", ["sentence"], **settings))
    return text


@pytest.mark.parametrize("log_noise", [-6, -2, -0.3, 0])
def test_the_page_computes_gap_ceiling_and_half_depth(figure, log_noise):
    level, depths = 10.0**log_noise, np.arange(1, explorer.DEEPEST + 1)
    page = column(figure, "gap", "gap", log_noise=log_noise)
    np.testing.assert_allclose(page, noise.gap(depths, level), rtol=1e-9)
    (limit,) = column(figure, "ceiling", "limit_g", log_noise=log_noise)
    assert limit == pytest.approx(float(noise.ceiling(level)))
    (half,) = column(figure, "half", "at", log_noise=log_noise)
    assert half == pytest.approx(float(noise.half_depth(level)))


@pytest.mark.parametrize("log_time", [0, 3, 6])
def test_the_page_computes_what_training_leaves(figure, log_time):
    page = column(figure, "timed", "timed", log_time=log_time)
    for depth in (2, 7, 60):
        level = noise.of_training_time(depth, 10.0**log_time)
        assert page[depth - 1] == pytest.approx(float(noise.gap(depth, level)))
    assert page[0] == 1.0


def test_table_and_published_points(figure):
    rows = vega.rows(figure, "depths", ["depth_l", "gap", "share"], log_noise=-1)
    assert [row["depth_l"] for row in rows] == list(explorer.LISTED)
    for row in rows:
        assert row["gap"] == pytest.approx(float(noise.gap(row["depth_l"], 0.1)))
        assert row["share"] == pytest.approx(row["gap"] / row["depth_l"])
    table = published.paper_figures()["linear"]["ratio"]
    assert column(figure, "published", "ratio").tolist() == table.tolist()
    assert column(figure, "published", "ratio", printed=False).size == 0


def test_the_sentence_follows_the_controls(figure):
    assert "noise 0.01 a network with 7 layers has the gap 5.12, 73 per cent" in sentence(figure)
    assert "No depth exceeds 9.21; half of the depth is left at 13.3 layers" in sentence(figure)
    loud = sentence(figure, log_noise=0, depth=1)
    assert "with 1 layer has the gap 1.00, 100 per cent" in loud
    said = sentence(figure, log_noise=-1, depth=20, log_time=4)
    assert f"gap {noise.gap(20, 0.1):.2f}" in said
    assert f"gives {noise.gap(20, noise.of_training_time(20, 1e4)):.2f}" in said


def test_the_words_hold_their_numbers_and_it_fits_a_page(figure):
    words = explorer.texts()
    assert "is 5.12 at 7 layers" in words["alt"]
    assert "From 6.7 to 13.3 layers, and then by 6.6 more" in words["answer"]
    assert len(vega.compact(vega.compiled(figure))) < 60_000
