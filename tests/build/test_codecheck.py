"""What an outside checker reads is true: the manifest, who wrote what, version, date and DOI."""

import doctest
import re
import tomllib
from pathlib import Path

import bundle
import codecheck
import export_figures
import export_spectra
import freshness
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "codecheck.yml").read_text("utf-8")
CITATION = (ROOT / "CITATION.cff").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_the_file_is_that_of_the_notebooks_and_of_the_citation():
    assert codecheck.text() == TEXT, "run `python tools/codecheck.py`"
    assert doctest.testmod(codecheck).failed == 0


def test_what_is_required_is_there_and_what_is_the_checkers_is_not():
    assert TEXT.startswith("---\n")
    said = yaml.safe_load(TEXT)
    assert re.fullmatch(r"https://codecheck\.org\.uk/spec/config/\d\.\d/", said["version"])
    assert said["paper"]["title"]
    assert said["paper"]["authors"]
    assert all(url.startswith("https://") for url in said["paper"]["reference-other"])
    assert not said.keys() & set(codecheck.CHECKER)
    assert not re.search("FIXME|TODO|XXX|zenodo", TEXT)


def test_every_file_of_the_manifest_is_relative_and_said_what_it_is():
    entries = yaml.safe_load(TEXT)["manifest"]
    names = [entry["file"] for entry in entries]
    assert len(set(names)) == len(names) > 50
    assert all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in names)
    assert all(len(entry["comment"]) > 10 for entry in entries)


def test_every_file_of_the_manifest_is_in_the_bundle(tmp_path, monkeypatch):
    exported = tmp_path / "exported"
    export_figures.export(exported / "figures")
    # One stored training in place of all of them: which ones there are is no matter here.
    monkeypatch.setattr(export_spectra, "export_stored", lambda folder: [{"file": "x.csv"}])
    monkeypatch.setattr(export_spectra, "DEPTHS", range(2, 3))
    (exported / "spectra").mkdir()
    export_spectra.export(exported / "spectra")
    monkeypatch.setattr(bundle.downloads, "WORK", exported)
    monkeypatch.setattr(bundle.build_book, "SITE", tmp_path)
    assert codecheck.promised() <= bundle.contents().keys()


def test_a_bundle_without_a_promised_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(codecheck, "promised", lambda: {"claims.json", "figures/fig-lost.svg"})
    monkeypatch.setattr(bundle.build_book, "site_is_current", lambda: True)
    monkeypatch.setattr(bundle, "GATHERED", tmp_path)
    monkeypatch.setattr(bundle.downloads, "export", list)
    monkeypatch.setattr(bundle, "contents", lambda: {"claims.json": tmp_path})
    with pytest.raises(SystemExit, match=r"not there: figures/fig-lost\.svg$"):
        bundle.main()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A book without figures, to be cited."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(freshness, "notebooks", list)
    codecheck.CITATION.write_text(CITATION)
    codecheck.TARGET.write_text(codecheck.text())
    return tmp_path


def test_the_doi_is_one_setting_and_absent_until_set(folder):
    assert "reference" not in codecheck.configuration()["paper"]
    codecheck.CITATION.write_text(CITATION + "doi: 10.1234/5678\n")
    assert codecheck.configuration()["paper"]["reference"] == "https://doi.org/10.1234/5678"


def test_what_the_checker_adds_stays(folder):
    added = "codechecker: [{name: A. Reader}]\ncertificate: 2027-001\n"
    codecheck.TARGET.write_text(codecheck.text() + added)
    said = yaml.safe_load(codecheck.text())
    assert said["codechecker"] == [{"name": "A. Reader"}]
    assert said["certificate"] == "2027-001"


def disagreements(citation, changelog):
    """Say where version and date are not those of the project and of its changelog."""
    cited = yaml.safe_load(citation)
    released = dict(re.findall(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", changelog, re.M))
    date = str(cited["date-released"]) if "date-released" in cited else None
    found = []
    if cited["version"] != VERSION:
        found.append(f"version {cited['version']}, that of pyproject.toml is {VERSION}")
    if date != released.get(VERSION):
        found.append(f"date-released {date}, that of the changelog is {released.get(VERSION)}")
    return found


def test_version_and_date_are_those_of_the_project():
    assert disagreements(CITATION, CHANGELOG) == []
    released = CHANGELOG.replace("## Unreleased", f"## {VERSION} (2027-01-31)")
    dated = CITATION + "date-released: 2027-01-31\n"
    assert disagreements(dated, released) == []
    assert len(disagreements(dated, CHANGELOG)) == 1
    assert len(disagreements(CITATION, released)) == 1
    assert len(disagreements(CITATION.replace(VERSION, "9.9.9"), CHANGELOG)) == 1


def test_the_citation_is_complete():
    cited = yaml.safe_load(CITATION)
    asked = {"cff-version", "message", "title", "authors", "type", "abstract", "keywords"}
    assert asked | {"license", "version", "references"} <= cited.keys()
    assert all({"type", "title", "authors", "url", "year"} <= s.keys() for s in cited["references"])
