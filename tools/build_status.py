"""What a build did and on what: written down for the page book/appendix/status.

No path, no host name, no time of day: versions, the kind of machine, the commit and its date, and
where outputs are from. So two builds of a commit on one machine say the same.
"""

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path

import environment
import freshness
import release

STATUS = Path("_build/status.json")


def write(sources: dict[Path, str], path: Path = STATUS) -> None:
    """Write where the outputs of each notebook are from, beside date, machine and versions."""
    lock = freshness.read_lock(freshness.COMMITTED)
    notebooks = {
        notebook.with_suffix("").as_posix(): {
            "source": source,
            "cost": lock.get(notebook.as_posix(), {}).get("cost", "not measured"),
        }
        for notebook, source in sources.items()
    }
    said = {"build": build(), "notebooks": notebooks, "versions": versions()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, indent=1) + "\n", "utf-8")


def build() -> dict[str, str]:
    """Commit and its date, kind of machine, and Python."""
    seconds = moment()
    date = seconds and datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return {
        "Date": date.strftime("%d %B %Y, %H:%M UTC") if date else "unknown",
        "Commit": commit(),
        "Machine": f"{platform.system()} on {processor()}, {os.cpu_count()} processors",
        "Python": platform.python_version(),
    }


def commit() -> str:
    """Short name of the commit, and whether files were edited after it."""
    if not Path(".git").exists():
        return release.read().get("commit", "unknown")
    try:
        name = _git("rev-parse", "--short", "HEAD")
        edited = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}, with edits that are not committed" if edited else name


def moment() -> int | None:
    """Seconds since 1970 at the commit, if there is one; SOURCE_DATE_EPOCH counts more."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if not given and Path(".git").exists():
        try:
            given = _git("log", "-1", "--format=%ct")
        except (OSError, subprocess.CalledProcessError):
            return None
    return int(given) if given else release.read().get("moment")


def _git(*arguments):
    options = {"check": True, "capture_output": True, "text": True}
    return subprocess.run(["git", *arguments], **options).stdout.strip()


def processor() -> str:
    """Name of the processor, or of its architecture."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text("utf-8").splitlines() if described.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Installed version of every pinned package."""
    pinned = environment.pins(Path("requirements.txt").read_text("utf-8"))
    found = {}
    for line in pinned:
        if "==" in line:
            name = line.split("==")[0]
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found[name] = "not installed"
    return dict(sorted(found.items()))
