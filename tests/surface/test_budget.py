"""A file fits on a few screens and a function on one: the budgets of the design, as limits."""

import ast
from pathlib import Path

import pytest

import lindos

SOURCE = Path(lindos.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 500, 60


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, text: str) -> int:
    """Lines of a function that hold code: no docstring, comment or blank line counts."""
    first, body = function.lineno, function.body
    lines = dict(enumerate(text.splitlines(), 1))
    counted = set(range(first, (function.end_lineno or first) + 1))
    if ast.get_docstring(function) is not None:
        counted -= set(range(body[0].lineno, (body[0].end_lineno or body[0].lineno) + 1))
    return sum(1 for number in counted if lines[number].strip() and not lines[number].strip().startswith("#"))


def long_functions(text: str) -> list[str]:
    """Names and sizes of functions beyond the budget."""
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    sizes = {f.name: code_lines(f, text) for f in functions}
    return [f"{name}: {lines} lines" for name, lines in sizes.items() if lines > FUNCTION_LINES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_within_budget(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    assert not long_functions(text)


def test_a_long_function_is_found() -> None:
    body = "\n".join(f"    x{i} = {i}" for i in range(FUNCTION_LINES + 1))
    assert long_functions(f'def long():\n    """Doc."""\n{body}\n')


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
