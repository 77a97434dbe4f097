"""Moved to :mod:`depth_not_data.linear.flow`."""

from depth_not_data.linear.flow import learning_time

__all__ = ["learning_time"]
