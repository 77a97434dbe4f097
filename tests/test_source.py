"""A digest tells versions of code apart by what they do, not by how they are written."""

import shutil

import pytest

from depth_not_data import _source

CODE = "def f(x):\n    return x + 1\n"


def code_digest(source):
    return _source.digest(_source.plain(_source.parse(source)))


@pytest.mark.parametrize(
    "other",
    [
        "# why\ndef f(x):\n    return x + 1  # one\n",
        '"""Module."""\n\n\ndef f(x):\n    """Add."""\n    return (x +\n            1)\n',
    ],
    ids=["comments", "docstrings and layout"],
)
def test_words_and_layout_do_not_count(other):
    assert code_digest(other) == code_digest(CODE)


@pytest.mark.parametrize(
    "other",
    [
        "def f(x):\n    return x + 2\n",
        "def g(x):\n    return x + 1\n",
        "def f(x):\n    return 1 +\n",
    ],
    ids=["number", "name", "not valid"],
)
def test_code_counts(other):
    assert code_digest(other) != code_digest(CODE)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Fingerprint of a module in a copy of the package."""
    folder = tmp_path / "depth_not_data"
    shutil.copytree(_source.Path(_source.__file__).parent, folder)
    monkeypatch.setattr(_source, "__file__", str(folder / "_source.py"))
    return folder


def test_a_fingerprint_covers_what_a_module_imports_and_nothing_else(copy):
    compute = _source.fingerprint.__wrapped__
    module = "depth_not_data.residual.sweeps"
    before = compute(module)

    def edit(name, text):
        with (copy / name).open("a") as file:
            file.write(text)
        return compute(module)

    assert edit("residual/network.py", "# a comment\n") == before
    assert edit("presentation/figures.py", "x = 1\n") == before
    assert edit("residual/activations.py", "x = 1\n") != before, "imported by what is imported"
