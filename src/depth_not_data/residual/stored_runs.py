"""Results of long computations: computed in parallel, kept on disk under a seal.

Runs go through joblib: ``with joblib.parallel_config(backend="dask"):`` around a call, or any
other registered backend, spreads them over a cluster and changes nothing else.

An entry is one file, written whole or not at all. It begins with the SHA-256 of its key and its
content, so that one that is damaged, cut off or another run's is seen and computed again. It holds
for the code that computed it: after an edit of that, it is as if it were not there. The book comes
with the entries of its chapters, in one archive for each function that computes them.

What went wrong is said through ``logging`` alone, at level INFO where it has been put right, or
written to the file that the environment variable ``DEPTH_NOT_DATA_LOG`` names.
"""

import functools
import hashlib
import inspect
import itertools
import logging
import multiprocessing
import os
import pickle
import tempfile
import threading
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import joblib
import torch
from tqdm import tqdm

from depth_not_data import _source

CACHE_VARIABLE = "DEPTH_NOT_DATA_CACHE"
SHIPPED_VARIABLE = "DEPTH_NOT_DATA_SHIPPED_RUNS"
LOG_VARIABLE = "DEPTH_NOT_DATA_LOG"
SUFFIX = ".run"
CHECKOUT = Path(__file__).resolve().parents[3]

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
    kept = {name: result for name, _, (_, result) in _whole(work, {path.name for path in paths})}
    found = {i: kept[path.name] for i, path in enumerate(paths) if path.name in kept}
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
    for _, _, (arguments, result) in _present(work):
        yield {name: value for name, value in arguments.items() if name != "code"}, result


def files(work: Callable) -> dict[str, bytes]:
    """Name and content of the file of everything that is stored for `work` and the present code."""
    return {name: content for name, content, _ in _present(work)}


def cache_folder() -> Path:
    """Folder of the stored results.

    The environment variable ``DEPTH_NOT_DATA_CACHE`` if it is set, else ``.cache`` in the
    checkout of the book, else ``~/.cache/depth-not-data``.
    """
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE])
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".cache"
    return Path.home() / ".cache" / "depth-not-data"


def archive_folder() -> Path:
    """Folder of what comes with the book.

    The environment variable ``DEPTH_NOT_DATA_SHIPPED_RUNS`` if it is set, else ``tools/runs`` in
    the checkout, which an installation without one does not have.
    """
    return Path(os.environ.get(SHIPPED_VARIABLE) or CHECKOUT / "tools" / "runs")


def archive(work: Callable) -> Path:
    """Archive of the entries of `work` that come with the book; there need not be one."""
    return archive_folder() / f"{work.__module__.rpartition('.')[2]}.{work.__name__}.zip"


def fingerprint(work: Callable) -> tuple[str, str]:
    """Everything but its arguments that a run depends on.

    The code of the module of `work` and of all that it imports of this package, as a digest, and
    the version of torch, whichever processors it was built for.
    """
    return _source.fingerprint(work.__module__), torch.__version__.partition("+")[0]


# Entries


def _folder(work):
    return cache_folder().joinpath(*work.__module__.split("."), work.__name__)


def _named(work, call):
    return dict(inspect.signature(work).bind(*call).arguments)


def _path(work, call):
    return _folder(work) / f"{joblib.hash(_named(work, call))}{SUFFIX}"


def _seal(name, content):
    return hashlib.sha256(name.encode() + content).hexdigest().encode()


def _present(work):
    """Like `_whole`, for the present code."""
    code = fingerprint(work)
    return (entry for entry in _whole(work) if entry[2][0]["code"] == code)


def _whole(work, names=None):
    """Name, content, and arguments and result of the entries that are whole: of all, or of `names`.

    An entry that was computed here comes before one that came with the book.
    """
    seen = set()
    for path, read in itertools.chain(_computed(work, names), _shipped(work, names)):
        if path.name in seen:
            continue
        try:
            content = read()
            seal, _, pickled = content.partition(b"\n")
            if seal != _seal(path.name, pickled):
                raise ValueError("its checksum is another")
            entry = pickle.loads(pickled)
        except FileNotFoundError:
            continue
        except Exception as error:
            log.info("The stored run %s is damaged (%s) and is computed again.", path, error)
            continue
        seen.add(path.name)
        yield path.name, content, entry


def _computed(work, names):
    """Path of every file, or of those of these names, and what reads it."""
    folder = _folder(work)
    paths = sorted(folder.glob(f"*{SUFFIX}")) if names is None else [folder / n for n in names]
    for path in paths:
        yield path, path.read_bytes


def _shipped(work, names):
    """Path of every file of the archive, or of those of these names, and what reads it."""
    path = archive(work)
    try:
        with zipfile.ZipFile(path) as file:
            for name in file.namelist():
                if names is None or name in names:
                    yield path / name, functools.partial(file.read, name)
    except FileNotFoundError:
        pass
    except (OSError, zipfile.BadZipFile) as error:
        log.info("The stored runs %s cannot be read (%s) and are computed again.", path, error)


def _save(path, work, call, result):
    """Write an entry; what kept it from being written, in words, or None."""
    content = pickle.dumps((_named(work, call), result), protocol=5)
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".draft")
        with os.fdopen(number, "wb") as file:
            file.write(_seal(path.name, content) + b"\n" + content)
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
