"""From plain data to records, checked field by field against the record classes, which are the schema."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from lindos.bounds import Bounds
from lindos.catalog.facts import Fact, Source
from lindos.catalog.grades import GRADES
from lindos.catalog.groups import read_groups
from lindos.catalog.mixers import Layers
from lindos.catalog.sampling import is_structure
from lindos.catalog.texts import WORDS, expected_time, stated
from lindos.errors import CatalogError, InputError, NumeralError
from lindos.quantities import Unit
from lindos.scalars import flag
from lindos.units import parse, parse_whole

#: Keys of a sourced value.
LEAF_KEYS = frozenset({"value", "low", "high", "source", "note", "estimate"})
#: Keys of a shipped parameter for its unit and its bounds.
DECLARED_KEYS = frozenset({"unit", "bounds"})


class Field(NamedTuple):
    """How to read one field of a record: a sourced number in ``unit``, a sourced text, or a plain value of ``kind``."""

    name: str
    unit: str | None
    is_fact: bool
    kind: type
    bounds: Bounds
    required: bool
    neutral: Any = None  # value where it is left out


class Declared(NamedTuple):
    """Unit and bounds of a shipped parameter."""

    unit: str
    bounds: Bounds | None


def declared(path: str, leaf: Any) -> Declared:
    """Read the unit and bounds of a shipped parameter, which are beside its value.

    Parameters
    ----------
    path
        Path of the parameter, for the error message.
    leaf
        Its plain data.

    Raises
    ------
    CatalogError
        If unit or bounds are missing.
    """
    limits = leaf.get("bounds") if isinstance(leaf, Mapping) else None
    if not isinstance(limits, list) or len(limits) != 2 or "unit" not in leaf:
        raise CatalogError(f"{path}: unit or bounds are missing")
    unit = str(leaf["unit"])
    least, most = (parse(limit, unit, path) if unit == "1" else str(limit) for limit in limits)
    return Declared(unit, Bounds(least, most))


@cache
def fields_of(record: type) -> dict[str, Field]:
    """Get the fields of a record class, by name.

    Parameters
    ----------
    record
        A dataclass of :mod:`lindos.catalog.records`.
    """
    hints = get_type_hints(record, include_extras=True)
    fields = {}
    for field in dataclasses.fields(record):
        unit, is_fact, kind, bounds = _kind(hints[field.name])
        missing = dataclasses.MISSING
        required = not is_fact and field.default is missing and field.default_factory is missing
        neutral = None if field.default_factory is missing else field.default_factory()
        fields[field.name] = Field(field.name, unit, is_fact, kind, bounds, required, neutral)
    return fields


def _kind(hint: Any) -> tuple[str | None, bool, type, Bounds]:
    """Unit, whether it is sourced, plain type and bounds of a field; the last bounds of an annotation count."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            inner, *metadata = get_args(part)
            bounds = next((item for item in reversed(metadata) if isinstance(item, Bounds)), Bounds())
            if get_origin(inner) is Fact:
                unit = next((item.symbol for item in metadata if isinstance(item, Unit)), "1")
                return unit, True, float, bounds
            return None, False, inner, bounds
        if get_origin(part) is Fact:
            return None, True, str, Bounds()
        if part is Layers:
            return None, False, Layers, Bounds()
    return None, False, hint if isinstance(hint, type) else tuple, Bounds()


class Reader:
    """Reads the records and facts of one file; it collects mistakes instead of stopping at the first."""

    def __init__(self, is_source: Callable[[str], bool], lines: Mapping[str, int], file: str) -> None:
        """Prepare to read a file.

        Parameters
        ----------
        is_source
            Tells whether a source with an id exists.
        lines
            Line of each path in the file.
        file
            Name of the user's file, where sources may be left out; empty for shipped data.
        """
        self.is_source, self.lines, self.file = is_source, lines, file
        self.errors: list[InputError] = []

    def wrong(self, path: str, value: Any, expected: str, hint: str = "") -> None:
        """Note one mistake.

        Parameters
        ----------
        path
            Path of the value.
        value
            The value in the file.
        expected
            What it must be.
        hint
            How to fix it.
        """
        self.errors.append(InputError(path, value, expected, hint, self.line(path)))

    def line(self, path: str) -> int | None:
        """Get the line of a path, or of the nearest path above it.

        Parameters
        ----------
        path
            Dotted path.
        """
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path)

    def record(self, record: type, path: str, name: str, data: Any, base: Any = None) -> Any:
        """Read one record; None if it has a mistake.

        Parameters
        ----------
        record
            Its class.
        path
            Its path.
        name
            Its id.
        data
            Its mapping in the file.
        base
            Record whose fields it takes where ``data`` leaves them out.
        """
        if not isinstance(data, Mapping):
            self.wrong(path, data, "a mapping of fields")
            return None
        fields = fields_of(record)
        count = len(self.errors)
        for key in data:
            if key == "name":
                self.wrong(f"{path}.name", data[key], "left out", "The name stands before the colon; use title.")
            elif key not in fields and key not in ("aliases", "base"):
                close_names = difflib.get_close_matches(str(key), fields, n=1)
                hint = f"Did you mean {close_names[0]}?" if close_names else f"Known: {', '.join(fields)}."
                self.wrong(f"{path}.{key}", data[key], "left out: unknown field", hint)
        values: dict[str, Any] = {"name": name}
        for field in fields.values():
            if field.name == "name":
                continue
            if field.name in data:
                values[field.name] = self.field(field, f"{path}.{field.name}", data[field.name])
                self.word(WORDS.get((record.__name__, field.name)), f"{path}.{field.name}", data[field.name])
                if expected := expected_time(field.name, data[field.name]):
                    self.wrong(f"{path}.{field.name}", stated(data[field.name]), expected)
            elif base is not None:
                values[field.name] = getattr(base, field.name)
            elif field.is_fact:
                left_out = field.neutral or Fact(path="", content=None)
                values[field.name] = dataclasses.replace(left_out, path=f"{path}.{field.name}", unit=field.unit or "")
            elif field.required:
                self.wrong(f"{path}.{field.name}", None, "given", "Or start from another record, with base.")
        return None if len(self.errors) > count else record(**values)

    def word(self, options: tuple[str, ...] | None, path: str, data: Any) -> None:
        """Check a field that must be one of a few words.

        Parameters
        ----------
        options
            The words; None allows any.
        path
            Path of the field.
        data
            Its value in the file.
        """
        if options is not None and isinstance(data, str) and data not in options:
            self.wrong(path, data, f"one of {', '.join(options)}")

    def aliases(self, path: str, data: Any) -> tuple[str, ...]:
        """Read other names of a record: a list of texts.

        Parameters
        ----------
        path
            Path of the list.
        data
            Its value in the file.
        """
        if data is None:
            return ()
        if not isinstance(data, list) or not all(isinstance(alias, (str, int)) for alias in data):
            self.wrong(path, data, "a list of names, such as [my-model, MyModel]")
            return ()
        return tuple(str(alias) for alias in data)

    def field(self, field: Field, path: str, data: Any) -> Any:
        """Read one field: a fact, or a plain value.

        Parameters
        ----------
        field
            How to read it.
        path
            Its path.
        data
            Its value in the file.
        """
        if field.is_fact:
            return self.fact(path, data, field.unit, field.bounds)
        if field.kind is Layers:
            return read_groups(self, path, data)
        if field.kind is tuple:
            return self.sources(path, data)
        if field.kind is int:
            return self.count(path, data, field.bounds)
        if field.kind is bool:
            value = flag(data)
            if value is None:
                self.wrong(path, data, "true or false")
            return value
        text = str(data) if isinstance(data, (int, float)) and not isinstance(data, bool) else data
        if not isinstance(text, str) or text == "":
            self.wrong(path, data, "a text")
        elif len(text) > 2_000 or not text.isprintable():
            self.wrong(path, data, "a text of one line and at most 2,000 characters")
        return text

    def count(self, path: str, data: Any, bounds: Bounds) -> int | None:
        """Read a whole number without a source, such as the layers of a model.

        Parameters
        ----------
        path
            Path of the field.
        data
            Its value in the file.
        bounds
            Least and largest number.
        """
        try:
            number = parse_whole(data, path)
        except NumeralError as error:
            self.wrong(path, data, error.expected, error.hint)
            return None
        except InputError:
            self.wrong(path, data, f"a whole number of at least {bounds.least}")
            return None
        expected = bounds.wrong(number, "1")
        if expected:
            self.wrong(path, data, expected)
        return number

    def fact(self, path: str, data: Any, unit: str | None, bounds: Bounds | None = None) -> Fact[Any]:
        """Read a sourced value, ``{value, low, high, source, note, estimate}``; a user's file may give the bare value.

        Parameters
        ----------
        path
            Path of the fact.
        data
            Its value in the file.
        unit
            SI unit; None for a text.
        bounds
            Least and largest value.
        """
        if not isinstance(data, Mapping):
            if not self.file:
                self.wrong(path, data, "a mapping with value and source")
            data = {"value": data}
        for key in set(data) - LEAF_KEYS:
            self.wrong(f"{path}.{key}", data[key], f"one of {', '.join(sorted(LEAF_KEYS))}")
        sources = self.sources(path, data["source"]) if data.get("source") is not None else ()
        self.leaf_words(path, data, unit)
        content = self.content(path, data.get("value"), unit, bounds)
        low, high = (self.content(f"{path}.{key}", data.get(key), unit, bounds) for key in ("low", "high"))
        if content is not None and not sources:
            if self.file:
                sources = ("user",)
            else:
                self.wrong(path, data.get("value"), "given with a source")
        if unit is not None and content is not None:
            if low is not None and low > content:
                self.wrong(f"{path}.low", data["low"], f"at most the value, {data['value']}")
            if high is not None and high < content:
                self.wrong(f"{path}.high", data["high"], f"at least the value, {data['value']}")
            # A reporter's count of GPUs may be a range; the GPUs of a rack are not.
            if is_structure(path) and not path.startswith("observations."):
                self.number_of_parts(path, data, (content, low, high))
        return Fact(
            path=path,
            content=content,
            unit=unit or "",
            low=low if low is not None or high is None else content,
            high=high if high is not None or low is None else content,
            sources=sources,
            note=str(data.get("note") or ""),
            estimate=flag(data.get("estimate", False)) or False,
        )

    def number_of_parts(
        self, path: str, data: Mapping[str, Any], values: tuple[float, float | None, float | None]
    ) -> None:
        """Check a number of parts, such as the GPUs of a rack: it is whole, and has no range.

        Parameters
        ----------
        path
            Path of the fact.
        data
            Its mapping in the file.
        values
            Value, low and high as numbers.
        """
        content, *limits = values
        if content != int(content):
            self.wrong(path, data["value"], "a whole number")
        for key, limit in zip(("low", "high"), limits, strict=True):
            if limit is not None and limit != content:
                expected = "left out: a number of parts has no range"
                self.wrong(f"{path}.{key}", data[key], expected, "Compare two files, each with its number.")

    def leaf_words(self, path: str, data: Mapping[str, Any], unit: str | None) -> None:
        """Check the keys beside a value: its range, whether it is an estimate, and its note.

        Parameters
        ----------
        path
            Path of the fact.
        data
            Its mapping in the file.
        unit
            SI unit; None for a text, which has no range.
        """
        if flag(data.get("estimate", False)) is None:
            self.wrong(f"{path}.estimate", data["estimate"], "true or false")
        if not isinstance(data.get("note", ""), (str, type(None))):
            self.wrong(f"{path}.note", data["note"], "a text")
        for key in ("low", "high"):
            if data.get(key) is None:
                continue
            if unit is None:
                self.wrong(f"{path}.{key}", data[key], "left out: a text has no range")
            elif data.get("value") is None:
                self.wrong(f"{path}.{key}", data[key], "given with a value between low and high", "Add value.")

    def content(self, path: str, data: Any, unit: str | None, bounds: Bounds | None) -> Any:
        """Read a value in SI, or a text; None where it is unknown.

        Parameters
        ----------
        path
            Path of the value.
        data
            Its value in the file.
        unit
            SI unit; None for a text.
        bounds
            Least and largest value; None for any.
        """
        if data is None:
            return None
        if unit is None:
            if isinstance(data, (Mapping, list)):
                self.wrong(path, data, "a text")
            return str(data)
        try:
            number = parse(data, unit, path)
        except InputError as error:
            self.wrong(path, data, error.expected, error.hint)
            return None
        expected = bounds.wrong(number, unit) if bounds else ""
        if expected:
            self.wrong(path, data, expected)
        return number

    def source(self, path: str, name: str, data: Any) -> Source | None:
        """Read a source from its mapping, which has a title, and in shipped data an address.

        Parameters
        ----------
        path
            Path of the source.
        name
            Its id.
        data
            Its mapping in the file.
        """
        keys = ("title", "url", "kind", "date", "grade")
        if not isinstance(data, Mapping) or not data.get("title") or not (self.file or data.get("url")):
            self.wrong(path, data, "a mapping with title and url")
            return None
        for key in set(data) - set(keys):
            self.wrong(f"{path}.{key}", data[key], f"one of {', '.join(keys)}")
        for key in keys:
            if isinstance(data.get(key), (list, dict)):
                self.wrong(f"{path}.{key}", data[key], "a text")
        if data.get("grade"):
            self.word(GRADES, f"{path}.grade", data["grade"])
        return Source(id=name, **{key: str(data.get(key) or "") for key in keys})

    def sources(self, path: str, data: Any) -> tuple[str, ...]:
        """Read the ids of sources: a single id, or a list.

        Parameters
        ----------
        path
            Path of the field.
        data
            Its value in the file.
        """
        ids = [data] if isinstance(data, str) else data if isinstance(data, list) else [data]
        for source in ids:
            if not isinstance(source, str) or not self.is_source(source):
                self.wrong(f"{path}.source", source, "the id of a source", "Add it under sources with title and url.")
        return tuple(str(source) for source in ids)
