"""Names that :mod:`depth_not_data.spectra.gaps` holds."""

from depth_not_data.spectra.gaps import (  # noqa: F401
    GAP,
    HALF_WIDTH,
    Landmarks,
    between_readings,
    landmarks,
    local_slopes,
    steepest_rank,
)
