"""Imports are absolute and at the top, and modules are named for what they hold."""

import ast

from tests.architecture.source import functions, parsed, python_files, shown

GRAB_BAGS = frozenset({"utils", "util", "helpers", "helper", "common", "services", "managers", "misc"})


def test_no_function_imports_anything() -> None:
    hidden = [
        shown(path, node.lineno)
        for path in python_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_every_import_is_absolute() -> None:
    relative = [
        shown(path, node.lineno)
        for path in python_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_module_is_a_grab_bag() -> None:
    bags = [shown(path) for path in python_files() if GRAB_BAGS & {path.stem, *(part for part in path.parent.parts)}]
    assert bags == []
