"""The largest step that training bears, on fresh seeds."""

import numpy as np

from depth_not_data.presentation import cheaper_settings
from depth_not_data.residual import stable_steps

SAMPLES, UPDATES, SHARE, FACTOR = 100, 150, 0.03, 1.5
SETTINGS = cheaper_settings.SETTINGS


def setting(name: str, seed: int) -> dict:
    """Edges of one setting: at the start, measured and closed form; updates and sharpness."""
    chosen, common = [SETTINGS[name]], {"seeds": [seed], "n_samples": SAMPLES}
    [start] = stable_steps.trained(chosen, [[0.0]], updates=0, look=[0], **common)
    sharp = float(start.sharpness[0, 0])
    window = (cheaper_settings.BELOW, cheaper_settings.ABOVE)
    steps = stable_steps.steps_around(2 / sharp, *window)
    [run] = stable_steps.trained(chosen, [steps], updates=UPDATES, look=[0, 5], **common)
    edges = [stable_steps.largest_step(run.losses, steps, rule)[0] for rule in ("quiet", "usable")]
    share = np.nan_to_num(run.losses / run.losses[..., :1], nan=np.inf)[:, 0]
    there = share <= SHARE
    updates = np.where(there.any(axis=1), there.argmax(axis=1), UPDATES + 1)
    return {
        "edges": [2 / sharp, 2 / stable_steps.predicted_sharpness(chosen[0]), *edges],
        "updates": [updates.min()],
        "sharpness": [run.sharpness[0, 0] / sharp, run.sharpness[5, 0] * steps[5] / 2],
    }


def hits(*found: dict) -> list[float]:
    """Shares of settings: start, closed form, rival that nothing changes, usable (E70 to E72)."""
    start, closed, quiet, usable = np.transpose([v["edges"] for v in found])

    def share(a, b):
        return float(np.mean(np.abs(np.log(a / b)) <= np.log(FACTOR)))

    return [
        share(quiet, start),
        share(quiet, closed),
        share(quiet[1:], quiet[0]),
        share(usable[1:] / usable[0], start[1:] / start[0]),
    ]


def faster(*found: dict) -> float:
    """Return updates over the ratio of steps, unchanged against neither (E73)."""
    by_name = dict(zip(SETTINGS, found, strict=True))
    one, other = by_name["unchanged"], by_name["centred, neither"]
    return one["updates"][0] / other["updates"][0] * one["edges"][2] / other["edges"][2]


def sharpness(*found: dict) -> list[float]:
    """Take the ends over the settings of the sharpness after training (E74)."""
    held, beyond = np.transpose([v["sharpness"] for v in found])
    return [held.min(), held.max(), beyond.min(), beyond.max()]
