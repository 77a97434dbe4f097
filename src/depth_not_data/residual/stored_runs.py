"""Results of long computations: computed in parallel, kept on disk under a seal.

Runs go through joblib: ``with joblib.parallel_config(backend="dask"):`` around a call, or any
other registered backend, spreads them over a cluster and changes nothing else.

An entry is one file, written whole or not at all. It begins with the SHA-256 of its key and its
content, so that one that is damaged, cut off or another run's is seen and computed again. What went
wrong is said through ``logging`` alone, at level INFO where it has been put right, or written to
the file that the environment variable ``DEPTH_NOT_DATA_LOG`` names.
"""

import hashlib
import inspect
import logging
import multiprocessing
import os
import pickle
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import joblib
import torch
from tqdm import tqdm

from depth_not_data import _source

CACHE_VARIABLE = "DEPTH_NOT_DATA_CACHE"
LOG_VARIABLE = "DEPTH_NOT_DATA_LOG"
SUFFIX = ".run"

log = logging.getLogger(__name__)
if os.environ.get(LOG_VARIABLE):
    _file = logging.FileHandler(os.environ[LOG_VARIABLE], encoding="utf-8", delay=True)
    # A log that cannot be written stops nothing.
    _file.handleError = lambda record: None
    log.addHandler(_file)
    log.setLevel(logging.INFO)
    log.propagate = False

# Sentences that are said once.
_said: set[str] = set()


def stored(
    work: Callable,
    cases: Sequence[tuple],
    *arguments,
    n_jobs: int = -1,
    progress: bool | None = False,
) -> list:
    """Results of ``work(*case, *arguments, code)`` for every case, computed where none is stored.

    Parameters
    ----------
    work : callable
        A function at the top level of a module. Its last argument, the fingerprint of the code, is
        there to be part of the key under which the result is stored.
    cases : sequence of tuple
        Each begins with the width N and the number of blocks D.
    *arguments
        The same for every case.
    n_jobs, progress
        As in :func:`depth_not_data.residual.sweeps.sweep`; no bar by default.

    Returns
    -------
    list
        In the order of `cases`. A folder that is full or cannot be written changes nothing in it.
    """
    code = fingerprint(work)
    calls = [(*case, *arguments, code) for case in cases]
    paths = [_path(work, call) for call in calls]
    found = {i: entry[1] for i, path in enumerate(paths) if (entry := _load(path))}
    missing = [i for i in range(len(calls)) if i not in found]
    # The largest first, so that no worker is left alone with one of them.
    missing.sort(key=lambda i: -(cases[i][0] ** 2) * cases[i][1])
    disable = None if progress is None else not progress
    bar = tqdm(missing, desc="runs started", leave=False, disable=disable)
    with warnings.catch_warnings():
        # joblib restarts a worker that holds much memory, as one does after a large Hessian.
        warnings.filterwarnings("ignore", message="A worker stopped", category=UserWarning)
        # Results are taken from the workers and not from the disk: theirs may be another machine's.
        fresh = joblib.Parallel(n_jobs=n_jobs if missing else 1)(
            joblib.delayed(_compute)(work, calls[i], paths[i], os.getpid()) for i in bar
        )
    for i, (result, problem) in zip(missing, fresh, strict=True):
        found[i] = result
        if not problem and not paths[i].exists():
            problem = _save(paths[i], work, calls[i], result)
        if problem:
            _say_once(f"Runs cannot be stored in {cache_folder()} ({problem}); they are not kept.")
    return [found[i] for i in range(len(calls))]


def entries(work: Callable) -> Iterator[tuple[dict, object]]:
    """Arguments by name and result of everything that is stored for `work` and the present code."""
    for path in sorted(_folder(work).glob(f"*{SUFFIX}")):
        entry = _load(path)
        if entry and entry[0]["code"] == fingerprint(work):
            yield {name: value for name, value in entry[0].items() if name != "code"}, entry[1]


def cache_folder() -> Path:
    """Folder of the stored results.

    The environment variable ``DEPTH_NOT_DATA_CACHE`` if it is set, else ``.cache`` in the
    checkout of the book, else ``~/.cache/depth-not-data``.
    """
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE])
    root = Path(__file__).resolve().parents[3]
    if (root / "pyproject.toml").exists():
        return root / ".cache"
    return Path.home() / ".cache" / "depth-not-data"


def fingerprint(work: Callable) -> tuple[str, str]:
    """Everything but its arguments that a run depends on.

    The code of the module of `work` and of all that it imports of this package, as a digest, and
    the version of torch.
    """
    return _source.fingerprint(work.__module__), torch.__version__


# Entries


def _folder(work):
    return cache_folder().joinpath(*work.__module__.split("."), work.__name__)


def _named(work, call):
    return dict(inspect.signature(work).bind(*call).arguments)


def _path(work, call):
    return _folder(work) / f"{joblib.hash(_named(work, call))}{SUFFIX}"


def _seal(path, content):
    return hashlib.sha256(path.name.encode() + content).hexdigest().encode()


def _load(path):
    """Arguments and result of an entry; None if it is not there or not whole."""
    try:
        seal, _, content = path.read_bytes().partition(b"\n")
        if seal == _seal(path, content):
            return pickle.loads(content)
        problem = "its checksum is another"
    except FileNotFoundError:
        return None
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    log.info("The stored run %s is damaged (%s) and is computed again.", path, problem)
    return None


def _save(path, work, call, result):
    """Write an entry; what kept it from being written, in words, or None."""
    content = pickle.dumps((_named(work, call), result), protocol=5)
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".draft")
        with os.fdopen(number, "wb") as file:
            file.write(_seal(path, content) + b"\n" + content)
        os.replace(draft, path)
    except OSError as error:
        if draft is not None:
            with suppress(OSError):
                os.unlink(draft)
        return error.strerror or str(error)
    return None


def _say_once(sentence):
    if sentence not in _said:
        _said.add(sentence)
        log.warning(sentence)


# Workers


def _compute(work, call, path, caller):
    """Run `work` with one thread and store its result; the result, and what kept it from disk."""
    _end_with(caller)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        result = work(*call)
    finally:
        torch.set_num_threads(threads)
    return result, _save(path, work, call, result)


def _end_with(caller):
    """In a worker of joblib's own: end when the process that started it is gone, even if killed."""
    # A worker of another sweep may be the one that calls.
    own = multiprocessing.current_process().name.startswith("LokyProcess") and caller != os.getpid()
    if own and not any(thread.name == "end with parent" for thread in threading.enumerate()):
        threading.Thread(target=_wait, args=(caller,), name="end with parent", daemon=True).start()


def _wait(caller):
    while os.getppid() == caller:
        time.sleep(0.5)
    os._exit(1)
