"""Files and functions stay small enough to be read in one go."""

from tests.architecture.source import functions, python_files, shown

FILE_LINES = 400
FUNCTION_LINES = 40


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {place: length for place, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{shown(path, function.lineno)} {function.name}: {length} lines"
        for path in python_files()
        for function in functions(path)
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []
