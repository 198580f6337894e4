"""Laws over every public formula, discovered: dimensions, numbers, gradients, documentation, monotonicity."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import formula_laws as laws

FORMULAS = laws.formulas()
MONOTONE = [(f, name, direction) for f in FORMULAS for name, direction in laws.monotone_laws(f)]
each_formula = pytest.mark.parametrize("formula", FORMULAS, ids=laws.label)
# The same draws in every run: a law that fails must fail for everybody.
relaxed = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def arguments_of(formula: laws.Formula) -> st.SearchStrategy[dict[str, float]]:
    """Positive arguments above one, where a growth factor of one has no doubling time; fractions are counts too."""
    return st.fixed_dictionaries({name: st.floats(1.25, 100.0) for name in laws.units(formula)[0]})


def twos(formula: laws.Formula) -> dict[str, float]:
    return dict.fromkeys(laws.units(formula)[0], 2.0)


def test_every_module_of_formulas_has_formulas() -> None:
    modules = {formula.__module__ for formula in FORMULAS}
    assert modules == {module.__name__ for module in laws.formula_modules()}
    assert len(FORMULAS) >= 70


@each_formula
def test_dimensions_balance(formula: laws.Formula) -> None:
    laws.check_dimensions(formula)


@each_formula
def test_float_and_array_agree_at_twos(formula: laws.Formula) -> None:
    laws.check_numbers_agree(formula, twos(formula))


@each_formula
def test_float_and_array_agree_anywhere(formula: laws.Formula) -> None:
    @relaxed
    @given(arguments_of(formula))
    def holds(values: Mapping[str, float]) -> None:
        laws.check_numbers_agree(formula, values)

    holds()


@each_formula
def test_jax_agrees_and_slopes_are_finite(formula: laws.Formula) -> None:
    jax = pytest.importorskip("jax")
    names = list(laws.units(formula)[0])
    draws = np.random.default_rng(7).uniform(1.25, 40.0, size=(3, len(names)))
    anywhere = [dict(zip(names, map(float, draw), strict=True)) for draw in draws]
    with jax.enable_x64(True):
        laws.check_jax_agrees(formula, [twos(formula), *anywhere])


@each_formula
def test_documented_with_equation_example_and_reference(formula: laws.Formula) -> None:
    assert not (missing := laws.missing_documentation(formula)), f"{laws.label(formula)} needs {' and '.join(missing)}"


@pytest.mark.parametrize(
    ("formula", "argument", "direction"), MONOTONE, ids=lambda v: laws.label(v) if callable(v) else str(v)
)
def test_monotone_where_physics_says_so(formula: laws.Formula, argument: str, direction: int) -> None:
    @relaxed
    @given(arguments_of(formula), st.floats(1.0, 10.0))
    def holds(values: Mapping[str, float], factor: float) -> None:
        laws.check_monotone(formula, argument, direction, values, factor)

    holds()


def test_every_formula_runs_on_a_matrix_of_plans() -> None:
    for formula in FORMULAS:
        result = formula(**{name: np.full((2, 3), 2.0) for name in laws.units(formula)[0]})
        assert np.shape(result) in ((), (2, 3)), laws.label(formula)


# --- the laws can fail -------------------------------------------------------------------------------------------


def unbalanced(message: Any, bandwidth: Any) -> Any:
    return message * bandwidth


def undocumented(message: Any, bandwidth: Any) -> Any:
    return message / bandwidth


def branching(message: Any, bandwidth: Any) -> Any:
    return message / bandwidth if message > 1.0 else message * 0.0 / bandwidth


def faster_with_less(message: Any, bandwidth: Any) -> Any:
    return message / bandwidth + bandwidth * 0.0 + (bandwidth / message) * (message / bandwidth) * bandwidth


def infinite(message: Any, bandwidth: Any) -> Any:
    return message / (bandwidth - bandwidth)


@pytest.fixture(params=[unbalanced, undocumented, branching, faster_with_less, infinite], ids=lambda f: f.__name__)
def wrong(request: pytest.FixtureRequest) -> laws.Formula:
    from lindos.quantities import Bytes, BytesPerSecond, Seconds

    formula: laws.Formula = request.param
    formula.__annotations__ = {"message": Bytes, "bandwidth": BytesPerSecond, "return": Seconds}
    return formula


def test_a_wrong_formula_breaks_its_law(wrong: laws.Formula) -> None:
    values = {"message": 2.0, "bandwidth": 2.0}
    broken = {
        "unbalanced": lambda: laws.check_dimensions(wrong),
        "undocumented": lambda: _refuse(laws.missing_documentation(wrong)),
        "branching": lambda: laws.check_numbers_agree(wrong, values),
        "faster_with_less": lambda: laws.check_monotone(wrong, "bandwidth", -1, values, 3.0),
        "infinite": lambda: laws.check_numbers_agree(wrong, values),
    }
    with pytest.raises((AssertionError, ValueError, ZeroDivisionError)):
        broken[wrong.__name__]()


def _refuse(missing: list[str]) -> None:
    assert not missing


def test_an_argument_without_alias_is_refused() -> None:
    def bare(message: float) -> float:
        return message

    with pytest.raises(AssertionError, match="must be annotated with an alias"):
        laws.units(bare)
