"""How well spectra lie on one curve."""

import numpy as np
import pytest

from depth_not_data.spectra.collapse import collapse_quality, log_spread

DESCENDING = [3.0, 2.0, 1.0, 0.5, 0.2, 0.1]


def test_spectra_that_grow_like_depth_collapse_and_others_do_not():
    rng = np.random.default_rng(3)
    base = np.sort(rng.lognormal(size=100))[::-1]
    depths = np.array([2.0, 4.0, 8.0])
    for power, expected in [(1.0, 1.0), (2.0, 0.75), (0.5, 0.0), (-1.0, -3.0)]:
        spectra = [base * depth**power for depth in depths]
        quality = collapse_quality(spectra, depths, first=1, last=100)
        assert quality == pytest.approx(expected, abs=1e-12)


def test_spectra_of_different_lengths_are_compared_in_the_range():
    spectra = [[4.0, 2.0, 1.0], [2.0, 1.0, 0.5, -1.0]]
    spread = log_spread(spectra, first=1, last=3)
    assert spread == pytest.approx(np.log(2) / 2)


@pytest.mark.parametrize(
    "bad",
    [[1.0, 2.0], [2.0, float("nan")], [1.0], [[2.0, 1.0]], ["b", "a"], [2.0 + 1j, 1.0], 3.0],
    ids=repr,
)
@pytest.mark.parametrize(
    "function",
    [
        lambda spectra: log_spread(spectra, first=1, last=1),
        lambda spectra: collapse_quality(spectra, [1, 2], first=1, last=1),
    ],
    ids=["spread", "quality"],
)
def test_the_bad_one_of_several_spectra_is_named(function, bad):
    with pytest.raises(ValueError, match=r"spectra\[1\] must"):
        function([DESCENDING, bad])


@pytest.mark.parametrize("spectra", [3.0, None, [DESCENDING], []], ids=repr)
def test_one_spectrum_or_none_is_refused(spectra):
    with pytest.raises(ValueError, match="spectra must hold two or more"):
        log_spread(spectra, first=1, last=3)
    with pytest.raises(ValueError, match="spectra must hold two or more"):
        collapse_quality(spectra, [1, 2], first=1, last=3)


def test_spectra_that_come_one_by_one_are_read_once():
    spectra = [[4.0, 2.0, 1.0], [2.0, 1.0, 0.5]]
    assert collapse_quality(iter(spectra), [2, 1], first=1, last=3) == 1.0


def test_the_spectrum_that_is_not_positive_is_named():
    with pytest.raises(ValueError, match=r"spectra\[1\] must be positive up to rank 3, got -1.0"):
        log_spread([DESCENDING, [2.0, 1.0, -1.0]], first=1, last=3)


@pytest.mark.parametrize(
    ("spectra", "scales", "message"),
    [
        ([DESCENDING] * 2, [1], "scales must be 2"),
        ([DESCENDING] * 2, [1, 0], "scales must be 2 numbers > 0"),
        ([DESCENDING] * 2, [1, 2j], "scales must be an array of real"),
        ([DESCENDING] * 2, [1, 2], "spectra must differ"),
    ],
)
def test_a_bad_argument_is_named(spectra, scales, message):
    with pytest.raises(ValueError, match=message):
        collapse_quality(spectra, scales, first=1, last=3)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [(0, 3, "first must be"), (3, 2, "last must be"), (1, 7, "last must be <= 6 here, got 7")],
)
def test_a_range_that_does_not_fit_is_named(first, last, name):
    for other in (DESCENDING, [*DESCENDING, 0.05, 0.01]):
        with pytest.raises(ValueError, match=name):
            log_spread([DESCENDING, other], first=first, last=last)
