"""The lock has every pin, with checksums, and nothing that names a machine or an index."""

import doctest
import json
import re
from pathlib import Path

import environment
import freshness
import lock
import pytest
from packaging.markers import Marker

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf-8")
TEXT = (ROOT / "requirements.lock").read_text("utf-8")
ENTRIES = lock.entries(TEXT)
SYSTEMS = {"linux": ("Linux", "x86_64"), "darwin": ("Darwin", "arm64")}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def pinned(requirements):
    lines = [line for line in environment.pins(requirements) if not line.startswith("-")]
    return {freshness.package_name(line): line.split("==")[1] for line in lines}


def locked(system, python):
    """Versions by name that the lock has for a platform and a Python."""
    machine = SYSTEMS[system]
    where = {"sys_platform": system, "platform_system": machine[0], "platform_machine": machine[1]}
    where |= {"python_version": python, "python_full_version": f"{python}.9", "os_name": "posix"}
    where |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    found = {}
    for entry in ENTRIES:
        name, _, condition = entry.partition(" ; ")
        if not condition or Marker(condition).evaluate(where):
            package, version = name.split("==")
            assert package not in found, f"{package} is locked twice"
            found[package] = version
    return found


def not_locked(requirements):
    return [
        f"{name}=={version} on {system}, Python {python}"
        for name, version in pinned(requirements).items()
        for system in SYSTEMS
        for python in PYTHONS
        if locked(system, python).get(name) != version
    ]


def test_every_pin_is_locked_at_its_version_on_every_platform():
    assert len(pinned(REQUIREMENTS)) > 30
    assert not_locked(REQUIREMENTS) == [], "run `make lock`"


def test_a_pin_that_is_edited_without_a_new_lock_is_seen():
    edited = REQUIREMENTS.replace("numpy==2.4.6", "numpy==2.4.7")
    assert {line.split(" ")[0] for line in not_locked(edited)} == {"numpy==2.4.7"}
    assert len(not_locked(REQUIREMENTS + "\nleft-pad==1.0\n")) == len(SYSTEMS) * len(PYTHONS)


def test_every_entry_has_checksums_and_a_version():
    assert [entry for entry, hashes in ENTRIES.items() if not hashes] == []
    for entry, hashes in ENTRIES.items():
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[\w.]+( ; |$)", entry)
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hash) for hash in hashes)


def test_no_index_no_folder_and_nothing_of_cuda_is_named():
    assert "://" not in TEXT
    assert not re.search(r"(^|\s)(-|--\w[\w-]*-(url|links)|/)\S*", re.sub("--hash=", "", TEXT))
    assert [entry for entry in ENTRIES if re.match("nvidia|cuda|triton", entry)] == []


def test_of_pytorch_only_builds_for_cpus_are_allowed():
    # The CUDA build would be installed without what it needs.
    (torch,) = (entry for entry in ENTRIES if entry.startswith("torch=="))
    listed = [line.split() for line in (ROOT / lock.CPU_BUILDS).read_text("utf-8").splitlines()]
    assert {f"sha256:{hash}" for hash, _ in listed} == set(ENTRIES[torch])
    version = re.escape(torch.split("==")[1])
    for python in PYTHONS:
        tag = python.replace(".", "")
        built = [name for _, name in listed if f"-cp{tag}-" in name]
        linux = rf"torch-{version}\+cpu-cp{tag}-cp{tag}-manylinux_\d+_\d+_(x86_64|aarch64)\.whl"
        mac = rf"torch-{version}-cp{tag}-cp{tag}-macosx_\d+_\d+_arm64\.whl"
        assert [len([name for name in built if re.fullmatch(p, name)]) for p in (linux, mac)] == [
            2,
            1,
        ]
        assert len(built) == 3


FOUND = {"numpy==2.4.6": ["sha256:a"], "torch==2.13.0": ["sha256:b"], "cuda-toolkit==13": []}


def test_cuda_goes_and_cpu_builds_come():
    builds = "c  torch-2.13.0+cpu-cp311.whl\nd  torch-2.12.0+cpu-cp311.whl\na  torch-2.13.0-cp3.whl"
    assert lock.for_cpus(FOUND | {"nvidia-cublas==13": [], "triton==3 ; x": []}, builds) == {
        "numpy==2.4.6": ["sha256:a"],
        "torch==2.13.0": ["sha256:a", "sha256:c"],
    }


def test_a_new_pytorch_without_its_cpu_builds_stops_the_lock():
    with pytest.raises(ValueError, match="no checksums of torch 2"):
        lock.for_cpus(FOUND, "d  torch-2.12.0+cpu-cp311.whl\n")


def test_a_lock_is_read_as_it_is_written():
    assert lock.text(ENTRIES) == TEXT
    assert doctest.testmod(lock).failed == 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("requirements.txt", "requirements.lock", "pyproject.toml"):
        Path(name).write_bytes((ROOT / name).read_bytes())
    environment.PYTHON.parent.mkdir(parents=True)
    environment.PYTHON.touch()
    return tmp_path


def test_an_environment_is_made_again_when_it_is_to_be_locked_and_is_not(folder, monkeypatch):
    loose = environment.wanted()
    environment.READY.write_text(json.dumps(loose))
    assert environment.reason_to_create(loose) is None
    monkeypatch.setenv("LOCKED", "yes")
    strict = environment.wanted()
    assert environment.reason_to_create(strict) == "again: exactly as in requirements.lock"
    environment.READY.write_text(json.dumps(strict))
    assert environment.reason_to_create(strict) is None
    assert environment.reason_to_create(loose) is None, "what is locked has the pins too"
    Path("requirements.lock").write_text(TEXT.replace("altair==", "altair==1"))
    assert environment.reason_to_create(environment.wanted()).startswith("again: exactly")


def test_what_is_locked_is_installed_by_its_checksums(folder, monkeypatch):
    commands = []

    def run(command, **_):
        commands.append(command)
        environment.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(environment.subprocess, "run", run)
    monkeypatch.setenv("LOCKED", "yes")
    assert environment.main() == 0
    hashes = [command for command in commands if "--require-hashes" in command]
    assert len(hashes) == 1
    assert environment.LOCK in hashes[0]
    assert all("requirements.txt" not in command for command in commands)
    environment.READY.unlink()
    commands.clear()
    monkeypatch.delenv("LOCKED")
    assert environment.main() == 0
    assert [command[-1] for command in commands if "-r" in command] == ["requirements.txt"]
