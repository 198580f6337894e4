"""Every example in a docstring of Lindos runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import lindos

MODULES = ["lindos", *(module.name for module in pkgutil.walk_packages(lindos.__path__, "lindos."))]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_of_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    outcome = doctest.testmod(module)
    assert outcome.failed == 0, f"{outcome.failed} of {outcome.attempted} examples of {name} fail"


def test_a_wrong_example_fails() -> None:
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda text: None).failed == 1
