"""Answers of the chapter "Does depth slow every optimiser?"."""

from answers import Answer

ARRIVAL = """
def arrival(lam0, s, depth, lr):
    return int(np.{rounded}({distance} / lr))
"""


def one_line(head, body):
    """Code of a function of one line."""
    return f"def {head}:\n    return {body}\n"


def step(body):
    """Code of an answer on the safe step."""
    return one_line("safe(w, depth)", body)


def length(body):
    """Code of an answer on the length of RMNP's step."""
    return one_line("ratio(outputs, directions)", body)


def edge(body):
    """Code of an answer on Nesterov's edge."""
    return one_line("edge(beta, depth)", body)


ANSWERS = {
    "optimisers-arrival": Answer(
        solution=ARRIVAL.format(rounded="ceil", distance="abs(s ** (1 / depth) - lam0)"),
        wrong=[
            (
                ARRIVAL.format(rounded="ceil", distance="abs(s - lam0)"),
                "where is a layer when the product",
                "The target of the product is taken for that of a layer.",
            ),
            (
                ARRIVAL.format(rounded="floor", distance="abs(s ** (1 / depth) - lam0)"),
                "You round down",
                "The updates that fit into the distance are counted.",
            ),
            (
                ARRIVAL.format(rounded="ceil", distance="(s ** (1 / depth) - lam0)"),
                "Negative counts",
                "The start is thought to be below the target.",
            ),
        ],
        marks=2,
    ),
    "optimisers-safe-step": Answer(
        solution=step("(1 + w) ** (1 / depth) - 1"),
        wrong=[
            (step("1 - (1 - w) ** (1 / depth)"), "The lower end", "The wrong end decides."),
            (
                step("(1 + w) ** (1 / depth) - (1 - w) ** (1 / depth)"),
                "as long as the whole window",
                "Two values fit into the window, if one is lucky.",
            ),
            (step("w"), "tolerance of the product", "Layer and product are confused."),
            (step("w / depth"), "takes a root", "First order is taken for exact."),
        ],
        marks=3,
    ),
    "optimisers-rmnp-length": Answer(
        solution=length("(outputs / directions) ** 0.5"),
        wrong=[
            (length("outputs / directions"), "root of a sum of squares", "Rows are counted."),
            (length("(directions / outputs) ** 0.5"), "Upside down", "The layers are exchanged."),
            (length("1.0"), "with outputs on axes", "RMNP is thought to be Muon everywhere."),
        ],
        marks=3,
    ),
    "optimisers-nesterov-edge": Answer(
        solution=edge("2 * (1 + beta) / (1 + 2 * beta) / depth"),
        wrong=[
            (edge("2 * (1 + beta) / depth"), "heavy ball", "Nesterov is taken for it."),
            (edge("2 / depth"), "without momentum", "Momentum is thought not to matter."),
            (edge("2 * (1 - beta) / depth"), "Slow motion", "The clock is taken for the edge."),
            (edge("2 * (1 + beta) / (1 + 2 * beta)"), "Where is the depth", "L is forgotten."),
        ],
        marks=4,
    ),
}
