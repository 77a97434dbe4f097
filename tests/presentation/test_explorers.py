"""The formulas and data of the interactive figures against the helpers of the book."""

from itertools import product

import numpy as np
import pytest

from depth_not_data.linear import recursion, stability
from depth_not_data.linear.spectrum import hessian_eigenvalues
from depth_not_data.presentation import predictions, published, vega
from depth_not_data.presentation.explorers import (
    cobweb,
    eigenvectors,
    spectrum,
    switchboard,
    training,
)
from depth_not_data.residual.eigenfunctions import Eigenfunctions


def values(chart, view, field, **settings):
    return np.array([row[field] for row in vega.rows(chart, view, [field], **settings)])


def sentence(chart, **settings):
    ((text,),) = (row.values() for row in vega.rows(chart, "sentence", ["sentence"], **settings))
    return text


# Spectrum


@pytest.fixture(scope="module")
def spectra():
    return spectrum.chart().to_dict()


def shown(chart, **settings):
    return np.sort(values(chart, "points", "value", **settings))[::-1]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"depth": 2, "rank": 1, "data": 1, "log_time": 0, "kappa": 20},
        {"depth": 10, "rank": 10, "data": 16, "log_time": 8},
        {"depth": 7, "rank": 5, "data": 5, "log_time": 4, "kappa": 7},
        {"depth": 6, "rank": 3, "data": 8, "log_time": 0.25, "kappa": 1.5},
        {"depth": 9, "rank": 2, "data": 12, "log_time": 2.5, "kappa": 9},
    ],
)
def test_the_page_computes_the_closed_form(spectra, settings):
    arguments = {"depth": 3, "rank": 5, "data": 16, "log_time": 3, "kappa": 1.0} | settings
    tau = 10.0 ** arguments.pop("log_time")
    expected = np.sort(spectrum.eigenvalues(tau=tau, **arguments), axis=None)[::-1]
    np.testing.assert_allclose(shown(spectra, **settings), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("depth", "rank", "kappa"), [(2, 1, 1.0), (3, 5, 6.0), (5, 10, 2.0)])
def test_at_the_end_of_training_it_is_the_whole_hessian(spectra, depth, rank, kappa):
    lam, x = np.zeros(10), np.ones(16)
    lam[:rank], x[0] = 1.0, kappa**0.5
    target = lam.copy()
    target[0] *= x[0]
    whole = hessian_eigenvalues(lam, target, (16, *[32] * (depth - 1), 10), data_singular_values=x)
    page = shown(spectra, depth=depth, rank=rank, kappa=kappa, end=True)
    np.testing.assert_allclose(page, whole[:160], atol=1e-12)
    assert np.abs(whole[160:]).max() < 1e-12


def test_the_largest_eigenvalue_follows_the_depth_and_the_counts_do_not(spectra):
    for depth in (2, 4, 7, 10):
        page = shown(spectra, depth=depth, end=True)
        assert page[0] == depth
        assert [int((page == level).sum()) for level in (depth, 1, 0)] == [25, 80, 55]


def test_without_data_outside_the_task_the_bulk_never_reaches_one(spectra):
    for settings in ({"log_time": 8}, {"end": True}):
        page = shown(spectra, depth=7, data=5, **settings)
        assert page[25:50] == pytest.approx(sum(0.1 ** (2 * k / 7) for k in range(7)))


def test_beyond_kappa_equal_to_the_depth_the_data_split_the_spectrum(spectra):
    leading = {
        kappa: int(sentence(spectra, depth=4, kappa=kappa, end=True).split("eigenvalues ")[1][:2])
        for kappa in (3.5, 4.5)
    }
    assert leading == {3.5: 25, 4.5: 20}


def test_labels_count_and_value_of_each_level(spectra):
    rows = vega.rows(spectra, "labels", ["text"], depth=6, kappa=2, end=True)
    assert {row["text"] for row in rows} == {"5 × 12", "20 × 6", "5 × 2", "75 × 1"}


def test_the_sentence_says_when_there_is_no_bulk_and_when_q_is_raised(spectra):
    assert "there is no bulk" in sentence(spectra, rank=10, data=10)
    assert "q at least r" in sentence(spectra, rank=6, data=3)
    assert shown(spectra, rank=6, data=3) == pytest.approx(shown(spectra, rank=6, data=6))


@pytest.mark.parametrize(
    "bad",
    [
        {"depth": 1},
        {"rank": 0},
        {"rank": 11},
        {"data": 4},
        {"data": 17},
        {"tau": -1.0},
        {"kappa": 0},
    ],
)
def test_a_network_that_the_figure_does_not_have_is_refused(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=name):
        spectrum.eigenvalues(**bad)


# Cobweb


@pytest.fixture(scope="module")
def map_of_the_line():
    return cobweb.chart().to_dict()


@pytest.mark.parametrize(
    ("depth", "step", "target"), [(1, 0.7, 0.5), (2, 2.2, 0.5), (3, 2.6, 0.3), (7, 1.9, 1.0)]
)
def test_the_page_iterates_the_recursion(map_of_the_line, depth, step, target):
    settings = {"depth": depth, "step": step, "start": 0.6, "target": target, "two": True}
    page = vega.rows(map_of_the_line, "orbit", ["t", "first", "second"], **settings)
    for field, goal in (("first", 1.0), ("second", target)):
        expected = recursion.trajectory(0.6, goal, depth, step / depth, cobweb.UPDATES)
        for row in page:
            # At an unstable orbit round-off grows; all of these settle.
            assert row[field] == pytest.approx(expected[row["t"]], abs=1e-9)


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_the_diagram_is_the_attractor(map_of_the_line, depth):
    rows = vega.rows(map_of_the_line, "late", ["at", "value"], depth=depth, start=0.8)
    # Below the first aperiodic band; above it round-off decides.
    rows = [row for row in rows if row["at"] < 2.5]
    steps = np.unique([row["at"] for row in rows])
    expected = stability.attractor(
        0.8, 1.0, depth, steps / depth, transient=cobweb.TRANSIENT + 1, keep=cobweb.KEPT
    )
    for step, column in zip(steps, expected.T, strict=True):
        page = [row["value"] for row in rows if row["at"] == step]
        np.testing.assert_allclose(np.sort(page), np.sort(column), atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step": 1.0}, "rests at 1.000"),
        ({"step": 2.2}, "alternates between 1.116 and 0.815"),
        ({"step": 2.5}, "repeats after four updates"),
        ({"step": 3.0}, "has not settled"),
        ({"step": 4.2}, "has escaped"),
        ({"step": 2.4, "depth": 1}, "has escaped"),
        ({"step": 2.2, "two": True, "target": 0.5}, "of the second direction −0.10"),
    ],
)
def test_the_sentence_says_where_the_orbit_goes(map_of_the_line, settings, words):
    assert words in sentence(map_of_the_line, **settings)


def test_the_texts_of_the_linear_figures_hold_their_numbers():
    assert "25 eigenvalues at 3, 80 between 1 and 1.02" in spectrum.texts()["alt"]
    assert "6.01 for $L = 7$" in spectrum.texts()["answer"]
    assert "1.116 and 0.815" in cobweb.texts()["answer"]


# Switchboard


def spectrum_with_gaps(gaps, height=1.0):
    factor = np.full(250, 0.99)
    factor[list(gaps)] = 0.5
    return height * np.cumprod(factor)


@pytest.fixture(scope="module")
def networks():
    outcomes = {
        name: [spectrum_with_gaps(p.gaps)] * 3 for name, p in predictions.predictions().items()
    }
    outcomes["bias-frozen"] = [spectrum_with_gaps((9, 18))]
    sizes = {(n, d): [spectrum_with_gaps((n - 1, 2 * n - 2))] for n, d in ((10, 2), (15, 2))}
    return switchboard.records(outcomes, sizes)


def test_only_what_the_switches_can_build_is_kept(networks):
    kept = [p for p in predictions.predictions().values() if switchboard.switches(p.options)]
    assert len(networks) == len(kept) + 2
    assert not {"odd", "rotated", "pre-norm", "mlp-biases"} & {p.id for p in kept}
    keys = [
        (r["width"], r["blocks"], *(r[name] for name in switchboard.SWITCHES)) for r in networks
    ]
    assert len(set(keys)) == len(keys), "no two networks at one setting"


def test_every_stored_network_is_found_by_its_switches(networks):
    chart = switchboard.chart(networks).to_dict()
    for record in networks:
        settings = {name: record[name] for name in switchboard.SWITCHES}
        settings |= {"width_n": record["width"], "blocks_d": record["blocks"], "reveal": True}
        page = values(chart, "measured", "value", **settings)
        np.testing.assert_array_equal(page, record["spectrum"])
        assert values(chart, "found", "gap", **settings).tolist() == record["found"]


def test_nothing_is_shown_before_it_is_revealed(networks):
    chart = switchboard.chart(networks).to_dict()
    for view, field in (("measured", "value"), ("predicted", "gap"), ("ratios", "ratio")):
        assert values(chart, view, field).size == 0
        assert values(chart, view, field, reveal=True).size > 0
    assert sentence(chart, first=9) == "Where will the gaps be? Yours: 9."


def test_the_sentence_compares_three_sets_of_gaps(networks):
    chart = switchboard.chart(networks).to_dict()
    said = sentence(chart, first=9, second=20, bias=False, reveal=True)
    assert said == "Yours: 9 and 20. Predicted before any run: 18. Found: 9 and 18."
    assert "The post's counts: 9 and 18" in sentence(chart, reveal=True)
    assert "outcome known: 9" in sentence(chart, gain=False, reveal=True)
    assert "was not run" in sentence(chart, norm=False, mean=False)


def test_switches_without_effect_change_nothing(networks):
    chart = switchboard.chart(networks).to_dict()
    bare = {"norm": False, "reveal": True}
    assert "was not run" not in sentence(chart, **bare)
    for off in product((True, False), repeat=3):
        parts = dict(zip(("bias", "gain", "centre"), off, strict=True))
        assert sentence(chart, **bare, **parts) == sentence(chart, **bare)


def test_the_caption_counts_only_what_was_predicted_blind(networks):
    blind = [r for r in networks if r["said"] == switchboard.PREDICTED]
    assert f"of {len(blind)} networks" in switchboard.texts(networks)["caption"]
    assert f"{len(blind) - 1} have exactly these" in switchboard.texts(networks)["caption"]


def test_networks_that_cannot_be_drawn_are_refused():
    good = {(10, 2): [spectrum_with_gaps((9, 18))]}
    with pytest.raises(ValueError, match="unchanged must hold"):
        switchboard.records({}, {(15, 2): good[10, 2]})
    with pytest.raises(ValueError, match="ids of predictions"):
        switchboard.records({"no-such": good[10, 2]}, good)
    with pytest.raises(ValueError, match="must have 60 entries"):
        switchboard.records({}, {(10, 2): [good[10, 2][0][:55]]})


# Eigenvectors


def student(n_embd=4, n_block=2, count=20):
    kinds = np.linspace(0.05, 0.35, 5)[:, None] + np.zeros(count)
    kinds[0, :3], kinds[1:, :3] = 0.8, 0.05
    parts = {
        (name, block): np.full(count, share)
        for name, share in (("FC2", 0.25), ("bias", 0.0), ("gain", 0.05), ("FC1", 0.2))
        for block in (1, 2)
    }
    shares = dict(zip(eigenvectors.KINDS, kinds, strict=True))
    return Eigenfunctions(
        n_embd, n_block, 0, np.geomspace(1, 1e-3, count), None, shares, parts, None, None, None,
        None, 0.0,
    )  # fmt: skip


def test_records_add_blocks_and_keep_one_student_of_each_size():
    data = eigenvectors.records([student(), student(n_embd=5, count=31), student(count=7)])
    assert [r["size"] for r in data] == ["N = 4, D = 2", "N = 5, D = 2"]
    assert data[0]["parts"][0] == [0.5, 0.0, 0.1, 0.4]
    assert data[0]["kinds"][0] == [0.8, 0.05, 0.05, 0.05, 0.05]
    assert len(data[1]["eigenvalue"]) == 31
    with pytest.raises(ValueError, match="at least one student"):
        eigenvectors.records([])


def test_the_table_lists_the_shares_of_the_chosen_eigenvector():
    data = eigenvectors.records([student(), student(n_embd=5, count=31)])
    chart = eigenvectors.chart(data).to_dict()
    for settings, (record, rank) in {
        (2, data[0]["size"]): (data[0], 2),
        (30, data[1]["size"]): (data[1], 30),
        (30, data[0]["size"]): (data[0], 20),  # beyond the last: the last
    }.items():
        settings = dict(zip(("chosen", "size"), settings, strict=True))
        rows = vega.rows(chart, "shares", ["place", "share"], **settings)
        page = [row["share"] for row in sorted(rows, key=lambda row: row["place"])]
        assert page == record["kinds"][rank - 1] + record["parts"][rank - 1]
        assert f"Rank {rank}," in sentence(chart, **settings)
    assert "80% constants. In parameters: 50% second matrix" in sentence(chart, chosen=2)


def test_the_pointer_chooses_an_eigenvector_in_every_panel():
    compiled = vega.compiled(eigenvectors.chart(eigenvectors.records([student()])).to_dict())
    (chosen,) = (s for s in compiled["signals"] if s["name"] == "chosen")
    assert len(chosen["on"]) == 3
    assert chosen["bind"]["input"] == "range", "and the keyboard everywhere"


# Training


@pytest.fixture(scope="module")
def runs():
    return training.records()


def test_the_spectrum_is_that_of_the_blocks(runs):
    chart = training.chart(runs).to_dict()
    problem = training.linear_network.aligned_problem((16, 32, 32, 10), 5, seed=0)
    target = problem.target_singular_values.numpy()
    path = recursion.trajectory(
        problem.layer_singular_values.numpy(), target, 3, 0.01, 1000, momentum=0.9
    )
    for log_updates, t in ((0, 1), (1.5, 32), (3, 1000)):
        rows = vega.rows(chart, "spectrum", ["rank", "value"], depth=3, log_updates=log_updates)
        whole = hessian_eigenvalues(path[t], target, (16, 32, 32, 10))
        assert rows[0]["rank"] == 1
        assert rows[-1]["rank"] == whole.size
        for row in rows:
            assert row["value"] == pytest.approx(whole[row["rank"] - 1], abs=5.1e-4)


def test_published_points_stand_over_the_spectrum(runs):
    chart = training.chart(runs).to_dict()
    table = published.paper_figures()["linear"]
    for depth in (2, 7):
        page = values(chart, "published", "value", depth=depth)
        assert page.tolist() == table.loc[depth, ["lambda_dom", "lambda_bulk"]].tolist()
    rows = vega.rows(chart, "means", ["depth", "ratio", "published_ratio"])
    assert [row["published_ratio"] for row in rows] == table["ratio"].tolist()
    assert rows[-1]["ratio"] == pytest.approx(6.01, abs=0.01)
    assert "ratio 6.01. The paper prints 6.66." in sentence(chart)


def test_the_answer_names_a_time_and_a_miss(runs):
    texts = training.texts(runs)
    assert "the best, 10,000 updates" in texts["answer"]
    assert "the paper prints 6.66" in texts["alt"]


def test_the_data_of_every_figure_fit_a_page(runs):
    whole = vega.compiled(training.chart(runs).to_dict())
    assert len(vega.compact(whole)) < 150_000
    for chart in (spectrum.chart(), cobweb.chart()):
        assert len(vega.compact(vega.compiled(chart.to_dict()))) < 60_000
