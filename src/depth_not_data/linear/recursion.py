"""The scalar recursion that balanced deep linear networks obey under gradient descent.

Every layer of a balanced network holds the same singular value ``lam`` in a given
singular direction. If the target has the same singular vectors, gradient descent on
``1/2 ||W^L ... W^1 - Phi||_F^2`` moves it by ``lam <- lam - lr * lam^(L-1) * (lam^L - s)`` (paper,
eq. (37), there with ``s = 1``).
Heavy-ball momentum keeps the network balanced too: the velocity of every layer is diagonal in
the same basis, so the recursion only gains a velocity of its own.
"""

import numpy as np

from depth_not_data import _validation


def step(lam, target, depth: int, lr: float) -> np.ndarray:
    """One gradient step of the per-layer singular values.

    Parameters
    ----------
    lam : array_like, shape (...)
        Per-layer singular values, >= 0, the same in all `depth` layers.
    target : array_like
        Singular values s >= 0 of the target; broadcasts against `lam`.
    depth : int
        Number of layers L >= 1.
    lr : float
        Learning rate eta > 0.

    Returns
    -------
    numpy.ndarray, float64
        ``lam - lr * lam**(L - 1) * (lam**L - target)``, in the broadcast shape. It may be
        negative: a step longer than the distance to zero crosses it.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or the shapes do not broadcast.
    ArithmeticError
        If the step is so long that its end is not a finite number.

    Notes
    -----
    Paper, eq. (37). One linear layer moves geometrically towards its target:

    >>> step([0.0, 3.0], target=1.0, depth=1, lr=0.5)
    array([0.5, 2. ])

    The target is a fixed point for every depth, and so is zero for depth >= 2:

    >>> step([1.0, 0.0], target=1.0, depth=4, lr=0.1)
    array([1., 0.])
    """
    lam, target, depth, lr = _checked("lam", lam, target, depth, lr)
    with np.errstate(over="ignore", invalid="ignore"):
        after = np.asarray(lam - lr * _slope(lam, target, depth))
    _refuse_divergence(after[None], lr, first=1)
    return after


def trajectory(
    lam0, target, depth: int, lr: float, steps: int, *, momentum: float = 0.0
) -> np.ndarray:
    """Iterate the recursion, with heavy-ball momentum if asked, and keep every iterate.

    Parameters
    ----------
    lam0, target, depth, lr
        As in :func:`step`.
    steps : int
        Number of steps T >= 0.
    momentum : float
        Heavy-ball coefficient beta, 0 <= beta < 1, in torch's convention:
        ``v <- beta v + lam^(L-1) (lam^L - s)``, ``lam <- lam - lr v``, ``v = 0`` at the start.
        With 0, every update is one :func:`step`.

    Returns
    -------
    numpy.ndarray, float64, shape (T + 1, ...)
        Row t holds the singular values after t steps; row 0 is `lam0`.

    Raises
    ------
    ValueError
        As in :func:`step`, for a negative or fractional `steps`, and for `momentum` outside
        [0, 1).
    ArithmeticError
        If the recursion diverges: some iterate is not a finite number. The message says after how
        many steps. :func:`depth_not_data.linear.stability.attractor` follows such learning rates
        too, and marks where they escape.

    Examples
    --------
    A single layer with target 0 halves its value at every step:

    >>> trajectory(1.0, target=0.0, depth=1, lr=0.5, steps=3)
    array([1.   , 0.5  , 0.25 , 0.125])

    With momentum 1/2 the velocities are 1, 1 and 1/2:

    >>> trajectory(1.0, target=0.0, depth=1, lr=0.5, steps=3, momentum=0.5)
    array([ 1.  ,  0.5 ,  0.  , -0.25])
    """
    lam, target, depth, lr = _checked("lam0", lam0, target, depth, lr)
    steps = _validation.integer("steps", steps, minimum=0)
    momentum = _validation.number("momentum", momentum, minimum=0.0, below=1.0)
    path = np.empty((steps + 1, *lam.shape))
    path[0] = lam
    velocity = np.zeros(lam.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            velocity = momentum * velocity + _slope(path[t], target, depth)
            path[t + 1] = path[t] - lr * velocity
    _refuse_divergence(path, lr)
    return path


def _slope(lam, target, depth):
    return lam ** (depth - 1) * (lam**depth - target)


def _refuse_divergence(path, lr, first=0):
    finite = np.isfinite(path.reshape(len(path), -1)).all(axis=1)
    if not finite.all():
        step = first + int(np.argmin(finite))
        raise ArithmeticError(
            f"the recursion diverges with lr = {lr:g}: not finite after {step} steps"
        )


def _checked(name, lam, target, depth, lr):
    """Arguments as the functions use them; `name` is what the caller knows `lam` by."""
    lam = _validation.real_array(name, lam, minimum=0.0)
    target = _validation.real_array("target", target, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    lr = _validation.number("lr", lr, above=0.0)
    shape = _validation.broadcast(**{name: lam}, target=target)
    return np.broadcast_to(lam, shape), target, depth, lr
