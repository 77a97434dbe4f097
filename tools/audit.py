"""Check what the book depends on, and how it is cited: `make audit`.

Every installed package that the lock names must have the version of the lock, and a licence that
tools/licences.yml allows. Vulnerabilities are those that pip-audit finds for the lock; it asks a
service of the package index. CITATION.cff must be valid by its schema. The exit status is 1 where
something is wrong, and 3 where nothing is but vulnerabilities could not be looked up for every
package.
"""

import functools
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from email.message import Message
from pathlib import Path

import freshness
import lock
import yaml

LICENCES = Path("tools/licences.yml")
WRONG, NOT_LOOKED_UP = 1, 3


def locked() -> dict[str, set[str]]:
    """Versions that the lock has of each package; there may be one for older Pythons."""
    found = {}
    for entry in lock.entries(lock.LOCK.read_text("utf-8")):
        name, version = entry.split(" ")[0].split("==")
        found.setdefault(freshness.package_name(name), set()).add(version)
    return found


def installed() -> dict[str, Message]:
    """Metadata of the installed packages that the lock names."""
    found = {
        freshness.package_name(distribution.metadata["Name"]): distribution.metadata
        for distribution in importlib.metadata.distributions()
    }
    return {name: found[name] for name in sorted(found.keys() & locked().keys())}


@functools.cache
def rules() -> dict[str, dict]:
    """Return the allowed licences, what they are called, and those that were read."""
    return yaml.safe_load(LICENCES.read_text("utf-8"))


def licence(name: str, metadata: Message) -> str:
    """SPDX expression of a package, or what its metadata say instead, or nothing."""
    if name in rules()["read"]:
        return rules()["read"][name]["licence"]
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License ::") and line != "License :: OSI Approved"
    ]
    said = metadata.get("License-Expression") or " AND ".join(classifiers)
    # The field may hold the whole text.
    said = said or (metadata.get("License") or "").strip().split("\n")[0]
    called = rules()["called"]
    return " AND ".join(called.get(part, part) for part in said.split(" AND "))


def is_allowed(expression: str) -> bool:
    """Whether all licences of an SPDX expression are allowed, of alternatives at least one.

    Examples
    --------
    >>> is_allowed("MIT AND (Zlib OR GPL-3.0-only)"), is_allowed("MIT AND GPL-3.0-only")
    (True, False)
    >>> is_allowed("")
    False
    """
    if not re.fullmatch(r"[\w.+()\s-]+", expression):
        return False
    # To `and` and `or` of what is allowed: WITH adds an exception, which has to be known too.
    words = re.findall(r"[()]|[\w.+-]+", expression)
    operators = {"AND": "and", "OR": "or", "WITH": "and", "(": "(", ")": ")"}
    truth = (operators.get(word, str(word in rules()["allowed"])) for word in words)
    try:
        return bool(eval(" ".join(truth)))
    except SyntaxError:
        return False


def wrong_licences() -> list[str]:
    """Say which packages have a licence that is not allowed."""
    found = {name: licence(name, metadata) for name, metadata in installed().items()}
    return [
        f"{name}: {said or 'its metadata name no licence'} is not in {LICENCES}"
        for name, said in found.items()
        if not is_allowed(said)
    ]


def wrong_versions() -> list[str]:
    """Say which packages are not installed in the version of the lock."""
    # The CPU build of PyTorch adds "+cpu".
    return [
        f"{name}: {metadata['Version']} is installed, {' or '.join(sorted(versions))} is locked"
        for name, metadata in installed().items()
        if metadata["Version"].split("+")[0] not in (versions := locked()[name])
    ]


def report(tool: Path) -> dict | None:
    """Return what pip-audit says about the lock; None where it could not say anything."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "report.json")
        command = [tool, "--requirement", lock.LOCK, "--disable-pip", "--require-hashes"]
        command += ["--format", "json", "--progress-spinner", "off", "--output", output]
        subprocess.run(command, capture_output=True)
        text = output.read_text("utf-8") if output.exists() else ""
    return json.loads(text) if text else None


def vulnerabilities(said: dict | None) -> tuple[list[str], int]:
    """Lines about what pip-audit found, and how many packages it could not look up.

    It calls a package that the service does not know free of vulnerabilities, and exits with 0.
    """
    packages = said["dependencies"] if said else []
    found = [
        f"{package['name']} {package['version']}: {entry['id']}, mended in "
        + (", ".join(entry["fix_versions"]) or "no version")
        for package in packages
        for entry in package.get("vulns", [])
    ]
    looked_up = {freshness.package_name(p["name"]) for p in packages if "skip_reason" not in p}
    return found, len(locked().keys() - looked_up)


def wrong_citation(tool: Path, citation: Path = Path("CITATION.cff")) -> list[str]:
    """Say what the schema finds wrong with the citation."""
    command = [tool, "--validate", "--infile", citation]
    done = subprocess.run(command, capture_output=True, text=True)
    # The reason stands between a traceback and the whole file.
    reason = re.search(r"ValidationError: (.*)", done.stderr) or re.search(r"(.*)\Z", done.stderr)
    return [f"{citation}: {reason[1]}"] if done.returncode else []


def main() -> int:
    """Check everything, say what is wrong, return an exit status."""
    found, missing = vulnerabilities(report(lock.tool("pip-audit")))
    wrong = wrong_versions() + wrong_licences() + wrong_citation(lock.tool("cffconvert")) + found
    print("\n".join(wrong) if wrong else f"{len(installed())} packages: all right")
    if missing:
        print(
            f"Known vulnerabilities of {missing} packages could not be looked up: is there a "
            "network, and does the package index serve its advisories?",
            file=sys.stderr,
        )
    return WRONG if wrong else NOT_LOOKED_UP if missing else 0


if __name__ == "__main__":
    sys.exit(main())
