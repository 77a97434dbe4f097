"""Hypothesis tries the same examples in every run, and takes its time on a busy machine."""

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True, database=None)
settings.load_profile("book")
