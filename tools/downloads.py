"""Gather in _build/downloads what the page of downloads offers; nothing is executed or trained.

`make book` does this before it renders the pages. Notebooks, figures and claims are the committed
ones: there are no downloads while a notebook's committed outputs are out of date. Spectra are those
of the trainings that are stored, or those of a release, and left out where none is.
"""

import json
import shutil
import sys
from pathlib import Path

import execute_notebooks
import export_figures
import export_spectra
import freshness
import nbformat
import release
import student

from depth_not_data.presentation import claims
from depth_not_data.presentation.sphinx_downloads import GATHERED, files_under, write_zip

WORK = Path("_build/exported")


def ledger() -> list[dict]:
    """Every claim as data, with what its chapter measured."""
    measured = {
        record["id"]: record["measured"]
        for path in freshness.notebooks()
        for record in claims.records(nbformat.read(path, as_version=4))
    }
    return [
        {
            "id": claim.id,
            "kind": claim.kind,
            "source": claim.source,
            "anchor": claim.anchor,
            "statement": claim.statement,
            "verdict": claim.verdict,
            "measured": measured.get(claim.id),
            "quantity": claim.rule and claim.rule.quantity,
            "rule": claim.rule and str(claim.rule),
            "fixed": claim.rule and str(claim.rule.fixed),
            "instead": claim.correction,
            "answer": claim.answer,
            "chapter": claim.chapter,
        }
        for claim in claims.ledger().values()
    ]


def write_claims(path: Path) -> None:
    """Write the ledger as JSON."""
    text = json.dumps(ledger(), indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")


def export() -> list[str]:
    """Write figures and spectra as files, anew; return what could not be written."""
    shutil.rmtree(WORK, ignore_errors=True)
    export_figures.export(WORK / "figures")
    try:
        export_spectra.export(WORK / "spectra")
    except ValueError as problem:
        # A release brings the spectra of its code.
        if not release.is_unchanged("src/", "spectra/"):
            return [f"spectra: {problem}"]
        shutil.rmtree(WORK / "spectra", ignore_errors=True)
        shutil.copytree("spectra", WORK / "spectra")
    return []


def gather() -> None:
    """Fill the folder of downloads anew; leave none where committed outputs are out of date."""
    shutil.rmtree(GATHERED, ignore_errors=True)
    old = execute_notebooks.out_of_date()
    if old:
        print(f"No downloads: `make notebooks` has to execute {', '.join(map(str, old))} first.")
        return
    missing = export()
    write_claims(GATHERED / "claims.json")
    notebooks = {path.as_posix(): path for path in freshness.notebooks()}
    write_zip(GATHERED / "notebooks.zip", notebooks)
    student.main(student.STUDENT)
    write_zip(GATHERED / "student-notebooks.zip", files_under(student.STUDENT))
    for name in ("figures", "spectra"):
        if (WORK / name).exists():
            write_zip(GATHERED / f"{name}.zip", files_under(WORK / name))
    for line in missing:
        print(f"No download of {line}", file=sys.stderr)


if __name__ == "__main__":
    gather()
