"""Derive notebooks for students and for teachers from the chapters; nothing is edited twice.

``python tools/student.py`` writes ``_build/student/``: each chapter without its solutions, readable
in plain JupyterLab, and after every exercise a cell to write in and a cell that checks. Outputs are
cleared: a number that is there before the cell was run answers the question "what do you expect?",
and one that stays there after a change is wrong.

``python tools/student.py --instructor`` writes ``_build/instructor/``: the same with solutions, as
text and as code, marks, and the common wrong answers with what each is told.
"""

import copy
import os
import re
import shutil
import sys
from pathlib import Path

import contents
import freshness
import myst
import nbformat
import solutions
from nbformat.v4 import new_code_cell, new_markdown_cell

from depth_not_data import course

STUDENT, INSTRUCTOR = Path("_build/student"), Path("_build/instructor")
BOOK, WORKS = Path("book"), Path("book/references.bib")
NOT_YET = "# your code here"
WELCOME = {
    STUDENT: """
**A notebook to work in.** It is the chapter of the book without its solutions. Run it from the top:
pictures and numbers appear as you go. After each exercise there is a cell for your answer and a
cell that checks it; the check says what is wrong and not what is right. Change any cell you like:
your copy is yours.""",
    INSTRUCTOR: """
**For teachers.** The chapter with solutions, as text and as code, with marks, and with the wrong
answers that are common: why somebody thinks so, and what the check says to it.""",
}


def read_book() -> tuple[dict, myst.Index]:
    """Return every notebook of the book by its page name, and where its labels point."""
    notebooks = {
        path.with_suffix("").as_posix(): nbformat.read(path, as_version=4)
        for path in freshness.notebooks(BOOK)
    }
    index = myst.Index()
    for page, notebook in notebooks.items():
        index.add(page, notebook)
    for path in sorted(BOOK.rglob("*.md")):
        index.titles[path.with_suffix("").as_posix()] = myst.title_of(path.read_text("utf-8"))
    index.add_works(WORKS)
    return notebooks, index


def chapters(notebooks: dict) -> list[str]:
    """Return the pages that students work through, in order: chapters that have exercises."""
    return [
        page
        for page in contents.pages(contents.read())
        if page in notebooks
        and not page.startswith(f"{BOOK}/notes/")
        and any("{exercise}" in source for source in myst.markdown(notebooks[page]))
    ]


def place(page: str) -> str:
    """Return where a chapter's notebook is inside the folder of an edition."""
    return str(Path(page).relative_to(BOOK)) + ".ipynb"


class Edition:
    """One edition of the notebooks, for students or for teachers."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.notebooks, self.index = read_book()
        self.pages = chapters(self.notebooks)
        self.exercises = course.exercises()
        self.answers = solutions.answers() if folder == INSTRUCTOR else {}

    def write(self) -> list[Path]:
        """Write the notebooks of all chapters into an empty folder, and return their paths."""
        shutil.rmtree(self.folder, ignore_errors=True)
        written = []
        for page in self.pages:
            path = self.folder / place(page)
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(self.chapter(page), path)
            written.append(path)
        return written

    def chapter(self, page: str):
        """Return the notebook of one chapter."""
        source = self.notebooks[page]
        here = Path(place(page)).parent

        def link(other):
            known = other in self.pages
            return os.path.relpath(place(other), here).replace(os.sep, "/") if known else None

        plain = myst.Plain(page, source, self.index, link)
        notebook = copy.deepcopy(solutions.without(source))
        told = dict(solutions.texts(source))
        notebook.cells = [new for cell in notebook.cells for new in self._cells(cell, plain, told)]
        notebook.cells.insert(1, new_markdown_cell(myst.quoted(WELCOME[self.folder].strip())))
        if references := plain.references():
            notebook.cells.append(new_markdown_cell(references))
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        first.source = with_course(first.source)
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        return notebook

    def _cells(self, cell, plain, told):
        if cell.cell_type == "code":
            yield from self._code(cell, plain)
            return
        between: list[str] = []
        for part in myst.parts(cell.source):
            if isinstance(part, myst.Block) and part.name == "exercise":
                yield from _as_cell(between)
                between = []
                yield new_markdown_cell(plain.block(part))
                yield from self._exercise(part.label, plain, told)
            else:
                between.append(plain.part(part))
        yield from _as_cell(between)

    def _code(self, cell, plain):
        tags = cell.metadata.pop("tags", [])
        if "hide-input" in tags or "hide-cell" in tags:
            cell.metadata["jupyter"] = {"source_hidden": True}
        cell.source = re.sub(r"  # noqa\b.*", "", cell.source)
        cell.outputs, cell.execution_count = [], None
        yield cell
        for name in myst.SHOWN.findall(cell.source):
            yield new_markdown_cell(f"*{self.index.targets[name].words}, above.*")

    def _exercise(self, label, plain, told):
        """Yield the cells below an exercise."""
        known = self.exercises.get(label)
        if self.folder == INSTRUCTOR:
            yield from self._solution(label, plain, told)
            return
        yield new_code_cell(known.stub if known else NOT_YET)
        if known:
            yield new_code_cell(known.check_cell)

    def _solution(self, label, plain, told):
        answer = self.answers.get(label)
        marks = f" ({answer.marks} mark{'s' * (answer.marks > 1)})" if answer else ""
        yield new_markdown_cell(f"**Solution**{marks}\n\n{plain.text(told.get(label, ''))}")
        if answer:
            known = self.exercises[label]
            yield new_code_cell(f"{answer.solution.strip()}\n\n\n{known.check_cell}")
            yield new_markdown_cell("\n\n".join(["**Common wrong answers**", *self._wrong(label)]))

    def _wrong(self, label):
        for code, _, why in self.answers[label].wrong:
            namespace = {}
            exec("import numpy as np\n" + code, namespace)
            _, message = course.verdict(label, eval(self.exercises[label].answer, namespace))
            yield f"- {why}\n\n```python\n{code.strip()}\n```\n\n" + myst.quoted(f"✗ {message}")


def _as_cell(rendered: list[str]):
    """Yield one Markdown cell of these texts, if they say anything."""
    if text := myst.joined(rendered):
        yield new_markdown_cell(text)


def with_course(code: str) -> str:
    """Return code that imports the checks below its last import."""
    lines = code.splitlines()
    last = max(i for i, line in enumerate(lines) if re.match(r"(import|from) ", line))
    lines.insert(last + 1, "from depth_not_data import course  # checks your answers")
    return "\n".join(lines)


def summary(edition: Edition) -> str:
    """Return a table of the exercises with stars and marks, for teachers."""
    lines = ["| chapter | exercise | stars | marks |", "|---|---|---|---|"]
    total = 0
    for page in edition.pages:
        for source in myst.markdown(edition.notebooks[page]):
            for block in myst.all_blocks(source):
                if block.name != "exercise":
                    continue
                number = edition.index.targets[block.label].words.removeprefix("exercise ")
                answer = edition.answers.get(block.label)
                marks = answer.marks if answer else 0
                total += marks
                title = edition.index.titles[page]
                lines.append(f"| [{title}]({place(page)}) | {number} | {block.title} | {marks} |")
    return "\n".join(["# Exercises and marks", "", *lines, f"| | | all | {total} |", ""])


def main(folder: Path) -> None:
    """Write one edition and say where it is."""
    edition = Edition(folder)
    written = edition.write()
    if folder == INSTRUCTOR:
        (folder / "marks.md").write_text(summary(edition), "utf-8")
    print(f"{len(written)} notebooks in {folder}/")


if __name__ == "__main__":
    main(INSTRUCTOR if "--instructor" in sys.argv[1:] else STUDENT)
