"""Answers of the chapter "Training as one recursion"."""

from answers import Answer

TIME = """
def layer(goal, depth, eta):
    p = 2 * depth - 2
    return {layer}


def product(goal, depth, eta):
    p = 2 * depth - 2
    return {product}
"""


def time(layer="goal**-p / (p * eta)", product="goal ** (-p / depth) / (p * eta)"):
    """Code of an answer on times of decay."""
    return TIME.format(layer=layer, product=product)


UNBALANCED = """
def lost(lams, s, eta, steps):
    lams = np.array(lams, dtype=float)
    before = lams[0] ** 2 - lams[1] ** 2
    for _ in range(steps):
        {update}
    return {returned}


unbalanced = {{"lost": lost, "flow": {flow}}}
"""
AT_ONCE = "lams = lams - eta * (lams.prod() - s) * lams.prod() / lams"
SHARE = "1 - (lams[0] ** 2 - lams[1] ** 2) / before"


def unbalanced(update=AT_ONCE, returned=SHARE, flow="0"):
    """Code of an answer on layers that are not balanced."""
    return UNBALANCED.format(update=update, returned=returned, flow=flow)


DATA = """
def limit(x, s, depth):
    return {limit}


unequal = {{"limit": limit, "sets": "{sets}"}}
"""


def data(limit="2 / (depth * x ** (2 / depth) * s ** (2 - 2 / depth))", sets="largest"):
    """Code of an answer on directions that the data fill unequally."""
    return DATA.format(limit=limit, sets=sets)


def late(value):
    """Code of an answer on momentum."""
    return f"def late(t, depth, eta, beta):\n    p = 2 * depth - 2\n    return {value}\n"


def distance(value):
    """Code of an answer at the limit."""
    return f"""
def distance(t, depth):
    a = -3 * (depth - 1)
    b = -(depth - 1) * (7 * depth - 11) / 3
    return {value}
"""


ANSWERS = {
    "balanced-recursion-ex-time": Answer(
        solution=time(),
        wrong=[
            (
                time(layer="np.log(1 / goal) / eta"),
                "a high power of it",
                "Everything is thought to decay exponentially.",
            ),
            (
                time(layer="goal ** -(2 * depth - 1) / ((2 * depth - 1) * eta)"),
                "Your power is that of the step",
                "The exponent of the step is taken for that of the law.",
            ),
            (
                time(layer="goal**-p / p"),
                "a step moves time on by eta",
                "Time and number of steps are not told apart.",
            ),
            (
                time(layer="goal**-p / eta"),
                "a constant in front is missing",
                "The proportionality is right; the constant of integration is not worked out.",
            ),
            (
                time(product="goal**-p / (p * eta)"),
                "How large is one of them",
                "The product is taken for a layer.",
            ),
        ],
        marks=3,
    ),
    "balanced-recursion-ex-unbalanced": Answer(
        solution=unbalanced(),
        wrong=[
            (
                unbalanced(
                    update="for k in range(3):\n"
                    "            lams[k] -= eta * (lams.prod() - s) * np.delete(lams, k).prod()"
                ),
                "one after the other",
                "The loop over the layers changes what the next gradient sees.",
            ),
            (
                unbalanced(returned="(lams[0] ** 2 - lams[1] ** 2) / before"),
                "How much is lost?",
                "The factor of the lemma is handed in.",
            ),
            (
                unbalanced(returned="before - (lams[0] ** 2 - lams[1] ** 2)"),
                "not its share",
                "The change is taken for the share.",
            ),
            (
                unbalanced(returned="0.0 * steps"),
                "Nothing is lost?",
                "The conservation law of the flow is thought to hold for steps.",
            ),
            (
                unbalanced(flow="1"),
                "at a tenth of the step size, and at a hundredth",
                "Gradient flow is thought to balance the layers.",
            ),
        ],
        marks=4,
    ),
    "balanced-recursion-ex-data": Answer(
        solution=data(),
        wrong=[
            (
                data(limit="2 / (depth * s ** (2 - 2 / depth))"),
                "does not know of the data",
                "The theorem for whitened data is copied.",
            ),
            (
                data(limit="2 / (depth * x**2 * s ** (2 - 2 / depth))"),
                "the fixed point of whitened data",
                "The slope has x**2, but the fixed point is thought to stay.",
            ),
            (
                data(limit="1 / (depth * x ** (2 / depth) * s ** (2 - 2 / depth))"),
                "the fastest, not the limit",
                "The step for which the error is gone at once is taken for the largest.",
            ),
            (
                data(sets="smallest"),
                "compare it at two values of x",
                "The slowest direction is thought to be the one in danger.",
            ),
        ],
        marks=4,
    ),
    "balanced-recursion-ex-momentum": Answer(
        solution=late("(p * eta * t / (1 - beta)) ** (-1 / p)"),
        wrong=[
            (
                late("(p * eta * t) ** (-1 / p)"),
                "the law without momentum",
                "Momentum is thought to matter at the start only.",
            ),
            (
                late("(p * eta * t * (1 - beta)) ** (-1 / p)"),
                "does not slow the clock down",
                "The new gradient is thought to enter with the weight 1 - beta, as an average.",
            ),
            (
                late("(p * eta * t / (1 - beta)) ** (-1 / (p + 1))"),
                "The exponent is that of the recursion without momentum",
                "The exponent of the step is taken for that of the law.",
            ),
            (
                late("(eta * t / (1 - beta)) ** (-1 / p)"),
                "2L-2 is missing",
                "The proportionality is given, not the law.",
            ),
            (
                late("np.exp(-eta * t / (1 - beta))"),
                "An exponential? The target is 0.",
                "Decay is thought to be exponential.",
            ),
        ],
        marks=4,
    ),
    "balanced-recursion-ex-limit": Answer(
        solution=distance("(2 * (a**2 + b) * t) ** -0.5"),
        wrong=[
            (
                distance("(4 * (a**2 + b) * t) ** -0.5"),
                "do you count single steps, or pairs?",
                "The rate of the map applied twice is used for each step.",
            ),
            (
                distance("(2 * a**2 * t) ** -0.5"),
                "stops at the square",
                "The expansion is thought to need two orders.",
            ),
            (
                distance("(2 * abs(b) * t) ** -0.5"),
                "the cube alone",
                "The squares are thought to cancel altogether.",
            ),
            (
                distance("np.exp(-2.0 * t / depth)"),
                "the linear part never decays",
                "Inside the limit decay is exponential; at the limit it is thought to be so too.",
            ),
            (
                distance("1 / (2 * (a**2 + b) * t)"),
                "One over time?",
                "A quadratic correction would give this; here it is cubic.",
            ),
        ],
        marks=6,
    ),
}
