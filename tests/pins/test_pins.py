"""Nothing that was fixed before its result changes without a dated reason: tools/pins.py."""

import datetime
import shutil
from pathlib import Path

import pins
import pytest
import yaml

from depth_not_data.presentation import (
    cheaper_settings,
    claims,
    new_networks,
    predictions,
    published,
)

ROOT = Path(__file__).parents[2]
PINNED = yaml.safe_load((ROOT / pins.PINS).read_text("utf-8"))
# Digest of the first state: whoever rewrites that in place, and not by a change, has to come here.
FIRST = "1a42db07bfcd2792"
LEDGER = "presentation/claims.yml"
KNOCK_OUTS = "presentation/predictions.yml"
NETWORKS = "presentation/new_networks.yml"
DATA = "presentation/data"


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    for room in (*pins.ROOMS, "presentation", "replication"):
        shutil.copytree(
            ROOT / pins.PACKAGE / room,
            root / pins.PACKAGE / room,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    file = root / pins.PINS
    file.parent.mkdir(parents=True)
    file.write_text(pins.written({"first": pins.items(root), "changed": []}, "# Head.\n"), "utf-8")
    return root


@pytest.fixture(scope="module")
def untouched(copied):
    return yaml.safe_load((copied / pins.PINS).read_text("utf-8"))


@pytest.fixture
def edit(copied):
    """Replace a text in a file of the copied package, the first one behind `after`."""
    before = {}

    def replace(path, old, new, after=""):
        file = copied / pins.PACKAGE / path
        text = before.setdefault(file, file.read_text("utf-8"))
        start = text.index(after)
        assert old in text[start:], (path, old)
        file.write_text(text[:start] + text[start:].replace(old, new, 1), "utf-8")
        return copied

    yield replace
    for file, text in before.items():
        file.write_text(text, "utf-8")


@pytest.fixture
def pinned_copy(copied):
    file = copied / pins.PINS
    text = file.read_text("utf-8")
    yield file
    file.write_text(text, "utf-8")


def test_every_input_is_as_it_is_pinned():
    different = pins.differences(pins.items(ROOT), PINNED)
    how = 'change it back, or write the reason: python tools/pins.py "why"'
    assert not different, f"{how}\n{pins.report(different)}"


def test_the_first_state_is_the_first_one():
    assert pins.digest(PINNED["first"]) == FIRST, "tests/pins/pins.yml: `first` is never edited"


def test_every_change_has_a_date_and_a_reason_and_changes_something():
    state, last = dict(PINNED["first"]), ""
    for change in PINNED["changed"]:
        assert sorted(change) == ["item", "now", "on", "why"]
        assert datetime.date.fromisoformat(change["on"]).isoformat() >= last
        assert len(change["why"]) >= pins.SHORTEST_REASON
        assert state.get(change["item"]) != change["now"], change
        state[change["item"]], last = change["now"], change["on"]


def test_every_rule_prediction_and_published_number_is_pinned():
    pinned = pins.expected(PINNED)
    for entry in claims.ledger().values():
        for part in ("rule", "instead", "published", "verdict"):
            assert (f"claim {entry.id}, {part}" in pinned) == bool(getattr(entry, part))
    for name in predictions.predictions():
        assert f"knock-out {name}" in pinned
    for name in new_networks.networks():
        assert f"new network {name}" in pinned
    for name in cheaper_settings.SETTINGS:
        assert f"presentation.cheaper_settings.SETTINGS[{name!r}]" in pinned
    assert sum(name.startswith("paper, ") for name in pinned) == published.paper_figures().size
    curves = {key[:-1] for key in published.blog_spectra().index}
    assert {f"post, {figure}, N = {n}, D = {d}" for figure, n, d in curves} <= pinned.keys()
    rows = (ROOT / pins.SHOWN / "data/real_data_predictions.csv").read_text().splitlines()
    assert sum(name.startswith("real data ") for name in pinned) == len(rows) - 1


CHANGES = [
    # The ledger: limit, tolerance, relation, what is possible, what is true instead, verdict.
    (LEDGER, "value: 1.0e-12", "value: 1.0e-11", "\nP2a:", "claim P2a, rule"),
    (LEDGER, "tolerance: 0.2", "tolerance: 0.3", "\nB3b:", "claim B3b, rule"),
    (LEDGER, "kind: at least", "kind: at most", "\nB1a:", "claim B1a, rule"),
    (LEDGER, "possible: [0, 10]", "possible: [0, 11]", "\nB1a:", "claim B1a, rule"),
    (LEDGER, "[1.1, 1.2]]\n", "[1.1, 1.3]]\n", "\nE8:", "claim E8, instead"),
    (LEDGER, "verdict: refuted", "verdict: confirmed", "\nE60:", "claim E60, verdict"),
    (LEDGER, "when: with its result", "when: before any run", "\nT5:", "claim T5, fixed"),
    (LEDGER, "6.66", "6.67", "\nP7a:", "claim P7a, published"),
    (LEDGER, "1.164", "1.165", "\nE8:", "claim E8, numbers in the quantity"),
    (LEDGER, "seeds of ten", "seeds of five", "\nB1a:", "claim B1a, numbers in the quantity"),
    # Predictions: gaps, edge, seen, levels, thresholds, options.
    (KNOCK_OUTS, "gaps: [9]", "gaps: [9, 18]", "id: gain-frozen", "knock-out gain-frozen"),
    (KNOCK_OUTS, "edge: 99", "edge: 100", "id: gain-frozen", "knock-out gain-frozen"),
    (KNOCK_OUTS, "seen: true", "seen: false", "id: gain-frozen", "knock-out gain-frozen"),
    (KNOCK_OUTS, "frozen: [gain]", "frozen: [bias]", "id: gain-frozen", "knock-out gain-frozen"),
    (KNOCK_OUTS, "gap_ratio: 1.25", "gap_ratio: 1.35", "", "knock-outs, scoring, gap_ratio"),
    (KNOCK_OUTS, "from rank 2 N", "from rank 5 N", "", "knock-outs, scoring, edge_rule"),
    (KNOCK_OUTS, "exactly.", "nearly.", "", "knock-outs, scoring, gap_rule"),
    (KNOCK_OUTS, "identity: 0.03", "identity: 0.3", "",
     "knock-outs, masses, second_cluster_identity"),
    (NETWORKS, "[7.7, 4.0]", "[7.7, 4.1]", "id: post-transformer\n",
     "new network post-transformer"),
    (NETWORKS, "gaps: [9, 18]", "gaps: [9]", "id: dropout", "new network dropout"),
    (NETWORKS, "tolerance: 0.2", "tolerance: 0.25", "", "new networks, scoring, level_tolerance"),
    (f"{DATA}/real_data_predictions.csv", ",yes", ",no", "diabetes,1,7,",
     "real data diabetes, a = 1, L = 7"),
    # Published numbers and where they come from.
    (f"{DATA}/paper_figures.csv", "6.66", "6.46", "", "paper, spectral-gap, linear, L = 7, ratio"),
    (f"{DATA}/blog_spectra_digitised.csv", "0.494", "0.509", "", "post, vary-N, N = 10, D = 2"),
    (f"{DATA}/blog_spectra_digitised.csv", "log,10,8,2", "log,10,8,3", "",
     "post, depth-alignment-log, N = 10, D = 8"),
    (f"{DATA}/README.md", "0.005 either way", "0.05 either way", "",
     "where it comes from: paper_figures.csv"),
    ("presentation/published.py", "ERROR = 0.03", "ERROR = 0.3", "",
     "presentation.published.BLOG_CURVE_ERROR"),
    ("presentation/published.py", "(10, 8): 0.05", "(10, 8): 0.5", "",
     "presentation.published.BLOG_MARKER_ERRORS[(10, 8)]"),
    # Numbers and code that judge.
    ("spectra/gaps.py", "GAP = 1.25", "GAP = 1.35", "", "spectra.gaps.GAP"),
    ("spectra/gaps.py", "HALF_WIDTH = 0.1", "HALF_WIDTH = 0.2", "", "spectra.gaps.HALF_WIDTH"),
    ("spectra/gaps.py", "len(eigenvalues) // 2", "len(eigenvalues) // 4", "",
     "code of spectra.gaps.landmarks"),
    ("spectra/gaps.py", "first=1, last=half", "first=5, last=half", "def landmarks",
     "code of spectra.gaps.landmarks"),
    ("presentation/predictions.py", "2 * n_embd + 1", "5 * n_embd + 1", "def observed_edge",
     "code of presentation.predictions.observed_edge"),
    ("presentation/predictions.py", "n_embd**2 // 2", "n_embd**2 // 4", "def median_ratios",
     "code of presentation.predictions.median_ratios"),
    ("presentation/new_networks.py", "<= tolerance", "<= 2 * tolerance", "",
     "code of presentation.new_networks.Outcome"),
    ("presentation/rules.py", "margins(measured) >= 0", "margins(measured) >= -1", "",
     "code of presentation.rules.Rule"),
    ("presentation/claims.py", "claim.instead is not None", "False", "def contradiction",
     "code of presentation.claims.contradiction"),
    ("presentation/cheaper_settings.py", "Setting(gain=0)", "Setting(gain=1)", "",
     "presentation.cheaper_settings.SETTINGS['gain frozen']"),
    ("replication/registry.py", "Limits((95,), (105,))", "Limits((90,), (110,))", "",
     "replication.registry.CLAIMS['B1c']"),
    ("replication/registry.py", "range(1000, 1020)", "range(1000, 1010)", "",
     "replication.registry.SEEDS"),
    ("residual/heads.py", "0.178, 0.36", "0.187, 0.36", "",
     "residual.heads.RELU_CONSTANT, RELU_LINEAR"),
    ("linear/optimizers.py", "(0.9, 0.999)", "(0.9, 0.99)", "HYPER = {",
     "linear.optimizers.HYPER['adam']"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "after", "item"), CHANGES)
def test_a_change_is_seen_and_named(edit, untouched, path, old, new, after, item):
    different = pins.differences(pins.items(edit(path, old, new, after)), untouched)
    assert list(different) == [item]
    assert pins.report(different).startswith(f"{item}: pinned")


def test_what_is_taken_out_and_what_is_new_is_seen(edit, untouched):
    root = edit(KNOCK_OUTS, "id: gain-frozen\n", "id: gain-thawed\n")
    different = pins.differences(pins.items(root), untouched)
    assert list(different) == ["knock-out gain-frozen", "knock-out gain-thawed"]
    assert different["knock-out gain-frozen"][1] is None
    assert different["knock-out gain-thawed"][0] is None


def test_a_judge_that_is_gone_is_seen(edit):
    root = edit("spectra/gaps.py", "def _windows", "def _other_windows")
    assert pins.items(root)["code of spectra.gaps._windows"] == "is not there"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (LEDGER, "reason: >-\n", "reason: >-\n      To be exact:\n"),
        (KNOCK_OUTS, "what: gains held at 1", "what: the gains stay at 1"),
        ("spectra/gaps.py", "GAP = 1.25", "GAP = 1.25  # as said above"),
        ("spectra/gaps.py", "Ranks of the ratios of", "Ranks of those ratios of"),
        (f"{DATA}/README.md", "# Published values", "# Values that were published"),
    ],
)
def test_words_that_judge_nothing_are_free(edit, untouched, path, old, new):
    assert not pins.differences(pins.items(edit(path, old, new)), untouched)


def test_a_value_is_one_line_and_a_long_one_its_beginning_and_a_digest():
    assert pins.short({"gaps": [9, 18], "edge": None}) == '{"gaps": [9, 18], "edge": null}'
    assert pins.short("two\n  lines") == "two lines"
    long, other = [0] * 400 + [1], [0] * 400 + [2]
    assert pins.short(long)[:100] == pins.short(other)[:100] == ("[0" + ", 0" * 400)[:100]
    assert pins.short(long) != pins.short(other)
    assert len(pins.short(long)) < pins.LONGEST


def test_one_name_for_two_things_is_refused(edit):
    root = edit(KNOCK_OUTS, "id: gain-frozen\n", "id: no-affine\n")
    with pytest.raises(ValueError, match="knock-out no-affine"):
        pins.items(root)


def test_the_command_names_what_differs_and_writes_nothing(edit, pinned_copy, capsys):
    root, before = edit("spectra/gaps.py", "GAP = 1.25", "GAP = 1.35"), pinned_copy.read_text()
    assert pins.main([], root) == 1
    said = capsys.readouterr().out
    assert "spectra.gaps.GAP: pinned '1.25', is '1.35'" in said
    assert "give the reason" in said
    with pytest.raises(SystemExit, match="must say why"):
        pins.main(["because"], root)
    assert pinned_copy.read_text() == before


def test_the_command_writes_a_dated_reason_and_leaves_the_first_state(edit, pinned_copy, capsys):
    root, before = edit("spectra/gaps.py", "GAP = 1.25", "GAP = 1.35"), pinned_copy.read_text()
    assert pins.main(["As the new plots have narrower gaps."], root) == 0
    after = pinned_copy.read_text()
    assert after.startswith(before[: before.index("changed:")])
    *_, change = yaml.safe_load(after)["changed"]
    assert change == {
        "item": "spectra.gaps.GAP",
        "on": datetime.date.today().isoformat(),
        "why": "As the new plots have narrower gaps.",
        "now": "1.35",
    }
    assert pins.main([], root) == 0
    assert "as it is pinned" in capsys.readouterr().out.splitlines()[-1]
    edit("spectra/gaps.py", "GAP = 1.25", "GAP = 1.25")
    assert pins.main([], root) == 1, "back without a reason"
    assert pins.main(["The narrower gaps were chance after all."], root) == 0
    changes = yaml.safe_load(pinned_copy.read_text())["changed"]
    assert [change["now"] for change in changes[-2:]] == ["1.35", "1.25"]
