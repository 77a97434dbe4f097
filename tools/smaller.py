"""Write every notebook with smaller sizes and fewer seeds to _build/smaller, and run it there.

``python tools/smaller.py`` takes all of them, ``python tools/smaller.py book/index.ipynb`` the ones
that are named; ``--write`` only writes them, to be opened in JupyterLab. The sizes are those of
``smaller.yml``: each names a constant that stands near the top of its notebook.

What a smaller notebook shows are not the numbers of the book. Its first cell says so, every cell
that shows something says so again, and `claims.check` gives no verdict. The text is the book's.
"""

import ast
import sys
from pathlib import Path

import execute_notebooks
import nbformat
import yaml

SETTINGS = Path(__file__).with_name("smaller.yml")
TARGET = Path("_build/smaller")
# Code cells at the top of a notebook in which its constants stand.
TOP = 3
# Key under which a setting may hold a line to be added to the first code cell.
ALSO = "also"

BANNER = """\
**Smaller setting: these are not the numbers of the book.** Sizes and seeds are smaller ({sizes}),
so that everything runs faster. The text, and numbers typed in it, are those of the book;
claims get no verdict."""

MARK = """\
import os

os.environ["DEPTH_NOT_DATA_SMALLER"] = "1"  # claims.check gives no verdict


def mark(result):
    shows = ("print(", "show(", "check(")
    if result.result is not None or any(call in result.info.raw_cell for call in shows):
        print("Smaller setting: not the numbers of the book.")


get_ipython().events.register("post_run_cell", mark)"""


def settings() -> dict[str, dict[str, str]]:
    """Smaller values, as code, by the notebook's path and the constant's name."""
    document = yaml.safe_load(SETTINGS.read_text("utf-8"))
    return {
        f"{name}.ipynb": {key: str(value) for key, value in (values or {}).items()}
        for name, values in document.items()
    }


def with_values(source: str, values: dict[str, str]) -> tuple[str, set[str]]:
    """Return code in which constants that it assigns have other values, and their names.

    >>> with_values("N, SEEDS = 10, range(20)  # of the runs", {"SEEDS": "range(2)"})
    ('N, SEEDS = 10, range(2)  # of the runs', {'SEEDS'})
    """
    assigned = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            assigned |= _assigned(statement.targets[0], statement.value)
    # Columns of a syntax tree count bytes.
    code, lengths = source.encode(), [len(line) for line in source.encode().splitlines(True)]
    places = []
    for name in assigned.keys() & values.keys():
        node = assigned[name]
        start = sum(lengths[: node.lineno - 1]) + node.col_offset
        end = sum(lengths[: node.end_lineno - 1]) + node.end_col_offset
        places.append((start, end, values[name].encode()))
    for start, end, value in sorted(places, reverse=True):
        code = code[:start] + value + code[end:]
    return code.decode(), assigned.keys() & values.keys()


def _assigned(target, value):
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return {name.id: node for name, node in pairs if isinstance(name, ast.Name)}
    return {}


def smaller(notebook, values: dict[str, str]):
    """Return a notebook with other constants, without outputs, marked as not the book's.

    Raises a ``ValueError`` that names the constants which do not stand in its first code cells.
    """
    cells = [nbformat.from_dict(cell) for cell in notebook.cells]
    code = [cell for cell in cells if cell.cell_type == "code"]
    values, also = dict(values), values.get(ALSO)
    values.pop(ALSO, None)
    missing = set(values)
    for cell in code[:TOP]:
        cell.source, found = with_values(cell.source, values)
        missing -= found
    if missing:
        raise ValueError(f"no constants near the top of the notebook: {', '.join(sorted(missing))}")
    if also:
        code[0].source += f"\n{also}"
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    sizes = ", ".join(f"`{name} = {value}`" for name, value in values.items()) or also
    first = [
        nbformat.v4.new_markdown_cell(BANNER.format(sizes=sizes)),
        nbformat.v4.new_code_cell(MARK),
    ]
    return nbformat.v4.new_notebook(cells=first + cells, metadata=notebook.metadata)


def main(arguments: list[str]) -> None:
    """Write the notebooks that are named, or all, with smaller sizes; run them unless told not."""
    wanted = settings()
    names = [name for name in arguments if not name.startswith("--")] or list(wanted)
    for number, name in enumerate(names, start=1):
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = smaller(nbformat.read(name, as_version=4), wanted[name])
        nbformat.write(notebook, path)
        if "--write" not in arguments:
            label = f"[{number}/{len(names)}]"
            notebook, _ = execute_notebooks.execute_with_progress(label, path, "smaller")
            nbformat.write(notebook, path)
    print(f"Written to {TARGET}; nothing in it is of the book.")


if __name__ == "__main__":
    main(sys.argv[1:])
