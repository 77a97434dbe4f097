"""Write every spectrum of the book as CSV, with a data dictionary; nothing is trained.

``python tools/export_spectra.py folder`` writes the networks whose trainings are stored for the
code as it is, which are those of the chapters after `make test` or `make fresh`; the linear network
after training; and the published values.
"""

import csv
import hashlib
import json
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from depth_not_data.linear import network, recursion, spectrum
from depth_not_data.residual import eigenfunctions, rivals, stored_runs, sweeps

# Folder of each kind: the functions whose results are stored.
STORED = {
    "students": [sweeps._run, sweeps._run_largest],
    "rivals": [rivals._run],
    "eigenvectors": [eigenfunctions._analyse],
}
PUBLISHED = Path("src/depth_not_data/presentation/data")
DEPTHS, RANK, LR, STEPS = range(2, 8), 5, 0.05, 20_000

README = """\
# Spectra of the book as CSV

`runs.csv` lists every network. All other files hold eigenvalues of loss Hessians, descending, with
eight significant digits.

| file | rows | columns |
|---|---|---|
| `runs.csv` | a network | `file`; `column` of it; `kind`; `n_embd`, the width N; `n_block`, the number of blocks D; `seed`; `eigenvalues`, how many are in the file; `final_loss`, mean squared error; `options`, all settings of the training as JSON |
| `students/*.csv` | an eigenvalue | `rank`, from 1; `seed_0`, ...: the eigenvalue of the network with this seed |
| `rivals/*.csv` | an eigenvalue | the same, for the rivals of the note *Which network the post used* |
| `eigenvectors/*.csv` | an eigenvector | `rank`; `eigenvalue`; the share of each kind of function in what the eigenvector changes: `constant`, `linear_mean_free`, `linear_mean`, `quadratic`, `rest` |
| `linear/paper-network.csv` | an eigenvalue | `rank`; `L_2`, ... `L_7`: the paper's network of depth L (widths 16-32-...-32-10, rank {rank}, seed 0) after {steps:,} steps of learning rate {lr}, by the closed form; empty below the last eigenvalue of a smaller network |
| `published/*.csv` | a value | what the sources print or show; `published/README.md` says how it was read |

A file name gives N and D, and six digits that stand for the options where they are not the defaults.
Files with fewer eigenvalues than the network has parameters hold the largest.

{count} networks. Text and data are under CC BY 4.0; the published values belong to their authors.
"""  # noqa: E501


def name_of(arguments: dict, usual: dict) -> str:
    """File name of a network: its size, and a digest of the options that are not the usual ones."""
    other = {key: arguments[key] for key in ("options", "count") if arguments.get(key)}
    name = f"N{arguments['n_embd']}-D{arguments['n_block']}"
    if other == {"options": usual}:
        return name
    text = json.dumps(other, sort_keys=True)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def number(value: float) -> str:
    """Eight significant digits; nothing for a value that is not there."""
    return "" if np.isnan(value) else f"{value:.8g}"


def write(path: Path, columns: dict[str, list]) -> None:
    """Write columns of numbers below their names; shorter ones end in empty cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = max(map(len, columns.values()))
    padded = [[*map(number, c), *[""] * (rows - len(c))] for c in columns.values()]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["rank", *columns])
        writer.writerows(zip(range(1, rows + 1), *padded, strict=True))


def export_stored(folder: Path) -> list[dict]:
    """Write the spectra of all stored networks; return the rows of ``runs.csv``."""
    rows = []
    usual = {
        "students": sweeps.with_defaults(sweeps.residual_network.train_student, {}),
        "rivals": rivals.with_defaults({}),
    }
    for kind, functions in STORED.items():
        files = defaultdict(dict)
        for work in functions:
            for arguments, result in stored_runs.entries(work):
                name, seed = name_of(arguments, usual.get(kind)), arguments["seed"]
                columns = {f"seed_{seed}": result.eigenvalues}
                if kind == "eigenvectors":
                    name = f"{name}-seed{seed}"
                    columns = {"eigenvalue": result.eigenvalues}
                    columns |= {re.sub(r"\W+", "_", k): v for k, v in result.kinds.items()}
                files[name] |= columns
                rows.append(
                    {
                        "file": f"{kind}/{name}.csv",
                        "column": next(iter(columns)),
                        "kind": kind,
                        **{key: arguments[key] for key in ("n_embd", "n_block", "seed")},
                        "eigenvalues": len(result.eigenvalues),
                        "final_loss": number(final_loss(result)),
                        "options": json.dumps(arguments["options"], sort_keys=True),
                    }
                )
        for name, columns in files.items():
            if kind != "eigenvectors":
                columns = dict(sorted(columns.items(), key=seed_of))
            write(folder / kind / f"{name}.csv", columns)
    return sorted(rows, key=lambda row: (row["file"], row["seed"]))


def seed_of(item) -> int:
    """Seed in the name of a column."""
    return int(item[0].removeprefix("seed_"))


def final_loss(result) -> float:
    """Mean squared error after training."""
    return result.loss if hasattr(result, "loss") else result.loss_history[-1]


def export_linear(folder: Path) -> None:
    """Write the spectra of the paper's linear networks after training."""
    columns = {}
    for depth in DEPTHS:
        widths = network.paper_widths(depth)
        problem = network.aligned_problem(widths, RANK, seed=0)
        target = problem.target_singular_values.numpy()
        start = problem.layer_singular_values.numpy()
        lam = recursion.trajectory(start, target, depth, lr=LR, steps=STEPS)[-1]
        columns[f"L_{depth}"] = spectrum.hessian_eigenvalues(lam, target, widths)
    write(folder / "linear/paper-network.csv", columns)


def export(folder: Path) -> int:
    """Write everything; return the number of networks that were trained."""
    rows = export_stored(folder)
    if not rows:
        raise ValueError("no training is stored for this code: `make test` or `make fresh` trains")
    with (folder / "runs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    export_linear(folder)
    shutil.copytree(PUBLISHED, folder / "published", dirs_exist_ok=True)
    readme = README.format(rank=RANK, steps=STEPS, lr=LR, count=len(rows))
    (folder / "README.md").write_text(readme, "utf-8")
    return len(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/export_spectra.py FOLDER")
    try:
        count = export(Path(sys.argv[1]))
    except ValueError as problem:
        sys.exit(str(problem))
    print(f"The spectra of {count} networks are in {sys.argv[1]}.")
