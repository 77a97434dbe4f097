"""Hessian of the blog's residual network: assembled by matrix products against its rivals.

Run ``python benchmarks/resnet_hessian.py``; on one thread it takes about three minutes and 5 GiB,
nearly all of it for the rivals. curvlinops and PyHessian take part if they are installed
(``make bench`` installs them). Each measurement runs once, in a process of
its own, so that its peak memory is its own, after a warm-up on a tiny network.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import nn

from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.network import train_student
from depth_not_data.spectra import autograd

N_EMBD, N_SAMPLES = 10, 1000
SIZES = {d: 8 * N_EMBD**2 * d + 2 * N_EMBD * d for d in (2, 8)}  # 1640 and 6560
# What the project asks, in one run on one thread.
MIN_OVER_ROWS, MIN_OVER_FUNC, MIN_SPECTRUM, MAX_ERROR = 12.0, 20.0, 6.0, 1e-12


def flat(tensors):
    """One vector from tensors of several shapes."""
    return torch.cat([t.reshape(-1) for t in tensors])


def assembled(student):
    """Ours."""
    return residual_hessian.hessian(student)


def row_loop(student):
    """One backward pass through the gradient for each row."""
    parameters = list(student.model.parameters())
    loss = nn.functional.mse_loss(student.model(student.inputs), student.targets)
    gradient = flat(torch.autograd.grad(loss, parameters, create_graph=True))
    matrix = torch.empty(len(gradient), len(gradient), dtype=gradient.dtype)
    for i, entry in enumerate(gradient):
        row = torch.autograd.grad(entry, parameters, retain_graph=True, materialize_grads=True)
        matrix[i] = flat(row)
    return matrix


def vmapped(student):
    """Apply the general helper: reverse over reverse, 64 rows at once."""
    names = [name for name, _ in student.model.named_parameters()]

    def loss(values):
        weights = dict(zip(names, values, strict=True))
        outputs = torch.func.functional_call(student.model, weights, (student.inputs,))
        return nn.functional.mse_loss(outputs, student.targets)

    return autograd.dense_hessian(loss, [p.detach() for p in student.model.parameters()])


def torch_func(student):
    """Apply ``torch.func.hessian`` to the flattened parameters."""
    shapes = [(name, p.shape) for name, p in student.model.named_parameters()]

    def loss(vector):
        parts = vector.split([shape.numel() for _, shape in shapes])
        weights = {name: p.view(shape) for (name, shape), p in zip(shapes, parts, strict=True)}
        outputs = torch.func.functional_call(student.model, weights, (student.inputs,))
        return nn.functional.mse_loss(outputs, student.targets)

    return torch.func.hessian(loss)(flat(student.model.parameters()).detach())


def curvlinops(student):
    """Apply curvlinops' linear operator to the identity."""
    from curvlinops import HessianLinearOperator

    parameters = list(student.model.parameters())
    operator = HessianLinearOperator(
        student.model,
        nn.MSELoss(),
        parameters,
        [(student.inputs, student.targets)],
        check_deterministic=False,
    )
    return operator @ torch.eye(sum(p.numel() for p in parameters), dtype=torch.float64)


def pyhessian(student):
    """Largest eigenvalue by PyHessian's power iteration at its defaults."""
    from pyhessian import hessian as hessian_of

    torch.manual_seed(0)  # PyHessian draws its first vector from the global state
    computer = hessian_of(
        student.model, nn.MSELoss(), data=(student.inputs, student.targets), cuda=False
    )
    return torch.tensor(computer.eigenvalues()[0], dtype=torch.float64)


METHODS = {f.__name__: f for f in (assembled, row_loop, vmapped, torch_func, curvlinops, pyhessian)}


def run_here(method, n_block, output):
    """Measure one method, write its matrix to `output` and the measurement to stdout."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the libraries' own deprecations
    METHODS[method](train_student(3, 1, seed=0, steps=1, n_samples=10, progress=False))
    student = train_student(N_EMBD, n_block, seed=0, steps=100, n_samples=N_SAMPLES, progress=False)
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    result = METHODS[method](student)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    np.save(output, result.detach().numpy())
    print(json.dumps({"seconds": seconds, "added_mib": max(peak - before, 0) / 2**20}))


def run_apart(method, n_block, folder):
    """Measure one method in a new process; return seconds, added MiB and the result."""
    output = Path(folder) / f"{method}-{n_block}.npy"
    command = [sys.executable, __file__, "--method", method, "--n-block", str(n_block)]
    done = subprocess.run(
        [*command, "--output", str(output)], check=True, stdout=subprocess.PIPE, text=True
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    result = torch.from_numpy(np.load(output))
    output.unlink()
    return measured["seconds"], measured["added_mib"], result


def product_rate():
    """Floating-point operations a second in a large matrix product, the best of three."""
    size = 3000
    a = torch.ones(size, size, dtype=torch.float64)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times)


def compare(n_block, methods, folder):
    """Measure and print one size's table; return rows by method, and our matrix."""
    rows = {}
    for method in ("assembled", "row_loop", *methods):
        seconds, added, result = run_apart(method, n_block, folder)
        if method == "assembled":
            ours = result
        if result.ndim == 2:
            difference = ((result - ours).abs().max() / ours.abs().max()).item()
            asymmetry = f"{autograd.relative_asymmetry(result):.1e}"
        else:
            difference = abs(result.item() / autograd.eigenvalues(ours)[0] - 1)
            asymmetry = "(largest eigenvalue only)"
        rows[method] = seconds, difference
        print(
            f"{method:10s} {seconds:8.2f} s {seconds / rows['assembled'][0]:7.1f} x ours"
            f" {added:7.0f} MiB  differs from ours by {difference:.1e}  asymmetry {asymmetry}",
            flush=True,
        )
    return rows, ours


def main():
    """Print the tables; exit with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--n-block", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.method:
        run_here(arguments.method, arguments.n_block, arguments.output)
        return 0

    torch.set_num_threads(1)
    rate = product_rate()
    print(f"{platform.machine()}, one thread of {os.cpu_count()}, torch {torch.__version__}")
    print(f"limit of this machine: matrix product at {rate / 1e9:.0f} GFLOP/s")
    guests = [name for name in ("curvlinops", "pyhessian") if importlib.util.find_spec(name)]
    met = True
    for n_block, parameters in SIZES.items():
        print(f"\nP = {parameters} (N = {N_EMBD}, D = {n_block}), {N_SAMPLES} samples")
        # torch.func.hessian holds P tangents of every intermediate result at once: 3.7 GB at
        # P = 1640, 16 times as much per factor of 4. The guests take minutes at P = 6560.
        rivals = ["vmapped", "torch_func", *guests] if n_block == 2 else []
        with tempfile.TemporaryDirectory() as folder:
            rows, ours = compare(n_block, rivals, folder)
        start = time.perf_counter()
        autograd.eigenvalues(ours)
        decomposition = time.perf_counter() - start

        seconds = rows["assembled"][0]
        by_rows, error = rows["row_loop"]
        # Two products for each pair of matrices, half of the pairs, 2 operations an entry and
        # sample; an eigenvalue decomposition without vectors takes 4/3 P^3.
        products = 2 * N_SAMPLES * parameters**2 / rate
        limit = 4 / 3 * parameters**3 / rate
        spectrum = (by_rows + decomposition) / (seconds + decomposition)
        print(f"assembly: {seconds:.2f} s, {seconds / products:.1f} times its matrix products")
        print(f"eigenvalues: {decomposition:.2f} s, {decomposition / limit:.1f} times the limit")
        print(f"whole spectrum: {seconds + decomposition:.2f} s, {spectrum:.1f} times faster")
        met &= by_rows / seconds >= MIN_OVER_ROWS and error < MAX_ERROR
        if n_block == 2:
            met &= rows["torch_func"][0] / seconds >= MIN_OVER_FUNC
        else:
            met &= spectrum >= MIN_SPECTRUM
    print(
        f"\ngoals (>= {MIN_OVER_ROWS:g} times faster than the row loop and, at P = {SIZES[2]},"
        f" >= {MIN_OVER_FUNC:g} times than torch.func.hessian; whole spectrum at P = {SIZES[8]}"
        f" >= {MIN_SPECTRUM:g} times; error < {MAX_ERROR:g}): {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
