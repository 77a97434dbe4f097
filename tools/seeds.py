"""Repeat every stochastic claim on fresh seeds: `make seeds`.

``python tools/seeds.py`` runs the experiments of `depth_not_data.replication` that the file of
results lacks, and writes rates with their intervals for the ledger. Stopped, it goes on where it
was. Runs go through joblib: ``--scheduler tcp://host:8786`` spreads them over a Dask cluster.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path

import joblib
import torch
from threadpoolctl import threadpool_limits

from depth_not_data.replication.experiment import Experiment
from depth_not_data.replication.registry import CLAIMS, EXPERIMENTS, SEEDS

CACHE_VARIABLE = "DEPTH_NOT_DATA_CACHE"  # of stored trainings
RESULTS = Path("_build/seeds.jsonl")
PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "joblib")
# Seconds for one seed of the cheapest claim that needs an experiment.
COST = {
    name: min(
        sum(EXPERIMENTS[other].seconds for other in replica.needs)
        for replica in CLAIMS.values()
        if name in replica.needs
    )
    for name in EXPERIMENTS
}
# After the first seeds of all, claims that cost less than this for a seed have theirs first.
FIRST_SEEDS, TIERS = 2, (45.0, 100.0)


def main(arguments: list[str]) -> int:
    """Run what is missing within the budget, then write the summary where it can be judged."""
    options = _options(arguments)
    cluster = _cluster(options.scheduler) if options.scheduler else nullcontext()
    with tempfile.TemporaryDirectory() as folder, cluster:
        # Stored trainings would only be in the way: every seed is asked for once.
        os.environ[CACHE_VARIABLE] = folder
        todo = missing(options.out, list(EXPERIMENTS.values()), SEEDS[: options.seeds])
        _append(options.out, {"session": session(options.commit)})
        done = run(todo, options.out, jobs=options.jobs, end=time.time() + options.budget)
    print(f"{done} of {len(todo)} runs done; results in {options.out}")
    if options.summary:
        import seeds_summary  # needs the ledger, which a machine that only computes may lack

        seeds_summary.write(options.out)
    return 0


def missing(path: Path, experiments: Iterable[Experiment], seeds: Iterable[int]) -> list[tuple]:
    """Pairs of experiment and seed without a result, in the order in which they are begun.

    Seed by seed, the dearest experiment of a round first; after two seeds of everything those of
    the cheap claims, in seconds of `TIERS`, come before those of the dear ones.
    """
    known = {(r["experiment"], r["seed"]) for r in results(path)}
    places = {seed: number for number, seed in enumerate(seeds)}
    pairs = [(e, s) for s in places for e in experiments if (e.name, s) not in known]
    return sorted(pairs, key=lambda pair: (_round(pair[0], places[pair[1]]), -pair[0].seconds))


def _round(experiment, number):
    cost = COST.get(experiment.name, experiment.seconds)
    return sum(cost >= tier for tier in TIERS) if number >= FIRST_SEEDS else 0, number


def results(path: Path) -> Iterator[dict]:
    """Every result of a file, without the lines that describe a session or were cut off."""
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "experiment" in record:
            yield record


def run(todo: list[tuple[Experiment, int]], path: Path, *, jobs: int, end: float) -> int:
    """Run pairs of experiment and seed; append every result when it is there.

    A run that would begin after `end`, seconds since the epoch, is left out. Returns the number of
    runs done.
    """
    done = 0
    calls = (joblib.delayed(one)(experiment, seed, end) for experiment, seed in todo)
    parallel = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    for record in parallel(calls):
        if record is not None:
            _append(path, record)
            done += "values" in record
    return done


def one(experiment: Experiment, seed: int, end: float = float("inf")) -> dict | None:
    """Return the record of one run in one thread; an error is a result too."""
    begun = time.time()
    if begun > end:
        return None
    torch.set_num_threads(1)
    record = {"experiment": experiment.name, "seed": seed}
    # A sweep of one run needs no workers of its own.
    with threadpool_limits(1), joblib.parallel_config(backend="sequential"):
        try:
            record["values"] = experiment(seed)
        except Exception as error:
            record["error"] = f"{type(error).__name__}: {error}"
    return record | {"seconds": round(time.time() - begun, 1)}


def session(commit: str | None) -> dict:
    """Versions, kind of machine and commit of a session."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    return {
        "commit": commit or subprocess.run(git, capture_output=True, text=True).stdout.strip(),
        "machine": f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
    }


def _append(path, record):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


@contextmanager
def _cluster(address):
    from dask.distributed import Client  # only for those who have a cluster

    with Client(address), joblib.parallel_config(backend="dask"):
        yield


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="fresh seeds of each")
    parser.add_argument("--jobs", type=int, default=-1, help="runs at once; -1: all cores")
    parser.add_argument("--budget", type=float, default=float("inf"), help="in seconds")
    parser.add_argument("--out", type=Path, default=RESULTS, help="results, one a line")
    parser.add_argument("--scheduler", help="address of a Dask cluster")
    parser.add_argument("--commit", help="of the code, where there is no git")
    parser.add_argument("--summary", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
