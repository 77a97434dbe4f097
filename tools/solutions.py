"""What of the book is a solution: to leave it out, and to search for it where it must not be.

A solution is a ``{solution}`` block, and a code cell with the tag "solution", whose numbers only
solutions quote.
"""

import copy
import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import myst

from depth_not_data import course

TAG = "solution"
# Letters and digits that a piece of text must have to be searched for.
SHORTEST = 15
FENCED = re.compile(r"^(```+).*?^\1", re.MULTILINE | re.DOTALL)


def without(notebook):
    """Copy of a notebook without its solutions; cells that were nothing else are gone."""
    stripped = copy.deepcopy(notebook)
    stripped.cells = [
        cell for cell in stripped.cells if TAG not in cell.metadata.get("tags", []) and _cut(cell)
    ]
    return stripped


def _cut(cell) -> bool:
    """Cut the solutions out of a Markdown cell; return whether something is left."""
    if cell.cell_type != "markdown" or "{solution}" not in cell.source:
        return True
    cell.source = without_blocks(cell.source)
    return bool(cell.source)


def without_blocks(source: str) -> str:
    """Return a text without its ``{solution}`` blocks, inside other blocks too."""
    kept, inside, fence = [], False, ""
    for line in source.splitlines():
        opening = myst.FENCE.match(line)
        if not inside and opening and opening.group(2) == "solution":
            inside, fence = True, opening.group(1)
        elif inside:
            inside = not (len(line.strip()) >= len(fence) and set(line.strip()) == {fence[0]})
        else:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


def texts(notebook) -> Iterator[tuple[str, str]]:
    """Yield label and text of every solution of a notebook."""
    for source in myst.markdown(notebook):
        for block in myst.all_blocks(source):
            if block.name == "solution":
                yield block.label, "\n".join(block.body)


# The search


def letters(text: str) -> str:
    """Return a text as its letters and digits alone: markup and line breaks do not count."""
    return re.sub(r"[\W_]+", "", text).lower()


def sentences(solution: str) -> Iterator[str]:
    """Yield what to search for of a solution: its sentences and lines of code, if long enough.

    Roles become something else on a page, so a sentence is cut there.
    """
    code = "\n".join(match.group() for match in FENCED.finditer(solution))
    prose = re.sub(r"\]\([^)]*\)", "]", FENCED.sub("\n\n", solution))
    pieces = re.split(r"(?<=[.?!])\s|\n\s*\n|\{[a-z:]+\}`[^`]*`|^\$\$.*$", prose, flags=re.M)
    yield from (piece.strip() for piece in pieces if len(letters(piece)) >= SHORTEST)
    yield from code_lines(code)


def code_lines(code: str) -> Iterator[str]:
    """Yield the lines of a solution's code that are long enough to be told from others."""
    lines = (line.strip() for line in code.splitlines())
    yield from (
        line
        for line in lines
        if len(letters(line)) >= SHORTEST and not line.startswith(("def ", "import ", "from "))
    )


def readable(path: Path) -> str:
    """Return the letters of a file that a reader could get at: of a notebook all its texts."""
    text = path.read_text("utf-8", errors="replace")
    if path.suffix == ".ipynb":
        text = "\n".join(_strings(json.loads(text)))
    elif path.suffix == ".html":
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
    elif path.suffix in (".js", ".json"):
        text = re.sub(r"\\u([0-9a-f]{4})|\\n", lambda m: chr(int(m.group(1) or "20", 16)), text)
    return letters(text)


def _strings(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def leaks(wanted: dict[str, list[str]], files: list[Path]) -> list[str]:
    """Say which of the wanted pieces, by label of their solution, stand in which files."""
    keys = {letters(piece): (label, piece) for label, pieces in wanted.items() for piece in pieces}
    found = []
    for path in files:
        text = readable(path)
        for key, (label, piece) in keys.items():
            if key in text:
                found.append(f"{path}: the solution of {label}: {piece}")
    return found


def to_search_for(notebooks: dict) -> dict[str, list[str]]:
    """Return what must not be found, by label: sentences of solutions, and lines of their code.

    A piece that the book or a stub says, outside every solution, is no secret.
    """
    code = {label: answer.solution for label, answer in answers().items()}
    told = letters("\n".join(_told(notebooks)))
    wanted: dict[str, list[str]] = {}
    for notebook in notebooks.values():
        for label, text in texts(notebook):
            wanted[label] = [*sentences(text), *code_lines(code.get(label, ""))]
    return {
        label: [piece for piece in pieces if letters(piece) not in told]
        for label, pieces in wanted.items()
    }


def _told(notebooks) -> Iterator[str]:
    for notebook in notebooks.values():
        for cell in without(notebook).cells:
            yield cell.source
    for exercise in course.exercises().values():
        yield exercise.stub


def answers() -> dict:
    """Answers of the course by label, as `course/answers` has them."""
    sys.path.insert(0, str(Path("course").resolve()))
    try:
        from answers import answers as all_answers
    finally:
        sys.path.pop(0)
    return all_answers()
