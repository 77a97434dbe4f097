"""Checks of the exercises of the chapter "Networks that nobody has looked at"."""

import numpy as np
import torch

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise, require


@exercise(
    "new-networks-groups",
    stub='''
def gap_ranks(n, g):
    """Both gaps of Post-LN blocks of width n with a GroupNorm of g equal groups."""
    ...  # your code here
''',
    answer="gap_ranks",
)
def groups(gap_ranks):
    """Compare with the counts of what each group loses."""
    cases = ((12, 3), (20, 4), (15, 1))
    found = [array(gap_ranks(n, g), (2,), f"gap_ranks({n}, {g})") for n, g in cases]
    recognise(
        found,
        [(n - g, 2 * (n - g)) for n, g in cases],
        [
            ([(n - 1, 2 * (n - 1)) for n, g in cases], "Those are the ranks of one group."),
            (
                [(n - g, 2 * n - g - 1) for n, g in cases],
                "A rescaling of one group alone: does the norm let it pass?",
            ),
            (
                [(n / g - 1, 2 * (n / g - 1)) for n, g in cases],
                "That is one group. How many functions do all of them make?",
            ),
            (
                [(n - g, n - g) for n, g in cases],
                "The second rank counts both clusters.",
            ),
        ],
        "Count, group by group, the constants and the diagonal maps that its norm takes away.",
    )


@exercise(
    "new-networks-softmax",
    stub='''
def curvature(logits):
    """Second derivatives of the cross-entropy by the logits, shape (C, C)."""
    ...  # your code here
''',
    answer="curvature",
)
def softmax(curvature):
    """Compare with autograd at logits that are not equal."""
    logits = [np.array([0.3, -1.0, 0.8]), np.array([2.0, 0.0, -1.0, 0.5])]
    found = [array(curvature(z), (len(z),) * 2, "curvature(logits)") for z in logits]
    p = [np.exp(z) / np.exp(z).sum() for z in logits]
    flat = [np.concatenate([np.ravel(m) for m in ms]) for ms in _guesses(p, logits)]
    recognise(
        np.concatenate([np.ravel(f) for f in found]),
        flat[0],
        [
            (flat[1], "The logits share a denominator: a change of one moves all probabilities."),
            (flat[2], "Take a logit that all classes share: it must change nothing."),
            (flat[3], "This matrix lowers the loss twice: check the sign on the diagonal."),
            (flat[4], "Probabilities, not logits, belong in the matrix."),
        ],
        "Differentiate p_i = exp(z_i) / sum_j exp(z_j) by z_j, for i = j and for i unlike j.",
    )


def _guesses(p, logits):
    first = [_autograd(z) for z in logits]
    second = [np.diag(q) for q in p]
    third = [np.diag(q) + np.outer(q, q) for q in p]
    return first, second, third, [-m for m in first], [np.diag(z) - np.outer(z, z) for z in logits]


def _autograd(logits):
    target = torch.zeros(len(logits), dtype=torch.float64)
    target[0] = 1.0
    return torch.autograd.functional.hessian(
        lambda z: -(target * z.log_softmax(-1)).sum(), torch.from_numpy(logits)
    ).numpy()


@exercise(
    "new-networks-shared-gain",
    stub='''
def first_depth(n):
    """Smallest number of blocks at which diagonal maps stand above constants.

    One gain for all blocks; per block 0.178 n and 1 for constants, 0.36 for linear maps.
    """
    ...  # your code here
''',
    answer="first_depth",
)
def shared_gain(first_depth):
    """Compare with the first depth at which D^2 + 0.36 D exceeds D (0.178 N + 1)."""
    widths = (10, 17, 24, 40)
    found = [array(first_depth(n), (), f"first_depth({n})") for n in widths]
    exact = [0.178 * n + 1 - 0.36 for n in widths]
    recognise(
        found,
        [np.floor(x) + 1 for x in exact],
        [
            (exact, "That is where they are equal; a number of blocks is an integer."),
            ([np.floor(x) for x in exact], "At this depth constants are still above."),
            (
                [np.floor(0.178 * n + 1) + 1 for n in widths],
                "Diagonal maps are linear maps too: which other source do they have?",
            ),
            (
                [np.floor(0.178 * n) + 1 for n in widths],
                "Do constants have one source or two?",
            ),
        ],
        "Write both levels as functions of the number of blocks: amplitudes of one parameter add, "
        "squares of several do.",
    )


@exercise(
    "new-networks-batch",
    stub='''
def after(change, h):
    """Change of BatchNorm(h), gain 1 and bias 0, when h moves by a small change; both (S, N)."""
    ...  # your code here
''',
    answer="after",
)
def batch(after):
    """Compare with the derivative of a normalisation over the batch by autograd."""
    rng = np.random.default_rng(7)
    h = rng.normal(1.0, 2.0, (40, 3)) * np.array([1.0, 0.5, 3.0])
    constant = np.tile(rng.normal(size=3), (40, 1))
    require(
        np.abs(array(after(constant, h), (40, 3), "after(change, h)")).max() < 1e-8,
        "Try a constant change, the same for every sample: what is left of it?",
    )
    require(
        np.abs(array(after(h * constant, h), (40, 3), "after(change, h)")).max() < 1e-8,
        "Try a change that multiplies each coordinate by a number: what is left of it?",
    )
    change = rng.normal(size=(40, 3))
    found = array(after(change, h), (40, 3), "after(change, h)")
    wanted = torch.func.jvp(_normalised, (torch.from_numpy(h),), (torch.from_numpy(change),))[1]
    scale = h.std(axis=0)
    recognise(
        found,
        wanted.numpy(),
        [
            (wanted.numpy() * scale, "Right up to scale: a norm divides, changes too."),
            (wanted.numpy() / scale, "Divided once too often."),
        ],
        "Constants and diagonal maps vanish, as they should; the rest is not what the norm makes.",
    )


def _normalised(h):
    centred = h - h.mean(0)
    return centred / centred.square().mean(0).sqrt()
