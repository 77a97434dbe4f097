"""What goes wrong in any exercise is said in a sentence."""

import numpy as np
import pytest

from depth_not_data import course
from depth_not_data.course import exercise as harness
from depth_not_data.course.exercise import array, choice, close, compare, entries, number, require


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Toy exercises beside the real ones, for the length of a test."""
    monkeypatch.setattr(harness, "_EXERCISES", dict(course.exercises()))

    @harness.exercise("toy-double", stub="def double(x):\n    ...", answer="double")
    def double(double):
        compare(
            [number(double(x), "what double returns") for x in (2.0, 5.0)],
            [4, 10],
            {"You have squared.": [4, 25]},
            "Not the double.",
        )

    @harness.exercise("toy-pair", stub="pair = {'a': ..., 'b': ...}", answer="pair")
    def pair(pair):
        a, b = entries(pair, "a", "b")
        require(choice(a, "ABC", "a") == "B", "Not a.")
        require(close(array(b, (2,), "b"), [1, 2]), "Not b.")
        return "Right, and well done."

    @harness.exercise("toy-careless", stub="x = ...", answer="x")
    def careless(x):
        require(x + 1 == 2, "Not one.")


def double_with(body):
    namespace = {"np": np}
    exec(f"def double(x):\n    {body}", namespace)
    return namespace["double"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "Not yet: put your answer in place of the dots."),
        (..., "Not yet: put your answer in place of the dots."),
        (double_with("..."), "Not yet: double(2.0) returns nothing. Is a `return` missing?"),
        (double_with("return ..."), "Not yet: double(2.0) returns nothing. Is a `return` missing?"),
        (
            double_with("return [x][1]"),
            "double(2.0) stops with IndexError: list index out of range.",
        ),
        (double_with("return y"), "double(2.0) stops with NameError: name 'y' is not defined."),
        (
            double_with("return np.log(-x)"),
            "double(2.0) returns NaN: was there 0/0, or a root of a negative number?",
        ),
        (
            double_with("return [x, x]"),
            "what double returns should be a single number, and has the shape (2,).",
        ),
        (double_with("return 'x'"), "what double returns should be a number, and is 'x'."),
        (double_with("return x**2"), "You have squared."),
        (double_with("return x"), "Not the double."),
    ],
)
def test_a_function_that_is_not_right(answer, said):
    assert course.verdict("toy-double", answer) == (False, said)


def test_a_function_of_the_wrong_arguments_is_not_the_students_mystery():
    right, said = course.verdict("toy-double", lambda: 1)
    assert not right
    assert "takes 0 positional arguments but 1 was given" in said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"a": ..., "b": ...}, "Not yet: put your answer in place of the dots at 'a'."),
        ({"a": "B", "b": [1, None]}, "Not yet: put your answer in place of the dots."),
        ({"a": "B"}, "your answer has no entry 'b': keep the keys of the stub."),
        (3, "your answer should be a dict with the keys of the stub."),
        ({"a": "D", "b": [1, 2]}, "a should be one of 'A', 'B', 'C'."),
        ({"a": "", "b": [1, 2]}, "a should be one of 'A', 'B', 'C'."),
        ({"a": "c", "b": [1, 2]}, "Not a."),
        (
            {"a": "B", "b": [1, 2, 3]},
            "b should be an array of the shape (2,), and has the shape (3,).",
        ),
        ({"a": "B", "b": [1, np.nan]}, "b contains NaN: was there 0/0, or a root below 0?"),
        ({"a": "B", "b": [2, 1]}, "Not b."),
    ],
)
def test_a_dict_that_is_not_right(answer, said):
    assert course.verdict("toy-pair", answer) == (False, said)


def test_right_answers():
    assert course.verdict("toy-double", lambda x: 2 * x) == (True, "Right.")
    assert course.verdict("toy-pair", {"a": " b", "b": (1, 2)}) == (True, "Right, and well done.")


def test_an_answer_that_the_check_cannot_work_with():
    right, said = course.verdict("toy-careless", "one")
    assert not right
    assert said.startswith("The check could not work with your answer (TypeError")
    right, said = course.verdict("toy-careless", lambda: 1)
    assert (right, said) == (False, "`x` should not be a function: did you forget to call it?")


def test_a_function_may_not_change_what_the_check_compares_with():
    seen = np.array([1.0, 2.0])

    def spoil(x):
        x[:] = 0
        return x

    assert harness._guarded(spoil)(seen).tolist() == [0, 0]
    assert seen.tolist() == [1, 2]


def test_check_prints_one_line(capsys):
    course.check("toy-double", lambda x: 2 * x)
    course.check("toy-double", lambda x: x)
    assert capsys.readouterr().out == "✓ Right.\n✗ Not the double.\n"


def test_an_unknown_label_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'toy-double'"):
        course.verdict("toy-duoble", 1)


def test_a_label_has_one_check():
    with pytest.raises(ValueError, match="'toy-double' has a check already"):
        harness.exercise("toy-double", stub="", answer="x")(lambda x: None)


def test_a_warning_in_an_answer_is_not_shown(recwarn):
    course.verdict("toy-double", double_with("return np.log(-x)"))
    assert not recwarn.list
