"""Wide blocks and LayerNorm taken apart on fresh seeds."""

import numpy as np

from depth_not_data.residual import two_by_two, wide_fields, wide_limit, wide_operator, wide_start
from depth_not_data.spectra import gaps

N, D = 10, 2
SAMPLES, DRAWS, WIDTHS = 60, 20, (20, 80, 320)  # inputs, draws of W_1 and hidden widths of the rate
FIRST = ("constants", "diagonal maps", "antisymmetric maps", "symmetric maps", "last block")


def rate(seed: int) -> dict:
    """Slope of the distance from the limit against the hidden width, D = 1, 2, 4; and its bound."""
    slopes, used = [], []
    for n_block in (1, 2, 4):
        rng = np.random.default_rng([n_block, seed])
        y = wide_fields.states(rng, 5, True, SAMPLES)
        limit = np.linalg.eigvalsh(wide_operator.kernel_matrix(y, n_block))
        sums = []
        for hidden in WIDTHS:
            first = rng.standard_normal((DRAWS, n_block, hidden, 5)) / np.sqrt(15)
            found = [wide_operator.kernel_matrix(y, n_block, first=list(w)) for w in first]
            sums.append(np.mean([np.sum((np.linalg.eigvalsh(k) - limit) ** 2) for k in found]))
        slopes.append(np.polyfit(np.log(WIDTHS), np.log(sums) / 2, 1)[0])
        used += (np.array(sums) * WIDTHS / wide_operator.rate_constant(y, n_block)).tolist()
    return {"slopes": slopes, "used": used}


def finite_width(n_block: int, seed: int) -> dict:
    """Least and largest mean eigenvalue of a kind over its level, N = 5, H = 16 times 4N.

    As :func:`depth_not_data.residual.wide_start.spectra`, whose seed is tied to the width.
    """
    n_embd = 5
    values = wide_start.spectrum(n_embd, n_block, 16, seed=seed)
    levels = wide_limit.levels(n_embd, n_block)[:7]
    ends = np.cumsum([level.count for level in levels])
    groups = np.split(values[: ends[-1]], ends[:-1])
    found = {v.functions: g.mean() / v.eigenvalue for v, g in zip(levels, groups, strict=True)}
    ratios = [found[kind] for kind in FIRST]
    return {"ends": [min(ratios), max(ratios)]}


def cell(name: str, seed: int) -> dict:
    """Gaps after training of one kind of norm, and its levels at the start over the predicted."""
    [values] = two_by_two.trained_spectra(N, D, [seed], name)
    [start] = two_by_two.start_spectra(N, D, [seed], name)
    subtract, divide = two_by_two.CELLS[name]
    first, second = N - subtract, 2 * N - subtract - divide
    levels = wide_limit.levels(N, D, subtract=subtract, divide=divide)
    expected = np.repeat([v.eigenvalue for v in levels], [v.count for v in levels])
    return {
        "gaps": gaps.wide_gaps(gaps.neighbour_ratios(values[: N**2 // 2 + 1])),
        "over": [
            start[a:b].mean() / expected[a:b].mean() for a, b in ((0, first), (first, second))
        ],
    }


def gap_sets(*cells: dict) -> list[int]:
    """Gaps of the four cells one after the other, zeros where there are not two."""
    return [k for v in cells for k in (v["gaps"] if len(v["gaps"]) == 2 else (0, 0))]
