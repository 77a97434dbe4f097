"""Attack on E7: the mean operator at the start commutes with permutations of the coordinates.

The theorem averages over weights whose distribution permutations leave alone. The sharpest mean of
this kind is the one over the permuted copies of a single network, whatever its weights; here each
copy is built and differentiated, and nothing of the proof is used.
"""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
from hypothesis import event, given, settings, target
from hypothesis import strategies as st
from strategies import SEARCH, orthogonal

from depth_not_data.residual.network import ResidualNetwork

FEW = settings(SEARCH, max_examples=30)
# Dimensions of the irreducible representations of S_N.
IRREDUCIBLE = {3: {1, 2}, 4: {1, 2, 3}}


@st.composite
def cases(draw, min_width=2, max_width=4):
    """A network with weights, gains and biases of any size, inputs, and a generator.

    Some inputs have equal coordinates, which permutations leave in place.
    """
    n_embd, n_block = draw(st.integers(min_width, max_width)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    network = ResidualNetwork(
        n_embd,
        n_block,
        generator=torch.Generator().manual_seed(int(rng.integers(2**31))),
        activation=draw(st.sampled_from(["relu", "gelu", "tanh"])),
        norm=draw(st.sampled_from(["layer", "rms"])),
    )
    scale = 10 ** draw(st.floats(-1, 1))
    with torch.no_grad():
        for block in network.blocks:
            block.w1 *= scale
            for affine in (block.norm.gain, block.norm.bias):
                if affine is not None:
                    affine += torch.from_numpy(0.5 * rng.standard_normal(n_embd))
    inputs = rng.standard_normal((draw(st.integers(1, 2)), n_embd))
    if draw(st.booleans()):
        inputs[0, 1] = inputs[0, 0]
    event(f"N = {n_embd}, D = {n_block}")
    return network, torch.from_numpy(inputs), rng


def moved(network, turn):
    """The network in turned coordinates: W_1 T^-1, T W_2, T gain, T bias."""
    turn = torch.as_tensor(turn)
    other = copy.deepcopy(network)
    with torch.no_grad():
        for block in other.blocks:
            block.w1.copy_(block.w1 @ turn.T)
            block.w2.copy_(turn @ block.w2)
            for affine in (block.norm.gain, block.norm.bias):
                if affine is not None:
                    affine.copy_(turn @ affine)
    return other


def operator(network, inputs):
    """(2/N) E J J^T on functions given by their values at the inputs."""
    outputs = network(inputs).reshape(-1)
    unit = torch.eye(len(outputs), dtype=outputs.dtype)
    rows = torch.autograd.grad(outputs, [*network.parameters()], unit, is_grads_batched=True)
    jacobian = torch.cat([row.reshape(len(outputs), -1) for row in rows], dim=1)
    return (2 / inputs.numel() * jacobian @ jacobian.T).numpy()


def matrices(n_embd):
    return [np.eye(n_embd)[list(p)] for p in itertools.permutations(range(n_embd))]


@functools.cache
def actions(n_embd, n_samples):
    """Matrices of ``(R g)(x) = T g(T^-1 x)``, for every T, on values at the orbit of the inputs."""
    turns = matrices(n_embd)
    return [acting(turn, turns, n_samples) for turn in turns]


def acting(turn, turns, n_samples):
    size, block = len(turns), n_samples * len(turn)
    action = np.zeros((size * block, size * block))
    for k, other in enumerate(turns):
        source = turn.T @ other  # T^-1 applied to the inputs of copy k gives those of this copy
        j = next(i for i, t in enumerate(turns) if np.array_equal(t, source))
        rows, columns = slice(k * block, (k + 1) * block), slice(j * block, (j + 1) * block)
        action[rows, columns] = np.kron(np.eye(n_samples), turn)
    return action


def orbit(inputs, turns):
    return torch.cat([inputs @ torch.from_numpy(turn).T for turn in turns])


def commutator(matrix, actions):
    """Largest entry of [K, R] over the largest of K, for any of the actions."""
    return max(np.abs(matrix @ a - a @ matrix).max() for a in actions) / np.abs(matrix).max()


def multiplicities(matrix):
    """Sizes of the groups of equal eigenvalues.

    Equal ones differ by round-off, some 1e-15 of the largest; of eigenvalues that are not equal
    two may be near each other, so that the bound between the two cases is low.
    """
    values = np.linalg.eigvalsh(matrix)[::-1]
    values = values[values > 1e-6 * values[0]]
    ends = np.flatnonzero(values[:-1] - values[1:] > 1e-12 * values[0]) + 1
    return set(np.diff([0, *ends, len(values)]).tolist())


def mean_operator(case):
    network, inputs, _ = case
    turns = matrices(inputs.shape[1])
    points = orbit(inputs, turns)
    return sum(operator(moved(network, turn), points) for turn in turns) / len(turns)


def one_operator(case):
    """That of the network alone, at the same points."""
    network, inputs, _ = case
    return operator(network, orbit(inputs, matrices(inputs.shape[1])))


def actions_of(case):
    samples, n_embd = case[1].shape
    return actions(n_embd, samples)


@FEW
@given(cases())
def test_the_mean_operator_commutes_with_permutations(case):
    worst = commutator(mean_operator(case), actions_of(case))
    target(worst, label="commutator")
    assert worst < 1e-10


@FEW
@given(cases(min_width=3))
def test_its_multiplicities_are_dimensions_of_representations(case):
    """No two eigenspaces coincide in a network drawn at random (at N = 2 a LayerNorm is a sign)."""
    n_embd = case[1].shape[1]
    found = multiplicities(mean_operator(case))
    assert found <= IRREDUCIBLE[n_embd]
    assert n_embd - 1 in found


def sensitivity(case, turn):
    """How far the operator at turned inputs and parameters is from the turned operator."""
    network, inputs, _ = case
    action = np.kron(np.eye(len(inputs)), turn)
    expected = action @ operator(network, inputs) @ action.T
    found = operator(moved(network, turn), inputs @ torch.from_numpy(turn).T)
    return np.abs(found - expected).max() / np.abs(expected).max()


@SEARCH
@given(cases(max_width=7))
def test_each_network_and_its_permuted_copy_share_an_operator(case):
    n_embd = case[1].shape[1]
    worst = sensitivity(case, np.eye(n_embd)[case[2].permutation(n_embd)])
    target(worst, label="difference")
    assert worst < 1e-10


@SEARCH
@given(cases(max_width=7))
def rotations_do_as_well(case):
    n_embd = case[1].shape[1]
    assert sensitivity(case, orthogonal(case[2], n_embd)) < 1e-10


@FEW
@given(cases())
def one_network_commutes(case):
    assert commutator(one_operator(case), actions_of(case)) < 1e-10


@FEW
@given(cases(min_width=3))
def one_network_has_the_multiplicities(case):
    """The reading that a cluster of N - 1 in one spectrum needs no further reason."""
    assert multiplicities(one_operator(case)) != {1}


@pytest.mark.parametrize(
    "statement", [rotations_do_as_well, one_network_commutes, one_network_has_the_multiplicities]
)
def test_the_search_refutes_what_the_theorem_does_not_say(statement):
    with pytest.raises(AssertionError):
        statement()
