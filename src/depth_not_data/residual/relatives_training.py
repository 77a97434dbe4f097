"""Training and spectra of the networks in :mod:`depth_not_data.residual.relatives`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn import datasets
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from depth_not_data import _validation
from depth_not_data.residual import _training, relatives, stored_runs, sweeps
from depth_not_data.spectra import autograd

INPUTS = ("gaussian", "digits", "text")
# Descriptions of data sets that scikit-learn ships, as letters and spaces.
TEXTS = ("digits", "iris", "wine", "breast_cancer")
LETTERS = " abcdefghijklmnopqrstuvwxyz"
TARGETS = ("teacher", "labels")
LOSSES = ("squared", "cross-entropy")


@dataclass(frozen=True)
class Task:
    """What a network is trained on, and how.

    Attributes
    ----------
    inputs : {"gaussian", "digits", "text"}
        Standard Gaussian; the leading principal components of the digits, each of variance 1; or
        stretches of text, each letter and its place as one-hot vectors.
    targets : {"teacher", "labels"}
        Outputs of a network of the same architecture, or one-hot vectors: digits, next letters.
    loss : {"squared", "cross-entropy"}
        Mean over samples and outputs of the squared error, or mean cross-entropy with the softmax
        of the teacher's outputs.
    n_tokens : int
        Tokens T of an input; 0 for inputs without tokens.
    n_samples, steps : int
        Full-batch steps of Adam.
    lr : float
    fixed : bool
        Whether batch norms have fixed statistics when the Hessian is taken.
    """

    inputs: str = "gaussian"
    targets: str = "teacher"
    loss: str = "squared"
    n_tokens: int = 0
    n_samples: int = 400
    steps: int = 300
    lr: float = 0.003
    fixed: bool = False

    def __post_init__(self):
        _validation.choice("inputs", self.inputs, INPUTS)
        _validation.choice("targets", self.targets, TARGETS)
        _validation.choice("loss", self.loss, LOSSES)
        _validation.integer("n_tokens", self.n_tokens, minimum=0)
        _training.run_length(0, self.steps, self.n_samples)
        _validation.number("lr", self.lr, above=0.0)


@dataclass(frozen=True)
class Trained:
    """A trained network with the data it was trained on.

    Attributes
    ----------
    model : depth_not_data.residual.relatives.Relative
    inputs, targets : torch.Tensor
    task : Task
    loss_history : numpy.ndarray
        Loss before the first and after the last step.
    """

    model: relatives.Relative
    inputs: torch.Tensor = field(repr=False)
    targets: torch.Tensor = field(repr=False)
    task: Task
    loss_history: np.ndarray = field(repr=False)

    def loss(self) -> torch.Tensor:
        """Loss at the present weights."""
        return _loss(self.task, self.model(self.inputs), self.targets)


@dataclass(frozen=True)
class Leading:
    """Largest eigenvalues of one trained network's Hessian.

    Attributes
    ----------
    n_embd, n_block, seed : int
    eigenvalues : numpy.ndarray, shape (count,) or (P,)
        Descending.
    residuals : numpy.ndarray
        ``|H v - lambda v|`` of each unit eigenvector, a bound on the error of lambda; empty if all
        eigenvalues come from the dense Hessian.
    shares : dict of str to numpy.ndarray
        Share of each eigenvector's square in the parameters of each name (last part).
    loss_history : numpy.ndarray
    """

    n_embd: int
    n_block: int
    seed: int
    eigenvalues: np.ndarray = field(repr=False)
    residuals: np.ndarray = field(repr=False)
    shares: dict = field(repr=False)
    loss_history: np.ndarray = field(repr=False)


def train(n_embd: int, n_block: int, *, seed: int, task: Task | None = None, **architecture):
    """Train a relative; teacher, student and inputs are drawn in this order from one generator.

    Parameters
    ----------
    n_embd, n_block, **architecture
        As in :class:`depth_not_data.residual.relatives.Relative`.
    seed : int
        >= 0.
    task : Task, optional
        Teacher and student on Gaussian inputs by default.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> found = train(4, 1, seed=0, task=Task(n_samples=30, steps=20), norm="group", n_groups=2)
    >>> bool(found.loss_history[-1] < found.loss_history[0])
    True
    """
    seed = _validation.integer("seed", seed, minimum=0)
    task = Task() if task is None else task
    generator = torch.Generator().manual_seed(seed)
    teacher = relatives.Relative(n_embd, n_block, generator=generator, **architecture).eval()
    model = relatives.Relative(n_embd, n_block, generator=generator, **architecture)
    width = architecture.get("n_in") or n_embd
    inputs, labels = _data(task, width, generator)
    with torch.no_grad():
        targets = teacher(inputs) if task.targets == "teacher" else labels
        if task.loss == "cross-entropy" and task.targets == "teacher":
            targets = targets.softmax(-1)
    history = _descend(model, inputs, targets, task)
    model.eval()
    if task.fixed:
        model.fix_statistics(inputs)
    return Trained(model, inputs, targets, task, history)


def _data(task, width, generator):
    if task.inputs == "digits":
        images, labels = datasets.load_digits(return_X_y=True)
        images = images - images.mean(axis=0)
        left = np.linalg.svd(images, full_matrices=False)[0][:, :width] * np.sqrt(len(images))
        chosen = torch.randperm(len(images), generator=generator)[: task.n_samples]
        one_hot = functional.one_hot(torch.from_numpy(labels)).double()
        return torch.from_numpy(left)[chosen], one_hot[chosen]
    if task.inputs == "text":
        return _stretches(task, generator)
    tokens = (task.n_tokens,) if task.n_tokens else ()
    shape = (task.n_samples, *tokens, width)
    return torch.randn(shape, generator=generator, dtype=torch.float64), None


def text() -> str:
    """Text of the language model: letters and single spaces, lower case.

    >>> set(text()) <= set(LETTERS)
    True
    """
    described = " ".join(getattr(datasets, f"load_{name}")().DESCR for name in TEXTS)
    return re.sub("[^a-z]+", " ", described.lower())


def _stretches(task, generator):
    numbers = torch.tensor([LETTERS.index(letter) for letter in text()])
    last = len(numbers) - task.n_tokens
    starts = torch.randint(last, (task.n_samples, 1), generator=generator)
    places = starts + torch.arange(task.n_tokens)
    letters = functional.one_hot(numbers, len(LETTERS)).double()
    where = torch.eye(task.n_tokens, dtype=torch.float64).expand(task.n_samples, -1, -1)
    return torch.cat([letters[places], where], dim=-1), letters[places + 1]


def _loss(task, outputs, targets):
    if task.loss == "squared":
        return functional.mse_loss(outputs, targets)
    return -(targets * outputs.log_softmax(-1)).sum(-1).mean()


def _descend(model, inputs, targets, task):
    optimiser = torch.optim.Adam(model.parameters(), lr=task.lr, fused=True)
    history = []
    for step in range(task.steps + 1):
        loss = _loss(task, model(inputs), targets)
        if step in (0, task.steps):
            history.append(loss.item())
        if step < task.steps:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    model.zero_grad()
    return np.array(history)


def leading_pairs(loss: torch.Tensor, named: dict, count: int):
    """Largest eigenvalues of a Hessian with residuals, and where their eigenvectors lie.

    Parameters
    ----------
    loss : torch.Tensor
        A float64 scalar, computed from the parameters.
    named : dict of str to torch.Tensor
        The parameters by name.
    count : int
        How many eigenvalues, from 1 to P - 1.

    Returns
    -------
    eigenvalues, residuals : numpy.ndarray, shape (count,)
        Descending; a residual ``|H v - lambda v|``, computed with one more product, bounds the
        distance to the nearest eigenvalue.
    shares : dict of str to numpy.ndarray
        By the last part of the names; they add to 1 over the names.

    Raises
    ------
    ValueError
        If `count` is outside its range.

    Examples
    --------
    >>> point = torch.ones(3, dtype=torch.float64, requires_grad=True)
    >>> loss = (torch.tensor([1.0, 3.0, 5.0]) * point**2).sum()
    >>> values, residuals, shares = leading_pairs(loss, {"a.x": point}, 2)
    >>> values.round(12), bool(residuals.max() < 1e-12), shares["x"].round(12)
    (array([10.,  6.]), True, array([1., 1.]))
    """
    free = list(named.values())
    size = sum(parameter.numel() for parameter in free)
    count = _validation.integer("count", count, minimum=1, maximum=size - 1)
    gradient = parameters_to_vector(autograd.derivatives("loss", loss, free))

    def multiply(vector):
        direction = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        product = torch.autograd.grad(
            gradient, free, direction, retain_graph=True, materialize_grads=True
        )
        return parameters_to_vector([p.contiguous() for p in product]).numpy()

    start = np.random.default_rng(0).standard_normal(size)
    operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
    values, vectors = eigsh(operator, k=count, which="LA", v0=start)
    values, vectors = values[::-1], vectors[:, ::-1]
    residuals = [
        np.linalg.norm(multiply(v) - value * v) for value, v in zip(values, vectors.T, strict=True)
    ]
    ends = np.cumsum([0] + [p.numel() for p in free])
    shares = {}
    for name, first, last in zip(named, ends, ends[1:], strict=False):
        share = (vectors[first:last] ** 2).sum(axis=0)
        kind = name.rsplit(".", 1)[-1]
        shares[kind] = shares.get(kind, 0.0) + share
    return values.copy(), np.array(residuals), shares


def whole_spectrum(trained: Trained) -> np.ndarray:
    """All eigenvalues of the Hessian of a trained network's loss, descending.

    >>> whole_spectrum(train(2, 1, seed=0, task=Task(n_samples=20, steps=5))).shape
    (36,)
    """
    names, values = zip(*trained.model.named_parameters(), strict=True)

    def loss(parameters):
        weights = dict(zip(names, parameters, strict=True))
        outputs = torch.func.functional_call(trained.model, weights, (trained.inputs,))
        return _loss(trained.task, outputs, trained.targets)

    return autograd.eigenvalues(autograd.dense_hessian(loss, [p.detach() for p in values]))


def relative_sweep(
    n_embd: int,
    n_block: int,
    seeds: Iterable[int],
    *,
    count: int | None = None,
    task: dict | None = None,
    n_jobs: int = -1,
    **architecture,
) -> list[Leading]:
    """Train a relative for every seed and return the spectra of their Hessians.

    Parameters
    ----------
    n_embd, n_block : int
        Width N and number of blocks D.
    seeds : iterable of int
    count : int, optional
        Only so many of the largest, by Lanczos; all by default, from a dense Hessian.
    task : dict, optional
        Arguments of :class:`Task`.
    n_jobs : int
        As in joblib.
    **architecture
        Of :class:`depth_not_data.residual.relatives.Relative`.

    Returns
    -------
    list of Leading
        In the order of `seeds`; stored by :func:`depth_not_data.residual.stored_runs.stored`.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = sweeps.checked([n_embd], [n_block], seeds, minimum_width=2)
    if count is not None:
        count = _validation.integer("count", count, minimum=1)
    options = dict(sorted(architecture.items()))
    return stored_runs.stored(_run, cases, count, Task(**(task or {})), options, n_jobs=n_jobs)


def _run(n_embd, n_block, seed, count, task, options, code):
    trained = train(n_embd, n_block, seed=seed, task=task, **options)
    if count is None:
        values, residuals, shares = whole_spectrum(trained), np.empty(0), {}
    else:
        named = dict(trained.model.named_parameters())
        values, residuals, shares = leading_pairs(trained.loss(), named, count)
    return Leading(n_embd, n_block, seed, values, residuals, shares, trained.loss_history)
