"""Measured claims that no seed can change, with the reason."""

_POST = "Looks at the post's own numbers, one fixed data set."
_SCALARS = "Scalar recursions from fixed layers; nothing is drawn."

FIXED = {
    "B2d": _POST,
    "B3d": _POST,
    "B3e": _POST,
    "B3f": _POST,
    "T24": "Looks at the paper's printed numbers through a closed form.",
    "P10": _SCALARS,
    "T43": _SCALARS,
    "T44": _SCALARS,
    "T45": _SCALARS,
    "T46": "Spectra in closed form from fixed layers; nothing is drawn.",
}
THEOREM = (
    "Proved for every draw; `attack` names the search that draws at random, and the check guards "
    "the code."
)
