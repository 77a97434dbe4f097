"""Moved to :mod:`depth_not_data.linear.spectrum`."""

from depth_not_data.linear.spectrum import pair_eigenvalues

__all__ = ["pair_eigenvalues"]
