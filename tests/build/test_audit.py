"""A licence that is not allowed, a version that is not locked and a gap of the look-up are seen."""

import doctest
import re
from email.message import Message

import audit
import pytest
import yaml


def metadata(version="1.0", **fields):
    found = Message()
    found["Version"] = version
    for name, value in fields.items():
        for line in value if isinstance(value, list) else [value]:
            found[name.replace("_", "-")] = line
    return found


MIT = metadata(License_Expression="MIT")


@pytest.fixture
def packages(monkeypatch):
    """What is installed and locked, to be changed by a test; nothing is looked up."""
    found = {"numpy": MIT, "torch": metadata("1.0+cpu", License_Expression="BSD-3-Clause")}
    monkeypatch.setattr(audit, "installed", lambda: found)
    monkeypatch.setattr(audit, "locked", lambda: {name: {"1.0"} for name in found})
    monkeypatch.setattr(audit.lock, "tool", lambda name: name)
    monkeypatch.setattr(audit, "report", lambda tool: looked_up(found))
    monkeypatch.setattr(audit, "wrong_citation", lambda tool: [])
    return found


def looked_up(names, **found):
    return {
        "dependencies": [
            {"name": name, "version": "1.0", "vulns": found.get(name, [])} for name in names
        ]
    }


LICENCES = {
    "an SPDX expression": (metadata(License_Expression="MIT AND Zlib"), True),
    "an exception": (metadata(License_Expression="Apache-2.0 WITH LLVM-exception"), True),
    "a classifier": (metadata(Classifier=["License :: OSI Approved :: MIT License"]), True),
    "the old field": (metadata(License="Apache License, Version 2.0"), True),
    "a choice": (metadata(License_Expression="GPL-3.0-only OR MIT"), True),
    "the GPL": (metadata(License_Expression="GPL-3.0-only"), False),
    "the GPL for a part": (metadata(License_Expression="MIT AND GPL-2.0-or-later"), False),
    "an unknown exception": (metadata(License_Expression="MIT WITH Other-exception"), False),
    "one classifier of two": (
        metadata(Classifier=["License :: OSI Approved :: MIT License", "License :: Free for home"]),
        False,
    ),
    "no licence": (metadata(), False),
    "only that the OSI approves": (metadata(Classifier=["License :: OSI Approved"]), False),
    "words": (metadata(License="See the file; it says (more)"), False),
    "code": (metadata(License="MIT) or (True"), False),
}


@pytest.mark.parametrize("what", LICENCES)
def test_a_licence_is_allowed_by_the_list_alone(packages, what, capsys):
    packages["numpy"], allowed = LICENCES[what]
    assert audit.main() == (0 if allowed else audit.WRONG)
    assert ("numpy:" in capsys.readouterr().out) is not allowed


def test_what_is_installed_here_has_licences_that_are_allowed():
    assert len(audit.installed()) > 100
    assert audit.wrong_licences() == []


def test_every_rule_says_why_and_none_is_left_over():
    rules = yaml.safe_load(audit.LICENCES.read_text("utf-8"))
    assert all(isinstance(reason, str) and len(reason) > 10 for reason in rules["allowed"].values())
    assert all(set(entry) == {"licence", "where"} for entry in rules["read"].values())
    assert rules["read"].keys() <= audit.locked().keys()
    said = " ".join(audit.licence(*package) for package in audit.installed().items())
    unused = set(rules["allowed"]) - set(re.findall(r"[\w.+-]+", said))
    assert unused == set(), "no package has this licence"


def test_a_version_that_is_not_locked_is_named(packages, capsys):
    packages["numpy"] = metadata("1.1", License_Expression="MIT")
    assert audit.main() == audit.WRONG
    assert capsys.readouterr().out == "numpy: 1.1 is installed, 1.0 is locked\n"


def test_a_known_vulnerability_is_named_with_the_version_that_mends_it(
    packages, monkeypatch, capsys
):
    found = [{"id": "CVE-1", "fix_versions": ["1.2"]}, {"id": "CVE-2", "fix_versions": []}]
    monkeypatch.setattr(audit, "report", lambda tool: looked_up(packages, numpy=found))
    assert audit.main() == audit.WRONG
    assert capsys.readouterr().out.splitlines() == [
        "numpy 1.0: CVE-1, mended in 1.2",
        "numpy 1.0: CVE-2, mended in no version",
    ]


SKIPPED = {"dependencies": [{"name": "numpy", "skip_reason": "not found"}]}


@pytest.mark.parametrize("said", [None, SKIPPED], ids=["no network", "no advisories"])
def test_what_could_not_be_looked_up_is_not_called_safe(packages, monkeypatch, said, capsys):
    monkeypatch.setattr(audit, "report", lambda tool: said)
    assert audit.main() == audit.NOT_LOOKED_UP
    assert "of 2 packages could not be looked up" in capsys.readouterr().err
    packages["numpy"] = metadata()
    assert audit.main() == audit.WRONG, "what is wrong counts more"


def test_a_tool_that_says_nothing_gives_no_report(tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\nexit 1\n")
    tool.chmod(0o755)
    assert audit.report(tool) is None


def test_a_citation_that_is_not_valid_is_named(tmp_path):
    tool = tmp_path / "tool"
    said = 'printf "in\\\\nlib.ValidationError: no title\\\\nx" >&2; exit 1'
    tool.write_text(f'#!/bin/sh\ngrep -q "^title" "$3" && exit 0\n{said}\n')
    tool.chmod(0o755)
    citation = tmp_path / "CITATION.cff"
    citation.write_text("title: Book\n")
    assert audit.wrong_citation(tool, citation) == []
    citation.write_text("version: 1\n")
    assert audit.wrong_citation(tool, citation) == [f"{citation}: no title"]


def test_the_examples_hold():
    assert doctest.testmod(audit).failed == 0
