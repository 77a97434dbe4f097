"""The exercises of the book, checked: ``course.check("label of the exercise", your_answer)``.

One module a chapter says what a right answer does, at inputs that the stub does not show, and
recognises what is often thought instead. Solutions are not in this package.
"""

from depth_not_data.course.exercise import check, exercises, verdict

__all__ = ["check", "exercises", "verdict"]
