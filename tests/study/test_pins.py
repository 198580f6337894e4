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


@pytest.mark.parametrize("name", builtin_names())
def test_every_figure_is_what_it_was(name: str) -> None:
    pinned = json.loads(PINS.read_text(encoding="utf-8"))[name]
    now = pins_of(lindos.run(name))
    assert list(now) == list(pinned)
    moved = {key: (pinned[key], pin) for key, pin in now.items() if pin != pytest.approx(pinned[key], rel=TOLERANCE)}
    assert not moved
