"""The page of downloads: what `make book` gathered in ``_build/downloads``, and the site itself.

The directive ``downloads`` lists the archives that are there when the site is built, with their
sizes; they are copied beside the pages, and the pages are packed for reading without a network.
A site for which nothing was gathered has no downloads. Used by Sphinx only.
"""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# Where archives wait, below the sources, and where they lie in the site.
GATHERED, FOLDER = Path("_build/downloads"), "downloads"
SITE = "site.zip"
CONTENTS = {
    "notebooks.zip": "The notebooks of all chapters and notes, executed",
    "student-notebooks.zip": "Notebooks to work in: no solutions, a cell that checks each answer",
    "figures.zip": "All figures as SVG, with alternative texts and captions in `figures.json`",
    "spectra.zip": "All spectra as CSV, with a data dictionary in `README.md`",
    "claims.json": "The ledger as data: every claim, its rule, its verdict, what was measured",
    SITE: "This site, to be read without a network: unpack it and open `index.html`",
}


def write_zip(target: Path, files: Mapping[str, Path]) -> None:
    """Pack files under these names; equal files give an equal archive, byte for byte.

    Parameters
    ----------
    target : Path
        Replaced if it is there.
    files : mapping of str to Path
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            # The first moment that the format knows; the real one would differ each time.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def files_under(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Every file below a folder by its path from there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {prefix + path.relative_to(folder).as_posix(): path for path in found}


class Downloads(SphinxDirective):
    """Table of what can be downloaded, with sizes."""

    def run(self):
        """Return the table, or one sentence where nothing was gathered."""
        gathered = Path(self.env.srcdir) / GATHERED
        rows = ["| file | content | size |", "|---|---|--:|"]
        up = "../" * self.env.docname.count("/")
        for name, content in CONTENTS.items():
            path = gathered / name
            if path.exists() or (name == SITE and gathered.exists()):
                size = f"{max(0.1, path.stat().st_size / 1e6):.1f} MB" if path.exists() else ""
                rows.append(
                    f'| <a href="{up}{FOLDER}/{name}" download>{name}</a> | {content} | {size} |'
                )
        text = "\n".join(rows) if len(rows) > 2 else "Nothing was gathered for this site."
        holder = nodes.container()
        lines = StringList(text.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children


def setup(app: Sphinx) -> dict:
    """Register the directive, and what is done once every page is written."""
    app.add_directive("downloads", Downloads)
    # After the copies of notebooks for Colab are written.
    app.connect("build-finished", _copy_and_pack, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _copy_and_pack(app, exception):
    gathered = Path(app.srcdir) / GATHERED
    if exception or app.builder.format != "html" or not gathered.exists():
        return
    target = Path(app.outdir) / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(gathered, target)
    pages = files_under(Path(app.outdir))
    kept = {n: p for n, p in pages.items() if not n.startswith((f"{FOLDER}/", ".", "_sources/."))}
    write_zip(target / SITE, kept)
