"""Execute every notebook and compare its outputs with the committed ones, cell by cell.

A notebook that passed, and of which nothing has changed since, is not executed again: neither its
code, its outputs, what it imports, the versions that are installed nor the settings of the
libraries. With ``--all`` it is; in a fresh clone nothing has passed yet.
"""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

import freshness
import pytest
import side_by_side
import trouble

PASSED = Path("_build/passed.lock")
OPTIONS = ["--dist", "loadfile", "--no-loadscope-reorder", "-o", "addopts="]
OPTIONS += ["-o", "filterwarnings=default", "--nbval", "--nbval-current-env"]
OPTIONS += ["--nbval-sanitize-with"]
SANITIZE = Path("tests/nbval_sanitize.cfg")
# Variables that choose kernels, threads or a store of runs.
SETTINGS = ("OMP_", "MKL_", "OPENBLAS_", "ATEN_", "NPY_", "DEPTH_NOT_DATA_", "PYTHON")


class Watch:
    """Plugin of pytest: the files of which a test did not pass."""

    def __init__(self):
        self.failed = set()

    def pytest_runtest_logreport(self, report):
        """Note the file of a cell that differs, or was not executed since one before it failed."""
        if not report.passed:
            self.failed.add(report.nodeid.partition("::")[0])

    pytest_collectreport = pytest_runtest_logreport


def surroundings() -> dict[str, str]:
    """Digest what an outcome depends on, beside the notebook and the helpers."""
    installed = {d.name: d.version for d in importlib.metadata.distributions()}
    settings = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
    machine = (platform.system(), platform.processor(), platform.python_version())
    return {
        "comparison": freshness.digest([OPTIONS, SANITIZE.read_text("utf-8")]),
        "installed packages": freshness.digest(installed),
        "settings": freshness.digest(settings),
        "machine": freshness.digest(machine),
    }


def main(arguments: list[str]) -> int:
    """Compare what has to be, remember what passed, and return what pytest returns."""
    jobs = arguments[arguments.index("--jobs") + 1]
    inputs, around = freshness.Inputs(), surroundings()
    lock = {} if "--all" in arguments else freshness.read_lock(PASSED)
    paths = side_by_side.longest_first(
        freshness.notebooks(), freshness.read_lock(freshness.COMMITTED)
    )
    due = {}
    for path in paths:
        notebook = freshness.read(path)
        wanted = {**inputs.of(notebook), **around}
        if freshness.changes(lock.get(path.as_posix()), notebook, wanted):
            due[path.as_posix()] = notebook, wanted
    if len(due) < len(paths):
        print(
            f"{len(paths) - len(due)} of {len(paths)} notebooks have passed, and nothing of them "
            "has changed since; `make test-notebooks ALL=yes` compares them too.",
            flush=True,
        )
    if not due:
        return 0
    side_by_side.share_processors()
    watch = Watch()
    status = pytest.main(["-n", jobs, *OPTIONS, str(SANITIZE), *due], plugins=[watch])
    # An interrupted comparison says nothing about the notebooks that it did not reach.
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        for path in due.keys() - watch.failed:
            freshness.record(PASSED, Path(path), *due[path])
    return status


if __name__ == "__main__":
    with trouble.in_one_sentence():
        sys.exit(main(sys.argv[1:]))
