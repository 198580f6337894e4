"""Parts make the whole: every result of the physics floors whose fields share a unit adds up to its total."""

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Annotated, Any, get_type_hints

import formula_laws as laws
import pytest

import lindos
from lindos.quantities import Seconds
from lindos.results import Why

FLOORS = ("step", "campaign", "fleet", "site", "roadmap")


def result_classes() -> list[type[Any]]:
    """Dataclasses of the physics floors with a property named ``total``."""
    found = set()
    for floor in FLOORS:
        package = importlib.import_module(f"lindos.{floor}")
        for module in pkgutil.walk_packages(package.__path__, f"lindos.{floor}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if kind.__module__ == module.name and dataclasses.is_dataclass(kind) and "total" in dir(kind):
                    found.add(kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


def parts_of(kind: type[Any]) -> tuple[dict[str, str], str | None]:
    """Unit of each numeric field, and of the total; empty where a field is not a number."""
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.name: laws.unit_of(hints[field.name]) for field in dataclasses.fields(kind)}
    total = get_type_hints(kind.total.fget, include_extras=True).get("return")
    if any(unit is None for unit in fields.values()):
        return {}, laws.unit_of(total)
    return {name: str(unit) for name, unit in fields.items()}, laws.unit_of(total)


def check_parts_make_the_whole(kind: type[Any]) -> None:
    parts, unit = parts_of(kind)
    values = {name: 1.0 + 0.37 * index for index, name in enumerate(parts)}
    summed = sum(value for name, value in values.items() if parts[name] == unit)
    assert float(kind(**values).total) == pytest.approx(summed), (
        f"{kind.__qualname__}.total is not the sum of its parts"
    )


RESULTS = [kind for kind in result_classes() if parts_of(kind)[0]]


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__qualname__)
def test_parts_make_the_whole(kind: type[Any]) -> None:
    check_parts_make_the_whole(kind)


def test_a_total_that_forgets_a_part_breaks_the_law() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Forgetful:
        ride: Annotated[Seconds, Why("on the road")]
        wait: Annotated[Seconds, Why("at the stop")]

        @property
        def total(self) -> Seconds:
            """Door to door, without the wait."""
            return self.ride

    with pytest.raises(AssertionError, match="not the sum of its parts"):
        check_parts_make_the_whole(Forgetful)


def test_the_floors_are_all_there() -> None:
    assert all(hasattr(importlib.import_module(f"lindos.{floor}"), "__path__") for floor in FLOORS)
    assert lindos.__doc__
