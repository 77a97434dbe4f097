"""SymPy derivations for the balanced deep linear network: from the gradient to the recursion.

Everything is exact. The first half works with explicit matrices of given widths and differentiates
the loss ``1/2 ||W^L ... W^1 X - Phi||_F^2`` itself; the second half works with the scalar
recursion for a symbolic depth.
"""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise, product

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from depth_not_data import _validation

# The symbols of the scalar recursion: depth, per-layer singular value, singular values of the
# target and of the inputs, learning rate, training time.
L = sp.Symbol("L", integer=True, positive=True)
lam = sp.Symbol("lambda", positive=True)
s = sp.Symbol("s", positive=True)
x = sp.Symbol("x", nonnegative=True)
eta = sp.Symbol("eta", positive=True)
tau = sp.Symbol("tau", nonnegative=True)

Layers = Sequence[sp.Matrix]


def generic_network(widths: Sequence[int]) -> tuple[list[sp.Matrix], sp.Matrix, sp.Matrix]:
    """Weights, inputs and target with a symbol of its own in every entry.

    Parameters
    ----------
    widths : sequence of int
        (d_0, d_1, ..., d_L).

    Returns
    -------
    weights : list of sympy.Matrix
        W^1, ..., W^L of shapes (d_k, d_{k-1}).
    inputs, target : sympy.Matrix
        X of shape (d_0, 2) and Phi of shape (d_L, 2): two samples.

    Raises
    ------
    ValueError
        If `widths` does not hold two or more positive integers.

    >>> weights, inputs, target = generic_network((3, 1, 2))
    >>> [w.shape for w in weights], inputs.shape, target.shape
    ([(1, 3), (2, 1)], (3, 2), (2, 2))
    """
    widths = _validation.widths(widths)

    def entries(name, rows, columns):
        return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{name}_{i + 1}{j + 1}", real=True))

    weights = [
        entries(f"w{k}", d_out, d_in) for k, (d_in, d_out) in enumerate(pairwise(widths), start=1)
    ]
    return weights, entries("x", widths[0], 2), entries("phi", widths[-1], 2)


def gradients_by_entry(weights: Layers, inputs: sp.Matrix, target: sp.Matrix) -> list[sp.Matrix]:
    """Differentiate ``1/2 ||W^L ... W^1 X - Phi||_F^2`` by every entry of every layer.

    Parameters
    ----------
    weights : sequence of sympy.Matrix
        W^1, ..., W^L, every entry a symbol.
    inputs, target : sympy.Matrix
        X of shape (d_0, n) and Phi of shape (d_L, n).

    Returns
    -------
    list of sympy.Matrix
        The gradient of each layer, not expanded.

    >>> w, x, phi = (sp.Matrix([[sp.Symbol(name)]]) for name in ("w", "x", "phi"))
    >>> gradients_by_entry([w], x, phi)
    [Matrix([[x*(-phi + w*x)]])]
    """
    residual = _product(weights) * inputs - target
    loss = sum(entry**2 for entry in residual) / 2
    return [layer.applyfunc(lambda w: sp.diff(loss, w)) for layer in weights]


def gradients_by_formula(weights: Layers, inputs: sp.Matrix, target: sp.Matrix) -> list[sp.Matrix]:
    """Write the gradient of each layer as a product of matrices.

    Parameters
    ----------
    weights, inputs, target
        As in :func:`gradients_by_entry`, except that entries may be any expressions; all of them
        ``sympy.Matrix`` or all ``DomainMatrix``.

    Returns
    -------
    list
        ``(W^{L:k+1})^T (W^{L:1} X X^T - Phi X^T) (W^{k-1:1})^T`` for k = 1, ..., L, where an empty
        product (right of the bracket for k = 1, left of it for k = L) is the identity.

    Notes
    -----
    Paper, Appendix A: the first line of each of the items 1 < k < L (eq. (31)), k = 1 and k = L.

    >>> w, x, phi = (sp.Matrix([[sp.Symbol(name)]]) for name in ("w", "x", "phi"))
    >>> gradients_by_formula([w], x, phi)
    [Matrix([[x*(-phi + w*x)]])]
    """
    middle = (_product(weights) * inputs - target) * inputs.transpose()
    gradients = []
    for k in range(1, len(weights) + 1):
        gradient = middle
        for layer in reversed(weights[k:]):
            gradient = layer.transpose() * gradient
        for layer in weights[: k - 1]:
            gradient = gradient * layer.transpose()
        gradients.append(gradient)
    return gradients


def _product(weights):
    return reduce(lambda done, layer: layer * done, weights)


def rotation(size: int, name: str) -> sp.Matrix:
    """Orthogonal matrix with free symbols, by Cayley's transform ``(I - A)(I + A)^{-1}``.

    Parameters
    ----------
    size : int
        1, 2 or 3; beyond that the rational functions outgrow a few seconds.
    name : str
        The free entries of the skew-symmetric A are the symbols name_1, name_2, ...

    Returns
    -------
    sympy.Matrix
        Every rotation except those with an eigenvalue -1, as its symbols take all real values.

    Raises
    ------
    ValueError
        For another size.

    >>> rotation(2, "u")[0, 1]
    2*u_1/(u_1**2 + 1)
    """
    size = _validation.integer("size", size, minimum=1, maximum=3)
    skew = sp.zeros(size, size)
    below_diagonal = [(i, j) for i in range(size) for j in range(i)]
    for n, (i, j) in enumerate(below_diagonal, start=1):
        skew[i, j] = sp.Symbol(f"{name}_{n}", real=True)
        skew[j, i] = -skew[i, j]
    identity = sp.eye(size)
    return ((identity - skew) * (identity + skew).inv()).applyfunc(sp.factor)


def layers_after_step(
    widths: Sequence[int], spectra: Sequence[Sequence[sp.Expr]] | None = None
) -> list[sp.Matrix]:
    """Take one gradient step from an aligned start and return the layers in the singular basis.

    The start is ``W^1 = S_1 V^T``, ``W^k = S_k``, ``W^L = U S_L`` with U and V from
    :func:`rotation`; inputs ``X = V diag(x_1, x_2, ...)`` and target
    ``Phi = U diag(s_1, s_2, ...)``, both aligned with it and otherwise free: the target may have
    directions that a narrow hidden layer cannot reach.

    Parameters
    ----------
    widths : sequence of int
        (d_0, ..., d_L); d_0 and d_L at most 3.
    spectra : sequence of L sequences, optional
        The diagonals of S_1, ..., S_L, each with min(widths) entries. Left out, the network is
        balanced: every layer holds ``lambda_1, lambda_2, ...``

    Returns
    -------
    list of sympy.Matrix
        ``W^1 V``, W^2, ..., ``U^T W^L`` after the step (for L = 1: ``U^T W^1 V``), simplified.

    Raises
    ------
    ValueError
        For widths outside these bounds or spectra of other lengths.

    Notes
    -----
    Paper, Appendix A, eqs. (28)-(36).

    >>> layers_after_step((1, 1))
    [Matrix([[-eta*lambda_1*x_1**2 + eta*s_1*x_1 + lambda_1]])]
    """
    widths = _validation.widths(widths)
    smallest, reach = min(widths), min(widths[0], widths[-1])
    if spectra is None:
        spectra = [sp.symbols(f"lambda_1:{smallest + 1}", positive=True)] * (len(widths) - 1)
    lengths = [len(spectrum) for spectrum in spectra]
    if lengths != [smallest] * (len(widths) - 1):
        raise ValueError(
            f"spectra must hold {len(widths) - 1} sequences of min(widths) = {smallest} entries, "
            f"got lengths {lengths}"
        )
    left, right = rotation(widths[-1], "u"), rotation(widths[0], "v")
    diagonals = [
        *(
            _padded(d_out, d_in, d)
            for (d_in, d_out), d in zip(pairwise(widths), spectra, strict=True)
        ),
        _padded(widths[0], widths[0], sp.symbols(f"x_1:{widths[0] + 1}", nonnegative=True)),
        _padded(widths[-1], widths[0], sp.symbols(f"s_1:{reach + 1}", nonnegative=True)),
    ]
    # Over a field of rational functions every sum and product is reduced at once, which is a
    # hundred times faster than simplifying the result.
    symbols = set().union(*(matrix.free_symbols for matrix in (left, right, *diagonals)), {eta})
    field = sp.QQ.frac_field(*sorted(symbols, key=str))
    left, right, *weights, inputs, target = (
        DomainMatrix.from_Matrix(matrix).convert_to(field) for matrix in (left, right, *diagonals)
    )
    weights[0] = weights[0] * right.transpose()
    weights[-1] = left * weights[-1]
    gradients = gradients_by_formula(weights, right * inputs, left * target)
    rate = field.from_sympy(eta)
    stepped = [w - g * rate for w, g in zip(weights, gradients, strict=True)]
    stepped[0] = stepped[0] * right
    stepped[-1] = left.transpose() * stepped[-1]
    return [layer.to_Matrix() for layer in stepped]


def _padded(rows, columns, diagonal):
    matrix = sp.zeros(rows, columns)
    for i, entry in enumerate(diagonal):
        matrix[i, i] = entry
    return matrix


def entries_off_balance(layers: Layers) -> int:
    """Count the entries by which layers in the singular basis differ from one padded diagonal.

    Parameters
    ----------
    layers : sequence of sympy.Matrix
        As returned by :func:`layers_after_step`.

    Returns
    -------
    int
        Nonzero entries off the diagonal, and diagonal entries unlike those of the first layer.

    >>> entries_off_balance([sp.Matrix([[2, 0], [0, 3]]), sp.Matrix([[2, 1], [0, 4]])])
    2
    """
    first = layers[0]
    smallest = min(min(layer.shape) for layer in layers)
    count = 0
    for layer in layers:
        for i, j in product(range(layer.rows), range(layer.cols)):
            expected = first[i, i] if i == j and i < smallest else 0
            count += sp.expand(layer[i, j] - expected) != 0
    return count


def recursion_step(depth: sp.Expr = L) -> sp.Expr:
    """Derive ``lambda - eta x lambda^(L-1) (x lambda^L - s)`` from the loss of one direction.

    One layer's singular value is varied, the other L - 1 stay at lambda: the loss of the direction
    is then ``1/2 (x lambda^(L-1) w - s)^2``, and its derivative is taken at ``w = lambda``.

    Parameters
    ----------
    depth : sympy expression or int
        The symbol :data:`L` unless given.

    >>> recursion_step(1)
    -eta*x*(lambda*x - s) + lambda
    """
    w = sp.Symbol("w", positive=True)
    loss = (x * lam ** (depth - 1) * w - s) ** 2 / 2
    return lam - eta * sp.powsimp(sp.diff(loss, w).subs(w, lam))


def slope_at_target() -> sp.Expr:
    """Slope of the recursion (x = 1) at its fixed point ``lambda = s^(1/L)``, symbolic L.

    >>> slope_at_target().subs(s, 1)
    -L*eta + 1
    """
    slope = sp.diff(recursion_step().subs(x, 1), lam).subs(lam, s ** (1 / L))
    return sp.collect(sp.expand(sp.powsimp(sp.expand(slope))), eta)


def slope_at_zero(depth: int) -> sp.Expr:
    """Slope of the recursion (x = 1) at ``lambda = 0``.

    Parameters
    ----------
    depth : int
        L >= 1; a number, because ``0^(L-2)`` needs one.

    Raises
    ------
    ValueError
        If `depth` is not an integer >= 1.

    >>> [slope_at_zero(depth) for depth in (1, 2, 3)]
    [1 - eta, eta*s + 1, 1]
    """
    depth = _validation.integer("depth", depth, minimum=1)
    return sp.diff(recursion_step(depth).subs(x, 1), lam).expand().subs(lam, 0)


def target_zero_flow() -> sp.Expr:
    """Solve the flow ``d lambda / d tau = -lambda^(2L-1)`` of a direction with target 0, L >= 2.

    Separates the variables: ``tau`` is the integral of ``lambda^(1-2L)`` from lambda(tau) to the
    start, the symbol ``lambda_0``.

    >>> target_zero_flow().subs(L, 2)
    1/sqrt(2*tau + lambda_0**(-2))
    """
    p = sp.Symbol("p", positive=True)  # 2L - 2; SymPy has to know that it is positive
    start, end = sp.symbols("lambda_0 lambda_end", positive=True)
    elapsed = sp.integrate(lam ** (-p - 1), (lam, end, start))
    inverse_power = sp.Symbol("y", positive=True)  # end^(-p)
    (solution,) = sp.solve(sp.expand(elapsed).subs(end ** (-p), inverse_power) - tau, inverse_power)
    return (solution ** (-1 / p)).subs(p, 2 * L - 2)


def inverse_power_increment() -> sp.Expr:
    """Expand ``lambda_{t+1}^(-p) - lambda_t^(-p)``, p = 2L-2, of the recursion with target 0.

    The increment is ``((1 - eta z)^(-p) - 1) / z`` with ``z = lambda_t^p``; returned are its first
    two terms in z, in the symbols ``p`` and ``z``.

    >>> inverse_power_increment()
    eta**2*p*z*(p + 1)/2 + eta*p
    """
    p, z = sp.symbols("p z", positive=True)
    increment = ((1 - eta * z) ** (-p) - 1) / z
    terms = sp.series(increment, z, 0, 2).removeO().as_ordered_terms()
    return sum(sp.factor(term) for term in terms)
