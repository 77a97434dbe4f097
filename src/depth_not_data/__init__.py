"""Helpers of the book *Depth, Not Data: an executable reproduction*."""

import importlib


def __getattr__(name):
    # On demand: the tool needs torch, and most of the package does not.
    if name == "which_functions":
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
