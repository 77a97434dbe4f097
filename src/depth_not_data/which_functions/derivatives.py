"""Derivatives of a PyTorch module along directions in its parameters, which stay as they are.

Products with the loss Hessian are gradients of ``gradient . v``, and changes of the output are
derivatives of ``J^T u`` by u: both reverse over reverse, because forward over reverse is wrong with
affine LayerNorm (torch 2.13). One forward pass and one gradient are kept; a product costs one more
pass backward through them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

# Largest relative difference of two evaluations, and of ``u . H v`` and ``v . H u``: round-off.
SAME = {torch.float64: 1e-8, torch.float32: 1e-3}


class Derivatives:
    """Hessian of a loss and Jacobian of the outputs, as products with flat vectors.

    Parameters
    ----------
    model : torch.nn.Module
        Its parameters that require gradients count, in the order of ``named_parameters()``. All
        float32 or all float64, on one device.
    inputs : Tensor or tuple of Tensor
        What the model is called with.
    loss : callable
        Maps the model's output to a scalar.

    Attributes
    ----------
    parameters : dict of str to int
        Name and number of entries of each parameter that counts.
    size : int
        Their sum, P.
    output : Tensor
        What the model returns.

    Raises
    ------
    ValueError
        If an argument is not of this form, the output is random, or the loss is not a finite scalar
        with second derivatives.
    MemoryError
        If there is not enough memory for the graph.
    ArithmeticError
        If the Hessian's products are not symmetric: a second derivative is wrong.
    """

    def __init__(self, model: nn.Module, inputs, loss: Callable[[Tensor], Tensor]):
        if not isinstance(model, nn.Module):
            raise ValueError(f"model must be a torch.nn.Module, got {type(model).__name__}")
        if not callable(loss):
            raise ValueError(f"loss must be a function of the model's output, got {loss!r}")
        self.model, self.loss = model, loss
        self.inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        if not self.inputs or not all(isinstance(x, Tensor) for x in self.inputs):
            kinds = ", ".join(type(x).__name__ for x in self.inputs) or "none"
            raise ValueError(f"inputs must be a tensor, or a tuple of tensors, got {kinds}")
        _refuse_unusable(self.inputs)
        self._point = _point(model)
        self.parameters = {name: p.numel() for name, p in self._point.items()}
        self.size = sum(self.parameters.values())
        first = next(iter(self._point.values()))
        self.dtype, self.device = first.dtype, first.device
        for x in self.inputs:
            if x.device != self.device:
                raise ValueError(f"inputs must be on {self.device}, as the model, got {x.device}")
        with exact_kernels(model), explained(self.size):
            self._record()
            self._check_symmetry()

    def hessian(self, vector: Tensor) -> Tensor:
        """Return ``H v``, shape (P,)."""
        return self._pull(self._gradient, vector)

    def change(self, vector: Tensor) -> Tensor:
        """Return ``J v``, what a unit step along v adds to the output; shape of the output."""
        pieces = self._pieces(vector)
        with exact_kernels(self.model), explained(self.size):
            return torch.autograd.grad(
                self._pulled, self._probe, pieces, retain_graph=True, materialize_grads=True
            )[0]

    def curvature(self, change: Tensor) -> float:
        """Second derivative of the loss along a change of the output."""
        product = torch.zeros_like(change)
        if self._slope.requires_grad:
            (product,) = torch.autograd.grad(
                self._slope, self._at, change, retain_graph=True, materialize_grads=True
            )
        return (product * change).sum().item()

    def _record(self):
        parameters = list(self._point.values())
        output = self._run()
        value = self._value(output)
        _refuse_own_parameters(value, self.model)
        with torch.no_grad():
            again = self._run()
        if (again - output).abs().max() > SAME[self.dtype] * output.abs().max():
            raise ValueError(
                "model must give the same output twice, got two that differ: is there dropout? "
                "Call model.eval() first"
            )
        self.output = output.detach()
        found = torch.autograd.grad(value, parameters, create_graph=True, allow_unused=True)
        if all(g is None for g in found):
            raise ValueError("loss must be computed from the model's output, got one that is not")
        self._gradient = _flat(found, parameters)
        _refuse_errors(self._gradient)
        self._probe = torch.zeros_like(output, requires_grad=True)
        self._pulled = torch.autograd.grad(
            output, parameters, self._probe, create_graph=True, materialize_grads=True
        )
        self._at = self.output.clone().requires_grad_()
        (self._slope,) = torch.autograd.grad(self.loss(self._at), self._at, create_graph=True)

    def _run(self):
        # Copies: BatchNorm writes into its buffers while it trains.
        buffers = {name: b.clone() for name, b in self.model.named_buffers()}
        output = functional_call(self.model, {**self._point, **buffers}, self.inputs)
        if not isinstance(output, Tensor) or output.dtype != self.dtype:
            kind = output.dtype if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(
                f"model must return one tensor of type {self.dtype}, as its parameters, got {kind}"
            )
        return output

    def _value(self, output):
        value = self.loss(output)
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_floating_point():
            raise ValueError(f"loss must return a scalar tensor, got {value!r}")
        if not torch.isfinite(value):
            raise ValueError(f"loss must be finite, got {value.item()}")
        if not value.requires_grad:
            raise ValueError("loss must be computed from the model's output, got one that is not")
        return value.reshape(())

    def _pull(self, gradient, vector):
        if not gradient.requires_grad:  # a loss linear in all parameters
            return torch.zeros_like(vector)
        parameters = list(self._point.values())
        with exact_kernels(self.model), explained(self.size):
            product = torch.autograd.grad(
                gradient, parameters, vector, retain_graph=True, materialize_grads=True
            )
        return _flat(product, parameters)

    def _pieces(self, vector):
        pieces = vector.split(list(self.parameters.values()))
        return [v.view(p.shape) for v, p in zip(pieces, self._point.values(), strict=True)]

    def _check_symmetry(self):
        generator = torch.Generator().manual_seed(1)
        u, v = torch.randn(2, self.size, generator=generator, dtype=torch.float64)
        u, v = (x.to(self.device, self.dtype) for x in (u, v))
        left, right = self.hessian(u), self.hessian(v)
        scale = left.norm() * v.norm() + right.norm() * u.norm()
        if not torch.isfinite(scale):
            raise ArithmeticError("the Hessian has NaN or infinity in a product with a vector")
        if (left @ v - right @ u).abs() > SAME[self.dtype] * scale:
            raise ArithmeticError(
                "the Hessian is not symmetric: the model has an operation whose second derivative "
                "is wrong"
            )


def _point(model):
    """Return leaves that share memory with the parameters that count, by name."""
    point = {n: p.detach().requires_grad_() for n, p in model.named_parameters() if p.requires_grad}
    if not any(p.numel() for p in point.values()):
        raise ValueError("model must have a parameter that requires a gradient, got none")
    for name, p in point.items():
        if not torch.isfinite(p).all():
            raise ValueError(f"model must have finite parameters, got NaN or infinity in {name}")
    kinds = {(str(p.dtype), str(p.device)) for p in point.values()}
    if len(kinds) > 1 or next(iter(point.values())).dtype not in SAME:
        raise ValueError(
            "model must have parameters all float32 or all float64, on one device, "
            f"got {', '.join(sorted(f'{dtype} on {device}' for dtype, device in kinds))}"
        )
    return point


def _refuse_unusable(inputs):
    """Find what no result can come of; further inputs may be infinite, as a mask is."""
    for x in inputs:
        if not x.numel():
            raise ValueError(f"inputs must not be empty, got shape {tuple(x.shape)}")
        if x.is_complex():
            raise ValueError(f"inputs must be real, got {x.dtype}")
        if x.isnan().any():
            raise ValueError("inputs must be numbers, got NaN among them")
    if not torch.isfinite(inputs[0]).all():
        raise ValueError("inputs must be finite, got infinity among them")


def _flat(tensors, like):
    pieces = [torch.zeros_like(p) if t is None else t for t, p in zip(tensors, like, strict=True)]
    return torch.cat([piece.reshape(-1) for piece in pieces])


def _graph(tensor):
    """Every node of the graph that a tensor was computed by."""
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions]
    return seen


def _refuse_errors(gradient):
    """Find what ``once_differentiable`` leaves in a graph: its derivative would be zero."""
    if any(node.name().split("::")[-1] == "Error" for node in _graph(gradient)):
        raise ValueError(
            "model must be differentiable twice, got an operation that is marked as "
            "once_differentiable"
        )


def _refuse_own_parameters(value, model):
    """Find parameters of the model itself in the graph: derivatives by them would be left out."""
    own = {id(p) for p in model.parameters()}
    if any(id(getattr(node, "variable", None)) in own for node in _graph(value)):
        raise ValueError(
            "loss must depend on the parameters through the model's output alone, got one that "
            "takes them from the model: is there a penalty on the weights?"
        )


@contextmanager
def exact_kernels(model: nn.Module) -> Iterator[None]:
    """Kernels that can be differentiated twice; random numbers and settings stay as they were.

    Fused attention, the fast path of ``nn.TransformerEncoder`` and cuDNN's recurrent layers have no
    second derivative.
    """
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=sorted(devices, key=str)))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.enter_context(torch.enable_grad())
        if any(isinstance(module, nn.RNNBase) for module in model.modules()):
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        torch.backends.mha.set_fastpath_enabled(False)
        yield


@contextmanager
def explained(size: int) -> Iterator[None]:
    """Say what to do where torch runs out of memory or knows no second derivative."""
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        text = str(error)
        if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in text:
            raise MemoryError(
                f"not enough memory for the Hessian's products of {size} parameters: "
                f"take fewer inputs ({text.splitlines()[0]})"
            ) from error
        if "derivative for" in text or "not implemented" in text:
            raise ValueError(
                f"model must be differentiable twice, got an operation that is not: {text}"
            ) from error
        raise
