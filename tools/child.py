"""Run a Python program so that it ends with the one that started it, even if that is killed.

``python tools/child.py PARENT program arguments...``, where PARENT is the number of the process.
"""

import runpy
import sys

import trouble

if __name__ == "__main__":
    parent, *sys.argv = sys.argv[1:]
    trouble.end_with(int(parent))
    runpy.run_path(sys.argv[0], run_name="__main__")
