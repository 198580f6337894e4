"""What is asked of a search, read from text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lindos.errors import InconsistentError, InputError, InputErrors, LindosError
from lindos.scenario.fields import OneOf, Quantity, WholeNumber

#: What may be minimised, and what the floor below then maximises.
MINIMISED = {"time": "time", "cost": "device_time", "energy": "device_time", "gpus": "devices"}
_TEXTS = {
    "deadline": Quantity("s", "90 days", positive=True),
    "budget": Quantity("USD", "$1 billion", positive=True),
    "power": Quantity("W", "150 MW", positive=True),
    "tokens": Quantity("token", "15T tokens", positive=True),
}
#: Plans that are shown at most: a page of them.
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is best, how many plans to show, and what a run must keep to; None where it need not."""

    minimise: str = "time"
    top: int = 5
    deadline: float | None = None  # s
    budget: float | None = None  # USD
    power: float | None = None  # W of the facility, at full load
    tokens: float | None = None
    largest: bool = False  # the largest model of the shape instead of the model itself

    @property
    def objective(self) -> str:
        """What the floor of steps is asked for."""
        return MINIMISED[self.minimise]


def question(given: Mapping[str, Any]) -> Question:
    """Read a question from command-line words.

    Raises
    ------
    InputError
        With every wrong word.
    InconsistentError
        If the largest model is asked for without a deadline.
    """
    errors: list[InputError] = []
    read: dict[str, Any] = {}
    readers = {**_TEXTS, "top": WholeNumber("5"), "minimise": OneOf(tuple(MINIMISED))}
    for name, value in given.items():
        if value is None:
            continue
        try:
            read[name] = readers[name].read(value) if name in readers else value
        except LindosError as error:
            if not isinstance(error, InputError):
                raise
            errors.append(InputError(name, value, error.expected, error.hint))
    if not 1 <= read.get("top", 1) <= _MOST:
        errors.append(InputError("top", given["top"], f"from 1 to {_MOST}"))
    if errors:
        raise InputErrors(errors)
    found = Question(**read)
    if found.largest and found.deadline is None:
        raise InconsistentError("largest", "asked for", "deadline", None, "come with the second", "Add --deadline.")
    return found
