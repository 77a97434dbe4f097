"""Checks of the exercises of the chapter "Growing with depth"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import Wrong, array, exercise, number, require
from depth_not_data.residual import hessian, network
from depth_not_data.spectra import autograd, gaps


@exercise(
    "growing-with-depth-angle",
    stub='''
def two_blocks(theta):
    """Larger eigenvalue of u u^T + v v^T, smaller one, and the exponent; theta in radians."""
    ...  # your code here
''',
    answer="two_blocks",
)
def angle(two_blocks):
    """Compare with the eigenvalues of the matrix, at acute and obtuse angles."""
    acute, obtuse = np.array([0.3, 0.9, 1.4]), np.array([2.0, 2.9])
    sharp, blunt = (
        np.array([array(two_blocks(t), (3,), f"two_blocks({t:g})") for t in angles])
        for angles in (acute, obtuse)
    )
    wanted, wanted_blunt = (np.array([_pair(t) for t in angles]) for angles in (acute, obtuse))
    c = np.cos(acute)
    in_logs = wanted * [1, 1, np.log(2)]
    off = "The values are not those of the matrix: put two unit vectors into NumPy and compare."
    recognise(
        sharp,
        wanted,
        [
            (wanted[:, [1, 0, 2]], "The order is larger eigenvalue, smaller one, exponent."),
            (in_logs, "The exponent of a doubling is a logarithm to the base 2: which is yours?"),
            (np.array([_pair(t) for t in np.radians(acute)]), "The angle is in radians here."),
            (
                np.array([1 + c**2, 1 - c**2, np.log2(1 + c**2)]).T,
                "Your eigenvalues have the squared overlap of u and v; look at the off-diagonal "
                "entry of their Gram matrix again.",
            ),
        ],
        off,
    )
    signed = np.array([1 + np.cos(obtuse), 1 - np.cos(obtuse), np.log2(1 + np.cos(obtuse))]).T
    recognise(
        blunt,
        wanted_blunt,
        [
            (signed, "Right up to 90 degrees. Beyond, your larger eigenvalue is the smaller one."),
            (
                np.array([1 - abs(np.cos(obtuse)), 1 + abs(np.cos(obtuse)), signed[:, 2]]).T,
                "Right up to 90 degrees; beyond, compare with v turned into -v.",
            ),
        ],
        "Right up to 90 degrees, but not beyond. What does v v^T become if v changes its sign?",
    )


def _pair(theta):
    u, v = np.array([1.0, 0.0]), np.array([np.cos(theta), np.sin(theta)])
    small, large = np.linalg.eigvalsh(np.outer(u, u) + np.outer(v, v))
    return large, small, np.log2(large)


@exercise(
    "growing-with-depth-ky-fan",
    stub="""
# Symmetric, no negative eigenvalues; the second eigenvalue of K1 + K2 exceeds the sum of theirs.
K1 = ...  # your matrix here
K2 = ...  # your matrix here
""",
    answer="[K1, K2]",
)
def ky_fan(pair):
    """Check that the pair is what it should be, then compare the second eigenvalues."""
    first, second = (
        array(matrix, None, name) for matrix, name in zip(pair, ("K1", "K2"), strict=True)
    )
    require(
        first.ndim == 2 and first.shape[0] == first.shape[1] >= 2 and first.shape == second.shape,
        "K1 and K2 should be square matrices of one size, 2 or more.",
    )
    for name, matrix in (("K1", first), ("K2", second)):
        require(np.allclose(matrix, matrix.T), f"{name} should be symmetric, K = K^T.")
        low = np.linalg.eigvalsh(matrix)[0]
        require(
            low >= -1e-9,
            f"{name} has the eigenvalue {low:.3g}; a matrix J J^T has none below zero.",
        )
    together = np.linalg.eigvalsh(first + second)[-2]
    apart = np.linalg.eigvalsh(first)[-2] + np.linalg.eigvalsh(second)[-2]
    seen = f"the second eigenvalue of the sum is {together:.3g}, the sum of the second {apart:.3g}"
    require(
        abs(together - apart) > 1e-6,
        f"Equal: {seen}. That is what happens where K1 and K2 share their eigenvectors in order.",
    )
    require(together > apart, f"The other way round: {seen}. So k = 2 alone obeys no inequality.")


@exercise(
    "growing-with-depth-more-zeros",
    stub='''
def zeros(kind, n, d):
    """Exact zeros of a network of width n with d blocks; 4 * n * d for the chapter's.

    kind: "RMSNorm", "Pre-LN", or "bias" for the chapter's network with a bias after W_2.
    """
    ...  # your code here
''',
    answer="zeros",
)
def more_zeros(zeros):
    """Count the zeros of dense Hessians a few steps after the start."""
    sizes = [(5, 1), (5, 2)]
    kinds = {"RMSNorm": {"norm": "rms"}, "Pre-LN": {"placement": "pre"}, "bias": {"bias": True}}
    all_there, all_but_last = [4 * n * d for n, d in sizes], [4 * n * (d - 1) for n, d in sizes]
    mistakes = {
        "RMSNorm": [
            (all_there, "RMSNorm: an added multiple of (1, ..., 1) has to vanish. Does it here?")
        ],
        "Pre-LN": [
            (all_there, "Pre-LN: what does the last block's branch still go through?"),
            (
                all_but_last,
                "Pre-LN: the next LayerNorm does not see the constant. Does nobody else see it?",
            ),
        ],
        "bias": [
            (all_there, "bias: it is a parameter as well. Can it move without an effect?"),
            (
                [5 * n * d for n, d in sizes],
                "bias: not each of its N numbers can move alone. How many ways are left?",
            ),
        ],
    }
    for kind, options in kinds.items():
        found = [number(zeros(kind, n, d), f'zeros("{kind}", {n}, {d})') for n, d in sizes]
        recognise(
            found,
            [_zeros(n, d, options) for n, d in sizes],
            mistakes[kind],
            f"{kind}: not the number that the Hessian shows. Follow the step of the proof, W_2 + "
            "1 c^T, from the branch to the output.",
        )


def _zeros(n, d, options):
    """Zeros of a student that has taken some steps: at the start, gains at 1, there are more."""
    student = network.train_student(
        n, d, seed=1, steps=5, lr=0.01, n_samples=200, progress=False, **options
    )
    names = [np.full(p.numel(), name) for name, p in student.model.named_parameters()]
    kept = ~np.char.endswith(np.concatenate(names), "b1")  # the bias after W_2 alone counts
    whole = hessian.hessian(student).numpy()
    values = np.abs(autograd.eigenvalues(whole[np.ix_(kept, kept)]))
    return int(np.sum(values < 1e-12 * values.max()))


@exercise(
    "growing-with-depth-unequal",
    stub='''
def exponent(a, d):
    """Exponent of the largest eigenvalue from d to 2 d blocks; the first has strength a."""
    ...  # your code here
''',
    answer="exponent",
)
def unequal(exponent):
    """Compare with the largest eigenvalue of sums of outer products along one vector."""
    cases = [(2.0, 1), (1.6, 3), (0.4, 2), (3.0, 8)]
    a, d = np.array(cases).T
    found = [number(exponent(x, int(y)), f"exponent({x:g}, {y:g})") for x, y in cases]
    largest = [[_parallel(x, int(n * y)) for x, y in cases] for n in (1, 2)]
    wanted = np.log2(np.divide(*largest[::-1]))
    recognise(
        found,
        wanted,
        [
            (wanted * np.log(2), "A doubling of D asks for the logarithm to the base 2."),
            (2**wanted, "That is the factor of the growth; the exponent is its logarithm."),
            (np.ones(4), "Always 1 would mean that all blocks are alike; the first is not."),
            (
                np.log2((a + 2 * d) / (a + d)),
                "You have one block too many: the first is one of the d.",
            ),
            (
                np.log2((a + 2 * (d - 1)) / (a + d - 1)),
                "Twice as many blocks, but how many of the 2 d have strength 1?",
            ),
            (
                np.log2(1 + 1 / a),
                "Right for d = 1 alone: with more blocks, add up all of them before you divide.",
            ),
        ],
        "Add up the strengths of d blocks and of 2 d blocks, along the same vector, and compare.",
    )


def _parallel(strength, count):
    u = np.array([0.6, 0.8])
    return np.linalg.eigvalsh(sum([np.outer(u, u)] * (count - 1), strength * np.outer(u, u)))[-1]


@exercise(
    "growing-with-depth-average",
    stub='''
def widest(spectra):
    """Ranks, ascending, of the three widest gaps of the geometric mean; only ranks 1 to n / 2.

    spectra: array of shape (m, n), one spectrum a row, not sorted.
    """
    ...  # your code here
''',
    answer="widest",
)
def average(widest):
    """Compare on scattered spectra, where each short cut changes some of the ranks."""
    cases, known = _scattered(), _short_cuts()
    found = [tuple(array(widest(s), (3,), "widest(spectra)")) for s in cases]
    right = [gaps.largest_gaps(_mean(s), 3, first=1, last=s.shape[1] // 2) for s in cases]
    if found == right:
        return
    require(
        [tuple(sorted(f)) for f in found] != right, "The right ranks, but not in ascending order."
    )
    require(
        [tuple(np.add(f, 1)) for f in found] != right,
        "Each rank is one too small: ranks count from 1, the indices of NumPy from 0.",
    )
    for short_cut, message in known:
        require(found != [short_cut(s) for s in cases], message)
    raise Wrong("Some ranks are not those of the widest gaps of sort, logarithm, mean, ratio.")


def _scattered():
    rng, rank = np.random.default_rng(11), np.arange(1.0, 101.0)
    steps = [np.where(rank <= k, f, 1.0) for k, f in ((9, 1.2), (7, 1.5), (12, 1.1), (9, 1.2))]
    strength = np.array([[1.0], [20.0], [1.0], [0.1], [1.0]])
    return [
        strength * rank**-0.5 * step * np.exp(scatter * rng.standard_normal((5, 100)))
        for step, scatter in zip(steps, (0.05, 0.3, 0.1, 0.5), strict=True)
    ]


def _mean(spectra):
    return np.exp(np.log(-np.sort(-spectra, axis=1)).mean(axis=0))


def _three(curve, ratio=np.divide, half=2):
    last = len(curve) // half - (half == 1)
    steps = ratio(curve[:last], curve[1 : last + 1])
    return tuple(np.sort(np.argsort(-steps, kind="stable")[:3] + 1))


def _short_cuts():
    """Return what is often done instead, each with what to say about it."""

    def sorted_(s):
        return -np.sort(-s, axis=1)

    return [
        (
            lambda s: _three(np.exp(np.log(s).mean(0))),
            "The spectra are not sorted: rank 1 is the largest eigenvalue of each of them.",
        ),
        (
            lambda s: _three(-np.sort(-np.exp(np.log(s).mean(0)))),
            "You sort the mean. Sort each spectrum first: the mean of rank k needs a rank k.",
        ),
        (
            lambda s: _three(sorted_(s).mean(0)),
            "That is the arithmetic mean; the geometric one averages logarithms.",
        ),
        (
            lambda s: _three(sorted_(s)[0]),
            "Only one of the spectra was used: the scatter is still there.",
        ),
        (
            lambda s: _three(_mean(s), ratio=np.subtract),
            "A gap is a ratio of neighbours here, not a difference.",
        ),
        (
            lambda s: _three(_mean(s), half=1),
            "Only ranks 1 to n / 2 count: near zero ratios are arbitrary.",
        ),
    ]
