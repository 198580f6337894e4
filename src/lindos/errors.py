"""All errors of Lindos, as a tree; a user's mistake gets one sentence, never a traceback.

::

    LindosError
      InputError(ValueError)     one value is wrong by itself               exit 2
        UnitError                right number, wrong or missing unit
          NumeralError           a number that may be read in two ways
          CountError             a count of something else
        UnknownNameError         not in the catalogue (did you mean ...)
        UnknownValueError        nobody has published it; give your own
        InputErrors              every wrong value of one file, together
      InconsistentError          two inputs contradict each other           exit 2
      InfeasibleError            inputs fine, cannot hold together          exit 3
      CatalogError               our own data is broken (a bug)
      SolverError                the optimiser stopped
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

#: Number of wrong values that are named; further ones are counted.
_MOST_ERRORS = 20
#: Names that a sentence lists; where there are more than the second, it says how many.
_LISTED, _TOO_MANY = 12, 100
_LONGEST_NAME = 100


class LindosError(Exception):
    """Root of everything Lindos raises on purpose."""

    exit_code = 1


class InputError(LindosError, ValueError):
    """One value is wrong by itself.

    >>> print(InputError("cluster.gpus", -8, "a whole number of at least 1"))
    cluster.gpus is -8, but must be a whole number of at least 1.

    A value that is missing is required, and a value that has no place has a reason:

    >>> print(InputError("--gpus", None, "given when the cluster is a system"))
    --gpus is required when the cluster is a system.
    >>> print(InputError("job.modle", "grok-1", "left out: unknown field of a scenario", "Did you mean model?"))
    job.modle: unknown field of a scenario. Did you mean model?
    """

    exit_code = 2
    file = ""  # name of the file, where several may be read

    def __init__(self, path: str, value: Any, expected: str, hint: str = "", line: int | None = None) -> None:
        """Keep the dotted ``path``, the wrong ``value``, what is ``expected``, a ``hint`` to fix it, its ``line``."""
        self.path, self.value, self.expected, self.hint, self.line = path, value, expected, hint, line
        super().__init__(path, value, expected, hint)

    def __str__(self) -> str:
        """One sentence: ``path is VALUE, but must be WHAT. How to fix.``."""
        line = f"line {self.line}" if self.line is not None else ""
        place = " ".join(part for part in (self.file, line) if part)
        sentence = f"{place}: {self._sentence()}." if place else f"{self._sentence()}."
        return f"{sentence} {self.hint}" if self.hint else sentence

    def _sentence(self) -> str:
        if self.value is None and self.expected.startswith("given"):
            return f"{self.path} is required{self.expected.removeprefix('given')}"
        if self.expected.startswith("left out: "):
            return f"{self.path}: {self.expected.removeprefix('left out: ')}"
        return f"{self.path} is {value_text(self.value)}, but must be {self.expected}"


class UnitError(InputError):
    """A number whose unit is missing or measures something else."""


class NumeralError(UnitError):
    """A number that another locale, or another reader of YAML, reads differently."""


class CountError(UnitError):
    """A count of something else than the field counts: racks where GPUs are."""


class UnknownNameError(InputError):
    """A name that is not in the catalogue.

    What it must be and the hint are computed when they are read, since a file may have very many wrong names.
    """

    _expected: str = ""
    _hint: str = ""

    def __init__(self, path: str, value: str, names: Iterable[str], line: int | None = None) -> None:
        """List the existing ``names`` that begin with ``value``, or else the first of all; the hint has the nearest."""
        self._names = sorted(names)
        super().__init__(path, value, "", "", line)

    @property
    def expected(self) -> str:
        """The names that begin with the value where several do, else all names."""
        if not self._expected:
            family = self._family()
            listed = family if len(family) > 1 else self._names
            more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
            some = f"{', '.join(listed[:_LISTED])}{more}" if len(listed) <= _TOO_MANY else f"{len(listed)} names"
            self._expected = f"one of {some}"
        return self._expected

    @expected.setter
    def expected(self, text: str) -> None:
        self._expected = text

    @property
    def hint(self) -> str:
        """How to choose among the names that begin with the value, else the nearest names."""
        if not self._hint:
            family = self._family()
            if len(family) > 1:
                self._hint = f"{self.value} begins each of these: write one."
                return self._hint
            nearest = family or difflib.get_close_matches(
                str(self.value).lower()[:_LONGEST_NAME], self._names, n=2, cutoff=0.5
            )
            self._hint = f"Did you mean {' or '.join(nearest)}?" if nearest else ""
        return self._hint

    @hint.setter
    def hint(self, text: str) -> None:
        self._hint = text

    def _family(self) -> list[str]:
        """List the names that begin with the value, read without case, spaces and marks: ``Llama 4`` has two."""
        start = _letters(str(self.value)[:_LONGEST_NAME])
        return [name for name in self._names if len(start) > 2 and _letters(name).startswith(start)]


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


class UnknownValueError(InputError):
    """A catalogue value that nobody has published and that this question needs."""

    def __init__(self, path: str, note: str = "") -> None:
        """Name the ``path`` of the fact and, in ``note``, why it is unknown."""
        hint = "Give your own value in a catalogue file (--catalog FILE)."
        super().__init__(path, None, "known to answer this" + (f" ({note})" if note else ""), hint)

    def __str__(self) -> str:
        """Say that the value is unknown, and how to give one."""
        return f"{self.path} is unknown, but must be {self.expected}. {self.hint}"


class InputErrors(InputError):
    """All wrong values of one input, reported together."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        """Keep all ``errors``, at least one."""
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.path, first.value, first.expected, first.hint, first.line)

    def __str__(self) -> str:
        """One sentence a line; beyond a limit, the number of further errors."""
        lines = [str(error) for error in self.errors[:_MOST_ERRORS]]
        unlisted = len(self.errors) - len(lines)
        if unlisted:
            subject = "1 more value is" if unlisted == 1 else f"{unlisted:,} more values are"
            lines.append(f"{subject} wrong; correct these first to see the rest.")
        return "\n".join(lines)


class InconsistentError(LindosError):
    """Two inputs that contradict each other.

    >>> print(InconsistentError("plan.tensor_parallel", 7, "model.num_attention_heads", 64, "divide it"))
    plan.tensor_parallel is 7 and model.num_attention_heads is 64, but the first must divide it.
    """

    exit_code = 2

    def __init__(self, path: str, value: Any, other_path: str, other_value: Any, relation: str, hint: str = "") -> None:
        """Keep both paths and values, and the ``relation`` that the first must have to the second."""
        self.path, self.value, self.other_path, self.other_value = path, value, other_path, other_value
        self.relation, self.hint = relation, hint
        super().__init__(path, value, other_path, other_value, relation, hint)

    def __str__(self) -> str:
        """Name both inputs and the relation between them."""
        sentence = (
            f"{self.path} is {value_text(self.value)} and {self.other_path} is {value_text(self.other_value)}, "
            f"but the first must {self.relation}."
        )
        return f"{sentence} {self.hint}" if self.hint else sentence


class InfeasibleError(LindosError):
    """Inputs that are right one by one, but not feasible together."""

    exit_code = 3

    def __init__(self, reason: str, shortfall: str, remedy: str) -> None:
        """Keep the ``reason``, the ``shortfall`` and the nearest ``remedy``."""
        self.reason, self.shortfall, self.remedy = reason, shortfall, remedy
        super().__init__(reason, shortfall, remedy)

    def __str__(self) -> str:
        """Reason, shortfall and remedy in one line."""
        return f"{self.reason}: {self.shortfall}. {self.remedy}."


class CatalogError(LindosError):
    """The catalogue that Lindos ships is broken: a bug of ours."""


class SolverError(LindosError):
    """An optimiser stopped without an answer."""


def value_text(value: Any) -> str:
    """Write a value so that a reader recognises it; the middle of a long one is left out.

    Parameters
    ----------
    value
        Any value.
    """
    text = _text(value)
    return text if len(text) <= 120 else f"{text[:60]}...{text[-57:]}"


def _text(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 10_000:  # more digits than Python writes out
        return f"a whole number of some {value.bit_length() * 0.30103:,.0f} digits"
    if isinstance(value, str):  # a file's number is text until its field reads it
        return value if re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value) else repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_text(entry) for entry in value[:20])}{', ...' if len(value) > 20 else ''}]"
    return "empty" if value is None else str(value)
