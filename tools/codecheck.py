"""Write codecheck.yml: what an outside checker has to reproduce, for a CODECHECK certificate.

It follows version 2.0 of the CODECHECK configuration file. Title and authors are those of
CITATION.cff, and so is the DOI of the archive: without it there is no reference yet. Who checked
it, the report, the certificate and its summary are for the checker to fill in, and absent until
then; what stands there stays. `make bundle` puts every file of the manifest into its archive.
"""

from pathlib import Path

import freshness
import yaml

from depth_not_data.presentation import committed

TARGET, CITATION = Path("codecheck.yml"), Path("CITATION.cff")
VERSION = "https://codecheck.org.uk/spec/config/2.0/"
# Filled in by the checker.
CHECKER = ("codechecker", "summary", "repository", "check_time", "certificate", "report")
HEAD = """\
---
# Written by tools/codecheck.py from CITATION.cff and the figures of the notebooks. The checker adds
# codechecker, summary, repository, check_time, certificate and report; these are kept.
"""
DATA = {
    "claims.json": "every claim with its rule, its verdict and what was measured; by `make book`",
    "figures/figures.json": "of each figure: notebook, alternative text, caption",
    "spectra/runs.csv": "every trained network, and the file in spectra/ with its eigenvalues",
    "spectra/linear/paper-network.csv": "the paper's network at depths 2 to 7 after training",
}


def figures() -> dict[str, str]:
    """Notebook of each figure, by its file in an archive."""
    return {
        f"figures/{picture.name}{picture.suffix}": path.as_posix()
        for path in freshness.notebooks()
        for picture in committed.pictures(committed.read(path))
    }


def manifest() -> list[dict[str, str]]:
    """Return the files to be reproduced, each with what it is or the notebook it comes from."""
    files = DATA | {name: f"drawn by {path}" for name, path in figures().items()}
    return [{"file": name, "comment": comment} for name, comment in files.items()]


def promised() -> set[str]:
    """Files that the committed manifest names."""
    said = yaml.safe_load(TARGET.read_text("utf-8")) if TARGET.exists() else {"manifest": []}
    return {entry["file"] for entry in said["manifest"]}


def author(entry: dict[str, str]) -> dict[str, str]:
    """Return the name of an author of CITATION.cff, and the ORCID where there is one.

    Examples
    --------
    >>> author({"given-names": "A.", "family-names": "B", "orcid": "https://orcid.org/0000-1"})
    {'name': 'A. B', 'ORCID': '0000-1'}
    """
    parts = [entry[key] for key in ("given-names", "family-names") if key in entry]
    orcid = {"ORCID": entry["orcid"].rsplit("/", 1)[-1]} if "orcid" in entry else {}
    return {"name": entry.get("name") or " ".join(parts), **orcid}


def configuration() -> dict:
    """Return the whole file as data; what a checker has filled in is taken from the file."""
    cited = yaml.safe_load(CITATION.read_text("utf-8"))
    said = yaml.safe_load(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    reference = {"reference": f"https://doi.org/{cited['doi']}"} if "doi" in cited else {}
    return {
        "version": VERSION,
        "paper": {
            "title": cited["title"],
            "authors": [author(entry) for entry in cited["authors"]],
            **reference,
            "reference-other": [entry["url"] for entry in cited["references"]],
        },
        "manifest": manifest(),
        **{key: said[key] for key in CHECKER if key in said},
    }


def text() -> str:
    """Return the file as it has to be."""
    return HEAD + yaml.safe_dump(configuration(), allow_unicode=True, sort_keys=False, width=99)


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
    print(f"{len(manifest())} files in the manifest of {TARGET}")
