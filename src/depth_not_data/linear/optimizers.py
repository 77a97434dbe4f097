r"""One singular direction under nine optimisers: the scalar recursions of a balanced aligned start.

Every layer of a balanced network whose target has the same singular vectors has the same
gradient, diagonal in the singular basis, with the entries

    f(lam_i) = lam_i^(L-1) (lam_i^L - s_i).

An optimiser that turns diagonal gradients into diagonal updates, the same for every layer, keeps
the network in this form and moves the r numbers lam alone. Gradient descent, heavy ball,
Nesterov, Muon (exact and by Newton-Schulz), Shampoo and sharpness-aware minimisation do so in
every orthonormal basis; Adam and RMNP only where the bases are axes (the note
*Optimisers that stay aligned*). :func:`trajectory` follows the numbers,
:mod:`depth_not_data.linear.optimizer_oracle` trains the network itself.
"""

import math

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import recursion

# Hyper-parameters and their defaults: torch's where torch has the optimiser, otherwise the
# paper's; Muon and RMNP without momentum, and without weight decay or a factor for the shape.
HYPER = {
    "gd": {},
    "heavy-ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adam": {"betas": (0.9, 0.999), "eps": 1e-8},
    "muon": {"momentum": 0.0, "nesterov": False},
    "newton-schulz": {"momentum": 0.0, "nesterov": False, "ns_steps": 5},
    "rmnp": {"momentum": 0.0, "nesterov": False, "eps": 0.0},
    "shampoo": {"eps": 1e-8},
    "sam": {"rho": 0.05},
}
NAMES = tuple(HYPER)
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # coefficients of Jordan's Muon and of torch's


def trajectory(name: str, lam0, target, depth: int, lr: float, steps: int, **hyper) -> np.ndarray:
    """Per-layer singular values of a balanced aligned network under an optimiser.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    lam0 : array_like, shape (r,)
        Start, >= 0, the same in all `depth` layers.
    target : array_like, shape (r,) or ()
        Singular values s >= 0 of the target.
    depth : int
        Number of layers L >= 1.
    lr : float
        Learning rate eta > 0.
    steps : int
        Number of updates T >= 0.
    **hyper
        What `HYPER` lists for the name. `momentum` is in torch's convention,
        ``v <- momentum v + f``. Nesterov moves along ``f + momentum v``, heavy ball along v. Muon
        and RMNP take the sign of ``v``, with ``nesterov=True`` (their authors' setting) of
        ``f + momentum v``; RMNP divides by ``max(|v|, eps)``, 1e-12 in the authors' code. `rho`
        is the radius of sharpness-aware minimisation over all weights of all layers.

    Returns
    -------
    numpy.ndarray, float64, shape (T + 1, r)
        Row t holds the signed diagonal entries after t updates; row 0 is `lam0`. A direction with
        gradient 0 is not moved by Muon and RMNP.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or unknown to the optimiser.
    ArithmeticError
        If the recursion diverges: some iterate is not a finite number.

    Notes
    -----
    Muon goes at constant speed, whatever the depth, and then alternates at its step size:

    >>> trajectory("muon", [0.5], [1.0], depth=9, lr=0.2, steps=5).round(12).ravel()
    array([0.5, 0.7, 0.9, 1.1, 0.9, 1.1])
    >>> trajectory("gd", [1.0], [0.0], depth=1, lr=0.5, steps=2).ravel()
    array([1.  , 0.5 , 0.25])
    """
    chosen = settings(name, hyper)
    lam, target, depth, lr, steps = checked(lam0, target, depth, lr, steps)
    if name in ("gd", "heavy-ball"):
        return recursion.trajectory(lam, target, depth, lr, steps, **chosen)
    path, state = np.empty((steps + 1, lam.size)), {}
    path[0] = lam
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            path[t + 1] = path[t] - lr * direction(name, path[t], target, depth, state, chosen)
    finite = np.isfinite(path).all(axis=1)
    if not finite.all():
        raise ArithmeticError(
            f"{name} diverges with lr = {lr:g}: not finite after {int(np.argmin(finite))} updates"
        )
    return path


def direction(name, lam, target, depth, state, chosen):
    """Return what the learning rate multiplies, shape (..., r) like `lam`.

    Arguments are not checked. `state`, a dictionary that is empty at the start, carries velocities
    and sums from call to call; `chosen` comes from :func:`settings`.

    >>> direction("gd", np.array([2.0]), np.array([1.0]), 1, {}, settings("gd", {}))
    array([1.])
    """
    slope = _slope(lam, target, depth)
    if name == "sam":
        size = np.sqrt(depth * (slope**2).sum(axis=-1, keepdims=True))
        ascent = np.divide(slope, size, out=np.zeros_like(slope), where=size > 0)
        return _slope(lam + chosen["rho"] * ascent, target, depth)
    if name == "adam":
        return _adam(slope, state, *chosen["betas"], chosen["eps"])
    if name == "shampoo":
        state["sum"] = state.get("sum", 0.0) + slope**2
        size = np.sqrt(chosen["eps"] + state["sum"])
        return np.divide(slope, size, out=np.zeros_like(slope), where=size > 0)
    momentum = chosen.get("momentum", 0.0)
    velocity = state["velocity"] = momentum * state.get("velocity", 0.0) + slope
    if name in ("gd", "heavy-ball"):
        return velocity
    if name == "nesterov" or chosen["nesterov"]:
        velocity = slope + momentum * velocity
    if name == "nesterov":
        return velocity
    if name == "newton-schulz":
        return _newton_schulz(velocity, chosen["ns_steps"])
    size = np.maximum(np.abs(velocity), chosen.get("eps", 0.0))
    return np.divide(velocity, size, out=np.zeros_like(velocity), where=size > 0)


def newton_schulz(values, steps: int = 5) -> np.ndarray:
    """Act on singular values as the Newton-Schulz iteration of Muon does.

    Parameters
    ----------
    values : array_like, shape (..., r)
        All singular values of a matrix, signed.
    steps : int
        Iterations >= 0.

    Returns
    -------
    numpy.ndarray, float64, shape (..., r)
        The values over their Euclidean length (the Frobenius norm; torch's lower bound of 1e-7 on
        it is left out), then `steps` times ``x <- a x + b x^3 + c x^5`` with the coefficients
        `NEWTON_SCHULZ`. A value that is a small share x of the length comes out near
        ``a^5 x = 485 x``, a large one between 0.68 and 1.14 and not at 1.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite.

    Notes
    -----
    >>> newton_schulz([3.0, 4.0], steps=0)
    array([0.6, 0.8])
    """
    steps = _validation.integer("steps", steps, minimum=0)
    return _newton_schulz(_validation.real_array("values", values), steps)


def _newton_schulz(values, steps):
    size = np.sqrt((values**2).sum(axis=-1, keepdims=True))
    x = np.divide(values, size, out=np.zeros_like(values), where=size > 0)
    a, b, c = NEWTON_SCHULZ
    for _ in range(steps):
        square = x * x
        x = x * (a + square * (b + c * square))
    return x


def _adam(slope, state, first, second, eps):
    t = state["t"] = state.get("t", 0) + 1
    mean = state["mean"] = first * state.get("mean", 0.0) + (1 - first) * slope
    square = state["square"] = second * state.get("square", 0.0) + (1 - second) * slope**2
    size = np.sqrt(square) / math.sqrt(1 - second**t) + eps
    step = np.divide(mean, size, out=np.zeros_like(slope), where=size > 0)
    return step / (1 - first**t)


def _slope(lam, target, depth):
    return lam ** (depth - 1) * (lam**depth - target)


def settings(name: str, hyper: dict) -> dict:
    """Hyper-parameters of an optimiser, those not given at their defaults.

    A name or a hyper-parameter that is unknown or out of range raises a ValueError that names it.

    >>> settings("heavy-ball", {}), settings("heavy-ball", {"momentum": 0})
    ({'momentum': 0.9}, {'momentum': 0.0})
    """
    name = _validation.choice("name", name, NAMES)
    if not isinstance(hyper, dict):
        raise ValueError(f"hyper must be a dictionary, got {hyper!r}")
    for key in hyper:
        if key not in HYPER[name]:
            known = ", ".join(HYPER[name]) or "none"
            raise ValueError(f"{key} is no hyper-parameter of {name!r}, which has: {known}")
    return {key: CHECKS[key](key, hyper.get(key, value)) for key, value in HYPER[name].items()}


def _betas(name, value):
    betas = _validation.vector(name, value, minimum=0.0, lengths=[2])
    if np.any(betas >= 1):
        raise ValueError(f"{name} must be < 1, got {value!r}")
    return tuple(float(beta) for beta in betas)


CHECKS = {
    "momentum": lambda key, value: _validation.number(key, value, minimum=0.0, below=1.0),
    "nesterov": _validation.flag,
    "betas": _betas,
    "eps": lambda key, value: _validation.number(key, value, minimum=0.0),
    "rho": lambda key, value: _validation.number(key, value, minimum=0.0),
    "ns_steps": lambda key, value: _validation.integer(key, value, minimum=0),
}


def checked(lam0, target, depth, lr, steps):
    """Return the arguments of :func:`trajectory` as it computes with them, or raise."""
    lam = _validation.vector("lam0", lam0, minimum=0.0)
    if not lam.size:
        raise ValueError("lam0 must hold at least one singular value, got none")
    target = _validation.real_array("target", target, minimum=0.0)
    if target.shape not in ((), lam.shape):
        raise ValueError(f"target must have shape () or {lam.shape}, got {target.shape}")
    depth = _validation.integer("depth", depth, minimum=1)
    lr = _validation.number("lr", lr, above=0.0)
    steps = _validation.integer("steps", steps, minimum=0)
    return lam, np.broadcast_to(target, lam.shape), depth, lr, steps
