"""Nothing imports upward: the rooms of CONTRIBUTING.md, read from the imports themselves."""

import ast
import fnmatch
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src/depth_not_data"
# Each room and what it may import besides itself and the checks on arguments.
ROOMS = {
    "_validation": set(),
    "_source": set(),
    "spectra": set(),
    "linear": {"spectra"},
    "residual": {"spectra"},
    "course": {"spectra", "linear", "residual"},
    "presentation": {"spectra", "linear", "residual"},
    "replication": {"spectra", "linear", "residual", "presentation"},
    "which_functions": {"spectra", "presentation"},
}
# Parts of the Sphinx extension.
SITE = {f"presentation.{path.stem}" for path in (PACKAGE / "presentation").glob("sphinx*.py")}
# Where packages other than NumPy may be imported: a room, or a module of one.
FOREIGN = {
    "sympy": {"linear.derivations"},
    "torch": {
        "linear.batched",
        "linear.measured",
        "linear.network",
        "linear.optimizer_oracle",
        "linear.problem",
        "linear.subspace",
        "linear.tanh",
        "linear.training",
        "course",
        "replication",
        "residual",
        "spectra.assembled",
        "spectra.autograd",
        "spectra.lanczos",
        "which_functions",
    },
    "scipy": {"course", "presentation.knock_outs", "residual", "spectra"},
    "joblib": {"residual"},
    "sklearn": {"linear.real_data", "residual.relatives_training"},
    "IPython": {"presentation"},
    "altair": {"presentation"},
    "matplotlib": {"presentation", "which_functions"},
    "pandas": {"presentation", "replication", "which_functions"},
    "myst_nb": SITE,
    "sphinx": SITE,
}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
}
NUMPY_ONLY = sorted(
    {
        module
        for module in MODULES
        if module.startswith(("linear.", "spectra."))
        and module not in FOREIGN["torch"] | FOREIGN["sympy"]
    }
    | {"residual.levels", "residual.signal_propagation"}
)


def imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(module: str, source: str) -> list[str]:
    room, found = module.split(".")[0], []
    for name in sorted(imports(source)):
        head, *tail = name.split(".")
        if head == "depth_not_data":
            if tail[0] not in {room, "_source", "_validation"} | ROOMS[room]:
                found.append(f"{module} imports {name}")
        elif head in FOREIGN and not {room, module} & FOREIGN[head]:
            found.append(f"{module} imports {head}")
    return found


def test_every_room_is_in_the_drawing():
    assert {module.split(".")[0] for module in MODULES} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_upward(module):
    assert violations(module, MODULES[module].read_text("utf-8")) == []


def test_the_check_sees_what_it_should():
    bad = "from depth_not_data.presentation import figures"
    assert violations("linear.recursion", bad) == [
        "linear.recursion imports depth_not_data.presentation.figures"
    ]
    assert violations("linear.recursion", "import torch") == ["linear.recursion imports torch"]
    assert violations("linear.network", "import torch") == []
    assert violations("presentation.figures", "from depth_not_data.linear import flow") == []


def test_modules_of_a_room_do_not_import_each_other_in_a_circle():
    named = {module: imports(path.read_text("utf-8")) for module, path in MODULES.items()}
    waiting = {
        module: {
            other
            for other in MODULES
            if other != module
            and any(f"{name}.".startswith(f"depth_not_data.{other}.") for name in names)
        }
        for module, names in named.items()
    }
    while free := [module for module, needs in waiting.items() if not needs]:
        for module in free:
            del waiting[module]
        for needs in waiting.values():
            needs.difference_update(free)
    assert not waiting


BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "pandas", "matplotlib"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Missing())
"""


def test_the_core_is_importable_without_torch():
    wanted = "\n".join(f"import depth_not_data.{module}" for module in NUMPY_ONLY)
    subprocess.run([sys.executable, "-c", BLOCKED + wanted], check=True)


def test_a_module_that_needs_torch_is_seen():
    code = BLOCKED + "import depth_not_data.linear.network"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "torch is blocked" in result.stderr


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea(module):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= 350


def test_no_folder_of_tests_is_left_out(pytestconfig):
    patterns = pytestconfig.getini("norecursedirs")
    folders = {path.parent for path in Path(__file__).parent.rglob("test_*.py")}
    names = {part for folder in folders for part in folder.relative_to(PACKAGE.parents[1]).parts}
    assert not [n for n in names for p in patterns if fnmatch.fnmatch(n, p)]
