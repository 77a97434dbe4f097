"""All Hessian eigenvalues of a deep linear network: block route against dense route.

Run ``python benchmarks/exact_spectrum.py``; it takes one or two minutes and 2 GiB, nearly all of
it for the dense route at P = 8192. Each measurement runs in a process of its own, so that its peak
memory is its own. Beside other busy processes the dense route's threads wait for each other:
``OMP_NUM_THREADS=1`` then gives it a fair time.

The network is in the middle of training: every residual is nonzero, and all singular values
differ unless a row says "merged".
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from depth_not_data.linear.spectrum import hessian_eigenvalues

DEPTH = 8
COMPARED = (8, 16, 32)
EXACT_ONLY = (64, 128, 256)
LARGE = 1000
# What the project asks of the block route.
MIN_SPEEDUP, MAX_ERROR = 1000.0, 1e-12
MAX_SECONDS, MAX_MEMORY_MIB = 60.0, 2048.0


def network(d, values):
    """Layer and target singular values of a half-trained network of width d."""
    if values == "merged":  # half of the directions are learnt alike, half decay alike
        learnt = np.arange(d) < d // 2
        return np.where(learnt, 0.97, 0.6), learnt.astype(float)
    return np.linspace(1.05, 0.75, d), np.linspace(1.0, 0.5, d)


def best_time(function):
    """Return the function's value and the shortest of its runs, up to 20 of them in a second."""
    times = []
    while not times or (sum(times) < 1.0 and len(times) < 20):
        start = time.perf_counter()
        value = function()
        times.append(time.perf_counter() - start)
    return value, min(times)


def exact_route(d, values):
    """Eigenvalues from the blocks, and the time it takes."""
    lam, s = network(d, values)
    return best_time(lambda: hessian_eigenvalues(lam, s, (d,) * (DEPTH + 1)))


def dense_route(d, values):
    """Eigenvalues of the autograd Hessian, and the time it takes."""
    # Imported here: the block route's process must not carry torch in its memory.
    import torch

    from depth_not_data.linear import network as linear_network
    from depth_not_data.spectra import autograd

    lam, s = (torch.from_numpy(array) for array in network(d, values))
    weights, target = [torch.diag(lam)] * DEPTH, torch.diag(s)
    return best_time(lambda: autograd.eigenvalues(linear_network.dense_hessian(weights, target)))


ROUTES = {"exact": exact_route, "dense": dense_route}


def run_here(route, d, values, output):
    """Measure one route, write the eigenvalues to `output` and the measurement to stdout."""
    ROUTES[route](2, values)  # imports and first-call costs belong to no size
    before = psutil.Process().memory_info().rss
    eigenvalues, seconds = ROUTES[route](d, values)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    np.save(output, eigenvalues)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "added_mib": max(peak - before, 0) / 2**20,
                "peak_mib": peak / 2**20,
            }
        )
    )


def run_apart(route, d, values, folder):
    """Measure one route in a new process; return the measurement and the eigenvalues."""
    output = Path(folder) / f"{route}-{d}-{values}.npy"
    command = [sys.executable, __file__, "--route", route, "--d", str(d), "--values", values]
    done = subprocess.run(
        [*command, "--output", str(output)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout), np.load(output)


def exponent(sizes, seconds):
    """Slope of log(seconds) against log(size) by least squares."""
    return np.polyfit(np.log(sizes), np.log(seconds), 1)[0]


def cpu_model():
    """Name of the processor as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def compare(folder):
    """Both routes side by side; return whether the goals at the largest size are met."""
    print(f"\nDense (autograd Hessian, eigvalsh) against exact (blocks), L = {DEPTH}, distinct")
    print("   d      P      dense s    exact s     ratio   dense MiB  exact MiB  rel. error")
    rows = {}
    for d in COMPARED:
        dense, dense_values = run_apart("dense", d, "distinct", folder)
        exact, exact_values = run_apart("exact", d, "distinct", folder)
        error = np.abs(exact_values - dense_values).max() / np.abs(dense_values).max()
        ratio = dense["seconds"] / exact["seconds"]
        rows[d] = dense["seconds"], exact["seconds"]
        print(
            f"{d:4d} {DEPTH * d * d:6d} {dense['seconds']:12.4f} {exact['seconds']:10.5f}"
            f" {ratio:9.0f} {dense['added_mib']:11.1f} {exact['added_mib']:10.1f}"
            f"  {error:10.1e}",
            flush=True,
        )
    parameters = [DEPTH * d * d for d in COMPARED]
    seconds = np.array(list(rows.values()))
    dense_growth, exact_growth = (exponent(parameters, route) for route in seconds.T)
    print(f"time grows like P^{dense_growth:.2f} (dense) and P^{exact_growth:.2f} (exact)")
    return ratio >= MIN_SPEEDUP and error < MAX_ERROR


def scale_up(folder):
    """Block route alone, far beyond a dense Hessian; return whether the goals are met."""
    print(f"\nExact route alone, L = {DEPTH}")
    print("   d        P   singular values    seconds   added MiB  process MiB")
    met, times = True, {}
    cases = [(d, "distinct") for d in (*EXACT_ONLY, LARGE)] + [(LARGE, "merged")]
    for d, values in cases:
        result, eigenvalues = run_apart("exact", d, values, folder)
        assert eigenvalues.size == DEPTH * d * d
        met &= result["seconds"] <= MAX_SECONDS and result["peak_mib"] <= MAX_MEMORY_MIB
        if values == "distinct":
            times[d] = result["seconds"]
        print(
            f"{d:4d} {eigenvalues.size:8d}   {values:15s} {result['seconds']:10.4f}"
            f" {result['added_mib']:11.1f} {result['peak_mib']:12.1f}",
            flush=True,
        )
    growth = exponent([DEPTH * d * d for d in times], list(times.values()))
    print(f"time grows like P^{growth:.2f} (exact, distinct, d = {min(times)} to {max(times)})")
    dense_gib = 8 * (DEPTH * LARGE**2) ** 2 / 2**30
    print(f"a dense Hessian at d = {LARGE} would take {dense_gib:,.0f} GiB")
    return met


def main():
    """Print the tables; exit with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--route", choices=ROUTES, help=argparse.SUPPRESS)
    parser.add_argument("--d", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--values", choices=("distinct", "merged"), help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.route:
        run_here(arguments.route, arguments.d, arguments.values, arguments.output)
        return 0
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{cpu_model()}, {os.cpu_count()} cores, threads: {threads}, NumPy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        met = compare(folder) & scale_up(folder)
    print(
        f"\ngoals (ratio >= {MIN_SPEEDUP:g} and error < {MAX_ERROR:g} at P = {DEPTH * 32**2};"
        f" d = {LARGE} within {MAX_SECONDS:g} s and {MAX_MEMORY_MIB:g} MiB):"
        f" {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
