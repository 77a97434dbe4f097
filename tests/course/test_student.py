"""What students get has no solution in it, and can be read and run without the book."""

import re
from pathlib import Path

import myst
import nbformat
import pytest
import site_without_solutions
import solutions
import student
from nbclient import NotebookClient

from depth_not_data import course
from depth_not_data.presentation import committed

ROOT = Path(__file__).parents[2]
FIRST = "book/linear/hessian-in-your-hand"


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """The students' notebooks, written once, and what they were written from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(student, "STUDENT", tmp_path_factory.mktemp("student"))
        patch.setitem(student.WELCOME, student.STUDENT, "Welcome.")
        edition = student.Edition(student.STUDENT)
        edition.write()
        yield edition


@pytest.fixture(scope="module")
def wanted(edition):
    """What to search for."""
    return solutions.to_search_for(edition.notebooks)


def written(edition):
    return {page: edition.folder / student.place(page) for page in edition.pages}


def test_no_solution_is_in_a_students_notebook(edition, wanted):
    assert solutions.leaks(wanted, list(written(edition).values())) == []


def test_no_solution_is_in_the_tree_of_the_site_without(edition, wanted, tmp_path):
    notebooks = {Path(f"{page}.ipynb"): notebook for page, notebook in edition.notebooks.items()}
    site_without_solutions.write_tree(tmp_path / "tree", notebooks)
    files = site_without_solutions.readable_files(tmp_path / "tree")
    assert len(files) > len(notebooks)
    assert solutions.leaks(wanted, files) == []


def test_no_line_of_a_solution_is_in_the_package_that_students_install(wanted):
    code = {
        label: list(solutions.code_lines(answer.solution))
        for label, answer in solutions.answers().items()
    }
    secret = {
        label: [line for line in code[label] if line in wanted.get(label, [])] for label in code
    }
    assert solutions.leaks(secret, sorted((ROOT / "src/depth_not_data/course").glob("*.py"))) == []


def test_every_solution_has_something_to_search_for(edition, wanted):
    labels = {label for nb in edition.notebooks.values() for label, _ in solutions.texts(nb)}
    assert labels == wanted.keys()
    assert [label for label, pieces in wanted.items() if not pieces] == []


@pytest.mark.parametrize("page", [FIRST, "book/residual/knock-outs", "book/notes/period-two"])
def test_the_search_finds_a_solution_that_was_left_in(edition, wanted, tmp_path, page):
    # Of every solution, in the notebook itself and as a page.
    nbformat.write(edition.notebooks[page], tmp_path / "left-in.ipynb")
    told = dict(solutions.texts(edition.notebooks[page]))
    prose = "\n".join(f"<p>{text}</p>".replace("\n", "\n<em>") for text in told.values())
    (tmp_path / "left-in.html").write_text(prose, "utf-8")
    for name in ("left-in.ipynb", "left-in.html"):
        found = "\n".join(solutions.leaks(wanted, [tmp_path / name]))
        assert [label for label in told if f"the solution of {label}:" not in found] == []


def test_the_search_finds_a_single_sentence_and_a_line_of_code(edition, wanted, tmp_path):
    path = written(edition)[FIRST]
    notebook = nbformat.read(path, as_version=4)
    (label,) = {label for label, _ in solutions.texts(edition.notebooks[FIRST])} & {"hand-flattest"}
    notebook.cells[0].source += "\n" + wanted[label][0].replace(" ", "\n")
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    assert len(solutions.leaks(wanted, [tmp_path / "planted.ipynb"])) == 1
    # In an output, where a notebook keeps a text as a list of lines.
    line = wanted[label][-1]
    source = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text=line)])
    nbformat.write(nbformat.v4.new_notebook(cells=[source]), tmp_path / "planted.ipynb")
    assert len(solutions.leaks(wanted, [tmp_path / "planted.ipynb"])) == 1


def test_numbers_that_only_solutions_quote_come_from_cells_that_go_with_them(edition):
    role = re.compile(r"\{glue:text\}`([^`]+)`")
    kept = {
        key
        for notebook in edition.notebooks.values()
        for source in myst.markdown(solutions.without(notebook))
        for key in role.findall(source)
    }
    for page in edition.pages:
        told = "\n".join(text for _, text in solutions.texts(edition.notebooks[page]))
        secret = set(role.findall(told)) - kept
        shown = committed.glued(solutions.without(edition.notebooks[page]))
        assert secret & shown.keys() == set(), f"{page}: tag the cell “{solutions.TAG}”"


def test_a_solution_inside_another_block_is_cut_out():
    text = (
        "Before.\n\n::::{dropdown} More\n:::{solution} a\n:class: dropdown\nIn.\n:::\n::::\nAfter."
    )
    assert solutions.without_blocks(text) == "Before.\n\n::::{dropdown} More\n::::\nAfter."


# Cells


def test_below_every_exercise_there_is_a_cell_to_write_in_and_one_that_checks(edition):
    for page, path in written(edition).items():
        cells = nbformat.read(path, as_version=4).cells
        labels = [
            block.label
            for source in myst.markdown(edition.notebooks[page])
            for block in myst.all_blocks(source)
            if block.name == "exercise"
        ]
        places = [i for i, cell in enumerate(cells) if cell.source.startswith("### Exercise ")]
        assert len(places) == len(labels)
        for label, number in zip(labels, places, strict=True):
            if label in course.exercises():
                known = course.exercises()[label]
                below = [cell.source for cell in cells[number + 1 : number + 3]]
                assert below == [known.stub, known.check_cell]


def test_outputs_are_cleared_and_the_notebook_is_valid(edition):
    for path in written(edition).values():
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") for cell in notebook.cells)


def test_nothing_is_left_that_plain_jupyterlab_does_not_understand(edition):
    for path in written(edition).values():
        for source in myst.markdown(nbformat.read(path, as_version=4)):
            prose = re.sub(r"`{3}.*?`{3}", "", source, flags=re.DOTALL)
            assert ":::" not in prose
            assert not re.search(r"\{[a-z:]+\}`", prose), source
            assert not re.search(r"^:[a-z]+:", prose, re.MULTILINE), source


def test_links_between_notebooks_lead_somewhere(edition):
    found = 0
    for path in written(edition).values():
        for source in myst.markdown(nbformat.read(path, as_version=4)):
            for address in re.findall(r"\]\(([^)]*\.ipynb)\)", source):
                assert (path.parent / address).is_file(), address
                found += 1
    assert found > 50


def test_a_second_run_writes_the_same(edition):
    before = {path: path.read_bytes() for path in written(edition).values()}
    for page, path in written(edition).items():
        nbformat.write(edition.chapter(page), path)
    assert {path: path.read_bytes() for path in before} == before


def test_a_students_notebook_runs_and_its_checks_answer(edition):
    notebook = edition.chapter(FIRST)
    answers = solutions.answers()
    labels = [label for label in answers if course.exercises()[label].chapter == Path(FIRST).name]
    solved = labels[:2]
    for cell in notebook.cells:
        for label in solved:
            if cell.source == course.exercises()[label].stub:
                cell.source = answers[label].solution
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    said = {}
    for cell in notebook.cells:
        if cell.source.startswith("course.check("):
            said[cell.source.split('"')[1]] = "".join(output.text for output in cell.outputs)
    assert said.keys() == set(labels)
    assert all(said[label].startswith("✓") for label in solved)
    assert all(said[label].startswith("✗ Not yet") for label in set(labels) - set(solved))


# The teachers' edition


def test_teachers_get_solutions_marks_and_what_wrong_answers_are_told(monkeypatch):
    monkeypatch.chdir(ROOT)
    teachers = student.Edition(student.INSTRUCTOR)
    page = "book/linear/three-groups"
    text = "\n".join(cell.source for cell in teachers.chapter(page).cells)
    told = dict(solutions.texts(teachers.notebooks[page]))
    for label in told:
        if answer := teachers.answers.get(label):
            assert answer.solution.strip() in text
            assert f"**Solution** ({answer.marks} mark" in text
            for code, fragment, why in answer.wrong:
                assert code.strip() in text
                assert fragment in text
                assert why in text
    assert text.count("**Solution**") == len(told)
