"""Which notebooks have to be executed: what their outputs depend on, compared by content.

The outputs of a notebook depend on

- its own code;
- the helpers that it imports, directly or through other helpers: their code without comments and
  docstrings, and the data files that they name;
- the rules and verdicts of the claims that it checks, not the prose of the ledger;
- the pins of the packages that it or a helper in use imports.

A lock file records the digest of each of these, and of the outputs that came of them; "cost" says
about how long that took, and counts for nothing.
"""

import ast
import fcntl
import functools
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import yaml
from environment import pins
from IPython.core.inputtransformer2 import TransformerManager

from depth_not_data._source import (
    closure,
    constants,
    digest,
    imported_names,
    imports,
    module_name,
    parse,
    plain,
)

COMMITTED = Path("book/outputs.lock")
SOURCES = Path("src")
LEDGER = "claims.yml"
# Fields of the ledger that no output of `claims.check` shows. A field that is not listed counts.
PROSE = {
    "anchor", "answer", "attack", "chapter", "correction", "evidence", "fails", "figure", "fixed",
    "number", "published", "reason", "source", "stands", "statement",
}  # fmt: skip


def kept_files(folder: Path) -> list[Path]:
    """Every file under a folder, sorted by path, without what editors and Python leave there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path
        for path in found
        if not path.name.endswith("~")
        and not any(part == "__pycache__" or part.startswith(".") for part in path.parts)
    )


def notebooks(folder: Path = Path("book")) -> list[Path]:
    """Every notebook of the book, sorted by path."""
    return [path for path in kept_files(folder) if path.suffix == ".ipynb"]


# Code


def code_cells(notebook) -> list[str]:
    """Return the sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def parse_notebook(notebook) -> ast.Module:
    """Return the syntax tree of all code cells together."""
    transform = TransformerManager().transform_cell
    return parse("\n".join(transform(source) for source in code_cells(notebook)))


# Helpers


class Helpers:
    """The helpers under a folder: their code, what they import, the data files they name."""

    def __init__(self, folder: Path = SOURCES):
        files = kept_files(folder)
        self.paths = {module_name(p, folder): p for p in files if p.suffix == ".py"}
        self.trees = {name: _parsed(p.read_text("utf-8")) for name, p in self.paths.items()}
        self.packages = {n for n, p in self.paths.items() if p.name == "__init__.py"}
        folders = {path.parent for path in self.paths.values()}
        others = [path for path in files if path.suffix not in (".py", ".md")]
        data = [path for path in others if folders.intersection(path.parents)]
        named = {name: _constants(tree) for name, tree in self.trees.items()}
        self.readers = {path: {n for n in named if path.name in named[n]} for path in data}
        self.pinned = pinned_packages()
        self._content = functools.cache(content)

    def used_by(self, tree: ast.AST) -> dict[str, str]:
        """Return what a notebook with this syntax tree uses: digests by path, pins by package."""
        modules = closure(imports(tree, self.paths), self.trees, self.packages)
        used = {str(self.paths[name]): _code_digest(self.trees[name]) for name in modules}
        for path, readers in self.readers.items():
            # A file that no helper names may be read by any of them.
            if readers & modules or not readers:
                content = self._content(path)
                used[str(path)] = digest(
                    ledger_part(content, tree) if path.name == LEDGER else content
                )
        for code in (tree, *(self.trees[name] for name in modules)):
            roots = {name.split(".")[0] for name in imported_names(code)}
            used |= {root: self.pinned[root] for root in roots & self.pinned.keys()}
        return used


# Files are read for every notebook; a file that has not changed is understood once.
_parsed = functools.cache(parse)
_constants = functools.cache(constants)


@functools.cache
def _code_digest(tree):
    return digest(plain(tree))


def content(path: Path):
    """Return what a data file says: of a YAML file the values, of any other file the bytes."""
    if path.suffix in (".yml", ".yaml"):
        return yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return path.read_bytes()


def ledger_part(ledger: dict, tree: ast.AST):
    """Return what of the ledger a notebook's outputs show.

    For ``claims.check("ID", ...)`` these are verdict, kind and rules of that entry; whoever uses
    `claims` in any other way depends on the whole ledger.
    """
    if any(_uses_whole_ledger(node) for node in ast.walk(tree)):
        return ledger
    checked = sorted(constants(tree) & set(ledger))
    return [(claim_id, without_prose(ledger[claim_id])) for claim_id in checked]


def _uses_whole_ledger(node):
    match node:
        case ast.ImportFrom(module=str(module)):
            return module.split(".")[-1] == "claims"
        case ast.Call(func=ast.Attribute(value=ast.Name("claims"), attr="check"), args=arguments):
            return not (arguments and isinstance(arguments[0], ast.Constant))
        case ast.Attribute(value=ast.Name("claims"), attr=used):
            return used != "check"
    return False


def without_prose(entry):
    """Copy of a ledger entry without the fields that are only read."""
    if isinstance(entry, dict):
        return {key: without_prose(value) for key, value in entry.items() if key not in PROSE}
    return entry


# Packages


def pinned_packages() -> dict[str, str]:
    """Pins of requirements.txt by the name under which code imports the package."""
    lines = pins(Path("requirements.txt").read_text("utf-8"))
    pinned = {package_name(line): line for line in lines}
    return {
        module: pinned[package_name(distributions[0])]
        for module, distributions in _distributions().items()
        if package_name(distributions[0]) in pinned
    }


# Reads a file of every installed package.
_distributions = functools.cache(importlib.metadata.packages_distributions)


def package_name(requirement: str) -> str:
    """Return the name in a requirement, in the one spelling that package indexes use."""
    return re.sub("[-_.]+", "-", re.match(r"[\w.-]*", requirement).group().lower())


# Notebooks and lock files


class Inputs:
    """What the outputs of each notebook depend on, as the files are now."""

    def __init__(self):
        self.helpers = Helpers()

    def of(self, notebook) -> dict[str, str]:
        """Digest of the "code", of every file in use by its path, and pins by package."""
        code = digest(code_cells(notebook))
        return {"code": code, **self.helpers.used_by(parse_notebook(notebook))}


def stderr(notebook) -> list[tuple[int, str]]:
    """Cells that wrote to stderr: number among all cells, from 1, and first line."""
    return [
        (number, "".join(output.text).strip().partition("\n")[0])
        for number, cell in enumerate(notebook.cells, start=1)
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]


def outputs_digest(notebook) -> str:
    """Digest of everything that the code cells have put out."""
    return digest([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])


def read_lock(path: Path) -> dict[str, dict[str, str]]:
    """Entries of a lock file by notebook; none if there is no such file.

    One that is damaged counts as none, except the committed one, which ends the program.
    """
    try:
        return json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        if path == COMMITTED:
            sys.exit(f"{path} is damaged ({error}): restore it, `git checkout {path}`.")
        return {}


def read(path: Path):
    """Return a notebook; a file that is none ends the program with a sentence."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:80]
        sys.exit(f"{path} is not a notebook ({reason}): restore it, `git checkout {path}`.")


def save(notebook, path: Path) -> None:
    """Write a notebook whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        nbformat.write(notebook, draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def record(lock: Path, path: Path, notebook, inputs: dict[str, str]) -> None:
    """Write into a lock file that the outputs of this notebook came of these inputs.

    Entries of notebooks that are gone are dropped, those of other writers are kept.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(lock.parent):
        entries = {key: entry for key, entry in read_lock(lock).items() if Path(key).exists()}
        entries[path.as_posix()] = {**inputs, "outputs": outputs_digest(notebook)}
        draft = lock.with_name(lock.name + ".draft")
        try:
            draft.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", "utf-8")
            os.replace(draft, lock)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Wait until nobody else holds this folder; the system lets it go when a program ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def changes(entry: dict[str, str] | None, notebook, inputs: dict[str, str]) -> list[str]:
    """Say what has changed since a lock entry was written; nothing if its outputs still hold."""
    if entry is None:
        return ["never executed"]
    new = {**inputs, "outputs": outputs_digest(notebook)}
    names = {"code": "its code", "outputs": "its stored outputs"}
    found = []
    for key in sorted((entry.keys() | new.keys()) - {"cost"}):
        if entry.get(key) != new.get(key):
            verb = "changed" if key in entry and key in new else "new" if key in new else "gone"
            found.append(f"{names.get(key, Path(key).name)} {verb}")
    if stderr(notebook):
        found.append("its stored outputs hold a message on stderr")
    return found
