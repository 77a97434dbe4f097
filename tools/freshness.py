"""Which notebooks have to be executed: what their outputs depend on, compared by content.

The outputs of a notebook depend on

- its own code;
- the helpers that it imports, directly or through other helpers: their code without comments and
  docstrings, and the data files that they name;
- the rules and verdicts of the claims that it checks, not the prose of the ledger;
- the pins of the packages that it or a helper in use imports.

A lock file records the digest of each of these, and of the outputs that came of them.
"""

import ast
import functools
import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from environment import pins
from IPython.core.inputtransformer2 import TransformerManager

COMMITTED = Path("book/outputs.lock")
SOURCES = Path("src")
LEDGER = "claims.yml"
# Fields of the ledger that no output of `claims.check` shows. A field that is not listed counts.
PROSE = {
    "anchor", "answer", "attack", "chapter", "correction", "evidence", "fails", "figure", "fixed",
    "number", "published", "reason", "source", "stands", "statement",
}  # fmt: skip
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(content) -> str:
    """Short hash of bytes, or of anything that JSON can hold."""
    if not isinstance(content, bytes):
        content = json.dumps(content, sort_keys=True, default=str).encode()
    return hashlib.sha256(content).hexdigest()[:16]


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


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a module, without docstrings.

    Code that is not valid stands for itself, as a string: it may be a helper that nobody imports.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ast.Module(body=[ast.Expr(ast.Constant(f"not valid: {source}"))], type_ignores=[])
    for node in ast.walk(tree):
        documented = isinstance(node, DOCUMENTED)
        if documented and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        if isinstance(node, ast.JoinedStr):
            # Some versions of Python leave an empty string at the end of an f-string.
            node.values = [part for part in node.values if getattr(part, "value", None) != ""]
    return tree


def plain(node):
    """Nested lists of a syntax tree, the same under every version of Python."""
    if isinstance(node, ast.AST):
        # Newer versions have more fields, which are empty for the older ones' code.
        fields = [[k, plain(v)] for k, v in ast.iter_fields(node) if v is not None and v != []]
        return [type(node).__name__, *fields]
    if isinstance(node, list):
        return [plain(item) for item in node]
    return repr(node)


def code_cells(notebook) -> list[str]:
    """Return the sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def parse_notebook(notebook) -> ast.Module:
    """Return the syntax tree of all code cells together."""
    transform = TransformerManager().transform_cell
    return parse("\n".join(transform(source) for source in code_cells(notebook)))


def constants(tree: ast.AST) -> set[str]:
    """Every string that stands in the code as a literal."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


# Helpers


class Helpers:
    """The helpers under a folder: their code, what they import, the data files they name."""

    def __init__(self, folder: Path = SOURCES):
        files = kept_files(folder)
        self.paths = {module_name(p, folder): p for p in files if p.suffix == ".py"}
        self.trees = {name: parse(p.read_text("utf-8")) for name, p in self.paths.items()}
        packages = {path.parent for path in self.paths.values()}
        others = [path for path in files if path.suffix not in (".py", ".md")]
        self.data = [path for path in others if packages.intersection(path.parents)]
        self.pinned = pinned_packages()
        self._content = functools.cache(content)

    def used_by(self, tree: ast.AST) -> dict[str, str]:
        """Return what a notebook with this syntax tree uses: digests by path, pins by package."""
        modules = self._closure(imports(tree, self.paths))
        used = {str(self.paths[name]): digest(plain(self.trees[name])) for name in modules}
        for path in self.data:
            readers = {name for name in self.trees if path.name in constants(self.trees[name])}
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

    def _closure(self, names: Iterable[str]) -> set[str]:
        reached, waiting = set(), set(names)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            package = name if self.paths[name].name == "__init__.py" else name.rpartition(".")[0]
            waiting |= imports(self.trees[name], self.paths, package) - reached
        return reached


def module_name(path: Path, folder: Path) -> str:
    """Dotted name of a module; a package is its __init__.py."""
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, known: Iterable[str], package: str = "") -> set[str]:
    """Names of the known modules that code imports, with the packages they are in.

    `package` is the one that relative imports start from. A known name as a string counts too, as
    in ``importlib.import_module("depth_not_data.claims")``.
    """
    names = imported_names(tree, package) | constants(tree)
    parents = {name[:dot] for name in names for dot, sign in enumerate(name) if sign == "."}
    return (names | parents) & set(known)


def imported_names(tree: ast.AST, package: str = "") -> set[str]:
    """Dotted names in the import statements of code: modules, and what is taken from them."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: 1 - node.level or None] if node.level else []
            origin = ".".join([*start, *filter(None, [node.module])])
            names |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return names


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


def outputs_digest(notebook) -> str:
    """Digest of everything that the code cells have put out."""
    return digest([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])


def read_lock(path: Path) -> dict[str, dict[str, str]]:
    """Entries of a lock file by notebook; none if there is no such file."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def record(lock: Path, path: Path, notebook, inputs: dict[str, str]) -> None:
    """Write into a lock file that the outputs of this notebook came of these inputs.

    Entries of notebooks that are gone are dropped.
    """
    entries = {key: entry for key, entry in read_lock(lock).items() if Path(key).exists()}
    entries[path.as_posix()] = {**inputs, "outputs": outputs_digest(notebook)}
    lock.parent.mkdir(parents=True, exist_ok=True)
    draft = lock.with_name(lock.name + ".draft")
    draft.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(draft, lock)


def changes(entry: dict[str, str] | None, notebook, inputs: dict[str, str]) -> list[str]:
    """Say what has changed since a lock entry was written; nothing if its outputs still hold."""
    if entry is None:
        return ["never executed"]
    new = {**inputs, "outputs": outputs_digest(notebook)}
    names = {"code": "its code", "outputs": "its stored outputs"}
    found = []
    for key in sorted(entry.keys() | new.keys()):
        if entry.get(key) != new.get(key):
            verb = "changed" if key in entry and key in new else "new" if key in new else "gone"
            found.append(f"{names.get(key, Path(key).name)} {verb}")
    return found
