"""Make the archive that a release carries: `make bundle`.

``_build/bundle/depth-not-data-VERSION.tar.gz`` holds the sources, from which alone the book can be
built again; the built site; figures, spectra and the ledger as data; the commit, ``release.json``;
and ``MANIFEST.sha256``, the checksum of each file (``sha256sum --check MANIFEST.sha256``). The same
files of a commit give the same archive.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import build_book
import build_status
import codecheck
import downloads
import release

from depth_not_data.presentation.sphinx_downloads import FOLDER, GATHERED, SITE, files_under

TARGET = Path("_build/bundle")
MANIFEST, ABOUT = release.MANIFEST.name, release.ABOUT.name
# What an unpacked bundle has beside the sources, and what tools leave there.
EXTRA = ("site/", "figures/", "spectra/", "claims.json", ABOUT, MANIFEST)
LEFT = {".venv", "_build", ".cache", "__pycache__", ".git", ".hypothesis", ".ipynb_checkpoints"}


def sources() -> dict[str, Path]:
    """Files of the checkout that git follows; in an unpacked bundle, the sources in it."""
    if Path(".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], check=True, capture_output=True, text=True
        ).stdout.split("\0")
        return {name: Path(name) for name in listed if name and Path(name).is_file()}
    return {
        name: path
        for name, path in files_under(Path()).items()
        if not name.startswith(EXTRA)
        and not any(part in LEFT or part.endswith((".egg-info", "_cache")) for part in path.parts)
    }


def contents() -> dict[str, Path]:
    """Every file of the bundle but the manifest, by its name there."""
    site = files_under(build_book.SITE, "site/")
    # The site for reading without a network is the site.
    site.pop(f"site/{FOLDER}/{SITE}", None)
    claims = downloads.WORK / "claims.json"
    downloads.write_claims(claims)
    about = downloads.WORK / ABOUT
    release.write(about, build_status.commit(), build_status.moment())
    exported = {
        name: path
        for folder in ("figures", "spectra")
        for name, path in files_under(downloads.WORK / folder, f"{folder}/").items()
    }
    return {**sources(), **site, **exported, "claims.json": claims, ABOUT: about}


def manifest(files: dict[str, Path]) -> bytes:
    """Checksums as ``sha256sum`` writes them."""
    sums = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"
        for name, path in sorted(files.items())
    )
    return "".join(sums).encode()


def write(target: Path, prefix: str, files: dict[str, Path]) -> None:
    """Pack files and their manifest below a folder; nothing of time, owner or order gets in."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, f"{prefix}/{MANIFEST}", manifest(files), executable=False)
        for name, path in sorted(files.items()):
            executable = bool(path.stat().st_mode & 0o100)
            _add(archive, f"{prefix}/{name}", path.read_bytes(), executable=executable)


def _add(archive, name, content, *, executable):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755 if executable else 0o644
    archive.addfile(entry, io.BytesIO(content))


def main() -> Path:
    """Make the bundle of the site as it was built, and say where it is."""
    if not build_book.site_is_current():
        sys.exit("the site is not that of the files as they are: run `make book` first")
    if not GATHERED.exists():
        sys.exit("the site has no downloads: run `make notebooks`, then `make book`")
    problems = downloads.export()
    if problems:
        sys.exit("\n".join(problems))
    version = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["version"]
    prefix = f"depth-not-data-{version}"
    target, files = TARGET / f"{prefix}.tar.gz", contents()
    missing = codecheck.promised() - files.keys()
    if missing:
        sys.exit(f"codecheck.yml names files that are not there: {', '.join(sorted(missing))}")
    write(target, prefix, files)
    size = target.stat().st_size / 1e6
    print(f"{len(files)} files, {size:.0f} MB: {target}")
    return target


if __name__ == "__main__":
    main()
