"""What the ``grid`` and the ``sample`` of a sweep's file say, and what is wrong in them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.catalog.layers import raise_together
from lindos.errors import InputError, UnitError, UnknownNameError
from lindos.scenario.fields import Quantity, WholeNumber
from lindos.scenario.paths import Field, field_at
from lindos.scenario.sentences import line_of
from lindos.sweep.design import MAX_SCENARIOS, Drawn, Listed, stratified

_SAMPLE = ("count", "seed", "fields")
_RANGE = ("low", "high", "scale")


class Reader:
    """Reads the parts of one file and keeps what is wrong in them."""

    def __init__(self, path: Path, lines: Mapping[str, int]) -> None:
        """Hold the file's ``path`` and the line of each path in it."""
        self.path, self.lines = path, lines
        self.errors: list[InputError] = []

    def wrong(self, where: str, value: object, expected: str, hint: str = "") -> None:
        """Note that ``where`` is ``value``, but must be what is ``expected``."""
        self.errors.append(InputError(where, value, expected, hint, self.line(where)))

    def line(self, where: str) -> int | None:
        """Line of a path, or of what holds it."""
        return line_of(where, self.lines)

    def finish(self) -> None:
        """Raise what is wrong so far, all of it."""
        raise_together(self.errors, self.path.name)

    def known(self, data: Mapping[str, Any], names: Sequence[str], prefix: str) -> None:
        """Note every key of ``data`` that is none of ``names``."""
        for key in data:
            if key not in names:
                where = f"{prefix}{key}"
                self.errors.append(UnknownNameError(where, key, names, self.line(where)))

    def mapping(self, data: object, where: str, expected: str) -> Mapping[str, Any]:
        """``data`` where it is a mapping with entries, else an empty one."""
        if isinstance(data, Mapping) and data:
            return data
        self.wrong(where, data, expected)
        return {}

    def field(self, path: str, where: str) -> Field | None:
        """The field of a scenario that a key names; None where there is none."""
        try:
            return field_at(path, where, self.line(where))
        except InputError as error:
            self.errors.append(error)
            return None

    def number(self, kind: Quantity | WholeNumber, value: object, where: str) -> float | None:
        """A number as ``kind`` reads it; None where it is wrong."""
        try:
            return kind.read(value)
        except InputError as error:
            as_kind = UnitError if isinstance(error, UnitError) else InputError
            self.errors.append(as_kind(where, value, error.expected, error.hint, self.line(where)))
            return None

    def grid(self, data: object) -> tuple[Listed, ...]:
        """The fields of the grid with their values."""
        if data == {}:
            return ()
        fields = self.mapping(data, "grid", "a mapping of fields, such as job.global_batch_size, to lists of values")
        found = [self.listed(path, values, f"grid.{path}") for path, values in fields.items()]
        return tuple(listed for listed in found if listed is not None)

    def listed(self, path: str, values: object, where: str) -> Listed | None:
        """One field of the grid; None where it is wrong."""
        field = self.field(path, where)
        if not isinstance(values, list) or not values:
            self.wrong(where, values, "a list of at least one value", "Write for example [1, 2].")
            return None
        if field is None:
            return None
        for at, value in enumerate(values):
            self.errors += field.errors(value, f"{where}.{at}", self.lines)
        return Listed(field=field, values=tuple(values))

    def sample(self, data: object) -> tuple[tuple[Drawn, ...], int, int]:
        """The fields of the sample with their draws, their number and the seed."""
        if data is None:
            return (), 1, 0
        parts = self.mapping(data, "sample", "a mapping of count, seed and fields")
        self.known(parts, _SAMPLE, "sample.")
        count = self.number(WholeNumber("200", at_most=MAX_SCENARIOS), parts.get("count"), "sample.count")
        seed = self.number(WholeNumber("1", at_least=0), parts.get("seed", 0), "sample.seed")
        where = "sample.fields"
        fields = self.mapping(parts.get("fields"), where, "a mapping of fields to their low and high")
        draws = (int(count or 1), int(seed or 0))
        found = [self.drawn(path, body, f"{where}.{path}", *draws) for path, body in fields.items()]
        return tuple(drawn for drawn in found if drawn is not None), *draws

    def drawn(self, path: str, body: object, where: str, count: int, seed: int) -> Drawn | None:
        """One field of the sample; None where it is wrong."""
        field = self.field(path, where)
        if field is None:
            return None
        number = field.number
        if number is None:
            self.wrong(where, body, "left out: only numbers are sampled", "List its values under grid.")
            return None
        span = self.mapping(body, where, "a mapping of low and high, such as {low: 1, high: 2}")
        self.known(span, _RANGE, f"{where}.")
        low, high = (self.number(number, span.get(end), f"{where}.{end}") for end in ("low", "high"))
        scale = span.get("scale", "linear")
        if scale not in ("linear", "log"):
            self.wrong(f"{where}.scale", scale, "one of linear, log")
        if low is None or high is None:
            return None
        if low > high:
            self.wrong(f"{where}.low", span["low"], f"at most the high, {span['high']}")
        elif scale == "log" and low <= 0:
            self.wrong(f"{where}.low", span["low"], "more than zero where the scale is log")
        else:
            log, whole = scale == "log", isinstance(number, WholeNumber)
            draws = stratified(path, low, high, count, seed, log=log, whole=whole)
            return Drawn(field=field, number=number, low=low, high=high, log=log, draws=draws)
        return None

    def overlaps(self, wheres: Sequence[tuple[str, str]]) -> None:
        """Refuse a field that is swept twice, or together with what holds it; each as path and place in the file."""
        for at, (path, where) in enumerate(wheres):
            for other, _ in wheres[:at]:
                if f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}."):
                    self.wrong(where, f"swept beside {other}", "swept once", "Leave one of the two out.")

    def size(self, number: int) -> None:
        """Refuse no scenario, and too many."""
        if not self.errors and number == 0:
            self.wrong("sweep", "no scenario", "at least one scenario", "Add fields with their values under grid.")
        if number > MAX_SCENARIOS:
            hint = "Take fewer values, or a sample of them."
            self.wrong("sweep", f"{number:,} scenarios", f"at most {MAX_SCENARIOS:,} scenarios", hint)
