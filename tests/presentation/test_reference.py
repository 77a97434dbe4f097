"""The reference of the helpers mirrors the folders: each public module stands in its room once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/depth_not_data"
SECTIONS = {
    "linear": "The linear network",
    "residual": "The residual network",
    "spectra": "Spectra of any network",
    "course": "Exercises",
    "presentation": "What the reader sees",
    "replication": "Fresh seeds",
    "which_functions": "Any network in one command",
}


def modules(room):
    """Public modules of a room, without those for Sphinx alone and checks of single exercises."""
    found = (p.relative_to(PACKAGE).with_suffix("") for p in (PACKAGE / room).rglob("*.py"))
    return {
        ".".join(path.parts)
        for path in found
        if not path.name.startswith("_")
        and not path.name.startswith("sphinx")
        and (room != "course" or path.name == "exercise")
    }


@pytest.mark.parametrize("room", SECTIONS)
def test_every_public_module_is_in_the_section_of_its_room_once(room):
    text = (ROOT / "book/appendix/helpers.md").read_text("utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    (own,) = (part for part in section if part.startswith(SECTIONS[room] + "\n"))
    listed = re.findall(r"automodule:: depth_not_data\.([\w.]+)", own)
    assert sorted(listed) == sorted(modules(room))


def test_every_room_has_a_section():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(SECTIONS)
