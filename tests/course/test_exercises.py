"""Every exercise tells right from wrong: stubs fail, solutions pass, mistakes get their word."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from answers import answers

from depth_not_data import course

ROOT = Path(__file__).parents[2]
EXERCISES, ANSWERS = course.exercises(), answers()
CHAPTERS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((ROOT / "book").rglob("*.ipynb"))
    if path.parent.name != "notes" and ".ipynb_checkpoints" not in path.parts
}


def labels(notebook) -> list[str]:
    """Labels of the exercises of a chapter, in their order."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"\{exercise\}.*\n:label: *(\S+)", text)


def verdict_on(label: str, code: str) -> tuple[bool, str]:
    """Run what a student might write, and hand over what the check cell would."""
    namespace = {"np": np}
    exec(code, namespace)
    return course.verdict(label, eval(EXERCISES[label].answer, namespace))


@pytest.mark.parametrize("label", EXERCISES)
def test_the_stub_is_not_yet_an_answer(label):
    right, message = verdict_on(label, EXERCISES[label].stub)
    assert not right
    assert message.startswith("Not yet")


@pytest.mark.parametrize("label", ANSWERS)
def test_the_solution_is_right(label):
    right, message = verdict_on(label, ANSWERS[label].solution)
    assert right, message


@pytest.mark.parametrize("label", ANSWERS)
def test_each_plausible_mistake_gets_a_word_of_its_own(label):
    messages = []
    for code, fragment, why in ANSWERS[label].wrong:
        right, message = verdict_on(label, code)
        assert not right, f"passes: {code}"
        assert fragment in message
        assert why
        assert not message.startswith("Not yet")
        messages.append(message)
    assert len(messages) >= 3
    assert len(set(messages)) == len(messages), messages


@pytest.mark.parametrize("label", ANSWERS)
def test_marks_are_given(label):
    assert 1 <= ANSWERS[label].marks <= 10


def test_every_check_has_an_answer_and_every_answer_a_check():
    assert EXERCISES.keys() == ANSWERS.keys()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_of_a_chapter_has_a_check(chapter):
    assert [label for label in labels(CHAPTERS[chapter]) if label not in EXERCISES] == []


def test_at_least_half_of_the_exercises_compute():
    computing = [label for label in EXERCISES if "def " in EXERCISES[label].stub]
    assert len(computing) >= len(EXERCISES) / 2


@pytest.mark.parametrize("label", EXERCISES)
def test_every_check_belongs_to_an_exercise_of_its_chapter(label):
    assert label in labels(CHAPTERS[EXERCISES[label].chapter])


def test_a_check_cell_does_not_give_the_answer_away():
    for label, exercise in EXERCISES.items():
        assert exercise.check_cell == f'course.check("{label}", {exercise.answer})'
        assert len(exercise.answer) < 60
