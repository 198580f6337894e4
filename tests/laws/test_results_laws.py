"""Parts make the whole: every result of the physics floors whose fields share a unit adds up to its total."""

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Annotated, Any, get_type_hints

import pytest

import formula_laws as laws
from lindos.quantities import Seconds
from lindos.results import Why

FLOORS = ("step", "campaign", "fleet", "site", "roadmap")


#: Names of properties that stand for the whole of a result's parts.
WHOLES = ("total", "time")


def result_classes() -> list[tuple[type[Any], str]]:
    """Dataclasses of the physics floors whose whole and parts have a unit, with the name of the whole."""
    found = set()
    for floor in FLOORS:
        package = importlib.import_module(f"lindos.{floor}")
        for module in pkgutil.walk_packages(package.__path__, f"lindos.{floor}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if kind.__module__ == module.name and dataclasses.is_dataclass(kind):
                    found |= {(kind, whole) for whole in WHOLES if len(parts_of(kind, whole)) > 1}
    return sorted(found, key=lambda pair: pair[0].__qualname__)


def parts_of(kind: type[Any], whole: str) -> list[str]:
    """Fields that carry the unit of the property ``whole``; none where it is no property with a unit."""
    attribute = getattr(kind, whole, None)
    if not isinstance(attribute, property):
        return []
    unit = laws.unit_of(get_type_hints(attribute.fget, include_extras=True).get("return"))
    hints = get_type_hints(kind, include_extras=True)
    return [f.name for f in dataclasses.fields(kind) if unit is not None and laws.unit_of(hints[f.name]) == unit]


def check_parts_make_the_whole(kind: type[Any], whole: str = "total") -> None:
    """A bare instance holds the parts alone, each with its own value: the whole may use nothing else."""
    bare = object.__new__(kind)
    values = {name: 1.0 + 0.37 * index for index, name in enumerate(parts_of(kind, whole))}
    for name, value in values.items():
        object.__setattr__(bare, name, value)
    found = float(getattr(bare, whole))
    assert found == pytest.approx(sum(values.values())), f"{kind.__qualname__}.{whole} is not the sum of its parts"


RESULTS = result_classes()


@pytest.mark.parametrize(("kind", "whole"), RESULTS, ids=lambda v: getattr(v, "__qualname__", v))
def test_parts_make_the_whole(kind: type[Any], whole: str) -> None:
    check_parts_make_the_whole(kind, whole)


def test_there_are_results() -> None:
    assert RESULTS


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
