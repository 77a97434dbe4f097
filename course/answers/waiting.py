"""Answers of the chapter "Waiting: why the paper measured 6.66"."""

from answers import Answer

UPDATES = """
from depth_not_data.linear import shortfall


def updates(depth, missing):
    tau = np.geomspace(0.1, 1e16, 40_001)
    curve = shortfall.ratios(tau, {share}, [depth])[:, 0]
    reached = np.interp((1 - missing) * depth, curve, tau)
    return {returned}
"""


def updates(share="0.625", returned="reached * (1 - 0.9) / 0.01"):
    """Code of an answer on the time that one per cent takes."""
    return UPDATES.format(share=share, returned=returned)


RATIO = """
from depth_not_data.linear import network, shortfall


def ratio(rank, updates):
    p = network.aligned_problem(network.paper_widths(7), rank, seed=0)
    end = p.trajectory(0.01, {updates}{momentum})[{when}]
    return shortfall.groups(p.hessian_eigenvalues(end), p.widths, {grouped}).ratio


full = {{"predicted": {predicted}, "ratio": ratio}}
"""


def ratio(updates="updates", momentum=", momentum=0.9", when="-1", grouped="rank", predicted="7.0"):
    """Code of an answer on a target of full rank."""
    return RATIO.format(
        updates=updates, momentum=momentum, when=when, grouped=grouped, predicted=predicted
    )


def share(inputs="2 * (outputs - r) / omega - outputs + 2 * r", square="1"):
    """Code of an answer on shares."""
    return (
        f"def inputs(omega, r, outputs):\n    return {inputs}\n\n\n"
        f'shares = {{"inputs": inputs, "square": {square}}}\n'
    )


def gain(value):
    """Code of an answer on inertia."""
    return f"def gain(depth, eta, beta, start, end):\n    return {value}\n"


ANSWERS = {
    "figures-ex-half": Answer(
        solution=updates(),
        wrong=[
            (
                updates(returned="reached"),
                "You have the training time",
                "Time and number of updates are not told apart.",
            ),
            (
                updates(returned="reached / 0.01"),
                "forgotten momentum",
                "The clock of plain gradient descent is used.",
            ),
            (
                updates(share="1.0"),
                "only a share of it is",
                "Every bulk eigenvalue is thought to be late.",
            ),
            (
                "def updates(depth, missing):\n"
                "    mu = missing / (1 - missing) / 0.625\n"
                "    return mu ** -(depth - 1) / (2 * depth - 2) * 10",
                "An estimate.",
                "Only the first term of the sum is kept, as in the estimate of the text.",
            ),
        ],
        marks=3,
    ),
    "waiting-ex-full-rank": Answer(
        solution=ratio(),
        wrong=[
            (
                ratio(predicted="6.01"),
                "What is omega?",
                "Seven layers are thought to be late whatever the target is.",
            ),
            (
                ratio(grouped="5"),
                "as for rank 5",
                "The constant of the chapter is left in the code.",
            ),
            (
                ratio(momentum=""),
                "left out the momentum",
                "Momentum is thought not to change anything.",
            ),
            (
                ratio(when="0"),
                "the start of training",
                "The first row of the trajectory is taken.",
            ),
            (
                ratio(updates="2000"),
                "whatever is asked",
                "The number of the text is typed in.",
            ),
        ],
        marks=2,
    ),
    "figures-ex-share": Answer(
        solution=share(),
        wrong=[
            (
                share(inputs="(outputs - r) / omega - outputs + 2 * r"),
                "late on both sides",
                "Decaying directions are counted once.",
            ),
            (
                share(inputs="2 * (outputs - r) / omega - outputs"),
                "The learnt directions are not in the bulk",
                "All directions are put in the denominator.",
            ),
            (
                share(inputs="2 * (outputs - r) / omega - outputs + r"),
                "missing on both sides",
                "The learnt directions are taken from one side only.",
            ),
            (
                share(square="0.5"),
                "which unlearnt direction has no room?",
                "In a square network one half of the bulk is thought to be late.",
            ),
        ],
        marks=4,
    ),
    "figures-ex-inertia": Answer(
        solution=gain("eta * beta / (1 - beta) ** 2 * (2 * depth - 1) * np.log(start / end)"),
        wrong=[
            (
                gain("eta * beta / (1 - beta) ** 2 * (2 * depth - 1) * np.log(end / start)"),
                "A sign",
                "The limits of the integral are exchanged.",
            ),
            (
                gain("eta * beta / (1 - beta) * (2 * depth - 1) * np.log(start / end)"),
                "1 - beta once",
                "The second derivative is taken in updates, not in training time.",
            ),
            (
                gain("eta * beta / (1 - beta) ** 2 * (2 * depth - 2) * np.log(start / end)"),
                "f has another one",
                "The power of the law of decay is taken for that of the force.",
            ),
            (
                gain("eta * beta / (1 - beta) ** 2 * (2 * depth - 1) * np.log10(start / end)"),
                "natural logarithm",
                "`log10` is used for `log`.",
            ),
            (
                gain("eta * beta / (1 - beta) ** 2 * np.log(start / end)"),
                "f is a power of lambda",
                "The integral of f'/f is taken for ln(lambda).",
            ),
        ],
        marks=6,
    ),
}
