"""Small mistakes in code, one at a time: for `mutants.py`, which asks whether a test notices.

Left alone are imports, annotations, docstrings, decorators, and what an error says.
"""

import ast
import copy
from collections.abc import Iterator

from depth_not_data._source import parse

SWAPS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult],
    ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Div], ast.Mod: [ast.Mult], ast.MatMult: [ast.Mult],
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.And: [ast.Or],
    ast.Or: [ast.And], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd],
}  # fmt: skip
PAIRS = [("min", "max"), ("minimum", "maximum"), ("any", "all"), ("floor", "ceil")]
NAMES = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
UNTOUCHED = {"annotation", "returns", "decorator_list"}


def changed(node: ast.AST, **fields) -> ast.AST:
    """Return a copy of a node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def changes(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """Every small mistake at one node: what may stand there instead."""
    for kind in SWAPS.get(type(node), []):
        yield kind()
    match node:
        case ast.Constant(value=bool()):
            yield changed(node, value=not node.value)
        case ast.Constant(value=int() | float()):
            yield changed(node, value=node.value + 1)
            yield changed(node, value=node.value - 1)
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield node.operand
        case ast.BoolOp():
            for k in range(len(node.values)):
                kept = node.values[:k] + node.values[k + 1 :]
                yield changed(node, values=kept) if len(kept) > 1 else kept[0]
        case ast.Name(id=name) if name in NAMES:
            yield changed(node, id=NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES:
            yield changed(node, attr=NAMES[name])
        case ast.Call(args=[a, b, *rest]) if ast.dump(a) != ast.dump(b):
            # With a name first, as in the checks on arguments, anything would notice.
            if not (isinstance(a, ast.Constant) and isinstance(a.value, str)):
                yield changed(node, args=[b, a, *rest])
        case ast.Return(value=ast.AST()):
            yield changed(node, value=ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
    tested = isinstance(parent, ast.If | ast.IfExp | ast.While) and parent.test is node
    if tested and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)


def places(node: ast.AST, scope: str = "", above: tuple = ()) -> Iterator[tuple]:
    """Every node that may be changed: its scope, those above it, and how to put another there."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED or isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
            continue
        for k, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST):
                continue

            def put(new, field=field, value=value, k=k):
                if isinstance(value, list):
                    value[k] = new
                else:
                    setattr(node, field, new)

            yield scope, (*above, node), child, put
            yield from places(child, scope, (*above, node))


def shown(above: tuple, child: ast.AST) -> ast.AST:
    """Return what is printed of a change: as much around it as fits."""
    simple = (
        ast.arguments | ast.expr | ast.keyword | ast.Assign | ast.AugAssign | ast.Return | ast.Expr
    )
    found = child if isinstance(child, simple | ast.Raise) else above[-1]
    for node in reversed(above):
        if not isinstance(node, simple) or len(ast.unparse(node)) > 70:
            break
        found = node
    return found


def mutants(source: str) -> Iterator[tuple[str, str, ast.Module]]:
    """Every mutant of a module: its name, the function it is in, and the changed syntax tree."""
    tree, names = parse(source), {}
    for scope, above, child, put in places(tree):
        for new in changes(child, above[-1]):
            around = shown(above, child)
            before = ast.unparse(around)
            put(new)
            after = ast.unparse(new if around is child else around)
            name = f"{scope or 'module'}: {before} -> {after}"
            names[name] = names.get(name, 0) + 1
            yield name + f" ({names[name]})" * (names[name] > 1), scope, tree
            put(child)
