"""Tell a right answer from the wrong ones that many people find."""

from collections.abc import Sequence

from depth_not_data.course.exercise import Wrong, close


def recognise(
    found, wanted, mistakes: Sequence[tuple], otherwise: str, *, rtol: float = 1e-6
) -> None:
    """Return if `found` is what is wanted; otherwise raise Wrong with the mistake's message.

    Parameters
    ----------
    found, wanted : array_like
        Values of the answer, and of the check, at the same inputs.
    mistakes : sequence of (array_like, str)
        What a mistake gives at these inputs, and what to say about it; the first that fits counts.
    otherwise : str
        What to say where none fits.
    rtol : float
        Relative tolerance of every entry.

    Raises
    ------
    Wrong
        If `found` differs from `wanted`.
    """
    if close(found, wanted, rtol):
        return
    for value, message in mistakes:
        if close(found, value, rtol):
            raise Wrong(message)
    raise Wrong(otherwise)
