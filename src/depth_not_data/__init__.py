"""Helpers of the book *Depth, Not Data: an executable reproduction*."""
