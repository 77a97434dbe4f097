"""What can be downloaded is whole, says what it is, and is the same each time."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import build_book
import build_status
import bundle
import downloads
import export_spectra
import numpy as np
import pytest
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import claims, sphinx_downloads
from depth_not_data.presentation.sphinx_downloads import SITE, files_under, write_zip
from depth_not_data.residual import stored_runs, sweeps

ROOT = Path(__file__).parents[2]


def write_files(folder, **texts):
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return files_under(folder)


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Archives and the page


def test_equal_files_make_equal_archives(tmp_path):
    files = write_files(tmp_path / "a", x="one", y__z="two")
    write_zip(tmp_path / "1.zip", files)
    (tmp_path / "a/x").touch()
    write_zip(tmp_path / "2.zip", dict(reversed(files.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "x": b"one",
            "y/z": b"two",
        }


def site_of(folder, *gathered):
    """A site with a page of downloads, built where these files were gathered."""
    source = folder / "source"
    pages = {"index_dot_md": "# I\n\n```{toctree}\na/page\n```\n"}
    write_files(source, a__page_dot_md="# P\n\n```{downloads}\n```\n", **pages)
    for name in gathered:
        (source / sphinx_downloads.GATHERED).mkdir(parents=True, exist_ok=True)
        (source / sphinx_downloads.GATHERED / name).write_bytes(b"0" * 2_000_000)
    settings = {
        "extensions": ["myst_nb", "depth_not_data.presentation.sphinx_downloads"],
        "exclude_patterns": ["_build"],
    }
    with patch_docutils(), docutils_namespace():
        app = Sphinx(source, None, folder / "site", folder / "tree", "html", settings, status=None)
        app.build()
    return folder / "site"


@pytest.mark.filterwarnings("default")
def test_page_links_what_was_gathered_and_the_site_for_reading_offline(tmp_path):
    site = site_of(tmp_path, "notebooks.zip", "claims.json")
    page = (site / "a/page.html").read_text("utf-8")
    links = re.findall(r'href="\.\./(downloads/[^"]*)"', page)
    assert links == ["downloads/notebooks.zip", "downloads/claims.json", "downloads/site.zip"]
    assert all((site / link).exists() for link in links)
    assert "2.0 MB" in page
    with zipfile.ZipFile(site / "downloads" / SITE) as archive:
        names = archive.namelist()
    assert {"index.html", "a/page.html"} <= set(names)
    assert not [name for name in names if name.startswith("downloads/")], "no archive in itself"


@pytest.mark.filterwarnings("default")
def test_site_for_which_nothing_was_gathered_has_no_downloads(tmp_path):
    site = site_of(tmp_path)
    assert "Nothing was gathered" in (site / "a/page.html").read_text("utf-8")
    assert not (site / "downloads").exists()


def test_page_is_in_the_book():
    listed = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    assert "book/appendix/downloads" in json.dumps(listed)
    assert "{downloads}" in (ROOT / "book/appendix/downloads.md").read_text("utf-8")


def test_no_downloads_of_outputs_that_are_out_of_date(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path, _build__downloads__claims_dot_json="of an earlier build")
    old = {Path("book/a.ipynb"): "its code changed"}
    monkeypatch.setattr(downloads.execute_notebooks, "out_of_date", lambda: old)
    downloads.gather()
    assert not (tmp_path / sphinx_downloads.GATHERED).exists()
    assert "`make notebooks` has to execute book/a.ipynb" in capsys.readouterr().out


def test_ledger_as_data_has_every_claim_and_what_was_measured(monkeypatch):
    monkeypatch.chdir(ROOT)
    written = {entry["id"]: entry for entry in downloads.ledger()}
    assert list(written) == list(claims.ledger())
    for name, claim in claims.ledger().items():
        assert written[name]["statement"] == claim.statement
        assert written[name]["verdict"] == claim.verdict
        assert (written[name]["measured"] is not None) == claim.is_settled


# Spectra


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv(stored_runs.CACHE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv(stored_runs.SHIPPED_VARIABLE, str(tmp_path / "none"))
    return tmp_path / "exported"


def test_spectra_are_those_that_are_stored(store):
    runs = sweeps.sweep([2], [1], [3, 10], n_jobs=1, steps=2, n_samples=20)
    runs += sweeps.sweep([2], [1], [0], n_jobs=1, steps=3, n_samples=20)
    assert export_spectra.export(store) == 3
    listed = table(store / "runs.csv")
    by_file = {(row["file"], row["column"]): row for row in listed}
    assert len({row["file"] for row in listed}) == 2, "other options, another file"
    for run in runs:
        (row,) = (
            row
            for (_, column), row in by_file.items()
            if column == f"seed_{run.seed}" and int(row["seed"]) == run.seed
        )
        found = [float(line[row["column"]]) for line in table(store / row["file"])]
        np.testing.assert_allclose(found, run.eigenvalues, rtol=1e-7)
        assert (int(row["n_embd"]), int(row["eigenvalues"])) == (2, run.eigenvalues.size)
        assert float(row["final_loss"]) == pytest.approx(run.loss_history[-1], rel=1e-6)
        assert json.loads(row["options"])["n_samples"] == 20
    first = table(store / listed[0]["file"])
    assert [line["rank"] for line in first] == [str(k) for k in range(1, len(first) + 1)]


def test_runs_of_other_code_are_left_out(store, monkeypatch):
    sweeps.sweep([2], [1], [0], n_jobs=1, steps=1, n_samples=10)
    monkeypatch.setattr(export_spectra.stored_runs, "fingerprint", lambda work: ("other", "code"))
    with pytest.raises(ValueError, match="no training is stored"):
        export_spectra.export(store)


def test_dictionary_names_every_folder_and_column(store):
    sweeps.sweep([2], [1], [0], n_jobs=1, steps=1, n_samples=10)
    export_spectra.export(store)
    text = (store / "README.md").read_text("utf-8")
    for column in table(store / "runs.csv")[0]:
        assert f"`{column}`" in text
    for folder in [*export_spectra.STORED, "linear", "published"]:
        assert f"`{folder}/" in text
    header = (store / "linear/paper-network.csv").read_text("utf-8").splitlines()[0].split(",")
    assert header == ["rank", *(f"L_{depth}" for depth in range(2, 8))]
    dominant = table(store / "linear/paper-network.csv")[24]
    assert float(dominant["L_3"]) == pytest.approx(3, abs=0.2), "the step of 25 at the depth"


def test_file_name_tells_options_apart():
    usual = {"lr": 0.001}
    network = {"n_embd": 10, "n_block": 2, "count": None}
    assert export_spectra.name_of({**network, "options": usual}, usual) == "N10-D2"
    names = [
        export_spectra.name_of({**network, **other}, usual)
        for other in ({"options": {"lr": 0.1}}, {"options": usual, "count": 25})
    ]
    assert all(re.fullmatch(r"N10-D2-[0-9a-f]{6}", name) for name in names)
    assert len(set(names)) == 2


# The bundle


EXPORT = downloads.export


def nothing_is_stored(folder):
    raise ValueError("nothing is stored")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout with a site, as `make book` leaves it."""
    folder = tmp_path / "checkout"
    project = '[project]\nname = "depth-not-data"\nversion = "1.2.3"\n'
    write_files(
        folder,
        pyproject_dot_toml=project,
        Makefile="book:\n",
        src__a_dot_py="a = 1\n",
        _build__html__index_dot_html="<p>site",
        _build__html__downloads__site_dot_zip="the site again",
        _build__downloads__claims_dot_json="[]",
        _build__exported__figures__f_dot_svg="<svg/>",
        _build__exported__spectra__s_dot_csv="rank\n",
    )
    (folder / ".venv/lib").mkdir(parents=True)
    (folder / ".venv/lib/x.py").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(downloads, "export", list)
    monkeypatch.setattr(downloads, "ledger", lambda: [{"id": "X1"}])
    monkeypatch.setattr(build_book, "site_is_current", lambda: True)
    return folder


def unpacked(archive, folder):
    with tarfile.open(archive) as bundled:
        bundled.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def test_bundle_holds_sources_site_data_and_checksums(checkout, tmp_path):
    top = unpacked(bundle.main(), tmp_path / "unpacked")
    assert top.name == "depth-not-data-1.2.3"
    assert set(files_under(top)) == {
        "pyproject.toml",
        "Makefile",
        "src/a.py",
        "site/index.html",
        "figures/f.svg",
        "spectra/s.csv",
        "claims.json",
        "release.json",
        "MANIFEST.sha256",
    }
    assert json.loads((top / "claims.json").read_text()) == [{"id": "X1"}]
    sums = dict(
        reversed(line.split("  ")) for line in (top / bundle.MANIFEST).read_text().splitlines()
    )
    assert sums == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files_under(top).items()
        if name != bundle.MANIFEST
    }


def test_same_files_make_the_same_bundle(checkout):
    first = bundle.main().read_bytes()
    (checkout / "src/a.py").touch()
    assert bundle.main().read_bytes() == first
    (checkout / "src/a.py").write_text("a = 2\n")
    assert bundle.main().read_bytes() != first


def test_sources_are_what_git_follows_and_a_bundle_has_the_same(checkout, tmp_path, monkeypatch):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    (checkout / "notes.txt").write_text("not followed")
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "Makefile", "pyproject.toml", "src"], check=True)
    of_git = set(bundle.sources())
    assert of_git == {"Makefile", "pyproject.toml", "src/a.py"}
    top = unpacked(bundle.main(), tmp_path / "unpacked")
    monkeypatch.chdir(top)
    assert set(bundle.sources()) == of_git


def test_a_bundle_says_of_which_commit_it_is_and_a_build_of_it_says_the_same(
    checkout, tmp_path, monkeypatch
):
    who = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org"]
    for arguments in (["init"], ["add", "Makefile"], [*who, "commit", "-m", "First"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    said = build_status.build()
    assert said["Commit"] != "unknown" != said["Date"]
    monkeypatch.chdir(unpacked(bundle.main(), tmp_path / "unpacked"))
    assert build_status.build() == said
    Path("release.json").unlink()
    assert build_status.build() == said | {"Commit": "unknown", "Date": "unknown"}


def test_a_book_built_from_a_bundle_has_its_spectra_until_the_code_is_edited(
    checkout, tmp_path, monkeypatch
):
    monkeypatch.chdir(unpacked(bundle.main(), tmp_path / "unpacked"))
    # Undone: the export itself, which finds nothing stored here.
    monkeypatch.setattr(downloads, "export", EXPORT)
    monkeypatch.setattr(downloads.export_figures, "export", lambda folder: {})
    monkeypatch.setattr(downloads.export_spectra, "export", nothing_is_stored)
    assert downloads.export() == []
    assert files_under(downloads.WORK / "spectra").keys() == {"s.csv"}
    Path("src/a.py").write_text("a = 2\n")
    assert downloads.export() == ["spectra: nothing is stored"]
    assert not (downloads.WORK / "spectra").exists()


def test_bundle_of_an_old_site_or_without_spectra_is_refused(checkout, monkeypatch):
    monkeypatch.setattr(downloads, "export", lambda: ["spectra: none"])
    with pytest.raises(SystemExit, match="spectra: none"):
        bundle.main()
    shutil.rmtree(checkout / "_build/downloads")
    with pytest.raises(SystemExit, match="no downloads: run `make notebooks`"):
        bundle.main()
    monkeypatch.setattr(build_book, "site_is_current", lambda: False)
    with pytest.raises(SystemExit, match="make book` first"):
        bundle.main()
