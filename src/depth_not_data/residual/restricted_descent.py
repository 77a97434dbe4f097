"""Gradient descent whose updates are projected on an eigenspace of the Hessian at its start.

Three descents run side by side: in all directions, in the N^2 leading eigenvectors, and in all
others. The step is one over the largest eigenvalue. For the residual network with a LayerNorm
behind each block.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.network import Student, train_student

TASKS = ("start", "late", "linear", "quadratic", "small linear")


def five_students(
    n_embd: int, n_block: int, *, seed: int, steps: int = 2000, n_samples: int = 500
) -> dict[str, Student]:
    """One student with five tasks: two of its own training, three small changes of its outputs.

    Parameters
    ----------
    n_embd, n_block, seed, n_samples : int
        As in :func:`depth_not_data.residual.network.train_student`.
    steps : int
        Steps of Adam before all tasks but "start".

    Returns
    -------
    dict of str to Student
        "start" untrained and "late" trained, with the teacher's outputs as targets; "linear",
        "quadratic" and "small linear": the trained student with its own outputs plus a linear map,
        a quadratic form of mean zero, and the linear map once more, root mean square 0.1, 0.1 and
        0.01. Changes have no mean over the outputs, which a LayerNorm could not move.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> students = five_students(3, 1, seed=0, steps=1, n_samples=20)
    >>> linear = students["linear"]
    >>> change = linear.targets - linear.model(linear.inputs)
    >>> round(change.square().mean().sqrt().item(), 12)
    0.1
    """
    options = {"seed": seed, "n_samples": n_samples, "progress": False}
    start = train_student(n_embd, n_block, steps=0, **options)
    late = train_student(n_embd, n_block, steps=steps, **options)
    linear, quadratic = _changes(late.inputs, torch.Generator().manual_seed(1000 + seed))
    changed = [_shifted(late, *change) for change in ((linear, 0.1), (quadratic, 0.1))]
    return dict(zip(TASKS, [start, late, *changed, _shifted(late, linear, 0.01)], strict=True))


def _changes(x, generator):
    """Values of a random linear map and of random quadratic forms of mean zero."""
    n = x.shape[1]
    a = torch.randn(n, n, generator=generator, dtype=torch.float64)
    q = torch.randn(n, n, n, generator=generator, dtype=torch.float64)
    return x @ a.T, torch.einsum("aij,ni,nj->na", q, x, x) - torch.einsum("aii->a", q)


def _shifted(student, change, size):
    change = change - change.mean(1, keepdim=True)
    outputs = student.model(student.inputs).detach()
    return replace(student, targets=outputs + size * change / change.square().mean().sqrt())


def eigenspaces(student: Student) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Largest eigenvalue of a student's Hessian, its N^2 leading eigenvectors, and the others.

    Returns
    -------
    tuple of float and two torch.Tensor, shapes (P, N^2) and (P, P - N^2)
        Orthonormal columns, ascending in their eigenvalues.
    """
    values, vectors = torch.linalg.eigh(residual_hessian.hessian(student))
    n_leading = student.inputs.shape[1] ** 2
    return values[-1].item(), vectors[:, -n_leading:], vectors[:, :-n_leading]


def descend(students: Sequence[Student], steps: int) -> np.ndarray:
    """Loss curves of the three descents, all students of one size at once.

    Parameters
    ----------
    students : sequence of Student
        Post-LN networks with ReLU, of one size and with one number of samples.
    steps : int
        Number of steps >= 1.

    Returns
    -------
    numpy.ndarray, float64, shape (3, number of students, steps + 1)
        All directions, the N^2 leading ones, the others.

    Raises
    ------
    ValueError
        If there is no student, `steps` is out of range, or a model is of another kind.
    """
    steps = _validation.integer("steps", steps, minimum=1)
    if not len(students):
        raise ValueError("students must hold at least one student, got none")
    sharpness, top, _ = zip(*map(eigenspaces, students), strict=True)
    top, lr = torch.stack(top), 1.0 / torch.tensor(sharpness, dtype=torch.float64)[:, None]
    runs = list(students) * 3
    groups = zip(*(s.model.parameters() for s in runs), strict=True)
    weights = [torch.stack([p.detach() for p in group]).requires_grad_() for group in groups]
    inputs, targets = (torch.stack([getattr(s, k) for s in runs]) for k in ("inputs", "targets"))
    if len(weights) % 4 or not torch.allclose(
        _outputs(weights, inputs)[0], runs[0].model(inputs[0])
    ):
        raise ValueError("students must be post-LN networks with ReLU and without other biases")
    curves = np.empty((len(runs), steps + 1))
    for t in range(steps + 1):
        losses = (_outputs(weights, inputs) - targets).square().mean((1, 2))
        curves[:, t] = losses.detach().numpy()
        _step(weights, torch.autograd.grad(losses.sum(), weights), top, lr)
    return curves.reshape(3, len(students), -1)


def _outputs(weights, h):
    """Many networks at once: weights[i] has shape (runs, ...), h has shape (runs, samples, N)."""
    for b in range(len(weights) // 4):
        w1, w2, gain, bias = weights[4 * b : 4 * b + 4]
        h = functional.layer_norm(h + torch.relu(h @ w1.mT) @ w2.mT, (h.shape[2],))
        h = h * gain[:, None] + bias[:, None]
    return h


def _step(weights, gradients, top, lr):
    everything, *restricted = torch.cat([g.flatten(1) for g in gradients], 1).chunk(3)
    restricted = torch.stack(restricted, -1)  # (students, P, 2)
    inside = top @ (top.mT @ restricted)
    moved = [everything, inside[..., 0], restricted[..., 1] - inside[..., 1]]
    moved = torch.cat([lr * step for step in moved])
    with torch.no_grad():
        for w, step in zip(weights, moved.split([w[0].numel() for w in weights], 1), strict=True):
            w -= step.view_as(w)


def removed_by_quadratic_model(student: Student, steps: int) -> np.ndarray:
    """Loss that the three descents remove if the outputs are linear in the parameters.

    Parameters
    ----------
    student : Student
    steps : int
        Number of steps >= 1, each of one over the Hessian's largest eigenvalue.

    Returns
    -------
    numpy.ndarray, float64, shape (3,)
        ``sum_j gamma_j^2 / (2 Lambda_j) (1 - (1 - eta Lambda_j)^(2 t))`` over the eigenpairs of the
        outer-product part within all directions, the N^2 leading ones, and the others; gamma_j
        is the component of the gradient.

    Raises
    ------
    ValueError
        If `steps` is out of range.
    """
    steps = _validation.integer("steps", steps, minimum=1)
    sharpness, *spaces = eigenspaces(student)
    own = student.model(student.inputs)
    outer = residual_hessian.hessian(replace(student, targets=own.detach()))
    loss = functional.mse_loss(own, student.targets)
    gradient = torch.cat(
        [g.flatten() for g in torch.autograd.grad(loss, student.model.parameters())]
    )
    removed = []
    for space in (torch.eye(len(gradient), dtype=torch.float64), *spaces):
        values, vectors = torch.linalg.eigh(space.T @ outer @ space)
        gamma = vectors.T @ (space.T @ gradient)
        values = values.clamp(min=1e-12)  # a flat direction: the bracket cancels the division
        learnt = 1 - (1 - values / sharpness) ** (2 * steps)
        removed.append((gamma**2 / (2 * values) * learnt).sum().item())
    return np.array(removed)
