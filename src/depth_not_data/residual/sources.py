"""Directions in parameter space that feed one kind of function: where constants come from."""

import torch

from depth_not_data.residual import activations
from depth_not_data.residual.network import Student


def constants_in_w2(student: Student) -> torch.Tensor:
    """Return directions in ``W_2`` that feed constants: an output times mean hidden activations.

    Parameters
    ----------
    student : Student
        With all parts trained, none frozen.

    Returns
    -------
    torch.Tensor, float64, shape (P, N D)
        Orthonormal columns in the order of the Hessian's rows; block by block, and within a block
        output by output.

    Raises
    ------
    ValueError
        If a part is frozen, or normalisation does not come behind the perceptron or is absent.

    Examples
    --------
    >>> from depth_not_data.residual.network import train_student
    >>> constants_in_w2(train_student(3, 2, seed=0, steps=0, n_samples=5)).shape
    torch.Size([156, 6])
    """
    parameters = dict(student.model.named_parameters())
    if not all(p.requires_grad for p in parameters.values()):
        raise ValueError("student must have no frozen part, got one")
    offset = dict(zip(parameters, _starts(p.numel() for p in parameters.values()), strict=True))
    h, size = student.inputs, sum(p.numel() for p in parameters.values())
    columns = []
    for b, block in enumerate(student.model.blocks):
        if block.placement == "pre":
            raise ValueError("student must not normalise before the perceptron, got 'pre'")
        hidden = _mean_hidden(block, h)
        for output in range(h.shape[1]):
            column = torch.zeros(size, dtype=torch.float64)
            start = offset[f"blocks.{b}.w2"] + output * len(hidden)
            column[start : start + len(hidden)] = hidden / hidden.norm()
            columns.append(column)
        h = block(h).detach()
    return torch.stack(columns, dim=1)


def _starts(sizes):
    total = 0
    for size in sizes:
        yield total
        total += size


def _mean_hidden(block, h):
    """Mean over the samples of the hidden activations."""
    if block.rotation is not None:
        h = h @ block.rotation.T
    z = torch.nn.functional.linear(h, block.w1, block.b1)
    return activations.FUNCTIONS[block.activation](z).mean(0).detach()
