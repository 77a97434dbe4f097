"""The scoring of predictions for new networks."""

import numpy as np
import pytest
import torch

from depth_not_data.presentation import new_networks
from depth_not_data.residual import relatives, relatives_training


def _outcome(name, spectra):
    runs = [relatives_training.Leading(0, 0, 0, np.array(s), np.empty(0), {}, []) for s in spectra]
    return new_networks.Outcome(new_networks.networks()[name], runs)


def _steps(n_embd, ends, levels, last):
    k = np.arange(1, last + 2)
    return np.select([k <= end for end in ends], levels, 0.1) * k**-0.01


def test_every_entry_can_be_built():
    for network in new_networks.networks().values():
        relatives_training.Task(**network.task)
        relatives.Relative(
            network.n_embd, network.n_block, generator=torch.Generator(), **network.options
        )


def test_gaps_and_levels_by_the_rule():
    spectrum = _steps(10, (9, 18), (2 * 5.8 / 10, 2 * 2.2 / 10), 50)
    found = _outcome("digits", [spectrum] * 3)
    assert found.gaps == (9, 18)
    assert found.hit
    assert found.level_hits == [True, True]
    wrong = _outcome("digits", [1.3 * spectrum] * 3)
    assert wrong.hit
    assert wrong.level_hits == [False, False]


def test_a_gap_of_one_seed_does_not_count():
    flat = np.linspace(1.0, 0.9, 51)
    spectra = [flat, flat, _steps(10, (9,), (1.0,), 50)]
    assert _outcome("digits", spectra).gaps == ()


def test_the_comparison_counts_both():
    found = [
        _outcome("shared-gain", [_steps(10, (18,), (1.0,), 50)]),
        _outcome("digits", [_steps(10, (9, 18), (3.0, 1.0), 50)]),
    ]
    compared = new_networks.compare(found, shuffles=50)
    assert (compared["hits"], compared["rival"], compared["ours_alone"]) == (2, 1, 1)
    assert set(compared["shuffled"]) == {0, 2}
    with pytest.raises(ValueError, match="found"):
        new_networks.compare([])


def test_the_table_names_the_miss():
    table = new_networks.table([_outcome("digits", [_steps(10, (9,), (1.0,), 50)])])
    assert table.loc["digits", "score"] == "✗ miss"
