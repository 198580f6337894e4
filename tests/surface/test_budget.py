"""A file fits on a few screens and a function on one: the budgets of the design, as limits."""

import ast
from pathlib import Path

import pytest

import lindos

SOURCE = Path(lindos.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 500, 60


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, text: str) -> int:
    """Count the lines of code of a function, without docstring, comments and blank lines."""
    first, body = function.lineno, function.body
    lines = dict(enumerate(text.splitlines(), 1))
    counted = set(range(first, (function.end_lineno or first) + 1))
    if ast.get_docstring(function) is not None:
        counted -= set(range(body[0].lineno, (body[0].end_lineno or body[0].lineno) + 1))
    return sum(1 for number in counted if lines[number].strip() and not lines[number].strip().startswith("#"))


def long_functions(text: str) -> list[str]:
    """Names and sizes of functions beyond the budget."""
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    sizes = [(f"{function.name} at line {function.lineno}", code_lines(function, text)) for function in functions]
    return [f"{name}: {lines} lines" for name, lines in sizes if lines > FUNCTION_LINES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_within_budget(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    assert not long_functions(text)


def _function(name: str, lines: int) -> str:
    """Source of a function with a docstring and ``lines`` lines of code below its header."""
    body = "\n".join(f"    x{i} = {i}" for i in range(lines))
    return f'def {name}():\n    """Doc."""\n{body}\n'


def test_a_long_function_is_found() -> None:
    assert long_functions(_function("long", FUNCTION_LINES + 1))
    assert not long_functions(_function("short", FUNCTION_LINES - 1))


def test_a_long_function_is_found_beside_a_short_one_of_the_same_name() -> None:
    long, short = _function("section", FUNCTION_LINES + 1), _function("section", 1)
    assert len(long_functions(f"{long}\n\n{short}")) == 1
    assert len(long_functions(f"{short}\n\n{long}")) == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
