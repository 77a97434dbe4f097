"""Do the tests notice a mistake? One small change at a time in the NumPy-only core, each tried.

For every module of the core: its tests and doctests are collected once and run once, to see which
of its functions each of them calls. Then for every mutant a forked child changes the functions in
place and runs the tests that call what was changed, the fastest first, until one fails. Hypothesis
draws few examples, always the same. A test that takes ten times as long as without the mutant, and
two seconds more, has failed.

What a mutant may be is in `mutations.py`. Of a module with more than `LIMIT` mutants a sample of so
many is tried, drawn with seed `SEED`.

`mutants.json` keeps what came out, with a digest of the module and its tests: only a module whose
digest has changed is tried again. `mutants.yml` says of mutants that no test can kill why not. The
table is written to `book/appendix/mutants.md`.
"""

import argparse
import ast
import contextlib
import io
import json
import os
import random
import resource
import signal
import sys
import time
import types
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import pytest
import yaml
from _pytest.runner import runtestprotocol
from mutations import mutants

from depth_not_data._source import digest, parse, plain

SOURCES, TESTS = Path("src/depth_not_data"), Path("tests")
RECORD, EXPLAINED = Path("tools/mutants.json"), Path("tools/mutants.yml")
PAGE = Path("book/appendix/mutants.md")
CORE = """
    _validation
    spectra._ranks spectra.collapse spectra.gaps spectra.growth
    linear.blocks linear.conditioning linear.defect linear.ensembles linear.flow
    linear.growing_steps linear.least_squares linear.minibatches linear.minimum linear.noise
    linear.optimizer_times linear.optimizers linear.orbits linear.real_data linear.recursion
    linear.residual linear.shortfall linear.softmax linear.spectrum linear.stability
    presentation.rules
    residual.levels residual.signal_propagation
""".split()  # noqa: SIM905
# Modules whose tests are not in the file of the same name, or not only there.
ELSEWHERE = {
    "spectra._ranks": ["spectra/test_gaps.py", "spectra/test_collapse.py"],
    "linear.recursion": ["linear/test_recursion.py", "linear/test_recursion_momentum.py"],
    "presentation.rules": ["presentation/test_claims.py"],
}
LIMIT, SEED = 25, 0
MARK = "<!-- written by make mutants -->"
MEMORY = 16 * 2**30  # bytes of address space: a mutant may ask for any number of entries


def transplant(module: types.ModuleType, tree: ast.Module) -> None:
    """Give the functions and classes of a loaded module the code of another version of it."""
    old = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), module.__file__, "exec"), vars(module))
    ours = [m for n, m in sys.modules.items() if n.startswith(("depth_not_data", "test"))]
    for name, before in old.items():
        after = vars(module)[name]
        if before is after:
            continue
        if isinstance(before, type):
            for key, value in vars(after).items():
                if key not in ("__dict__", "__weakref__", "__doc__"):
                    setattr(before, key, value)
        elif isinstance(getattr(before, "__wrapped__", before), types.FunctionType):
            inner, source = (getattr(f, "__wrapped__", f) for f in (before, after))
            for key in ("__code__", "__defaults__", "__kwdefaults__"):
                setattr(inner, key, getattr(source, key))
        else:
            for other in ours:
                if vars(other).get(name) is before:
                    setattr(other, name, after)
            continue
        setattr(module, name, before)


def in_child(work) -> dict | None:
    """Return what `work` returns in a forked child, or nothing if that died."""
    receive, send = os.pipe()
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            os.write(send, json.dumps(work()).encode())
        os._exit(0)
    os.close(send)
    with open(receive, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(content) if content else None


class Trial:
    """A plugin for pytest that runs the collected tests on every mutant instead of once."""

    def __init__(self, name: str, path: Path, chosen: set[str] | None = None):
        self.name, self.path, self.chosen = name, path, chosen
        self.survivors: list[str] = []
        self.total = self.tried = 0

    def pytest_sessionstart(self):
        """Give Hypothesis few examples, always the same; only now may it be imported."""
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants", derandomize=True, max_examples=10, database=None, deadline=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        settings.load_profile("mutants")

    def clean(self) -> dict:
        """Seconds of each test, and the functions of the module that it calls."""
        found = {}
        for k, item in enumerate(self.items):
            called = set()

            def note(frame, event, _, called=called):
                if event == "call" and frame.f_code.co_filename == self.file:
                    called.add(frame.f_code.co_qualname.split(".<locals>")[0])

            start = time.process_time()
            sys.setprofile(note)
            reports = runtestprotocol(item, log=False, nextitem=self.after(self.items, k))
            sys.setprofile(None)
            if any(report.failed for report in reports):
                return {"failed": item.nodeid}
            found[item.nodeid] = [time.process_time() - start, sorted(called)]
        return found

    def after(self, items, k):
        """Return the item behind one, to keep fixtures alive; the last keeps its own."""
        return items[min(k + 1, len(items) - 1)]

    def killed(self, tree, items) -> list[str]:
        """Put another version of the module in its place; name the first test that fails."""
        transplant(sys.modules[self.name], tree)
        for k, item in enumerate(items):
            signal.setitimer(signal.ITIMER_PROF, 2 + 10 * self.seconds[item.nodeid])
            reports = runtestprotocol(item, log=False, nextitem=self.after(items, k))
            if any(report.failed for report in reports):
                return [item.nodeid]
        return []

    def pytest_runtestloop(self, session):
        """Run the tests as they are, then on each mutant."""
        self.items = session.items
        self.file = sys.modules[self.name].__file__
        clean = in_child(self.clean)
        if not clean or "failed" in clean:
            raise pytest.UsageError(f"{self.name}: tests fail without a mutant: {clean}")
        self.seconds = {test: seconds for test, (seconds, _) in clean.items()}
        self.items.sort(key=lambda item: self.seconds[item.nodeid])
        source = self.path.read_text("utf-8")
        if in_child(lambda: self.killed(parse(source), self.items)) != []:
            raise pytest.UsageError(f"{self.name}: tests fail with the module put in its own place")
        names = [name for name, _, _ in mutants(source)]
        self.total, chosen = len(names), self.chosen or sample(names)
        for name, scope, tree in mutants(source):
            if name not in chosen:
                continue
            calling = [i for i in self.items if scope in clean[i.nodeid][1]] or self.items
            self.tried += 1
            if in_child(lambda tree=tree, c=calling: self.killed(tree, c)) == []:
                self.survivors.append(name)
        return True


def tests_of(module: str) -> list[Path]:
    """Return the files with the tests of a module."""
    *room, name = module.split(".")
    default = ["/".join([*room, f"test_{name.lstrip('_')}.py"])]
    return [TESTS / file for file in ELSEWHERE.get(module, default)]


def path_of(module: str) -> Path:
    """Return the file of a module."""
    return SOURCES / f"{module.replace('.', '/')}.py"


def sample(names: list[str]) -> set[str]:
    """Draw those that are tried."""
    return set(names if len(names) <= LIMIT else random.Random(SEED).sample(names, LIMIT))


def trial(name: str, path: Path, tests: list[Path], chosen: set[str] | None = None) -> Trial:
    """Run the tests of one module on its mutants, or on those chosen."""
    plugin = Trial(name, path, chosen)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        files = [str(file) for file in (path, *tests)]
        code = pytest.main([*files, "-p", "no:cacheprovider", "-p", "no:xdist"], plugins=[plugin])
    if code:
        raise RuntimeError(f"{name}: pytest ended with {code!r}: {said.getvalue()}")
    return plugin


def state(module: str) -> dict[str, str]:
    """Digests of a module, with the docstrings that are tests, and of its tests."""
    read = {"module": [path_of(module)], "tests": tests_of(module)}
    return {
        name: digest([plain(ast.parse(file.read_text("utf-8"))) for file in files])
        for name, files in read.items()
    }


def is_current(module: str, entry: dict, what: str) -> bool:
    """Whether a record is of the `module`, or of the `tests`, as they are now."""
    return entry.get(what) == state(module)[what]


def record_of(module: str, entry: dict | None = None) -> dict:
    """Try the mutants of one module of the core; given its record, those that lived."""
    os.environ["OMP_NUM_THREADS"] = "1"  # a forked child must not wait for threads it has not got
    of = state(module)
    if entry and not entry["survivors"]:
        return entry | of
    chosen = entry and set(entry["survivors"])
    tried = trial(f"depth_not_data.{module}", path_of(module), tests_of(module), chosen)
    counts = entry or {"mutants": tried.total, "tried": tried.tried}
    return counts | of | {"survivors": tried.survivors}


def read() -> tuple[dict, dict]:
    """Return what came out, by module, and what is said of mutants that live."""
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    return record, yaml.safe_load(EXPLAINED.read_text("utf-8"))


def stale(record: dict) -> list[str]:
    """Modules of the core whose record is missing, or of other code or other tests."""
    return [m for m in CORE if not all(is_current(m, record.get(m, {}), w) for w in state(m))]


def row(entry: dict, equivalent: dict) -> tuple[int, int, int, int, float]:
    """Mutants, tried, killed, equivalent, and the share of the non-equivalent that are killed."""
    live = len(entry["survivors"])
    same = len(set(entry["survivors"]) & equivalent.keys())
    killed = entry["tried"] - live
    return entry["mutants"], entry["tried"], killed, same, killed / max(entry["tried"] - same, 1)


def whole(record: dict, explained: dict) -> tuple[int, int, int, int, float]:
    """Return the sums over all modules, and the share of the whole."""
    rows = [row(entry, explained["equivalent"].get(m, {})) for m, entry in record.items()]
    mutants, tried, killed, same = (sum(r[k] for r in rows) for k in range(4))
    return mutants, tried, killed, same, killed / max(tried - same, 1)


def table(record: dict, explained: dict) -> str:
    """Return what the page shows: the counts by module, then every mutant that lives and why."""
    lines = [
        "| module | mutants | tried | killed | equivalent | score |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    rows = {m: row(entry, explained["equivalent"].get(m, {})) for m, entry in record.items()}
    for module, (*counts, score) in (rows | {"**all**": whole(record, explained)}).items():
        name = module if "*" in module else f"`{module}`"
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {100 * score:.1f}% |")
    if missing := [f"`{module}`" for module in CORE if module not in record]:
        lines += ["", f"Not tried yet: {', '.join(missing)}."]
    for title, kind in (("Equivalent", "equivalent"), ("Not noticed", "left")):
        lines += ["", f"## {title}", ""]
        for module, reasons in explained[kind].items():
            lines += [f":::{{dropdown}} `{module}`: {len(reasons)}"]
            lines += [f"- `{name}`: {reason}" for name, reason in reasons.items()]
            lines += [":::", ""]
    return "\n".join(lines).rstrip() + "\n"


def write_page(record: dict, explained: dict) -> None:
    """Put the table into its page, behind the text."""
    head, mark, _ = PAGE.read_text("utf-8").partition(MARK)
    PAGE.write_text(f"{head}{mark}\n\n{table(record, explained)}", "utf-8")


def main(arguments=None):
    """Try the modules that have changed, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*", choices=[[], *CORE], help="these only, again")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", 1)))
    parser.add_argument(
        "--living", action="store_true", help="where tests were added: only the mutants that lived"
    )
    options = parser.parse_args(arguments)
    record, explained = read()
    due, failed = options.modules or stale(record), []
    known = {m: e for m, e in record.items() if options.living and is_current(m, e, "module")}
    # One process for each module, so that what one imports and changes is gone for the next.
    with ProcessPoolExecutor(options.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        waiting = {pool.submit(record_of, m, known.get(m)): m for m in due}
        for done in as_completed(waiting):
            module, record = waiting[done], read()[0]
            if done.exception():
                failed.append(module)
                print(f"{module}: {done.exception()}", flush=True)
                continue
            record[module] = done.result()
            record = {m: record[m] for m in CORE if m in record}
            RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
            live = set(record[module]["survivors"])
            unexplained = live - explained["equivalent"].get(module, {}).keys()
            print(f"{module}: {record[module]['tried']} tried, {len(live)} live", flush=True)
            for name in sorted(unexplained - explained["left"].get(module, {}).keys()):
                print(f"  not explained: {name}", flush=True)
    write_page(record, explained)
    print(f"score of the whole: {whole(record, explained)[-1]:.4f}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
