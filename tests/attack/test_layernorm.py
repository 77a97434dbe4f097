"""Random searches that try to refute what Part III proves of networks with LayerNorm.

The searches vary width, number of blocks, samples, the size of all weights over three decades, and
gains and biases of any sign. Readings of the statements that were once in the book and are wrong
stand here too, each with the search that refutes it.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, target
from hypothesis import strategies as st
from strategies import SEARCH, orthogonal, rngs
from test_residual import gap, hold, tensor
from torch.nn import functional

from depth_not_data.residual import functions
from depth_not_data.spectra import autograd


@st.composite
def post_networks(draw, *, min_width=2, max_blocks=3):
    """Blocks (W_1, W_2, gain, bias) of any size of weights, with gains and biases of any sign."""
    n, depth = draw(st.integers(min_width, 5)), draw(st.integers(1, max_blocks))
    rng, size = draw(rngs()), 10.0 ** draw(st.floats(-2, 1))
    shapes = [(4 * n, n), (n, 4 * n)]
    return [
        [tensor(size * rng.standard_normal(shape)) for shape in shapes]
        + [tensor(rng.uniform(-2, 2, n)), tensor(rng.uniform(-2, 2, n))]
        for _ in range(depth)
    ]


def post_ln(blocks, h, *, normalised=False, activation=torch.relu):
    """Outputs of the network, or the last normalised state; nothing added under the root."""
    for w1, w2, gain, bias in blocks:
        y = functional.layer_norm(h + activation(h @ w1.T) @ w2.T, h.shape[1:], eps=0.0)
        h = gain * y + bias
    return y if normalised else h


def flattened(blocks):
    return [p for block in blocks for p in block]


def unflattened(parameters):
    return [parameters[k : k + 4] for k in range(0, len(parameters), 4)]


def jacobian(function, parameters):
    """Derivatives of all outputs by all parameters, shape (outputs, P)."""
    point = [p.clone().requires_grad_() for p in parameters]
    out = function(point).reshape(-1)
    unit = torch.eye(len(out), dtype=torch.float64)
    rows = torch.autograd.grad(out, point, unit, is_grads_batched=True, allow_unused=True)
    rows = [
        torch.zeros(len(out), p.numel(), dtype=torch.float64) if r is None else r.flatten(1)
        for r, p in zip(rows, point, strict=True)
    ]
    return torch.cat(rows, dim=1)


def samples(rng, n_samples, n):
    return tensor(rng.standard_normal((n_samples, n)))


@SEARCH
@given(st.data())
def test_a_normalised_output_has_no_mean_to_move(data):
    """M of "Eigenvectors as functions": for any activation and any weights."""
    blocks, rng = data.draw(post_networks()), data.draw(rngs())
    activation = data.draw(st.sampled_from([torch.relu, torch.tanh, functional.gelu]))
    x = samples(rng, 5, len(blocks[0][2]))

    def y(parameters):
        return post_ln(unflattened(parameters), x, normalised=True, activation=activation)

    rows = jacobian(y, flattened(blocks)).reshape(*x.shape, -1)
    # At N = 2 nothing moves at all, and round-off is all there is.
    worst = rows.sum(1).abs().max() / max(rows.abs().max().item(), 1.0)
    hold(worst.item(), "M", 1e-9)


def search_mean(missing):
    """Search for a step before the last gain that moves the output along `missing`(gain)."""

    @SEARCH
    @given(st.data())
    def search(data):
        blocks, rng = data.draw(post_networks()), data.draw(rngs())
        gain = blocks[-1][2]
        gain[gain.abs() < 0.1] = 0.1
        x = samples(rng, 5, len(gain))
        parameters = flattened(blocks)

        def outputs(before):
            return post_ln(unflattened([*before, *parameters[-2:]]), x)

        rows = jacobian(outputs, parameters[:-2]).reshape(*x.shape, -1)
        along = torch.einsum("nip,i->np", rows, missing(gain)).abs().max()
        hold((along / max(rows.abs().max().item(), 1.0)).item(), "M, outputs", 1e-8)

    search()


def test_the_constant_that_is_missing_lies_along_the_inverse_gains():
    search_mean(lambda gain: 1 / gain)


def test_the_constant_along_the_mean_is_missing_for_equal_gains_only():
    with pytest.raises(AssertionError, match="M, outputs"):
        search_mean(torch.ones_like)


def relative_step(gain, bias, c):
    """R as it stands now: gain and bias of a block times one number."""
    return c * gain, c * bias


def uniform_step(gain, bias, c):
    """R as it stood: the same number added to all gains, where the bias is zero."""
    return gain + (c - 1), 0 * bias


def gain_alone(gain, bias, c):
    """The gain times a number, whatever the bias is."""
    return c * gain, bias


def search_rescaling(step):
    """Search for a network whose outputs change when a block but the last makes a step."""

    @SEARCH
    @given(st.data())
    def search(data):
        blocks, rng = data.draw(post_networks()), data.draw(rngs())
        last = len(blocks) - 1
        if not last:
            return
        moved = data.draw(st.integers(0, last - 1))
        if step is uniform_step:
            for block in blocks[:last]:
                block[3] = 0 * block[3]
        x = samples(rng, 5, len(blocks[0][2]))
        before = post_ln(blocks, x)
        blocks[moved][2:] = step(*blocks[moved][2:], 10.0 ** data.draw(st.floats(-1, 1)))
        change = (post_ln(blocks, x) - before).abs().max() / before.abs().max()
        hold(change.item(), "R", 1e-9)

    search()


def test_scaling_gain_and_bias_of_an_earlier_block_changes_nothing():
    """R of "Eigenvectors as functions"."""
    search_rescaling(relative_step)


@pytest.mark.parametrize("step", [uniform_step, gain_alone])
def test_other_readings_of_the_rescaling_are_refuted(step):
    with pytest.raises(AssertionError, match="R: "):
        search_rescaling(step)


def search_rank(bound):
    """Search for a network with more independent changes of its outputs than `bound` allows."""

    @SEARCH
    @given(st.data())
    def search(data):
        blocks, rng = data.draw(post_networks(max_blocks=2)), data.draw(rngs())
        n, n_samples = len(blocks[0][2]), data.draw(st.integers(1, 8))
        x = samples(rng, n_samples, n)
        rows = jacobian(lambda p: post_ln(unflattened(p), x), flattened(blocks))
        values = torch.linalg.svdvals(rows)
        rank = int((values > 1e-9 * values[0]).sum())
        target(float(rank - bound(n, n_samples)), label="rank beyond its bound")
        assert rank <= bound(n, n_samples), f"rank {rank} for N = {n}, {n_samples} samples"

    search()


def test_a_count_of_samples():
    """The rank bound of "The third step"."""
    search_rank(lambda n, n_samples: (n - 2) * n_samples + 2 * n)


def test_a_bound_lower_by_one_is_refuted():
    with pytest.raises(AssertionError, match="rank"):
        search_rank(lambda n, n_samples: (n - 2) * n_samples + 2 * n - 1)


def design(rng, n):
    """States with the second moment N / (N - 1) on mean-free vectors, and their mirror images."""
    free = np.linalg.qr(np.eye(n) - 1 / n)[0][:, : n - 1] @ orthogonal(rng, n - 1)
    y = np.sqrt(n) * (free - free.mean(0)).T
    return tensor(np.concatenate([y, -y]))


def stack(n, depth, input_weights, rng):
    """Blocks with zero output weights, gains 1 and biases 0."""
    w1 = [tensor(input_weights * rng.standard_normal((4 * n, n))) for _ in range(depth)]
    zero = torch.zeros(n, dtype=torch.float64)
    return [[w, torch.zeros(n, 4 * n, dtype=torch.float64), zero + 1, zero] for w in w1]


def bias_eigenvalues(blocks, x):
    """Autograd Hessian by the biases, with the stack's own outputs as targets."""
    own, parameters = post_ln(blocks, x), flattened(blocks)

    def loss(biases):
        moved = list(parameters)
        moved[3::4] = biases
        return ((post_ln(unflattened(moved), x) - own) ** 2).mean()

    return autograd.eigenvalues(autograd.dense_hessian(loss, parameters[3::4]))


def all_eigenvalues(blocks, x):
    """The nonzero ones of the whole Hessian at zero residual, 2 / (n N) J J^T."""
    rows = jacobian(lambda p: post_ln(unflattened(p), x), flattened(blocks))
    return autograd.eigenvalues(2 / x.numel() * rows @ rows.T)


@SEARCH
@given(st.data())
def test_e29(data):
    """Growth without a branch: all eigenvalues of the biases, and a bound for the whole Hessian."""
    n, depth = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 6))
    rng, size = data.draw(rngs()), data.draw(st.sampled_from([0.0, 1e-3, 1.0]))
    x = design(rng, n)
    z = functions.norm_stack_level(n, depth)
    rho = (n - 2) / (n - 1)
    assert (depth - 1) * rho - 1e-12 <= z <= (depth - 1) * rho + 1 + 1e-12
    blocks = stack(n, depth, size, rng)
    # The other root of the quadratic equation, and the constant along the mean: last bias alone.
    other = (depth - 1) * rho + 1 - z
    found = np.zeros(n * depth)
    levels = [z] * (n - 1) + [1.0] + [other] * (n - 1) * (depth > 1)
    found[: len(levels)] = 2 / n * np.sort(levels)[::-1]
    hold(gap(np.sort(found)[::-1], bias_eigenvalues(blocks, x)), "E29 eigenvalues")
    whole = all_eigenvalues(blocks, x)
    hold((2 * z / n - whole[n - 2]) / whole[0], "E29 below its bound")


def growth_needs_a_branch(ratio):
    """What the chapter "One mechanism" said once, for the post's network too."""
    assert ratio < 2, f"without input weights the largest eigenvalue grows {ratio:.1f}-fold"


def growth_of_the_stack(ratio):
    """What it says now: gains and biases grow with D by themselves."""
    assert ratio >= 2


@pytest.mark.parametrize("n", [4, 10])
def test_growth_only_with_input_weights_is_refuted(n):
    rng = np.random.default_rng(0)
    x = design(rng, n)
    first = [all_eigenvalues(stack(n, d, 0.0, rng), x)[0] for d in (1, 8)]
    growth_of_the_stack(first[1] / first[0])
    with pytest.raises(AssertionError, match="without input weights"):
        growth_needs_a_branch(first[1] / first[0])


@pytest.mark.parametrize("n", [2, 3, 4, 6, 10, 20])
def test_what_a_layernorm_takes_from_a_diagonal_map(n):
    """The proposition of "Knock-outs", by sampling: exact at N = 2, within 2% else."""
    rng = np.random.default_rng(n)
    y = rng.standard_normal((200_000, n))
    y -= y.mean(1, keepdims=True)
    y *= np.sqrt(n) / np.linalg.norm(y, axis=1, keepdims=True)
    diagonal = (y**4 / n).mean() / (y**2).mean()
    assert diagonal == pytest.approx(3 * (n - 1) / (n * (n + 1)), rel=1e-9 if n == 2 else 0.02)
    u = np.linalg.qr(np.eye(n) - 1 / n)[0][:, 0]
    assert ((y @ u) ** 2 / n).mean() == pytest.approx(1 / (n - 1), rel=1e-9 if n == 2 else 0.02)
