"""One command for any PyTorch module: the leading eigenvectors of its loss Hessian, each named."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from depth_not_data import _validation
from depth_not_data.spectra import gaps
from depth_not_data.which_functions import kinds, lanczos
from depth_not_data.which_functions.derivatives import Derivatives

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COUNT = 20


@dataclass(frozen=True, repr=False)
class Result:
    """Leading eigenpairs of a loss Hessian, and what their eigenvectors are.

    Attributes
    ----------
    eigenvalues : numpy.ndarray, float64, shape (k,)
        Descending.
    residuals : numpy.ndarray, float64, shape (k,)
        ``|H v - lambda v|``: an eigenvalue lies within this distance of the one given.
    vectors : Tensor, shape (k, P)
        The eigenvectors v, unit rows in the order of the trained ``named_parameters()``; of equal
        eigenvalues, some basis of their space.
    functions : pandas.DataFrame
        A row an eigenpair, by rank: share of constants, linear and quadratic functions of the
        input, and of the rest, in the mean square of the change ``J v`` of the output. Rows add to
        1; NaN where the output does not change.
    parameters : pandas.DataFrame
        A row an eigenpair: share of each group of parameters in the squared length of v. Rows add
        to 1.
    from_change : numpy.ndarray, float64, shape (k,)
        Share of the eigenvalue that the change of the output explains (Gauss-Newton part); the
        rest comes from the second derivative of the output, which vanishes with the loss's slope.
    chance : pandas.Series
        What share of a random function each kind would get at these inputs.
    gaps : tuple of int
        Ranks k with ``lambda_k / lambda_(k+1) >= 1.25``, both positive.
    meaning : str
        What linear and quadratic mean for these inputs.
    products : int
        Products with the Hessian that were used.
    """

    eigenvalues: np.ndarray
    residuals: np.ndarray
    vectors: Tensor
    functions: pd.DataFrame
    parameters: pd.DataFrame
    from_change: np.ndarray
    chance: pd.Series
    gaps: tuple[int, ...]
    meaning: str
    products: int

    @property
    def clusters(self) -> pd.DataFrame:
        """Mean shares between two gaps: these do not depend on the basis of equal eigenvalues."""
        edges = [0, *self.gaps, len(self.eigenvalues)]
        both = pd.concat([self.functions, self.parameters], axis=1)
        ranges = [(a, b) for a, b in pairwise(edges) if b > a]
        names = pd.Index([f"{a + 1} to {b}" for a, b in ranges], name="ranks")
        return pd.DataFrame([both.iloc[a:b].mean() for a, b in ranges], index=names)

    def plot(self) -> "Figure":
        """Draw eigenvalues, shares of functions and shares of parameters, one above the other.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from depth_not_data.which_functions import picture

        return picture.three_panels(self.eigenvalues, self.functions, self.parameters, self.gaps)

    def __repr__(self):
        lines = ["rank  eigenvalue  residual  function          parameters"]
        for k, value in enumerate(self.eigenvalues):
            kind, group = (table.iloc[k] for table in (self.functions, self.parameters))
            named = "none" if kind.isna().any() else f"{kind.max():4.0%} {kind.idxmax()}"
            lines.append(
                f"{k + 1:4d}  {value:10.4g}  {self.residuals[k]:8.1e}  {named:16s}  "
                f"{group.max():4.0%} {group.idxmax()}"
            )
            if k + 1 in self.gaps:
                lines.append("      " + "-" * 20 + " gap")
        return "\n".join([*lines, self.meaning])


def which_functions(
    model: nn.Module,
    inputs: Tensor | tuple[Tensor, ...],
    loss: Callable[[Tensor], Tensor],
    *,
    count: int | None = None,
    batch_dim: int = 0,
    features: Tensor | None = None,
    groups: Callable[[str], str] | None = None,
    tolerance: float | None = None,
    max_products: int = 5000,
) -> Result:
    """Leading eigenpairs of the loss Hessian of any module, and which functions they are.

    Parameters
    ----------
    model : torch.nn.Module
        Stays as it is: parameters, gradients, buffers, mode. It is run in the mode it is in, which
        must not be random (``model.eval()`` if there is dropout), and returns one tensor.
        Parameters that require no gradient are constants; the others are all float32 or all
        float64, on one device.
    inputs : Tensor or tuple of Tensor
        What the model is called with; all inputs that the loss is taken over.
    loss : callable
        Maps the model's output to a scalar, for instance ``lambda out: mse_loss(out, targets)``;
        a penalty on the weights has no place in it, and is refused.
    count : int, optional
        How many eigenpairs, 1 to P, the number of trained parameters. 20, or P if that is fewer.
    batch_dim : int
        The dimension of input and output that counts the examples: 1 for sequence models that are
        not batch-first.
    features : Tensor, optional
        What the functions are functions of, in place of the (first) input: the same examples along
        `batch_dim`. All numbers of an example are flattened (see the module ``kinds``).
    groups : callable, optional
        Maps the name of a parameter to the name of its group; by default each is its own.
    tolerance : float, optional
        Largest residual over the largest eigenvalue, 1e-8 for float64, 1e-4 for float32.
    max_products : int
        Products with the Hessian that the search may use.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If an argument is not of this form; the message names it.
    MemoryError
        If graph or eigenvectors do not fit; the message says what to take fewer of.
    depth_not_data.which_functions.lanczos.NotConverged
        If eigenpairs do not reach the tolerance.

    Notes
    -----
    Products with the Hessian are reverse over reverse; the Hessian itself is never formed. Memory
    is that of a few gradients' graphs over all inputs and of some ``2 (2 count + 20)`` vectors.

    Examples
    --------
    A linear map of inputs whose second moments are 4 and 1, with a bias:

    >>> x = torch.tensor([[2.0, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]]).double().repeat(3, 1)
    >>> model = nn.Linear(2, 1).double()
    >>> found = which_functions(model, x, lambda out: (out - x[:, :1]).square().mean())
    >>> found.eigenvalues.round(6).tolist()
    [8.0, 2.0, 2.0]
    >>> found.functions.round(6).iloc[0].tolist(), found.parameters.round(6).iloc[0].tolist()
    ([0.0, 1.0, 0.0, 0.0], [1.0, 0.0])
    """
    max_products = _validation.integer("max_products", max_products, minimum=1)
    if features is not None and not isinstance(features, Tensor):
        raise ValueError(f"features must be a tensor, got {type(features).__name__}")
    if groups is not None and not callable(groups):
        raise ValueError(f"groups must map a parameter's name to its group's, got {groups!r}")
    given = Derivatives(model, inputs, loss)
    if count is not None:
        count = _validation.integer(
            "count", count, minimum=1, maximum=given.size, limit="number of trained parameters"
        )
    if tolerance is None:
        tolerance = lanczos.TOLERANCE[given.dtype]
    tolerance = _validation.number("tolerance", tolerance, above=0.0, below=1.0)
    outputs = kinds.rows("the model's output", given.output, batch_dim)
    name, shown = ("inputs", given.inputs[0]) if features is None else ("features", features)
    kinds.rows(name, shown, batch_dim)
    basis = kinds.kinds(shown, batch_dim)
    if len(basis.parts[0]) != len(outputs):
        raise ValueError(
            f"{name} must have as many examples along batch_dim = {batch_dim} as the model's "
            f"output, {len(outputs)}, got {len(basis.parts[0])}"
        )
    start = torch.zeros(given.size, dtype=given.dtype, device=given.device)
    pairs = lanczos.leading(
        given.hessian,
        start,
        count or min(COUNT, given.size),
        tolerance=tolerance,
        max_products=max_products,
    )
    if not pairs.values.any():
        raise ValueError("loss must be curved in the parameters, got one whose Hessian is zero")
    return _named(given, pairs, basis, batch_dim, groups or str)


def _named(given, pairs, basis, batch_dim, groups):
    """Put together the tables."""
    values = pairs.values.numpy()
    rank = pd.RangeIndex(1, len(values) + 1, name="rank")
    changes, explained = [], []
    for vector in pairs.vectors:
        change = given.change(vector)
        explained.append(given.curvature(change))
        changes.append(kinds.rows("output", change, batch_dim).double())
    changes = torch.stack(changes)
    sizes = changes.square().sum((1, 2)).sqrt()
    # A step along a null vector changes the output by round-off, which is no function.
    nothing = sizes <= torch.finfo(given.dtype).eps ** 0.5 * sizes.max()
    functions = basis.shares(changes)
    functions[nothing] = torch.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        from_change = np.array(explained) / values
    positive = values[: np.argmax(values <= 0) if (values <= 0).any() else len(values)]
    ranks = gaps.wide_gaps(gaps.neighbour_ratios(positive)) if len(positive) > 1 else ()
    return Result(
        eigenvalues=values,
        residuals=pairs.residuals.numpy(),
        vectors=pairs.vectors,
        functions=pd.DataFrame(functions.numpy(), index=rank, columns=list(kinds.KINDS)),
        parameters=_parameters(given, pairs.vectors, groups).set_index(rank),
        from_change=from_change,
        chance=pd.Series(basis.chance(), index=list(kinds.KINDS), name="chance"),
        gaps=tuple(int(k) for k in ranks),
        meaning=basis.text(),
        products=pairs.products,
    )


def _parameters(given, vectors, groups):
    """Return the share of each group in the squared length of each vector."""
    squares = vectors.double().cpu().square()
    pieces = (squares / squares.sum(1, keepdim=True)).split(list(given.parameters.values()), dim=1)
    shares = {}
    for name, piece in zip(given.parameters, pieces, strict=True):
        group = groups(name)
        if not isinstance(group, str):
            raise ValueError(f"groups must return a string for each name, got {group!r}")
        shares[group] = shares.get(group, 0.0) + piece.sum(1).numpy()
    return pd.DataFrame(shares)
