"""Every stochastic claim with its experiments and its rule for one seed, fixed before any run.

A success rate is that of the claim's own rule on one fresh seed, or on one fresh group where the
claim is about a mean or median of cheap runs. Where the ledger counts seeds ("of ten") the rule
for one seed is that it counts. A median or mean over few dear trainings becomes the value of one
seed, inside the same limits: stricter than the claim.
"""

from depth_not_data.replication import (
    cheaper,
    eigenvectors,
    ensembles,
    gaussian_blocks,
    knock_outs,
    mechanism,
    paper,
    post,
    real_data,
    rivals,
    starts,
    third_step,
    wide,
)
from depth_not_data.replication.experiment import Experiment, Limits, Replica, bound, true
from depth_not_data.replication.fixed import FIXED

__all__ = ["CLAIMS", "EXPERIMENTS", "FIXED", "SEEDS"]

SEEDS = range(1000, 1020)
SAME = "The ledger's rule, on the numbers of one seed."
GROUP = "The ledger's rule, on a whole measurement with fresh draws."
POST = {(n, d): f"post {n} {d}" for n, d in [(10, 1), (10, 2), (10, 4), (10, 8), (15, 2), (20, 2)]}
STEPS = [(7, 1), (7, 2), (5, 1), (9, 1), (9, 2), (11, 3), (11, 1)]
SAMPLES = (250, 500, 2000)
TRAINED = [(10, 2), (10, 4), (10, 8), (10, 16), (15, 2), (20, 2)]

_FOUND: list[Experiment] = []


def _experiment(name, seconds, run, *arguments, **options):
    _FOUND.append(Experiment(name, bound(run, *arguments, **options), seconds))
    return name


_POST_SECONDS = {(10, 1): 2, (10, 2): 5, (10, 4): 10, (10, 8): 25, (15, 2): 11, (20, 2): 25}
for _n, _d in POST:
    _experiment(POST[_n, _d], _POST_SECONDS[_n, _d], post.trained, _n, _d)
DEEP = _experiment("post 10 16", 30, post.deep, 10, 16, 18)
WEAK = _experiment("half W2 10 8", 10, post.weak, 10, 8)
THIRD = [
    _experiment(f"steps {n} {d}", n * d / 8, third_step.of_network, n, d, {}) for n, d in STEPS
]
RMS = [
    _experiment(f"RMSNorm 10 {d}", 3 * d, third_step.of_network, 10, d, {"norm": "rms"})
    for d in (2, 4)
]
FEW = [
    _experiment(f"{k} samples", 5, third_step.of_network, 10, 2, {"n_samples": k}) for k in SAMPLES
]
START = {
    case: _experiment("start {} {}".format(*case), case[0] * case[1] / 35, starts.start, *case)
    for case in starts.CASES
}
VECTORS = [
    _experiment(
        "eigenvectors {} {}".format(*case),
        case[0] ** 2 * case[1] / 30,
        eigenvectors.analysed,
        *case,
    )
    for case in eigenvectors.SIZES
]
OUT = [_experiment(f"knock-out {p.id}", 4, knock_outs.knocked_out, p.id) for p in knock_outs.UNSEEN]
NEW = {n.id: f"new {n.id}" for n in knock_outs.NEW}
for _id, _name in NEW.items():
    _experiment(_name, 4, knock_outs.relative, _id)
LARGE = {
    (n, d): _experiment(f"large {n} {d}", n * d / 4, mechanism.large, n, d)
    for n, d in [*mechanism.NETWORKS, (6, 1)]
}
SCALED = [_experiment(f"scaled start {d}", 2 * d, mechanism.scaled, d) for d in (2, 8)]
FEATURES = _experiment("random features", 0.1, mechanism.random_features)
DESCENT = _experiment("restricted descent", 40, mechanism.restricted)
BLOCKS = _experiment("Gaussian blocks", 1, gaussian_blocks.exponents)
RATE = _experiment("rate of the wide limit", 1, wide.rate)
WIDE = [_experiment(f"wide start {d}", 4 if d == 1 else 12, wide.finite_width, d) for d in (1, 2)]
CELLS = [_experiment(f"norm: {c}", 17, wide.cell, c) for c in wide.two_by_two.CELLS]
RIVALS = [
    _experiment(f"rival {name}", 11, rivals.passes, name) for name in rivals.RIVALS | rivals.TWINS
]
FAR = [
    _experiment(f"rival {name} {n} {d}", 5, rivals.distances, name, n, d)
    for name in rivals.CLOSE
    for n, d in rivals.NETWORKS
]
STEPSIZE = [_experiment(f"edge: {name}", 2, cheaper.setting, name) for name in cheaper.SETTINGS]
WAITING = _experiment("waiting", 30, paper.waiting)
TANH = [_experiment(f"tanh {depth}", 4, paper.tanh_networks, depth) for depth in paper.DEPTHS]
LEARNING = _experiment("learning time", 3, paper.learning_time)
PERIOD = _experiment("period two", 1, paper.period_two)
LAYERS = _experiment("unequal layers", 0.5, ensembles.unequal_layers)
INPUTS = _experiment("unequal inputs", 2, ensembles.unequal_inputs)
HIDDEN = {
    (depth, hidden): _experiment(
        f"hidden {depth} {hidden}", hidden / 100, ensembles.hidden_width, depth, hidden
    )
    for depth in (2, 3, 4)
    for hidden in (16, 32, 64, 128, 256)
}
NOISE = [
    _experiment(f"noise {edge} {depth}", 2, ensembles.noisy, edge, depth)
    for edge in (0.03, 0.1, 0.3)
    for depth in (2, 4, 7)
]
ANY = [
    _experiment(f"any start {depth} {size}", 1, ensembles.any_start, depth, size)
    for depth in (3, 4)
    for size in (0.05, 0.1, 0.2)
]
USUAL = _experiment("any start 3 1.0", 1, ensembles.any_start, 3, 1.0)
STRAIGHT = _experiment("orthogonal start", 0.2, ensembles.orthogonal_start, 3)
REAL = [
    _experiment(f"{name} {a}", 3, real_data.settings, name, a)
    for name in real_data.real_data.NAMES
    for a in real_data.DIAL
]
SMALLER = [_experiment(f"smaller steps {k}", 0.5, real_data.smaller_steps, k) for k in (2, 3, 4)]
SOFT = [_experiment(f"softmax {depth}", 1, real_data.soft, depth) for depth in (2, 7)]
BATCHES = [_experiment(f"batches {depth}", 1, real_data.batches, depth) for depth in (2, 7)]

EXPERIMENTS = {experiment.name: experiment for experiment in _FOUND}

_WIDTHS = (POST[10, 2], POST[15, 2], POST[20, 2])
_DEPTHS = (POST[10, 2], POST[10, 4], POST[10, 8])
_COUNTED = "Counts for this seed."


def _levels(over, cases, groups):
    keys = [(case, group) for group in groups for case in cases]

    def measured(*found):
        values = dict(zip(cases, found, strict=True))
        return [over(values[case], case, group) for case, group in keys]

    return Replica(tuple(START[case] for case in cases), measured, SAME)


def _moved(*found):
    half = len(TRAINED)
    pairs = list(zip(found[:half], found[half:], strict=True))
    return [end["means"][g] / begin["means"][g] for g in (0, 1) for end, begin in pairs]


_SLOW = [(n, d) for n in (10, 15, 20) for d in (2, 4, 8)]
_LINEAR = [(10, 2), (10, 4), (10, 8), (15, 2), (20, 2)]
_OVER = [(10, 4), (10, 8), (15, 2), (20, 2)]
_SECOND = [case for case in starts.CASES if case[1] in starts.LINEAR[case[0]]]
_UNSEEN = tuple(OUT)

CLAIMS = {
    "B1a": Replica(
        (POST[10, 2],),
        lambda v: [9 in v["widest"]],
        f"{_COUNTED} One of the two widest gaps is at 9.",
        true(),
    ),
    "B1b": Replica(
        (POST[10, 2],),
        lambda v: [post.in_place(v, 10)],
        f"{_COUNTED} 9 and 18 are among the three widest gaps.",
        true(),
    ),
    "B1c": Replica(
        (POST[10, 2],),
        lambda v: v["edge"],
        f"{_COUNTED} The steepest fall lies at 95 to 105.",
        Limits((95,), (105,)),
    ),
    "B2a": Replica(
        _WIDTHS,
        lambda *f: [post.in_place(v, n) for v, n in zip(f, (10, 15, 20), strict=True)],
        f"{_COUNTED} Both gaps are in place at all three widths.",
        true(3),
    ),
    "B2b": Replica(
        (*_WIDTHS, POST[10, 1], POST[10, 4], POST[10, 8]),
        lambda *f: [v["clusters"] == [2] for v in f],
        "Two gaps of 1.25 in all six networks; instead in those with D = 2 and not at D = 1.",
        true(6),
        Limits((1, 1, 1, 0, 0, 0), (1, 1, 1, 0, 1, 1)),
    ),
    "B2c": Replica(
        _WIDTHS,
        lambda *f: [v["edge"][0] / n**2 for v, n in zip(f, (10, 15, 20), strict=True)],
        SAME,
    ),
    "B3a": Replica(
        _DEPTHS,
        post.unchanged,
        "D = 4 and D = 8 keep gaps and edge of D = 2; instead D = 4 does and D = 8 does not.",
        true(2),
        Limits((1, 0), (1, 0)),
    ),
    "B3b": Replica(_DEPTHS, post.exponent, SAME),
    "B3c": Replica(_DEPTHS, post.collapses, SAME),
    "E41": Replica(
        (POST[15, 2], POST[20, 2], POST[10, 8]),
        lambda *f: [
            post.distance(v, *case) for v, case in zip(f, [(15, 2), (20, 2), (10, 8)], strict=True)
        ],
        f"{SAME} The ledger's are means of five.",
    ),
    "E44": Replica(
        (POST[10, 2], WEAK, POST[10, 8]),
        lambda *f: [v["top"][17] / v["top"][18] for v in f],
        f"{SAME} The ledger's are means of 4 to 20.",
    ),
    "E9": Replica(
        tuple(THIRD),
        lambda *f: [
            third_step.third(v["steps"], n) > 0 for v, (n, _) in zip(f, STEPS, strict=True)
        ],
        SAME,
    ),
    "E13": Replica(
        (*_DEPTHS, POST[15, 2], *FEW),
        lambda *f: [
            third_step.position(v["steps"], n)
            for v, n in zip(f, (10, 10, 10, 15, 10, 10, 10), strict=True)
        ],
        SAME,
    ),
    "E14": Replica(
        tuple(RMS), lambda *f: [third_step.third(v["steps"], 10) / 650 for v in f], SAME
    ),
    "E15": Replica(
        _DEPTHS,
        lambda *f: [len(v["steps"]) == 2 for v in f],
        f"{_COUNTED} Exactly two steps at all three depths.",
        true(3),
    ),
    "E8": _levels(starts.over_first, _SLOW, (0, 1)),
    "E10": _levels(starts.over_first, _LINEAR, (2,)),
    "E12": _levels(starts.over_first, [(30, 2), (30, 4)], (0, 1)),
    "E50": _levels(starts.over_second, starts.CASES, (0,)),
    "E51": _levels(starts.over_second, starts.CASES, (1,)),
    "E52": _levels(starts.over_second, _SECOND, (2,)),
    "E11": Replica(
        tuple(POST[case] for case in _OVER),
        lambda *f: [
            starts.over_first(v, case, g)
            for g in range(3)
            for v, case in zip(f, _OVER, strict=True)
        ],
        SAME,
    ),
    "E53": Replica(
        (*(POST.get(case, DEEP) for case in TRAINED), *(START[case] for case in TRAINED)),
        _moved,
        SAME,
    ),
    "E1": Replica(
        tuple(VECTORS),
        lambda *f: [min(v["masses"][k] for v in f) for k in (0, 1)],
        f"{SAME} Smallest over the five sizes.",
    ),
    "E2": Replica(
        tuple(VECTORS),
        lambda *f: [max(v["missing"][k] for v in f) for k in (0, 1)],
        f"{SAME} Largest over the five sizes.",
    ),
    "E3": Replica(tuple(VECTORS), eigenvectors.shares_off, SAME),
    "E4": Replica(tuple(VECTORS[:3]), lambda *f: [v["edge"][0] for v in f], SAME),
    "E18": Replica(tuple(VECTORS), eigenvectors.contrast, SAME),
    "E19": Replica(tuple(VECTORS), lambda *f: [v["diagonal"][0] for v in f], SAME),
    "E5": Replica(_UNSEEN, lambda *f: knock_outs.hit_share((1,), *f), SAME),
    "E6": Replica(_UNSEEN, lambda *f: knock_outs.hit_share((2,), *f), SAME),
    "E16": Replica(_UNSEEN, lambda *f: knock_outs.hit_share((1, 2), *f), SAME),
    "E27": Replica(_UNSEEN, knock_outs.against_rivals, SAME),
    "E60": Replica(tuple(NEW.values()), knock_outs.new_hits, SAME),
    "E61": Replica(tuple(NEW.values()), knock_outs.new_against_rivals, SAME),
    "E62": Replica(tuple(NEW.values()), knock_outs.new_levels, SAME),
    "E63": Replica((NEW["shared-gain-deep"],), lambda v: v["gain"], SAME),
    "E64": Replica((NEW["batch"], NEW["batch-fixed"]), knock_outs.two_hessians, SAME),
    "E65": Replica((NEW["language-model"],), knock_outs.letters, SAME),
    "E17": Replica(tuple(LARGE[c] for c in mechanism.NETWORKS), mechanism.equal_counts, SAME),
    "E25": Replica(
        tuple(LARGE[c] for c in mechanism.NETWORKS),
        lambda *f: max(v["trace"][0] for v in f) / min(v["trace"][0] for v in f),
        SAME,
    ),
    "E28": Replica((LARGE[6, 1], LARGE[6, 9], LARGE[18, 1]), mechanism.added, SAME),
    "E30": Replica(tuple(SCALED), mechanism.growth, SAME),
    "E24": Replica(
        (FEATURES,), lambda v: v["hits"], f"{_COUNTED} As predicted at all five slopes.", true(5)
    ),
    "E23": Replica((BLOCKS,), lambda v: v["exponents"], GROUP),
    "E26": Replica((DESCENT,), lambda v: v["shares"], SAME),
    "E32": Replica((RATE,), lambda v: v["used"], GROUP),
    "E33": Replica((RATE,), lambda v: v["slopes"], GROUP),
    "E34": Replica(tuple(WIDE), lambda *f: [x for v in f for x in v["ends"]], GROUP),
    "E35": Replica(tuple(CELLS), wide.gap_sets, SAME),
    "E36": Replica(tuple(CELLS), lambda *f: [x for v in f for x in v["over"]], SAME),
    "E42": Replica(tuple(RIVALS), rivals.passed, SAME),
    "E43": Replica(tuple(FAR), rivals.worst, SAME),
    "E70": Replica(tuple(STEPSIZE), lambda *f: cheaper.hits(*f)[0], SAME),
    "E71": Replica(tuple(STEPSIZE), lambda *f: cheaper.hits(*f)[1:3], SAME),
    "E72": Replica(tuple(STEPSIZE), lambda *f: cheaper.hits(*f)[3], SAME),
    "E73": Replica(tuple(STEPSIZE), cheaper.faster, SAME),
    "E74": Replica(tuple(STEPSIZE), cheaper.sharpness, SAME),
    "P7a": Replica((WAITING,), lambda v: v["deviations"][:2], SAME),
    "T8": Replica((WAITING,), lambda v: v["deviations"][2:], SAME),
    "P7b": Replica(tuple(TANH), paper.tanh_deviation, f"{GROUP} Twelve starts each."),
    "T12": Replica((PERIOD,), lambda v: max(map(abs, v["deviations"])), f"{SAME} Not rounded up."),
    "T13": Replica((LEARNING,), lambda v: v["error"], SAME),
    "R1": Replica((LAYERS,), lambda v: v["clear"], f"{GROUP} Ten draws at each depth."),
    "R2": Replica((INPUTS,), lambda v: v["tilt"], f"{GROUP} Four perturbations."),
    "R3": Replica(
        tuple(HIDDEN[depth, h] for depth in (2, 3, 4) for h in (16, 256)),
        ensembles.narrowed,
        f"{GROUP} Twenty-four networks of each kind.",
    ),
    "T19": Replica(
        tuple(HIDDEN[depth, h] for depth in (2, 3, 4) for h in (32, 64, 128, 256)),
        ensembles.spread_exponents,
        f"{GROUP} Twenty-four networks of each width.",
    ),
    "T23": Replica(
        tuple(NOISE), lambda *f: [v["over"][0] for v in f], f"{GROUP} Ten networks each."
    ),
    "T27": Replica(tuple(ANY), ensembles.orders, f"{GROUP} Ten networks each."),
    "T28": Replica(
        (STRAIGHT, USUAL),
        lambda *f: [v["medians"][3] / 3 for v in f],
        f"{GROUP} Ten networks each.",
    ),
    "T51": Replica(tuple(REAL), real_data.errors, SAME),
    "T52": Replica(tuple(REAL), real_data.wrong_sides, SAME),
    "T53": Replica(tuple(SOFT), lambda two, seven: seven["ratio"][0] / two["ratio"][0], SAME),
    "T54": Replica(tuple(BATCHES), real_data.batch_exponent, f"{SAME} As there, for each seed."),
    "T55": Replica(tuple(SMALLER), lambda *f: [v["error"][0] for v in f], SAME),
}
