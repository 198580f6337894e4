"""Read a claims file, or the shipped one, as :class:`Claim` objects; all its errors are reported together."""

from collections.abc import Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lindos.catalog import Catalog
from lindos.catalog.yaml_file import read_yaml
from lindos.claims.schema import KINDS, Check, Claim, DevicesSpec, FirstSpec, ObservedSpec, StartSpec
from lindos.errors import InputError, InputErrors, UnknownNameError
from lindos.scenario.read import builtin_names
from lindos.scenario.sentences import input_error, line_of

#: Claims of one file, and characters of the id of one.
MOST_CLAIMS, _LONGEST_ID = 5_000, 200
_EXAMPLE = "Give each claim an id, and below it speaker, statement and checks."


def load(catalog: Catalog) -> Mapping[str, Claim]:
    """Load the claims that ship, by id; names in them are checked against the catalogue.

    Parameters
    ----------
    catalog
        The catalogue.
    """
    with as_file(files("lindos.catalog").joinpath("data", "claims.yaml")) as path:
        return load_file(path, catalog)


def load_file(path: Path, catalog: Catalog) -> Mapping[str, Claim]:
    """Load the claims of a YAML file, by id.

    Parameters
    ----------
    path
        The file.
    catalog
        The catalogue that names are checked against.

    Raises
    ------
    InputError
        With every wrong field of the file, each with its line.
    """
    data, lines = read_yaml(path, "claims")
    return claims_from(data, catalog, lines)


def claims_from(data: Any, catalog: Catalog, lines: Mapping[str, int] | None = None) -> Mapping[str, Claim]:
    """Check plain data against the schema of claims, and names against the catalogue.

    Parameters
    ----------
    data
        A mapping of ids to claims.
    catalog
        The catalogue.
    lines
        Line of each path in the file, for messages.

    Raises
    ------
    InputError
        With every wrong field, each with its line.
    """
    line_numbers = lines or {}
    if not isinstance(data, Mapping) or not data:
        raise InputError("claims", data, "a mapping of ids to claims", _EXAMPLE)
    if len(data) > MOST_CLAIMS:
        raise InputError("claims", f"{len(data):,} claims", f"at most {MOST_CLAIMS:,} in one file", "Split the file.")
    claims: dict[str, Claim] = {}
    errors: list[InputError] = []
    for name, body in data.items():
        if not 1 <= len(str(name).strip()) <= _LONGEST_ID:
            hint = f"at most {_LONGEST_ID} characters, and not blank"
            errors.append(
                InputError("id", str(name), f"a word for the claim of {hint}", "", line_numbers.get(str(name)))
            )
            continue
        if not isinstance(body, Mapping):
            if name == "claims":
                hint = f"Ids stand at the top of the file, without the word claims. {_EXAMPLE}"
                errors.append(
                    InputError("claims", body, "a claim's id and its fields", hint, line_numbers.get("claims"))
                )
                continue
            errors.append(
                InputError(str(name), body, "a claim: a mapping of fields", _EXAMPLE, line_numbers.get(str(name)))
            )
            continue
        try:
            claim = Claim.model_validate({**body, "id": str(name)})
        except ValidationError as error:
            errors += [_input_error(str(name), detail, line_numbers) for detail in error.errors()]
            continue
        wrong = list(_wrong_names(claim, catalog))
        for problem in wrong:
            problem.line = line_of(problem.path, line_numbers)
        errors += wrong
        claims[claim.id] = claim
    if errors:
        raise InputErrors(errors) if len(errors) > 1 else errors[0]
    return claims


def _wrong_names(claim: Claim, catalog: Catalog) -> Iterator[InputError]:
    """Yield an error for each name that the catalogue does not have, and each count that is missing or doubled."""
    for index, check in enumerate(claim.checks):
        path = f"{claim.id}.checks.{index}"
        for lookup, place, name in _names(check, path, catalog):
            try:
                lookup(name, place)
            except InputError as error:
                yield InputError(place, name, error.expected, error.hint)
        for place, devices in _device_lists(check, path):
            counts = [n for n in ("gpus", "h100_equivalents") if getattr(devices, n) is not None]
            if len(counts) != 1:
                yield InputError(
                    place, " and ".join(counts) or None, "a count: exactly one of gpus or h100_equivalents"
                )
        if check.kind == "equivalents" and (check.devices is None) == (
            check.power is None or check.accelerator is None
        ):
            yield InputError(path, check.kind, "given devices, or else power and accelerator")
        if check.kind == "schedule" and len({check.claimed.unit, *(o.amount.unit for o in check.observed)}) > 1:
            yield InputError(f"{path}.observed", "mixed", "in the unit of claimed: all powers, or all counts")
        yield from _wrong_range(check, path)
        if check.kind == "growth" and check.by <= check.start.date:
            yield InputError(f"{path}.by", check.by, f"later than the start, {check.start.date}")


def _wrong_range(check: Check, path: str) -> Iterator[InputError]:
    claimed = getattr(check, "claimed", None)
    for name, sign, relation in (("claimed_low", 1, "at most"), ("claimed_high", -1, "at least")):
        bound = getattr(check, name, None)
        if bound is not None and (claimed is None or sign * (bound - claimed) > 0):
            yield InputError(
                f"{path}.{name}", bound, f"{relation} claimed, {claimed}" if claimed else "given with claimed"
            )


def _device_lists(check: Check, path: str) -> Iterator[tuple[str, DevicesSpec]]:
    for number, devices in enumerate(getattr(check, "devices", None) or ()):
        yield f"{path}.devices.{number}", devices


def _names(check: Check, path: str, catalog: Catalog) -> Iterator[tuple[Any, str, str]]:
    def parameter(name: str, place: str) -> None:
        try:
            catalog.parameter(name, "1")
        except InputError:
            raise
        except Exception as error:  # a parameter that exists in another unit
            raise InputError(place, name, "a catalogue parameter without unit") from error

    def supercomputer(name: str, place: str) -> None:
        if name not in catalog.supercomputers:
            raise InputError(place, name, f"one of {', '.join(sorted(catalog.supercomputers))}")

    def scenario(name: str, place: str) -> None:
        if name not in builtin_names():
            raise UnknownNameError(place, name, builtin_names())

    for place, devices in _device_lists(check, path):
        yield catalog.accelerator, f"{place}.accelerator", devices.accelerator
    for number, name in enumerate(getattr(check, "generations", ())):
        yield catalog.accelerator, f"{path}.generations.{number}", name
    for field, lookup in (
        ("cluster", scenario),
        ("accelerator", catalog.accelerator),
        ("reference", catalog.accelerator),
        ("supercomputer", supercomputer),
        ("trend", parameter),
        ("stock", parameter),
    ):
        name = getattr(check, field, None)
        if name is not None:
            yield lookup, f"{path}.{field}", name


def _input_error(claim: str, detail: ErrorDetails, lines: Mapping[str, int]) -> InputError:
    parts = [str(part) for part in detail["loc"]]
    # After the number of a check pydantic names the kind that it was read as; a file has no such level.
    parts = [part for i, part in enumerate(parts) if not (i == 2 and parts[0] == "checks" and part in KINDS)]
    path = ".".join([claim, *parts])
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        body = detail["input"]
        value = body.get("kind") if isinstance(body, Mapping) else body
        return InputError(f"{path}.kind", value, f"one of {', '.join(KINDS)}", "", line_of(path, lines))
    fields = _fields_at([str(part) for part in detail["loc"]])
    return input_error(detail, path, lines, names=fields, owner="a claim")


_NESTED: Mapping[str, type[BaseModel]] = {
    "devices": DevicesSpec,
    "start": StartSpec,
    "observed": ObservedSpec,
    "others": FirstSpec,
}


def _fields_at(location: list[str]) -> list[str]:
    """Return the names of the fields at the place of an unknown one."""
    model: type[BaseModel] = Claim
    for part in location[:-1]:
        for kind in Check.__args__:
            if part in KINDS and part == kind.model_fields["kind"].annotation.__args__[0]:
                model = kind
        if part in _NESTED and part in model.model_fields:
            model = _NESTED[part]
    return [name for name in model.model_fields if name != "id"]
