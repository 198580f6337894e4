"""Read the ``grid`` and the ``sample`` of a sweep's file, and gather what is wrong in them."""

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
        """Read the file at ``path``; ``lines`` maps each path of a field to its line."""
        self.path, self.lines = path, lines
        self.errors: list[InputError] = []

    def wrong(self, place: str, value: object, expected: str, hint: str = "") -> None:
        """Note that ``place`` is ``value``, but must be what is ``expected``."""
        self.errors.append(InputError(place, value, expected, hint, self.line(place)))

    def line(self, place: str) -> int | None:
        """Return the line of a field, or of the field that contains it."""
        return line_of(place, self.lines)

    def finish(self) -> None:
        """Raise all that was noted as wrong."""
        raise_together(self.errors, self.path.name)

    def check_keys(self, data: Mapping[str, Any], names: Sequence[str], prefix: str) -> None:
        """Note every key of ``data`` that is not in ``names``."""
        for key in data:
            if key not in names:
                place = f"{prefix}{key}"
                self.errors.append(UnknownNameError(place, key, names, self.line(place)))

    def mapping(self, data: object, place: str, expected: str) -> Mapping[str, Any]:
        """Return ``data`` if it is a mapping with entries, else an empty mapping."""
        if isinstance(data, Mapping) and data:
            return data
        self.wrong(place, data, expected)
        return {}

    def field(self, path: str, place: str) -> Field | None:
        """Return the field of a scenario that a key names; None if there is none."""
        try:
            return field_at(path, place, self.line(place))
        except InputError as error:
            self.errors.append(error)
            return None

    def number(self, kind: Quantity | WholeNumber, value: object, place: str) -> float | None:
        """Return a number as ``kind`` reads it; None if it is wrong."""
        try:
            return kind.read(value)
        except InputError as error:
            as_kind = UnitError if isinstance(error, UnitError) else InputError
            self.errors.append(as_kind(place, value, error.expected, error.hint, self.line(place)))
            return None

    def grid(self, data: object) -> tuple[Listed, ...]:
        """Return the fields of the grid with their values."""
        if data == {}:
            return ()
        fields = self.mapping(data, "grid", "a mapping of fields, such as job.global_batch_size, to lists of values")
        fields_read = [self.listed(path, values, f"grid.{path}") for path, values in fields.items()]
        return tuple(listed for listed in fields_read if listed is not None)

    def listed(self, path: str, values: object, place: str) -> Listed | None:
        """Read one field of the grid; None if it is wrong."""
        field = self.field(path, place)
        if not isinstance(values, list) or not values:
            self.wrong(place, values, "a list of at least one value", "Write for example [1, 2].")
            return None
        if field is None:
            return None
        for index, value in enumerate(values):
            self.errors += field.errors(value, f"{place}.{index}", self.lines)
        return Listed(field=field, values=tuple(values))

    def sample(self, data: object) -> tuple[tuple[Drawn, ...], int, int]:
        """Return the fields of the sample with their draws, the number of draws and the seed."""
        if data is None:
            return (), 1, 0
        parts = self.mapping(data, "sample", "a mapping of count, seed and fields")
        self.check_keys(parts, _SAMPLE, "sample.")
        count = self.number(WholeNumber("200", at_most=MAX_SCENARIOS), parts.get("count"), "sample.count")
        seed = self.number(WholeNumber("1", at_least=0), parts.get("seed", 0), "sample.seed")
        place = "sample.fields"
        fields = self.mapping(parts.get("fields"), place, "a mapping of fields to their low and high")
        draws = (int(count or 1), int(seed or 0))
        fields_read = [self.drawn(path, body, f"{place}.{path}", *draws) for path, body in fields.items()]
        return tuple(drawn for drawn in fields_read if drawn is not None), *draws

    def drawn(self, path: str, body: object, place: str, count: int, seed: int) -> Drawn | None:
        """Read one field of the sample; None if it is wrong."""
        field = self.field(path, place)
        if field is None:
            return None
        number = field.number
        if number is None:
            self.wrong(place, body, "left out: only numbers are sampled", "List its values under grid.")
            return None
        span = self.mapping(body, place, "a mapping of low and high, such as {low: 1, high: 2}")
        self.check_keys(span, _RANGE, f"{place}.")
        low, high = (self.number(number, span.get(end), f"{place}.{end}") for end in ("low", "high"))
        scale = span.get("scale", "linear")
        if scale not in ("linear", "log"):
            self.wrong(f"{place}.scale", scale, "one of linear, log")
        if low is None or high is None:
            return None
        if low > high:
            self.wrong(f"{place}.low", span["low"], f"at most the high, {span['high']}")
        elif scale == "log" and low <= 0:
            self.wrong(f"{place}.low", span["low"], "more than zero where the scale is log")
        else:
            log, integers = scale == "log", isinstance(number, WholeNumber)
            draws = stratified(path, low, high, count, seed, log=log, integers=integers)
            return Drawn(field=field, number=number, low=low, high=high, log=log, draws=draws)
        return None

    def overlaps(self, places: Sequence[tuple[str, str]]) -> None:
        """Refuse a field that is swept twice, or together with a field that contains it.

        ``places`` are pairs of the field's path in the scenario and its place in the sweep's file.
        """
        for index, (path, place) in enumerate(places):
            for path_before, _ in places[:index]:
                if f"{path}.".startswith(f"{path_before}.") or f"{path_before}.".startswith(f"{path}."):
                    self.wrong(place, f"swept beside {path_before}", "swept once", "Leave one of the two out.")

    def size(self, number: int) -> None:
        """Refuse a sweep without scenarios, and one with too many."""
        if not self.errors and number == 0:
            self.wrong("sweep", "no scenario", "at least one scenario", "Add fields with their values under grid.")
        if number > MAX_SCENARIOS:
            hint = "Take fewer values, or a sample of them."
            self.wrong("sweep", f"{number:,} scenarios", f"at most {MAX_SCENARIOS:,} scenarios", hint)
