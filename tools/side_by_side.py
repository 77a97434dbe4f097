"""Two notebooks at once, the longest first, so that neither processor waits for the other."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import joblib

AT_ONCE = 2
# Classes of `execute_notebooks.cost`, shortest first.
COSTS = ("seconds", "about a minute", "minutes", "ten minutes or more")
# A notebook that uses this helper takes minutes of training, or seconds where runs are stored.
STORED_RUNS = "src/depth_not_data/residual/stored_runs.py"


def longest_first(paths: Iterable[Path], lock: dict[str, dict]) -> list[Path]:
    """Put first what was never measured, then what trains networks where none are stored.

    Within these and the others, the order is that of what notebooks took when their outputs were
    committed.
    """

    def rank(path):
        entry = lock.get(path.as_posix(), {})
        cost = entry.get("cost")
        return (
            cost not in COSTS,
            STORED_RUNS in entry,
            COSTS.index(cost) if cost in COSTS else 0,
        )

    return sorted(paths, key=rank, reverse=True)


def share_processors() -> None:
    """Give joblib in every notebook its share of the processors, unless a number is set."""
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(max(1, joblib.cpu_count() // AT_ONCE)))


def each(work: Callable[[Path], object], paths: Iterable[Path]) -> Iterator[tuple[Path, object]]:
    """Do the work for every path, begun in this order; each with its result, as they end.

    After an error nothing new is begun; what has begun is finished.
    """
    stopped = threading.Event()

    def unless_stopped(path):
        try:
            return None if stopped.is_set() else (path, work(path))
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tasks = [pool.submit(unless_stopped, path) for path in paths]
        try:
            yield from filter(None, (task.result() for task in as_completed(tasks)))
        finally:
            stopped.set()
