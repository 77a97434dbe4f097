"""Judge the results of `tools/seeds.py` by the rules of the ledger: rates with their intervals."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import seeds
from scipy.stats import binomtest

from depth_not_data.presentation import claims
from depth_not_data.presentation.claims import Claim
from depth_not_data.replication.experiment import Replica
from depth_not_data.replication.registry import CLAIMS, FIXED

SUMMARY = Path("src/depth_not_data/presentation/data/seeds.json")


def write(results: Path, path: Path = SUMMARY) -> None:
    """Write rates, intervals, seeds, versions, machines and commits."""
    path.write_text(json.dumps(summary(results), indent=1, ensure_ascii=False) + "\n", "utf-8")


def summary(results: Path, replicas: Mapping[str, Replica] = CLAIMS) -> dict:
    """Return what the ledger shows of a file of results.

    Raises
    ------
    ValueError
        If no claim has a seed with all its experiments, or a session is not described.
    """
    records = list(seeds.results(results))
    by_run = {(r["experiment"], r["seed"]): r.get("values") for r in records}
    judged = {
        claim_id: judge(claims.ledger()[claim_id], replica, by_run)
        for claim_id, replica in replicas.items()
    }
    judged = {claim_id: entry for claim_id, entry in judged.items() if entry}
    lines = results.read_text("utf-8").splitlines()
    sessions = [json.loads(line)["session"] for line in lines if line.startswith('{"session"')]
    if not judged or not sessions:
        raise ValueError(f"results must hold a session and whole seeds of a claim, got {results}")
    return {
        "sessions": [s for i, s in enumerate(sessions) if s not in sessions[:i]],
        "runs": len(records),
        "errors": sum("error" in r for r in records),
        "claims": judged,
        "fixed": FIXED,
    }


def judge(claim: Claim, replica: Replica, by_run: Mapping) -> dict | None:
    """Judge every seed that has all experiments of a claim; None if there is none.

    A run that ended in an error counts as one in which nothing holds.
    """
    everyone = sorted({seed for _, seed in by_run})
    whole = [s for s in everyone if all((name, s) in by_run for name in replica.needs)]
    if not whole:
        return None
    measured = [_measured(replica, [by_run[name, s] for name in replica.needs]) for s in whole]
    rule, instead = replica.rule or claim.rule, replica.instead or claim.instead
    entry = {"how": replica.how, "seeds": [whole[0], whole[-1]], "count": len(whole)}
    entry["rule"] = rate(sum(_accepts(rule, m) for m in measured), len(whole))
    if claim.verdict == claims.REFUTED:
        entry["fails"] = rate(len(whole) - entry["rule"]["held"], len(whole))
    if instead:
        entry["instead"] = rate(sum(_accepts(instead, m) for m in measured), len(whole))
    finite = [m for m in measured if m is not None and np.all(np.isfinite(m))]
    if finite:
        median = np.median(finite, axis=0)
        entry["median"] = [float(f"{x:.4g}") for x in median]
        judges = {"rule": rule} | ({"instead": instead} if instead else {})
        entry["median meets"] = [name for name, other in judges.items() if other.accepts(median)]
    return entry


def rate(held: int, count: int) -> dict:
    """Return the number of seeds in which something held, and the 95% interval of its rate.

    The interval is Wilson's.

    >>> rate(20, 20)
    {'held': 20, 'count': 20, 'low': 0.839, 'high': 1.0}
    """
    interval = binomtest(held, count).proportion_ci(0.95, method="wilson")
    ends = {"low": round(interval.low, 3), "high": round(interval.high, 3)}
    return {"held": held, "count": count, **ends}


def _measured(replica, values):
    if any(v is None for v in values):
        return None
    return np.atleast_1d(np.asarray(replica.measured(*values), dtype=float)).ravel()


def _accepts(rule, measured):
    return measured is not None and bool(np.all(np.isfinite(measured))) and rule.accepts(measured)
