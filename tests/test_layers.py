"""Nothing imports upward: the layers of CONTRIBUTING.md, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src/depth_not_data"
LAYERS = (
    {"_validation"},
    {
        "clusters",
        "edges",
        "exact_spectrum",
        "finite_time",
        "learning_time",
        "levels",
        "outer_product",
        "perturbation",
        "recursion",
        "residual_linear",
        "signal_propagation",
        "stability",
    },
    {"derivations"},
    {
        "activations",
        "eigenfunctions",
        "function_space",
        "hessian",
        "lanczos",
        "linear_network",
        "resnet",
        "resnet_hessian",
        "rival_networks",
        "sweeps",
    },
    {"claims", "explorers", "figures", "interactive", "predictions", "published", "rules", "vega"},
    {"book_extension", "interactive_extension"},
)
# The first layer that may import each of these.
FOREIGN = {
    "sympy": 2,
    "torch": 3,
    "IPython": 4,
    "altair": 4,
    "matplotlib": 4,
    "pandas": 4,
    "myst_nb": 5,
    "sphinx": 5,
}


def level(module: str) -> int:
    return next(n for n, layer in enumerate(LAYERS) if module in layer)


def imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(module: str, source: str) -> list[str]:
    bad = []
    for name in imports(source):
        head, *tail = name.split(".")
        if head == "depth_not_data" and level(tail[0]) > level(module):
            bad.append(name)
        if FOREIGN.get(head, 0) > level(module):
            bad.append(name)
    return bad


MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_upward(module):
    assert violations(module, (PACKAGE / f"{module}.py").read_text("utf-8")) == []


def test_the_check_sees_an_upward_import():
    assert violations("recursion", "from depth_not_data import figures") == [
        "depth_not_data.figures"
    ]
    assert violations("exact_spectrum", "import torch.nn") == ["torch.nn"]
    assert violations("figures", "from depth_not_data import recursion") == []
