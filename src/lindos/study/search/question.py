"""The question of a search, read from text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lindos.errors import InconsistentError, InputError, InputErrors, LindosError
from lindos.scenario.fields import OneOf, Quantity, WholeNumber

#: Quantities to minimise, and the objective of the search over plans for each.
MINIMISED = {"time": "time", "cost": "device_time", "energy": "device_time", "gpus": "devices"}
_TEXTS = {
    "deadline": Quantity("s", "90 days", positive=True),
    "budget": Quantity("USD", "$1 billion", positive=True),
    "power": Quantity("W", "150 MW", positive=True),
    "tokens": Quantity("token", "15T tokens", positive=True),
}
#: Largest number of plans in an answer.
_MOST = 50
#: Plans of a step whose runs are compared, and fields in which these plans differ: failures depend on them, so that the
#: fastest step need not be the fastest run.
CANDIDATES = 16
OF_RUNS = ("num_devices", "tensor_parallel", "expert_parallel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Objective, number of plans to show, and limits of the run; None for no limit."""

    minimise: str = "time"
    top: int = 5
    deadline: float | None = None  # s
    budget: float | None = None  # USD
    power: float | None = None  # W of the facility, at full load
    tokens: float | None = None
    largest: bool = False  # the largest model of the shape instead of the model itself

    @property
    def objective(self) -> str:
        """Objective of the search over plans, one of :data:`lindos.planning.OBJECTIVES`."""
        return MINIMISED[self.minimise]


def question(words: Mapping[str, Any]) -> Question:
    """Read a question from command-line words.

    Parameters
    ----------
    words
        Texts by the names of the fields of a question; None for the default.

    Raises
    ------
    InputError
        If words are wrong; the error lists all of them.
    InconsistentError
        If the question is about the largest model and has no deadline.
    """
    errors: list[InputError] = []
    read: dict[str, Any] = {}
    readers = {**_TEXTS, "top": WholeNumber("5"), "minimise": OneOf(tuple(MINIMISED))}
    for name, value in words.items():
        if value is None:
            continue
        try:
            read[name] = readers[name].read(value) if name in readers else value
        except LindosError as error:
            if not isinstance(error, InputError):
                raise
            errors.append(InputError(name, value, error.expected, error.hint))
    if not 1 <= read.get("top", 1) <= _MOST:
        errors.append(InputError("top", words["top"], f"from 1 to {_MOST}"))
    if errors:
        raise InputErrors(errors)
    question_read = Question(**read)
    if question_read.largest and question_read.deadline is None:
        raise InconsistentError("largest", "asked for", "deadline", None, "come with the second", "Add --deadline.")
    return question_read
