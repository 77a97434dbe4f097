"""Workflows call commands that there are, by actions that cannot change, with the least rights."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"
TEXTS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.iterdir())}
# What a job may do beyond reading, and why.
WRITES = {
    ("book.yml", "colab"): {"contents": "write"},  # a branch with the copies for Colab
    ("book.yml", "publish"): {"pages": "write", "id-token": "write"},  # the site
}


def targets():
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def problems(name, text):
    """What is wrong with a workflow."""
    workflow = yaml.safe_load(text)
    found = [f"{line.strip()}: not pinned by a commit" for line in not_pinned(text)]
    found += [f"make {name}: no such command" for name in commands(workflow) - targets()]
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("permissions: not those of reading alone")
    for job, said in workflow["jobs"].items():
        if said.get("permissions", {}) != WRITES.get((name, job), {}):
            found.append(f"{job}: rights that nobody gave")
        if "timeout-minutes" not in said:
            found.append(f"{job}: no limit of time")
        needs = said.get("needs", [])
        missing = {needs} if isinstance(needs, str) else set(needs)
        found += [
            f"{job}: needs {other}, which is not there" for other in missing - {*workflow["jobs"]}
        ]
    if "concurrency" not in workflow:
        found.append("concurrency: not given")
    for step in steps(workflow):
        if "${{" in step.get("run", ""):
            found.append(f"{step['run']}: what stands in braces becomes part of the command")
        if "checkout@" in step.get("uses", "") and (
            step.get("with", {}).get("persist-credentials") is not False
        ):
            found.append("checkout: leaves its credentials")
    return found


def not_pinned(text):
    used = [line for line in text.splitlines() if re.search(r"^\s*(- )?uses:", line)]
    return [line for line in used if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]


def commands(workflow):
    """Targets of make that are called, those that are chosen by hand among them."""
    called = " ".join(step.get("run", "") for step in steps(workflow))
    found = set(re.findall(r"\bmake ([a-z-]+)", called))
    # YAML 1.1 reads the key `on` as true.
    inputs = (workflow[True].get("workflow_dispatch") or {}).get("inputs", {})
    return found.union(*(said.get("options", []) for said in inputs.values()))


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_wrong(name):
    assert problems(name, TEXTS[name]) == []


BREAKS = {
    "a tag for a commit": (r"checkout@[0-9a-f]{40} # ", "checkout@", "not pinned"),
    "a commit without its version": (r" # v5.0.0", "", "not pinned"),
    "a command that is gone": (r"make lint", "make tidy", "make tidy: no such command"),
    "all rights": (r"\npermissions:\n  contents: read", "\npermissions: write-all", "reading"),
    "no word on rights": (r"\npermissions:\n  contents: read", "", "reading alone"),
    "a right for a test": (
        r"  lint:\n", "  lint:\n    permissions: {packages: write}\n", "lint: rights",
    ),
    "no limit of time": (r"    timeout-minutes: 15\n", "", "lint: no limit"),
    "a job that is gone": (r"\n  lint:\n", "\n  style:\n", "needs lint"),
    "no group": (r"\nconcurrency:\n(  .*\n)+", "\n", "concurrency"),
    "a title in a command": (
        r"make lint", "echo ${{ github.event.pull_request.title }}", "part of the command",
    ),
    "credentials": (r"persist-credentials: false", "clean: true", "credentials"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_seen(what):
    pattern, text, problem = BREAKS[what]
    broken, count = re.subn(pattern, lambda _: text, TEXTS["book.yml"])
    assert count
    assert any(problem in line for line in problems("book.yml", broken))


def test_every_python_and_both_systems_are_tested():
    workflow = yaml.safe_load(TEXTS["book.yml"])
    for job in ("unit", "notebooks"):
        matrix = workflow["jobs"][job]["strategy"]["matrix"]
        rows = [(os, python) for os in matrix["os"] for python in matrix["python"]]
        rows += [(row["os"], row["python"]) for row in matrix["include"]]
        assert {os for os, _ in rows} == {"ubuntu-latest", "macos-latest"}
        assert {"3.11", "3.14"} <= {python for _, python in rows}
    assert workflow["jobs"]["unit"]["strategy"]["matrix"]["python"] == [
        "3.11", "3.12", "3.13", "3.14",
    ]  # fmt: skip


def test_what_ci_runs_is_what_the_workflow_runs():
    local = set(re.findall(r"make ([a-z-]+)", (ROOT / ".ci/run").read_text("utf-8")))
    called = commands(yaml.safe_load(TEXTS["book.yml"]))
    parts = {"test-unit", "test-notebooks"}
    assert local - {"test"} <= called
    assert parts <= called
