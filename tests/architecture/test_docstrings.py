"""Every module says its job, and what others call says why, in which units, with which errors."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Function, parsed, python_files, shown

EXPLAINED = ("agents/engine", "agents/contracts", "budgets")


def test_every_module_says_its_job() -> None:
    silent = [
        shown(path)
        for path in python_files()
        if path.name != "__init__.py" and path.stat().st_size and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


def test_public_functions_of_engine_contracts_and_budgets_are_explained() -> None:
    silent = [
        f"{shown(path, node.lineno)} {node.name}"
        for path in python_files(*EXPLAINED)
        if "management" not in path.parts
        for node in public_functions(parsed(path))
        if not ast.get_docstring(node)
    ]
    assert silent == []


def public_functions(module: ast.Module) -> Iterator[Function]:
    """Functions of the module and methods of its public classes whose names carry no underscore."""
    holders: list[ast.Module | ast.ClassDef] = [module]
    holders += [node for node in module.body if isinstance(node, ast.ClassDef) and not hidden(node)]
    for holder in holders:
        for node in holder.body:
            if isinstance(node, Function) and not hidden(node):
                yield node


def hidden(node: Function | ast.ClassDef) -> bool:
    """True for names that are nobody else's business."""
    return node.name.startswith("_")
