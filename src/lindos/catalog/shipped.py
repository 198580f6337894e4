"""Records of the files that ship, each read when it is first asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lindos.catalog.layers import raise_together
from lindos.catalog.model import Model, model_errors
from lindos.catalog.priors import is_incomplete
from lindos.catalog.schema import Reader


def read_record(reader: Reader, record_type: type, path: str, name: str, body: Any, base: Any) -> Any:
    """Read one record, and add what is wrong with it to the reader's errors; None where it cannot be read.

    Parameters
    ----------
    reader
        Collects the errors.
    record_type
        Class of the record.
    path
        Its path in the file.
    name
        Its id.
    body
        Its plain data.
    base
        The record that it starts from, or None.
    """
    record = reader.record(record_type, path, name, body, base)
    for wrong in model_errors(record, path) if isinstance(record, Model) else ():
        reader.wrong(wrong.path, wrong.value, wrong.expected, wrong.hint)
    return record


class ShippedRecords(Mapping[str, Any]):
    """Records of one kind by id, in the order of their file; what needs a prior is completed beside all the others."""

    def __init__(
        self,
        kind: str,
        record_type: type,
        data: Mapping[str, Any],
        is_source: Callable[[str], bool],
        complete: Callable[[dict[str, Any]], Mapping[str, Any]],
    ) -> None:
        """Read nothing yet.

        Parameters
        ----------
        kind
            Kind of record, which begins the path of each.
        record_type
            Class of the records.
        data
            Plain data of each record by its id.
        is_source
            Tells whether a source of that id exists.
        complete
            Fills unknown values of all records with priors.
        """
        self._kind, self._type, self._data = kind, record_type, data
        self._is_source, self._complete = is_source, complete
        self._stated: dict[str, Any] = {}
        self._completed: Mapping[str, Any] | None = None

    def names(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the id behind each alias in lower case, and behind each title and alias as written."""
        aliases: dict[str, str] = {}
        spoken: dict[str, str] = {}
        for name, body in self._data.items():
            listed = [str(alias) for alias in body.get("aliases") or ()]
            aliases |= {word.strip().lower(): name for word in (name, *listed)}
            spoken |= dict.fromkeys((str(body.get("title") or name), *listed), name)
        return aliases, spoken

    def __getitem__(self, name: str) -> Any:
        """Return a record with what is published of it, and priors where a rule gives one."""
        record = self._as_stated(name)
        if not is_incomplete(record):
            return record
        if self._completed is None:
            self._completed = self._complete({member: self._as_stated(member) for member in self._data})
        return self._completed[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids in the order of the file."""
        return iter(self._data)

    def __len__(self) -> int:
        """Return the number of records, read or not."""
        return len(self._data)

    def _as_stated(self, name: str) -> Any:
        if name not in self._stated:
            body = self._data[name]
            base = body.get("base")
            reader, path = Reader(self._is_source, {}, ""), f"{self._kind}.{name}"
            start = self._as_stated(base) if base is not None else None
            record = read_record(reader, self._type, path, name, body, start)
            raise_together(reader.errors, "")
            self._stated[name] = record
        return self._stated[name]
