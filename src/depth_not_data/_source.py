"""What code does, apart from how it is written: to tell whether a stored result still holds.

Two versions of a module have the same digest if they differ in comments, docstrings and layout
only.
"""

import ast
import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(content) -> str:
    """Short hash of bytes, or of anything that JSON can hold."""
    if not isinstance(content, bytes):
        content = json.dumps(content, sort_keys=True, default=str).encode()
    return hashlib.sha256(content).hexdigest()[:16]


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


def constants(tree: ast.AST) -> set[str]:
    """Every string that stands in the code as a literal."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def imports(tree: ast.AST, known: Iterable[str], package: str = "") -> set[str]:
    """Names of the known modules that code imports, with the packages they are in.

    `package` is the one that relative imports start from. A known name as a string counts too, as
    in ``importlib.import_module("depth_not_data.presentation.claims")``.
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


def closure(
    start: Iterable[str], trees: dict[str, ast.Module], packages: Iterable[str]
) -> set[str]:
    """Names of the modules in `trees` that `start` imports, itself, directly or through others.

    `packages` are those of the names that stand for a package.
    """
    reached, waiting = set(), set(start)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        package = name if name in packages else name.rpartition(".")[0]
        waiting |= imports(trees[name], trees, package) - reached
    return reached


def module_name(path: Path, folder: Path) -> str:
    """Dotted name of a module; a package is its __init__.py."""
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def fingerprint(module: str) -> str:
    """Digest of the code of a module of this package and of all of the package that it imports."""
    folder = Path(__file__).parent
    paths = {module_name(path, folder.parent): path for path in folder.rglob("*.py")}
    trees = {name: parse(path.read_text("utf-8")) for name, path in paths.items()}
    packages = {name for name, path in paths.items() if path.name == "__init__.py"}
    used = sorted(closure([module], trees, packages))
    return digest([(name, plain(trees[name])) for name in used])
