"""`make seeds`: budget, resumption, backends, and rates from planted results."""

import json
import os
import sys
from pathlib import Path

import joblib
import pytest
import seeds
import seeds_summary

from depth_not_data.presentation import claims, sphinx_seeds
from depth_not_data.replication.experiment import Experiment, Limits, Replica, bound
from depth_not_data.replication.registry import CLAIMS, EXPERIMENTS, FIXED, SEEDS

SESSION = {"session": {"commit": "abc", "machine": "Linux", "versions": {"python": "3"}}}
CHEAP = ("random features", "orthogonal start")


def twice(factor, seed):
    return {"value": [factor * seed]}


def fails(seed):
    raise ArithmeticError("diverges")


def experiments():
    return [Experiment(f"times {k}", bound(twice, k), 1.0) for k in (2, 3)]


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_runs_go_seed_by_seed_and_the_dear_ones_last(tmp_path):
    made = (Experiment(name, fails, s) for name, s in (("a", 1), ("b", 5), ("c", 50)))
    todo = seeds.missing(tmp_path / "none", list(made), [1, 2, 3, 4])
    order = " ".join(f"{e.name}{seed}" for e, seed in todo)
    assert order == "c1 b1 a1 c2 b2 a2 b3 a3 b4 a4 c3 c4"


def test_results_are_appended_and_taken_up_again(tmp_path):
    out = tmp_path / "deep" / "seeds.jsonl"
    todo = seeds.missing(out, experiments(), [5, 6])
    assert seeds.run(todo[:1], out, jobs=1, end=float("inf")) == 1
    with out.open("a") as file:
        file.write('{"experiment": "times 2", "se')  # a line that was cut off
    with out.open("a") as file:
        file.write("\n")
    rest = seeds.missing(out, experiments(), [5, 6])
    assert len(rest) == 3
    assert seeds.run(rest, out, jobs=1, end=float("inf")) == 3
    assert seeds.missing(out, experiments(), [5, 6]) == []
    found = {(r["experiment"], r["seed"]): r["values"] for r in seeds.results(out)}
    assert found["times 3", 6] == {"value": [18]}


def test_nothing_begins_when_the_budget_is_spent(tmp_path):
    out = tmp_path / "seeds.jsonl"
    assert seeds.run(seeds.missing(out, experiments(), [5]), out, jobs=1, end=0.0) == 0
    assert len(seeds.missing(out, experiments(), [5])) == 2


def test_an_error_is_a_result_and_not_a_success(tmp_path):
    out = tmp_path / "seeds.jsonl"
    broken = Experiment("broken", fails, 1.0)
    assert seeds.run([(broken, 5)], out, jobs=1, end=float("inf")) == 0
    [record] = lines(out)
    assert record["error"] == "ArithmeticError: diverges"
    replica = Replica(("broken",), lambda v: v["value"], "", Limits((0,), (1,)))
    entry = seeds_summary.judge(claims.ledger()["B1a"], replica, {("broken", 5): None})
    assert entry["rule"]["held"] == 0


def test_numbers_do_not_depend_on_the_backend(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="pinned in requirements.txt")
    paths = os.pathsep.join(["tools", "src", *sys.path])
    monkeypatch.setenv("PYTHONPATH", paths)
    todo = [(EXPERIMENTS[name], seed) for name in CHEAP for seed in (900, 901)]
    files = {name: tmp_path / f"{name}.jsonl" for name in ("one", "loky", "dask")}
    seeds.run(todo, files["one"], jobs=1, end=float("inf"))
    with joblib.parallel_config(backend="loky"):
        seeds.run(todo, files["loky"], jobs=2, end=float("inf"))
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "processes": True,
        "dashboard_address": None,
    }
    with (
        distributed.LocalCluster(**options, local_directory=tmp_path) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        seeds.run(todo, files["dask"], jobs=-1, end=float("inf"))
    values = [
        {(r["experiment"], r["seed"]): r["values"] for r in seeds.results(file)}
        for file in files.values()
    ]
    assert len(values[0]) == len(todo)
    assert values[0] == values[1] == values[2]


@pytest.fixture
def planted(tmp_path):
    """Results of N = 10, D = 2: nineteen seeds with an edge in place, one without."""
    path = tmp_path / "seeds.jsonl"
    records = [SESSION]
    for i, seed in enumerate(SEEDS[:20]):
        values = {"edge": [100 if i else 90], "widest": [9, 18], "gaps": [9, 18, 100]}
        records.append({"experiment": "post 10 2", "seed": seed, "values": values, "seconds": 1})
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return path


def test_rates_from_planted_results(planted):
    found = seeds_summary.summary(planted)
    assert set(found["claims"]) == {"B1a", "B1b", "B1c"}
    assert found["claims"]["B1c"]["rule"] == {"held": 19, "count": 20, "low": 0.764, "high": 0.991}
    assert found["claims"]["B1a"]["rule"]["low"] == 0.839
    assert found["sessions"] == [SESSION["session"]]
    shown = sphinx_seeds.rows("B1c", found)
    assert shown[0].startswith(
        ":Fresh seeds: the rule holds in 19 of 20 (95% interval 0.76 to 0.99)"
    )


def test_a_refuted_claim_shows_how_often_it_fails_and_what_holds_instead():
    replica = Replica(("x",), lambda v: v["value"], "", Limits((1,), (1,)), Limits((0,), (0,)))
    by_run = {("x", seed): {"value": [int(seed == 0)]} for seed in range(20)}
    entry = seeds_summary.judge(claims.ledger()["B2b"], replica, by_run)
    assert (entry["fails"]["held"], entry["instead"]["held"]) == (19, 19)
    assert sphinx_seeds.said(entry).startswith("the statement fails in 19 of 20")


@pytest.mark.parametrize(
    ("numbers", "held", "met"),
    [([0.5, 1.1, 1.3], 1, "the rule"), ([0.9, 1.6, 9.0], 1, "not the rule")],
)
def test_the_median_of_the_seeds_is_judged_beside_the_seeds(numbers, held, met):
    replica = Replica(("x",), lambda v: v["value"], "")  # B3b: within 0.2 of 1
    by_run = {("x", seed): {"value": [number]} for seed, number in enumerate(numbers)}
    entry = seeds_summary.judge(claims.ledger()["B3b"], replica, by_run)
    assert entry["rule"]["held"] == held
    assert entry["median"] == [numbers[1]]
    assert sphinx_seeds.of_median(entry) == met


def test_a_seed_without_all_experiments_is_not_judged():
    replica = Replica(("x", "y"), lambda *v: [1], "", Limits((1,), (1,)))
    by_run = {("x", 1): {}, ("x", 2): {}, ("y", 2): {}}
    assert seeds_summary.judge(claims.ledger()["B1a"], replica, by_run)["count"] == 1
    assert seeds_summary.judge(claims.ledger()["B1a"], replica, {("x", 1): {}}) is None


def test_numbers_that_are_not_finite_hold_nothing():
    replica = Replica(("x",), lambda v: v["value"], "")
    entry = seeds_summary.judge(
        claims.ledger()["B3b"], replica, {("x", 1): {"value": [float("inf")]}}
    )
    assert entry["rule"]["held"] == 0


def test_results_without_a_session_are_refused(tmp_path):
    path = tmp_path / "seeds.jsonl"
    path.write_text("", "utf-8")
    with pytest.raises(ValueError, match="session"):
        seeds_summary.summary(path)


# The summary that is shown


def test_the_summary_is_of_claims_that_are_there():
    found = sphinx_seeds.summary()
    assert set(found["claims"]) <= set(CLAIMS)
    assert found["fixed"] == FIXED


def test_the_page_links_every_claim():
    found = sphinx_seeds.summary()
    text = sphinx_seeds.markdown(found)
    shown = [*found["claims"], *FIXED]
    assert all(f"`{claim_id} <claim-{claim_id.lower()}>`" in text for claim_id in shown)


def test_the_page_says_where_fresh_seeds_are_on_another_side_than_the_chapter():
    entry = {"seeds": [1, 1], "count": 1, "how": "", "rule": {"held": 1, "count": 1}}
    entry["rule"] |= {"low": 0.0, "high": 1.0}
    found = {"runs": 1, "errors": 0, "sessions": [], "fixed": {}, "claims": {}}
    found["claims"] = {"P1": {**entry, "median meets": ["rule"]}}
    assert "another side" not in sphinx_seeds.markdown(found)
    found["claims"]["P2"] = {**entry, "median meets": []}
    found["claims"]["P3"] = {**entry, "median meets": ["rule"], "fails": entry["rule"]}
    said = "in 2 of 3 claims: {ref}`P2 <claim-p2>`, {ref}`P3 <claim-p3>`."
    assert said in sphinx_seeds.markdown(found)


def test_no_chapter_reads_the_summary():
    sources = Path(sphinx_seeds.__file__).parents[1].rglob("*.py")
    readers = [p.name for p in sources if '"seeds.json"' in p.read_text("utf-8")]
    assert readers == ["sphinx_seeds.py"]
