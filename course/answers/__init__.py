"""Solutions of the exercises, marks, and wrong answers: for teachers and tests, never for students.

One module a chapter, like the checks in ``src/depth_not_data/course/``; each has a dict ``ANSWERS``
by label of the exercise.
"""

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A solution as code, the wrong answers, and the marks that the exercise is worth.

    Each wrong answer is a triple: code, a fragment of the message it must get (no two share one),
    and why somebody thinks so.
    """

    solution: str
    wrong: list[tuple[str, str, str]]
    marks: int


def answers() -> dict[str, Answer]:
    """Every answer by the label of its exercise; a label that two chapters use is an error."""
    found: dict[str, Answer] = {}
    for module in pkgutil.iter_modules(__path__):
        new = importlib.import_module(f"{__name__}.{module.name}").ANSWERS
        if twice := found.keys() & new.keys():
            raise ValueError(f"labels must be new, and {sorted(twice)} have answers already")
        found |= new
    return found
