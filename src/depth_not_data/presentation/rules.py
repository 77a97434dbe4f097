"""Acceptance rules: what a measurement has to be, why, and when that was fixed."""

from dataclasses import dataclass

import numpy as np

from depth_not_data import _validation

KINDS = ("at most", "at least", "equal to", "within", "between")
BEFORE = "before any run"
MOMENTS = (BEFORE, "after a pilot", "with its result")
# Below the first a number is round-off, where a rule's limit is below the second.
ROUND_OFF, ROUND_OFF_RULE = 1e-13, 1e-6


@dataclass(frozen=True)
class Fixed:
    """When a rule was fixed, and what was known then."""

    when: str
    note: str | None = None

    def __post_init__(self):
        _validation.choice("fixed: when", self.when, MOMENTS)
        if self.when != BEFORE and not self.note:
            raise ValueError(
                f"fixed: note must say what was known, for {self.when!r} it is missing"
            )

    def __str__(self):
        return f"{self.when}. {self.note}" if self.note else f"{self.when}."


@dataclass(frozen=True)
class Rule:
    """An acceptance rule.

    Attributes
    ----------
    kind : str
        ``at most``, ``at least``, ``equal to``, ``between``, or ``within``: `tolerance` of `value`.
    value : number, or list of numbers
        What every entry of the measurement is compared with; for ``between`` a pair (low, high),
        or a list of pairs.
    reason : str
        Why this tolerance.
    quantity : str
        What is measured.
    tolerance : number or None
        Allowed absolute deviation, for ``within`` only.
    fixed : Fixed or None
        When the rule was fixed; None for a rule that says what is true instead.
    possible : list or None
        What the quantity can be at all, a pair (low, high) or a pair for each entry of `value`;
        where it is not given, no less than zero for ``at most`` and anything for other kinds.
        What lies outside is a fault of the measurement, whatever the verdict.
    """

    kind: str
    value: float | list
    reason: str
    quantity: str = ""
    tolerance: float | None = None
    fixed: Fixed | None = None
    possible: list | None = None

    def __post_init__(self):
        _validation.choice("kind", self.kind, KINDS)
        if (self.kind == "within") != (self.tolerance is not None):
            raise ValueError(
                f"tolerance must be given for the kind 'within' and for no other, "
                f"got {self.tolerance!r} for {self.kind!r}"
            )
        value = _validation.real_array("value", self.value)
        if self.kind == "between" and (value.ndim == 0 or value.shape[-1] != 2):
            raise ValueError(f"value must be a pair (low, high) or pairs, got {self.value!r}")
        if self.kind == "between" and np.any(value[..., 0] > value[..., 1]):
            raise ValueError(f"value must have low <= high, got {self.value!r}")
        if self.possible is not None:
            entries = value.shape[:-1] if self.kind == "between" else value.shape
            bounds = np.asarray(self.possible, dtype=np.float64)
            if bounds.shape not in ((2,), (*entries, 2)) or not np.all(np.diff(bounds) > 0):
                raise ValueError(
                    "possible must be a pair (low, high) with low < high, or a pair for each entry "
                    f"of value, got {self.possible!r}"
                )

    def margins(self, measured) -> np.ndarray:
        """How far each entry of a measurement is inside the rule; negative where it breaks it.

        Raises
        ------
        ValueError
            If `measured` is empty, not finite, or not as long as the rule's value.
        """
        measured = np.atleast_1d(_validation.real_array("measured", measured))
        if not measured.size:
            raise ValueError("measured must hold at least one number, got none")
        value = np.asarray(self.value, dtype=np.float64)
        shape = value.shape[:-1] if self.kind == "between" else value.shape
        if shape and measured.shape != shape:
            raise ValueError(
                f"measured must have shape {shape} like the rule's value, "
                f"got shape {measured.shape}"
            )
        if self.kind == "between":
            return np.minimum(measured - value[..., 0], value[..., 1] - measured)
        return {
            "at most": value - measured,
            "at least": measured - value,
            "equal to": -np.abs(measured - value),
            "within": (self.tolerance or 0.0) - np.abs(measured - value),
        }[self.kind]

    def accepts(self, measured) -> bool:
        """Whether a measurement (number or list of numbers) satisfies the rule, entry by entry."""
        return bool(np.all(self.margins(measured) >= 0))

    def can_be(self, measured) -> bool:
        """Whether the quantity can have these values at all, whatever the rule says of them.

        >>> seeds = Rule("at least", 9, "one may fail", possible=[0, 10])
        >>> seeds.accepts(11), seeds.can_be(11), Rule("at most", 1.0, "a distance").can_be(-1)
        (True, False, False)
        """
        low, high = (0.0 if self.kind == "at most" else -np.inf), np.inf
        if self.possible is not None:
            low, high = np.moveaxis(np.asarray(self.possible, dtype=np.float64), -1, 0)
        measured = _validation.real_array("measured", measured)
        return bool(np.all((low <= measured) & (measured <= high)))

    def __str__(self):
        if self.kind == "between":
            pairs = np.asarray(self.value, dtype=np.float64).reshape(-1, 2)
            return ", ".join(f"{format_number(a)} to {format_number(b)}" for a, b in pairs)
        tail = f" ± {format_number(self.tolerance)}" if self.kind == "within" else ""
        words = {"at most": "≤ ", "at least": "≥ ", "equal to": "= ", "within": ""}
        return words[self.kind] + _shortened(format_measured(self.value)) + tail


def _shortened(text):
    """One number for a list of equal ones."""
    numbers = text.split(", ")
    alike = len(numbers) > 2 and len(set(numbers)) == 1
    return f"{numbers[0]} ({len(numbers)} times)" if alike else text


def format_number(value) -> str:
    """Four significant digits; whole numbers as such; small numbers with a power of ten.

    >>> format_number(50), format_number(6.6612), format_number(3.1e-15)
    ('50', '6.661', '3.1e-15')
    """
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.1e}".replace(".0e", "e") if abs(value) < 1e-3 else f"{value:.4g}"


def format_measured(measured, rule: Rule | None = None) -> str:
    """Format a number, or a list of numbers with commas.

    Where a rule allows round-off, an entry below 1e-13 reads "round-off": which digits it has, or
    whether it is zero, depends on the processor.

    >>> format_measured([2, 3.5])
    '2, 3.5'
    >>> format_measured([0.0, 1.1e-16], Rule("at most", 1e-12, "round-off"))
    'round-off, round-off'
    >>> format_measured([0.0, 0.5], Rule("between", [[0, 1e-12], [0, 1]], "round-off, and a share"))
    'round-off, 0.5'
    """
    measured = np.atleast_1d(measured).ravel()
    if rule is None or rule.kind not in ("at most", "between"):
        return ", ".join(map(format_number, measured))
    limits = np.asarray(rule.value, dtype=np.float64)
    limits = np.broadcast_to(limits if rule.kind == "at most" else limits[..., 1], measured.shape)
    return ", ".join(
        "round-off" if limit < ROUND_OFF_RULE and abs(x) < ROUND_OFF else format_number(x)
        for x, limit in zip(measured, limits, strict=True)
    )
