"""Results declare name, unit and reason once."""

from dataclasses import dataclass
from typing import Annotated

from lindos.quantities import Seconds, Usd, Watts
from lindos.results import Why, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    wheels: Annotated[Usd, Why("four of them")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    time: Annotated[Seconds, Why("on the road")]
    part: Part
    power: Annotated[Watts | None, Why("where it is known")] = None
    label: str = "x"

    @property
    def twice(self) -> Seconds:
        """There and back."""
        return 2 * self.time


def test_rows_come_from_the_declaration() -> None:
    found = [tuple(row) for row in rows(Whole(time=3.0, part=Part(wheels=4.0)))]
    assert found == [
        ("time", 3.0, "s", "on the road"),
        ("part.wheels", 4.0, "USD", "four of them"),
        ("power", None, "W", "where it is known"),
        ("twice", 6.0, "s", "There and back."),
    ]
