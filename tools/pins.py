"""What was fixed before its result, item by item, against the pins in tests/pins/pins.yml.

``python tools/pins.py`` names every item that is not as it is pinned, and with a reason,
``python tools/pins.py "why"``, writes each of them into the pins as a change of today. Pinned are
rules and verdicts of the ledger with the numbers in what they measure, predictions and how they are
scored, published numbers with where they come from, numbers that stand in the code under a name,
and the code that judges.
"""

import ast
import csv
import datetime
import functools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from depth_not_data._source import digest, parse, plain

PINS = Path("tests/pins/pins.yml")
PACKAGE = Path("src/depth_not_data")
SHOWN = PACKAGE / "presentation"
# A longer value is pinned as its beginning and a digest of the whole.
LONGEST = 150
SHORTEST_REASON = 20
# Tables whose every number is pinned, with what `data/README.md` says of them.
PINNED_TABLES = ("paper_figures.csv", "blog_spectra_digitised.csv", "real_data_predictions.csv")
# Fields that say how a prediction came about; they may be put better.
PROSE = ("what", "reason", "seen_note", "training_reason")
# Where numbers under a name decide on a result: whole rooms, and modules of `presentation`.
ROOMS = ("spectra", "linear", "residual")
MODULES = ("rules", "claims", "predictions", "published", "knock_outs", "new_networks")
# Constants that were chosen before the runs, with a number or without.
CHOSEN = {
    "presentation/cheaper_settings": ("CENTRED", "SETTINGS", "BELOW, ABOVE"),
    "replication/registry": ("SEEDS", "CLAIMS"),
}
NUMBERS = re.compile(
    r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|half|twice)\b"
)
# What judges: functions and classes; of a class that also draws, methods.
JUDGES = {
    "spectra/gaps": (
        "neighbour_ratios", "wide_gaps", "largest_gaps", "local_slopes", "steepest_rank",
        "between_readings", "landmarks", "_ratios", "_windows",
    ),
    "presentation/predictions": (
        "observed_gaps", "median_ratios", "observed_edge", "cluster_masses", "gaps_hit",
        "rival_gaps", "shuffled_scores", "edge_hit",
    ),
    "presentation/knock_outs": ("Outcome", "spectra_of", "compare", "sign_test"),
    "presentation/new_networks": ("Network", "Outcome", "outcome", "compare"),
    "presentation/published": ("blog_curve", "blog_markers", "blog_spectra", "largest_ratios"),
    "presentation/rules": ("Rule", "Fixed"),
    "presentation/claims": ("contradiction", "check"),
}  # fmt: skip


def items(root: Path = Path()) -> dict[str, str]:
    """Every input that was fixed, by its name, as it stands under `root`."""
    parts = (_claims, _predictions, _networks, _published, _constants, _judges)
    found = [pair for part in parts for pair in part(root)]
    twice = [name for name, count in Counter(name for name, _ in found).items() if count > 1]
    if twice:
        raise ValueError(f"items must have different names, got {twice} twice")
    return dict(found)


def short(value) -> str:
    """One line for a value; a long one ends in a digest of the whole."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 50]} ... {digest(text)}"


@functools.cache
def _document(text):
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _yaml(path):
    return _document(path.read_text("utf-8"))


def _rule(rule):
    words = [rule["kind"], short(rule["value"])]
    words += [f"± {rule['tolerance']}"] if "tolerance" in rule else []
    words += [f"out of {short(rule['possible'])}"] if "possible" in rule else []
    return " ".join(words)


def _claims(root) -> Iterator[tuple[str, str]]:
    for claim_id, claim in _yaml(root / SHOWN / "claims.yml").items():
        if "rule" in claim:
            yield f"claim {claim_id}, rule", _rule(claim["rule"])
            numbers = NUMBERS.findall(claim["rule"]["quantity"])
            yield f"claim {claim_id}, numbers in the quantity", short(" ".join(numbers))
            yield f"claim {claim_id}, fixed", claim["rule"]["fixed"]["when"]
        if "instead" in claim:
            yield f"claim {claim_id}, instead", _rule(claim["instead"])
        if "verdict" in claim:
            yield f"claim {claim_id}, verdict", claim["verdict"]
        if "published" in claim:
            where = f"{claim['published']} ({claim['source']}, {claim['anchor']})"
            yield f"claim {claim_id}, published", short(where)


def _entry(entry):
    return short({key: value for key, value in entry.items() if key not in ("id", *PROSE)})


def _scoring(kind, rules):
    for key, value in rules.items():
        if not key.endswith("_reason"):
            yield f"{kind}, {key}", short(value)


def _predictions(root):
    document = _yaml(root / SHOWN / "predictions.yml")
    for name, part in document.items():
        if isinstance(part, dict):
            yield from _scoring(f"knock-outs, {name}", part)
        else:
            for entry in part:
                yield f"knock-out {entry['id']}", f"{name}: {_entry(entry)}"
    for row in _rows(root, "real_data_predictions.csv"):
        name, whitening, depth, *rest = row.values()
        keys = list(row)[3:]
        values = ", ".join(f"{key} {value}" for key, value in zip(keys, rest, strict=True))
        yield f"real data {name}, a = {whitening}, L = {depth}", values


def _networks(root):
    document = _yaml(root / SHOWN / "new_networks.yml")
    yield from _scoring("new networks, scoring", document["scoring"])
    for entry in document["networks"]:
        yield f"new network {entry['id']}", _entry(entry)


def _rows(root, name):
    with (root / SHOWN / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _published(root):
    for row in _rows(root, "paper_figures.csv"):
        where = f"{row['figure']}, {row['activation']}, L = {row['depth']}"
        yield f"paper, {where}, {row['quantity']}", row["value"]
    curves = {}
    for row in _rows(root, "blog_spectra_digitised.csv"):
        curve = f"post, {row['figure']}, N = {row['n_embd']}, D = {row['n_block']}"
        curves.setdefault(curve, []).append(f"{row['rank']}: {row['eigenvalue']}")
    for name, values in curves.items():
        yield name, f"{len(values)} ranks, {short(', '.join(values))}"
    text = (root / SHOWN / "data/README.md").read_text("utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, words = section.partition("\n")
        if title.strip("`") in PINNED_TABLES:
            yield (
                f"where it comes from: {title.strip('`')}",
                digest(" ".join(words.split()).encode()),
            )


_tree = functools.cache(parse)


def _named(tree):
    """Values that stand under a name in capitals at the top of a module; of a dict each entry."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = ast.unparse(node.targets[0]).strip("()")
            if not re.fullmatch(r"_?[A-Z][A-Z_0-9]*(, _?[A-Z][A-Z_0-9]*)*", names):
                continue
            if isinstance(node.value, ast.Dict):
                for key, value in zip(node.value.keys, node.value.values, strict=True):
                    yield f"{names}[{ast.unparse(key)}]", value
            else:
                yield names, node.value


def _holds_number(value):
    numbers = (n.value for n in ast.walk(value) if isinstance(n, ast.Constant))
    return any(type(number) in (int, float) for number in numbers)


def _constants(root):
    paths = [path for room in ROOMS for path in sorted((root / PACKAGE / room).glob("*.py"))]
    for path in [*paths, *(root / SHOWN / f"{name}.py" for name in MODULES)]:
        for name, value in _named(_tree(path.read_text("utf-8"))):
            if _holds_number(value):
                yield f"{path.parent.name}.{path.stem}.{name}", short(ast.unparse(value))
    for module, names in CHOSEN.items():
        for name, value in _named(_tree((root / PACKAGE / f"{module}.py").read_text("utf-8"))):
            if name.partition("[")[0] in names:
                yield f"{module.replace('/', '.')}.{name}", short(ast.unparse(value))


def _judges(root):
    for module, names in JUDGES.items():
        tree = _tree((root / PACKAGE / f"{module}.py").read_text("utf-8"))
        code = {getattr(node, "name", None): node for node in tree.body}
        for name in names:
            found = digest(plain(code[name])) if name in code else "is not there"
            yield f"code of {module.replace('/', '.')}.{name}", found


# Pins


def expected(pins: dict) -> dict[str, str]:
    """Return what the pins say now: the first state, and the changes after it."""
    state = dict(pins["first"])
    for change in pins["changed"] or []:
        state[change["item"]] = change["now"]
    return {name: value for name, value in state.items() if value is not None}


def differences(found: dict[str, str], pins: dict) -> dict[str, tuple[str | None, str | None]]:
    """Items that are not as they are pinned: what is pinned, and what stands there."""
    wanted = expected(pins)
    names = [*wanted, *(name for name in found if name not in wanted)]
    pairs = {name: (wanted.get(name), found.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def report(different: dict) -> str:
    """One line for each item that is not as it is pinned."""
    return "\n".join(
        f"{name}: pinned {was!r}, is {now!r}" for name, (was, now) in different.items()
    )


def written(pins: dict, head: str) -> str:
    """Text of the file of pins: its head, and a line an item."""
    style = {"sort_keys": False, "allow_unicode": True, "width": float("inf")}
    return head + yaml.safe_dump(pins, **style)


def main(arguments: list[str], root: Path = Path()) -> int:
    """Name what differs, or write it down with a reason; 1 if something is not as it is pinned."""
    text = (root / PINS).read_text("utf-8")
    head = text[: text.index("\nfirst:") + 1]
    pins = yaml.safe_load(text)
    different = differences(items(root), pins)
    if not different:
        print("Every item is as it is pinned.")
        return 0
    print(report(different))
    if not arguments:
        print('Not as pinned: change it back, or give the reason: python tools/pins.py "why"')
        return 1
    (why,) = arguments
    if len(why) < SHORTEST_REASON:
        raise SystemExit(f"the reason must say why, in {SHORTEST_REASON} letters or more: {why!r}")
    today = datetime.date.today().isoformat()
    changes = [
        {"item": name, "on": today, "why": why, "now": now} for name, (_, now) in different.items()
    ]
    pins["changed"] = [*(pins["changed"] or []), *changes]
    (root / PINS).write_text(written(pins, head), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
