"""What is stored is whole or computed again; nothing but the storing is lost where a disk fails."""

import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest

from depth_not_data.residual import stored_runs, sweeps

COUNT = Path("count")


def work(width, depth, seed, code):
    """A run that leaves a mark where it was computed."""
    with COUNT.open("a") as file:
        file.write(".")
    return np.random.default_rng(seed).normal(size=(width, depth))


def other(width, depth, seed, code):
    return "another run"


CASES = [(2, 3, seed) for seed in range(3)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(stored_runs.CACHE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv(stored_runs.SHIPPED_VARIABLE, str(tmp_path / "shipped"))
    monkeypatch.setattr(stored_runs, "_said", set())
    monkeypatch.setattr(stored_runs, "fingerprint", lambda work: ("code", "torch"))
    return tmp_path / "store"


def runs(cases=CASES, work=work, **options):
    """Results, and how many were computed."""
    before = COUNT.stat().st_size if COUNT.exists() else 0
    results = stored_runs.stored(work, cases, n_jobs=options.pop("n_jobs", 1), **options)
    return results, COUNT.stat().st_size - before


def files(folder):
    return sorted(folder.rglob(f"*{stored_runs.SUFFIX}"))


def test_a_run_is_computed_once_and_read_as_it_was():
    first, computed = runs()
    again, computed_again = runs(CASES[::-1])
    assert (computed, computed_again) == (3, 0)
    for a, b in zip(first, again[::-1], strict=True):
        np.testing.assert_array_equal(a, b)


def overwrite(path):
    content = bytearray(path.read_bytes())
    content[-40:-32] = b"\0" * 8
    path.write_bytes(content)


def turn_one_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(path):
    # Whole, but the result of other arguments.
    shutil.copy(next(other for other in files(path.parent) if other != path), path)


def seal_rubbish(path):
    path.write_bytes(stored_runs._seal(path.name, b"rubbish") + b"\n" + b"rubbish")


DAMAGE = {
    "eight bytes overwritten": overwrite,
    "one bit turned": turn_one_bit,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "emptied": lambda path: path.write_bytes(b""),
    "rubbish": lambda path: path.write_bytes(os.urandom(500)),
    "without its seal": lambda path: path.write_bytes(path.read_bytes().partition(b"\n")[2]),
    "another run's": swap,
    "sealed, but no pickle": seal_rubbish,
}


@pytest.fixture
def mended(caplog, capfd):
    """Run again after damage, with one line in the log; how many were computed, and that line."""

    def mend(whole):
        with caplog.at_level("INFO"):
            results, computed = runs()
        (record,) = caplog.records
        assert record.levelname == "INFO"
        assert capfd.readouterr().err == ""
        for a, b in zip(whole, results, strict=True):
            np.testing.assert_array_equal(a, b)
        assert runs()[1] == 0
        return computed, record.message

    return mend


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_entry_is_computed_again_with_one_line_in_the_log(folder, mended, what):
    whole, _ = runs()
    DAMAGE[what](files(folder)[1])
    computed, said = mended(whole)
    assert computed == 1, "and the others are kept"
    assert "is damaged" in said


# What comes with the book


def ship(folder):
    """Pack what is stored, and forget it."""
    whole, _ = runs()
    archive = stored_runs.archive(work)
    archive.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as file:
        for name, content in stored_runs.files(work).items():
            file.writestr(name, content)
    shutil.rmtree(folder)
    return whole, archive


def test_what_comes_with_the_book_is_not_computed(folder, monkeypatch):
    whole, _ = ship(folder)
    results, computed = runs()
    assert computed == 0
    assert not folder.exists(), "nor copied"
    for a, b in zip(whole, results, strict=True):
        np.testing.assert_array_equal(a, b)
    assert runs([*CASES, (2, 3, 7)])[1] == 1, "and what does not come with it is"
    assert len(list(stored_runs.entries(work))) == 4
    assert len(stored_runs.files(work)) == 4
    monkeypatch.setattr(stored_runs, "fingerprint", lambda work: ("edited", "torch"))
    assert runs()[1] == 3, "nor does it hold for other code"
    assert set(stored_runs.files(work)) <= {path.name for path in files(folder)}


def test_a_run_computed_here_comes_first(folder):
    ship(folder)
    call = (*CASES[0], ("code", "torch"))
    path = stored_runs._path(work, call)
    assert stored_runs._save(path, work, call, "computed here") is None
    assert runs()[0][0] == "computed here"
    path.write_bytes(b"damaged")
    results, computed = runs()
    assert computed == 0
    assert results[0].shape == (2, 3)


def rewrite(archive, change):
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in change(members).items():
            file.writestr(name, content)


def exchange(members):
    first, second, *_ = members
    return {**members, first: members[second]}


SPOILED = {
    "no archive": lambda path: path.write_bytes(b"rubbish"),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "one bit of a run": turn_one_bit,
    "a result of other arguments": lambda path: rewrite(path, exchange),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_damaged_archive_costs_time_and_nothing_else(folder, mended, what):
    whole, archive = ship(folder)
    SPOILED[what](archive)
    computed, said = mended(whole)
    assert computed == (3 if what in list(SPOILED)[:3] else 1)
    assert "computed again" in said


def test_the_archive_is_in_the_checkout_unless_a_folder_is_named(monkeypatch):
    monkeypatch.delenv(stored_runs.SHIPPED_VARIABLE)
    root = Path(stored_runs.__file__).parents[3]
    assert stored_runs.archive(sweeps._run) == root / "tools/runs/sweeps._run.zip"


def test_a_build_of_torch_for_other_processors_is_the_same_code(monkeypatch):
    monkeypatch.undo()
    both = []
    for version in ("2.13.0", "2.13.0+cu130"):
        monkeypatch.setattr(stored_runs.torch, "__version__", version)
        both.append(stored_runs.fingerprint(sweeps._run))
    assert both[0] == both[1]
    monkeypatch.setattr(stored_runs.torch, "__version__", "2.14.0")
    assert stored_runs.fingerprint(sweeps._run) != both[0]


def test_other_files_in_the_folder_are_nothing_to_the_store(folder):
    runs()
    (files(folder)[0].parent / "func_code.py").write_text("rubbish")
    (files(folder)[0].parent / ".half.draft").write_bytes(b"killed while it was written")
    assert runs()[1] == 0


def is_a_file(folder):
    folder.write_text("a file")


def holds_folders(folder):
    runs()
    for path in files(folder):
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("make", [is_a_file, holds_folders])
def test_what_cannot_be_stored_is_returned_and_said_once(folder, caplog, make):
    make(folder)
    for _ in range(2):
        results, computed = runs()
        assert computed == 3
        assert [result.shape for result in results] == [(2, 3)] * 3
    warned = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1
    assert f"Runs cannot be stored in {folder} (" in warned[0]
    assert not list(folder.rglob("*.draft")), "half a file is not left behind"


def test_a_full_disk_loses_nothing_but_the_storing(folder):
    # From outside: the limit on the size of a file cannot be taken back.
    script = (
        "import resource, numpy as np\n"
        "from depth_not_data.residual import stored_runs\n"
        "def work(width, depth, code): return np.ones((width, depth))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "stored_runs.fingerprint = lambda work: 'code'\n"
        "print([int(r.sum()) for r in stored_runs.stored(work, [(100, 100), (1, 1)], n_jobs=1)])\n"
    )
    name = Path("script.py")
    name.write_text(script)
    environment = {**os.environ, stored_runs.LOG_VARIABLE: "log"}
    for variables, log in ((os.environ, "stderr"), (environment, "file")):
        done = subprocess.run([sys.executable, name], env=variables, capture_output=True, text=True)
        assert done.stdout == "[10000, 1]\n"
        said = done.stderr if log == "stderr" else Path("log").read_text("utf-8")
        assert said == f"Runs cannot be stored in {folder} (File too large); they are not kept.\n"
        assert log == "stderr" or done.stderr == ""
        assert len(files(folder)) == 1, "the small one"


def test_two_programs_may_compute_and_store_the_same(folder):
    script = Path("script.py")
    script.write_text(
        "import sys\nfrom depth_not_data.residual import stored_runs, sweeps\n"
        "for _ in range(20):\n"
        "    runs = sweeps.sweep([2], [1], range(5), n_jobs=1, steps=1, n_samples=5)\n"
        "    for path in stored_runs._folder(sweeps._run).glob('*.run'):\n"
        "        path.unlink(missing_ok=True)\n"
        "print(repr([run.eigenvalues.tolist() for run in runs]))\n"
    )
    both = [
        subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    (first, error), (second, other_error) = (program.communicate() for program in both)
    assert (error, other_error) == (b"", b"")
    assert first == second
    assert len(first) > 50


def test_entries_are_those_of_the_present_code_by_name(monkeypatch):
    runs()
    found = list(stored_runs.entries(work))
    assert sorted(arguments["seed"] for arguments, _ in found) == [0, 1, 2]
    assert all(set(arguments) == {"width", "depth", "seed"} for arguments, _ in found)
    assert list(stored_runs.entries(other)) == []
    monkeypatch.setattr(stored_runs, "fingerprint", lambda work: ("edited", "torch"))
    assert list(stored_runs.entries(work)) == []


def test_an_entry_is_a_pickle_below_its_seal(folder):
    runs()
    for path in files(folder):
        seal, _, content = path.read_bytes().partition(b"\n")
        assert len(seal) == 64
        arguments, result = pickle.loads(content)
        np.testing.assert_array_equal(result, work(*arguments.values()))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_no_worker_outlives_a_killed_parent():
    script = Path("script.py")
    script.write_text(
        "from depth_not_data.residual import sweeps\n"
        "sweeps.sweep([4], [2], range(4), n_jobs=2, steps=10, n_samples=10)\n"
        "print('started', flush=True)\n"
        "sweeps.sweep([4], [2], range(2), n_jobs=2, steps=10_000_000, n_samples=10)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"started\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(children) >= 2
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    for process in alive:
        process.kill()
    assert not alive


def test_a_worker_may_make_a_sweep_of_its_own(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time, joblib\n"
        "from depth_not_data.residual import sweeps\n"
        "def one(seed):\n"
        "    [run] = sweeps.sweep([3], [1], [seed], n_jobs=1, progress=False, steps=1)\n"
        "    time.sleep(1)  # longer than a worker takes to see that its parent is gone\n"
        "    return run.seed\n"
        "if __name__ == '__main__':\n"
        "    print(joblib.Parallel(n_jobs=2)(joblib.delayed(one)(seed) for seed in (0, 1)))\n"
    )
    environment = {**os.environ, stored_runs.CACHE_VARIABLE: str(tmp_path)}
    command = [sys.executable, script]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.stdout == "[0, 1]\n", ended.stderr
