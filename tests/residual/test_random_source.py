import pytest
import torch

from depth_not_data.residual import network, relatives, rivals, two_by_two

NETWORKS = {
    "blog": lambda source: network.ResidualNetwork(4, 1, generator=source),
    "rival": lambda source: rivals.RivalNetwork(4, 1, generator=source),
    "relative": lambda source: relatives.Relative(4, 1, generator=source),
    "layer norm taken apart": lambda source: two_by_two.draw(4, 1, source),
}


@pytest.mark.parametrize("source", [None, 0, "seed"])
@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_no_network_draws_from_the_global_state(build, source):
    with pytest.raises(ValueError, match=r"generator must be a torch\.Generator, got "):
        build(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_in": 0}, "n_in must be an integer >= 1, got 0"),
        ({"n_in": True}, "n_in must be an integer >= 1, got True"),
        ({"n_out": 2.5}, "n_out must be an integer >= 1, got 2.5"),
        ({"causal": 1}, "causal must be True or False, got 1"),
    ],
)
def test_widths_and_causality_of_a_relative_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        relatives.Relative(4, 1, generator=torch.Generator(), **options)
