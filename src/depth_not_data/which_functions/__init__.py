"""Which functions are the leading eigenvectors of a network's Hessian? One command for any module.

``from depth_not_data import which_functions`` gives the command itself: calling this package calls
:func:`depth_not_data.which_functions.command.which_functions`. Nothing here is imported before.
"""

import inspect
import sys
import types

from depth_not_data.which_functions import command


class _Command(types.ModuleType):
    """A package that can be called."""

    __signature__ = inspect.signature(command.which_functions)

    def __call__(self, *arguments, **options):
        return command.which_functions(*arguments, **options)


sys.modules[__name__].__class__ = _Command
