"""Every figure of the built-in scenarios is what it was; a change that moves one lists it in the changelog.

``python tests/study/write_pins.py`` writes them down after a wanted change.
"""

import json

import pytest
from write_pins import PINS, pins_of

import lindos
from lindos.scenario.read import builtin_names

#: Libraries and processors differ in the last digits.
TOLERANCE = 1e-6


def is_same(pin: list[float | None], other: list[float | None]) -> bool:
    """Tell whether value, low and high are the same, up to the last digits."""
    return all(
        (a is None) == (b is None) and (a is None or abs(a - b) <= TOLERANCE * max(abs(a), abs(b)))
        for a, b in zip(pin, other, strict=True)
    )


@pytest.mark.parametrize("name", builtin_names())
def test_every_figure_is_what_it_was(name: str) -> None:
    pinned = json.loads(PINS.read_text(encoding="utf-8"))[name]
    now = pins_of(lindos.run(name))
    assert list(now) == list(pinned)
    moved = {key: (pinned[key], pin) for key, pin in now.items() if not is_same(pinned[key], pin)}
    assert not moved


def test_a_pin_that_moved_is_found() -> None:
    assert is_same([1.0, None, 2.0], [1.0 + 1e-9, None, 2.0])
    assert not is_same([1.0, None, 2.0], [1.001, None, 2.0])
    assert not is_same([1.0, None, 2.0], [1.0, 0.0, 2.0])
