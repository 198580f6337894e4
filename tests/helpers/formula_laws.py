"""What every formula must obey, as functions: found, not listed, so that a new formula is covered by existing."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_type_hints

import numpy as np
import pint

import lindos.formulas
from lindos.quantities import Unit

Formula = Callable[..., Any]


def formula_modules() -> list[Any]:
    """Every module of lindos.formulas."""
    found = pkgutil.walk_packages(lindos.formulas.__path__, "lindos.formulas.")
    return [importlib.import_module(module.name) for module in found]


def formulas() -> list[Formula]:
    """Every public function that a module of lindos.formulas defines."""
    return [
        function
        for module in formula_modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]


def label(formula: Formula) -> str:
    """``module.function``, for the names of tests."""
    return f"{formula.__module__.rsplit('.', 1)[-1]}.{formula.__name__}"


def units(formula: Formula) -> tuple[dict[str, str], str]:
    """SI unit of each argument and of the result, read from the annotations."""
    hints = get_type_hints(formula, include_extras=True)
    returned = unit_of(hints.pop("return", None))
    arguments = {name: unit_of(hints.get(name)) for name in inspect.signature(formula).parameters}
    missing = [name for name, unit in {**arguments, "return": returned}.items() if unit is None]
    assert not missing, f"{label(formula)}: {', '.join(missing)} must be annotated with an alias of lindos.quantities"
    return arguments, returned  # type: ignore[return-value]


def unit_of(annotation: Any) -> str | None:
    """Unit in an ``Annotated`` alias, None if it has none."""
    return next((m.symbol for m in getattr(annotation, "__metadata__", ()) if isinstance(m, Unit)), None)


def registry() -> pint.UnitRegistry:
    """Our own base dimensions: Pint's default one makes the byte dimensionless."""
    ureg = pint.UnitRegistry(None)
    for line in (
        "s = [time]",
        "B = [information]",
        "FLOP = [computation]",
        "J = [energy]",
        "USD = [money]",
        "token = [token_count]",
        "W = J / s",
    ):
        ureg.define(line)
    return ureg


UREG = registry()


class PintNamespace:
    """NumPy for Pint quantities: a bare number beside a quantity in min, max or where takes that quantity's unit."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def minimum(self, one: Any, other: Any) -> Any:
        return np.minimum(*_same_unit(one, other))

    def maximum(self, one: Any, other: Any) -> Any:
        return np.maximum(*_same_unit(one, other))

    def where(self, condition: Any, one: Any, other: Any) -> Any:
        return np.where(condition, *_same_unit(one, other))

    def clip(self, value: Any, low: Any = None, high: Any = None) -> Any:
        value = value if low is None else self.maximum(value, low)
        return value if high is None else self.minimum(value, high)


def _same_unit(*values: Any) -> list[Any]:
    unit = next((v.units for v in values if isinstance(v, UREG.Quantity)), None)
    return [v if unit is None or isinstance(v, UREG.Quantity) else UREG.Quantity(v, unit) for v in values]


@contextmanager
def pint_namespace() -> Iterator[None]:
    """Let the formulas' ``namespace(...)`` answer with one that knows Pint."""
    patched = [module for module in formula_modules() if hasattr(module, "namespace")]
    originals = [module.namespace for module in patched]
    for module in patched:
        module.namespace = lambda *values: PintNamespace()
    try:
        yield
    finally:
        for module, original in zip(patched, originals, strict=True):
            module.namespace = original


def check_dimensions(formula: Formula) -> None:
    """Dimensions of the result follow from those of the arguments."""
    arguments, returned = units(formula)
    given = {name: UREG.Quantity(2.0, "" if unit == "1" else unit) for name, unit in arguments.items()}
    with pint_namespace():
        result = UREG.Quantity(formula(**given))
    expected = UREG.Quantity(1.0, "" if returned == "1" else returned)
    assert result.is_compatible_with(expected), f"{label(formula)} gives {result.units or 'a number'}, not {returned}"


def check_numbers_agree(formula: Formula, values: Mapping[str, float]) -> None:
    """A float, an array and a compiled JAX function give the same finite number."""
    scalar = formula(**values)
    assert np.ndim(scalar) == 0, f"{label(formula)} of floats is not a number"
    assert np.isfinite(scalar), f"{label(formula)} is {scalar} at {dict(values)}"
    vector = formula(**{name: np.full(3, value) for name, value in values.items()})
    np.testing.assert_allclose(np.broadcast_to(vector, 3), np.full(3, float(scalar)), rtol=1e-12)


def check_jax_agrees(formula: Formula, points: Sequence[Mapping[str, float]]) -> None:
    """``jax.jit`` gives the float's number at every point, and the gradient in every argument is finite."""
    import jax

    compiled = jax.jit(formula)
    slopes = jax.jit(jax.grad(lambda arguments: formula(**arguments) * 1.0))
    for values in points:
        np.testing.assert_allclose(float(compiled(**values)), float(formula(**values)), rtol=1e-9)
        wrong = [name for name, slope in slopes(dict(values)).items() if not np.isfinite(slope)]
        assert not wrong, f"{label(formula)} has no finite slope in {', '.join(wrong)} at {dict(values)}"


def missing_documentation(formula: Formula) -> list[str]:
    """What the docstring lacks of equation, example with a number, and reference (or the word definition)."""
    text = inspect.getdoc(formula) or ""
    parts = {
        "its equation (.. math::)": ".. math::" in text,
        "an example with a number": bool(doctest.DocTestParser().get_examples(text)),
        "a reference such as [1]_, or the word definition": "]_" in text or "definition" in text.lower(),
    }
    return [part for part, there in parts.items() if not there]


#: (part of an argument's name, unit of the result, direction): more of it never moves the result the other way.
MONOTONE = (
    ("bandwidth", "s", -1),
    ("latency", "s", +1),
    ("message", "s", +1),
    ("peak", "s", -1),
    ("price", "USD", +1),
    ("price", "USD/s", +1),
    ("pue", "W", +1),
    ("pue", "J", +1),
    ("device_power", "W", +1),
    ("num_devices", "W", +1),
)


def monotone_laws(formula: Formula) -> list[tuple[str, int]]:
    """Arguments of ``formula`` in which it must not move the wrong way, with the direction."""
    arguments, returned = units(formula)
    return [
        (name, direction)
        for name in arguments
        for part, unit, direction in MONOTONE
        if part in name and unit == returned
    ]


def check_monotone(formula: Formula, argument: str, direction: int, values: Mapping[str, float], factor: float) -> None:
    """Growing ``argument`` by ``factor`` moves the result in ``direction`` or not at all."""
    before = float(formula(**values))
    after = float(formula(**{**values, argument: values[argument] * factor}))
    slack = 1e-9 * max(abs(before), abs(after))
    moved = f"{argument} x {factor:.3g} moves the result from {before:.6g} to {after:.6g} at {dict(values)}"
    assert direction * (after - before) >= -slack, f"{label(formula)}: {moved}"
