"""Break the book in one place at a time, and see whether the guard that is named for it goes red.

``python tools/sabotage.py`` does every sabotage of ``book/appendix/sabotages.yml`` that has no
result yet, each in a copy of the tree, and runs nothing but its guards; names on the command line
choose some, and ``--again`` repeats those that have a result. Every guard is run unbroken, too, and
must be green. ``--jobs N`` works in N copies side by side. Results stand in
``book/appendix/sabotages.json``, from which the page *Broken on purpose* of the appendix is made.

A guard is one of

* ``tests/x/test_y.py::test_z`` or ``src/x/y.py::x.y.z``: a unit test or a doctest;
* ``book/x.ipynb: P2a``: the check of a claim, in the chapter that settles it;
* ``book/x.ipynb: assert``: another assertion of that chapter;
* ``book/x.ipynb: outputs``: the comparison of its outputs with the committed ones.
"""

import argparse
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

LIST = Path("book/appendix/sabotages.yml")
CELLS = Path(__file__).with_name("sabotage_cells.py")
RESULTS = Path("book/appendix/sabotages.json")
RED, GREEN, BROKEN = "red", "green", "broken"
# Seconds after which a guard is given up.
LIMIT = 600
# What a guard says is kept up to here.
LONGEST = 200
OPTIONS = ["-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist"]
OPTIONS += ["-p", "sabotage_pytest"]


@dataclass(frozen=True)
class Sabotage:
    """One thing broken: `find` becomes `replace` in `file`, or in a notebook's cells.

    ``breaks`` says in words what is broken, ``guards`` what must go red; ``passed`` is true where
    nothing went red before a guard was written for it.
    """

    id: str
    room: str
    breaks: str
    file: str
    find: str
    replace: str
    guards: tuple[str, ...]
    passed: bool = False

    @property
    def digest(self) -> str:
        """Changes with what is broken."""
        what = [self.file, self.find, self.replace]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Outcome:
    """What a guard did: its state, what it said, and which claims went red beside it."""

    state: str
    says: str = ""
    claims: tuple[str, ...] = ()


def sabotages(path: Path = LIST) -> dict[str, Sabotage]:
    """Every sabotage of a list by its id; one that stands twice raises a ``ValueError``."""
    found = {}
    for room, entries in yaml.safe_load(path.read_text("utf-8")).items():
        for entry in entries:
            entry["guards"] = tuple(entry["guards"])
            if entry["id"] in found:
                raise ValueError(f"the list has two sabotages {entry['id']!r}")
            found[entry["id"]] = Sabotage(room=room, **entry)
    return found


def broken(content: bytes, sabotage: Sabotage) -> bytes:
    """Content of a file with the sabotage done; a text that is not there once is a ``ValueError``.

    In a notebook the text stands in the source of one cell.
    """
    if not sabotage.file.endswith(".ipynb"):
        text = content.decode("utf-8")
        _once(text.count(sabotage.find), sabotage)
        return text.replace(sabotage.find, sabotage.replace).encode("utf-8")
    notebook = json.loads(content)
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    _once(sum(source.count(sabotage.find) for source in sources), sabotage)
    for cell, source in zip(notebook["cells"], sources, strict=True):
        cell["source"] = source.replace(sabotage.find, sabotage.replace).splitlines(keepends=True)
    return json.dumps(notebook).encode("utf-8")


def _once(count, sabotage):
    if count != 1:
        raise ValueError(
            f"{sabotage.id}: its text stands {count} times in {sabotage.file}, not once"
        )


class Sandbox:
    """A copy of the tree in which one thing at a time is broken."""

    def __init__(self, tree: Path, folder: Path):
        self.tree, self.folder = tree, folder
        command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
        names = subprocess.run(command, cwd=tree, capture_output=True, check=True).stdout
        for name in names.decode("utf-8").split("\0"):
            if name and (tree / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tree / name, folder / name)

    @contextmanager
    def with_broken(self, sabotage: Sabotage):
        """Do a sabotage, and undo it."""
        path = self.folder / sabotage.file
        content = path.read_bytes()
        path.write_bytes(broken(content, sabotage))
        try:
            yield
        finally:
            path.write_bytes(content)

    def run(self, guard: str) -> Outcome:
        """Run one guard on the copy as it is; one that takes longer than `LIMIT` is broken."""
        try:
            return self._run(guard)
        except subprocess.TimeoutExpired:
            return Outcome(BROKEN, f"it ran for more than {LIMIT} seconds")

    def _run(self, guard):
        if "::" in guard:
            return self._pytest(guard, guard)
        notebook, _, what = guard.partition(": ")
        # Runs that are stored for the unbroken code are read; what is stored here stays here.
        stored, own = self.tree / ".cache", self.folder / ".cache"
        shutil.rmtree(own, ignore_errors=True)
        if stored.is_dir():
            shutil.copytree(stored, own, ignore_dangling_symlinks=True)
        if what == "outputs":
            options = ["-o", "addopts=", "-o", "filterwarnings=default", "--nbval"]
            options += ["--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]
            return self._pytest(notebook, *options, notebook)
        return self._cells(notebook, what)

    def run_together(self, guards: list[str]) -> dict[str, str]:
        """States of several unit tests in one go, on the copy as it is."""
        done = self._process("-m", "pytest", *OPTIONS, *guards)
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
        if done.returncode > 1:
            last = done.stdout.strip().splitlines()[-1:]
            raise RuntimeError(f"the unit tests do not run: {''.join(last)}")
        return {
            guard: RED if any(name.startswith(guard) for name in failed) else GREEN
            for guard in guards
        }

    def _process(self, *command, cwd=None):
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), str(CELLS.parent)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DEPTH_NOT_DATA_CACHE": str(self.folder / ".cache"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "400",
        }
        return subprocess.run(
            [sys.executable, *command],
            cwd=cwd or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )

    def _pytest(self, name, *arguments):
        done = self._process("-m", "pytest", "-x", *OPTIONS, *arguments)
        if done.returncode == 0:
            return Outcome(GREEN)
        failed = re.findall(r"^FAILED (.+?)(?: - (.*))?$", done.stdout, re.MULTILINE)
        if done.returncode == 1 and failed:
            said = failed[0][1] or "the outputs differ from the committed ones"
            return Outcome(RED, self._clean(said))
        last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
        return Outcome(BROKEN, self._clean(f"{name} does not run: {''.join(last)}"))

    def _cells(self, notebook, what):
        path = self.folder / notebook
        done = self._process(str(CELLS), str(path), what, cwd=path.parent)
        try:
            said = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            return Outcome(BROKEN, self._clean(f"{notebook} does not run: {done.stderr[-300:]}"))
        reds, raised = said["claims"], said["raised"]
        if raised:
            reds["assert"] = raised
        claims = tuple(name for name in reds if name != "assert")
        if what in reds:
            return Outcome(RED, self._clean(reds[what]), claims)
        if raised:
            return Outcome(BROKEN, self._clean(raised), claims)
        return Outcome(GREEN, claims=claims)

    def _clean(self, text):
        text = " ".join(text.replace(str(self.folder), "").split())
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def judged(sandbox: Sandbox, sabotage: Sabotage, known: dict) -> dict:
    """Entry of the results for one sabotage: every guard with its state and what it said.

    `known` is the entry of an earlier run: what it says of the same sabotage is kept.
    """
    kept = known.get("guards", {}) if known.get("digest") == sabotage.digest else {}
    guards = {guard: kept[guard] for guard in sabotage.guards if guard in kept}
    with sandbox.with_broken(sabotage):
        for guard in (g for g in sabotage.guards if g not in kept):
            outcome = sandbox.run(guard)
            guards[guard] = {"state": outcome.state, "says": outcome.says}
            if outcome.claims:
                guards[guard]["claims"] = sorted(outcome.claims)
    return {"digest": sabotage.digest, "guards": guards}


def line(name: str, entry: dict) -> str:
    """One line for the terminal: a guard that stays green is toothless.

    >>> line("adam-rate", {"guards": {"tests/x.py::y": {"state": "green", "says": ""}}})
    'TOOTHLESS  adam-rate  tests/x.py::y stays green'
    """
    states = {guard: said["state"] for guard, said in entry["guards"].items()}
    weak = [f"{guard} stays {state}" for guard, state in states.items() if state != RED]
    if not weak:
        return f"red        {name}  {', '.join(states)}"
    return f"TOOTHLESS  {name}  {', '.join(weak)}"


def read(path: Path) -> dict:
    """Results so far: ``"sabotages"`` by id and ``"unbroken"``, the state of every guard."""
    if path.is_file():
        return json.loads(path.read_text("utf-8"))
    return {"sabotages": {}, "unbroken": {}}


def write(path: Path, results: dict) -> None:
    """Put the results where they belong, in one piece."""
    draft = path.with_name(f".{path.name}.draft")
    text = json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False)
    draft.write_text(f"{text}\n", "utf-8")
    os.replace(draft, path)


def work(tree: Path, chosen: list[Sabotage], path: Path, *, again: bool, jobs: int) -> bool:
    """Do what has no result yet; return whether every guard is red when it should be, and green."""
    results, lock, sandboxes = read(path), threading.Lock(), queue.Queue()
    done = {} if again else dict(results["sabotages"])
    waiting = [s for s in chosen if not _is_done(s, done.get(s.id, {}))]
    guards = {guard for s in chosen for guard in s.guards}
    whole = sorted(g for g in guards if again or results["unbroken"].get(g) != GREEN)

    def with_sandbox(task, *arguments):
        sandbox = sandboxes.get()
        try:
            found = task(sandbox, *arguments)
        finally:
            sandboxes.put(sandbox)
        with lock:
            for kind, entries in found.items():
                results[kind] |= entries
                for key, entry in entries.items():
                    print(line(key, entry) if kind == "sabotages" else f"{entry:<10} {key}")
            write(path, results)

    def break_one(sandbox, sabotage):
        known = done.get(sabotage.id, {})
        return {"sabotages": {sabotage.id: judged(sandbox, sabotage, known)}}

    def leave_whole(sandbox, *guards):
        if "::" in guards[0]:
            return {"unbroken": sandbox.run_together(list(guards))}
        return {"unbroken": {guards[0]: sandbox.run(guards[0]).state}}

    tests = [guard for guard in whole if "::" in guard]
    tasks = [(break_one, sabotage) for sabotage in waiting]
    tasks += [(leave_whole, *tests)] if tests else []
    tasks += [(leave_whole, guard) for guard in whole if "::" not in guard]
    with (
        tempfile.TemporaryDirectory(prefix="sabotage-") as folder,
        ThreadPoolExecutor(jobs) as pool,
    ):
        for number in range(jobs):
            sandboxes.put(Sandbox(tree, Path(folder) / str(number)))
        for finished in [pool.submit(with_sandbox, *task) for task in tasks]:
            finished.result()
    # What is no longer in the list has no result.
    if len(chosen) == len(sabotages()):
        results["sabotages"] = {s.id: _of(s, results["sabotages"][s.id]) for s in chosen}
        results["unbroken"] = {guard: results["unbroken"][guard] for guard in sorted(guards)}
        write(path, results)
    return all_well(results, chosen)


def _is_done(sabotage, entry):
    same = entry.get("digest") == sabotage.digest
    return same and set(sabotage.guards) <= set(entry["guards"])


def _of(sabotage, entry):
    """Entry of the results with the guards that the list names, and no others."""
    return entry | {"guards": {guard: entry["guards"][guard] for guard in sabotage.guards}}


def all_well(results: dict, chosen: list[Sabotage]) -> bool:
    """Whether each guard went red for its sabotage and is green without."""
    states = [results["sabotages"][s.id]["guards"][g]["state"] for s in chosen for g in s.guards]
    unbroken = [results["unbroken"][guard] for s in chosen for guard in s.guards]
    return set(states) <= {RED} and set(unbroken) <= {GREEN}


def main() -> None:
    """Do the sabotages that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--again", action="store_true", help="also those that have a result")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree to work in")
    arguments = parser.parse_args()
    known = sabotages()
    unknown = sorted(set(arguments.ids) - set(known))
    if unknown:
        sys.exit(f"No sabotage of this name: {', '.join(unknown)}.")
    chosen = [known[name] for name in arguments.ids or known]
    well = work(Path.cwd(), chosen, RESULTS, again=arguments.again, jobs=arguments.jobs)
    print(f"{len(chosen)} sabotages; {'all were seen' if well else 'NOT ALL were seen'}.")
    sys.exit(not well)


if __name__ == "__main__":
    main()
