"""Read a scenario from a file, or a built-in one by name, and check it; all wrong lines are reported together."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lindos.catalog.yaml_file import read_yaml
from lindos.currencies import exchange
from lindos.errors import InconsistentError, InputError, InputErrors, UnknownNameError
from lindos.scenario.extending import extended
from lindos.scenario.roadmap import TARGETS, RoadmapSpec
from lindos.scenario.schema import GoalSpec, PoolSpec, Scenario
from lindos.scenario.sentences import input_error
from lindos.units import parse, render

#: Fields that give the size of a pool; a pool has exactly one of them.
POOL_SIZES = ("gpus", "nodes", "racks", "h100_equivalents", "fill")


def builtin_names() -> list[str]:
    """Names of the scenarios that ship, sorted."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in files("lindos.scenario").joinpath("builtin").iterdir()
        if entry.name.endswith(".yaml")
    )


def read_scenario(name_or_path: str) -> tuple[Scenario, Path | None]:
    """Read a scenario by built-in name or from a YAML file.

    Parameters
    ----------
    name_or_path
        Built-in name, or path of a YAML file.

    Returns
    -------
    Scenario and Path or None
        The checked scenario, and the folder of the file (None for a built-in).

    Raises
    ------
    InputError
        With every wrong field of the file, each with its line.
    """
    data, lines, folder = read_plain(name_or_path)
    return scenario_from(data, lines), folder


def read_plain(name_or_path: str) -> tuple[Any, dict[str, int], Path | None]:
    """Read the plain data of a scenario, over that of a scenario that it extends, without checking it.

    Parameters
    ----------
    name_or_path
        Built-in name, or path of a YAML file.

    Returns
    -------
    tuple
        Plain data, the line of each path, and the folder of the file (None for a built-in).

    Raises
    ------
    InputError
        If there is no such scenario, or the file is not plain YAML.
    """
    data, lines, folder = _read_file(name_or_path)
    chain = () if folder is None else (os.path.realpath(name_or_path),)
    return extended(data, folder, _read_file, lines.get("extends"), chain), lines, folder


def _read_file(name_or_path: str) -> tuple[Any, dict[str, int], Path | None]:
    """Read a scenario as it is written."""
    names = builtin_names()
    if name_or_path in names:
        with as_file(files("lindos.scenario").joinpath("builtin", f"{name_or_path}.yaml")) as path:
            return *read_yaml(path), None
    path = Path(name_or_path)
    if not path.suffix and not _is_there(path):
        raise UnknownNameError("scenario", name_or_path, names)
    if not _is_there(path):
        raise InputError("scenario", name_or_path, "a built-in name or an existing YAML file")
    return *read_yaml(path, "scenario"), path.parent


def with_base(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a scenario over that of the scenario that it extends.

    Parameters
    ----------
    data
        Plain data; a path in ``extends`` starts from the current folder.
    """
    joined: Mapping[str, Any] = extended(data, Path(), _read_file)
    return joined


def _is_there(path: Path) -> bool:
    """Tell whether ``path`` is a file; False for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def scenario_from(data: Any, lines: Mapping[str, int] | None = None) -> Scenario:
    """Check plain data against the schema, and the parts of the scenario against each other.

    Parameters
    ----------
    data
        Mapping of a scenario file.
    lines
        Line of each path in the file, for messages.
    """
    scenario = fields_from(data, lines)
    _check(scenario)
    return scenario


def fields_from(data: Any, lines: Mapping[str, int] | None = None) -> Scenario:
    """Check plain data against the schema alone: every field by itself, not the parts against each other.

    Parameters
    ----------
    data
        Mapping of a scenario file.
    lines
        Line of each path in the file, for messages.
    """
    if not isinstance(data, Mapping):
        raise InputError("scenario", data, "a mapping of fields", "Run `lindos init` for a commented example.")
    with exchange(_day(data.get("date")), _stated_rates(data.get("exchange_rates"))) as conversions:
        try:
            scenario = Scenario.model_validate(data)
        except ValidationError as error:
            raise InputErrors([_input_error(detail, lines or {}) for detail in error.errors()]) from None
    scenario._conversions = tuple(dict.fromkeys(conversions))
    return scenario


def _day(date: Any) -> str:
    """Return the date of the scenario, or an empty text if it has none that is valid; the field reports that."""
    return date if isinstance(date, str) and re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-[0-3]\d)?)?", date) else ""


def _stated_rates(rates: Any) -> dict[str, float]:
    """Read the exchange rates of the scenario; wrong ones are left to their field."""
    stated = {}
    for currency, rate in rates.items() if isinstance(rates, Mapping) else ():
        with suppress(InputError):
            stated[str(currency)] = parse(rate, "1", f"exchange_rates.{currency}")
    return stated


def _input_error(detail: ErrorDetails, lines: Mapping[str, int]) -> InputError:
    path = ".".join(str(part) for part in detail["loc"]) or "scenario"
    return input_error(detail, path, lines, names=fields_at(detail["loc"][:-1]), owner="a scenario")


def fields_at(location: tuple[int | str, ...]) -> list[str]:
    """List the field names of the part of a scenario at a location.

    Parameters
    ----------
    location
        Field names and list indexes, as pydantic gives them.
    """
    model: type[BaseModel] = Scenario
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            nested = models_in(model.model_fields[part].annotation)
            if nested:
                model = nested[0]
    return list(model.model_fields)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """List the sections of a scenario that the type of a field contains.

    Parameters
    ----------
    annotation
        Type of the field, such as ``list[PoolSpec]``.
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]


def models_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    """List a section and all sections nested in it, each once.

    Parameters
    ----------
    model
        The section to start from, such as `Scenario`.
    """
    models = [model]
    for current in models:  # grows while it is read
        nested = [part for field in current.model_fields.values() for part in models_in(field.annotation)]
        models += [part for part in dict.fromkeys(nested) if part not in models]
    return models


def _check(scenario: Scenario) -> None:
    if scenario.cluster:
        for index, pool in enumerate(scenario.cluster.pools):
            _check_pool(f"cluster.pools.{index}", pool)
    if scenario.job and not scenario.cluster:
        raise InputError("cluster", None, "given when there is a job", "Add cluster.pools with a system and its gpus.")
    if scenario.site and not scenario.cluster and not scenario.roadmap:
        raise InputError("cluster", None, "given when there is a site", "Add cluster.pools with a system and its gpus.")
    if scenario.job and scenario.job.goal:
        _check_goal(scenario.job.goal)
    if scenario.roadmap:
        _check_roadmap(scenario.roadmap, _has_orders(scenario))
    if not any((scenario.cluster, scenario.inference, scenario.roadmap, scenario.claims)):
        raise InputError("scenario", scenario.name, "a question", "Add one of cluster, inference, roadmap or claims.")


def _check_pool(path: str, pool: PoolSpec) -> None:
    sizes = [name for name in POOL_SIZES if getattr(pool, name) is not None]
    if not sizes:
        hint = "Write for example 'gpus: 16,384'; nodes, racks or h100_equivalents do as well."
        raise InputError(f"{path}.gpus", None, "given", hint)
    if len(sizes) > 1:
        first, second = sizes[:2]
        raise InconsistentError(
            f"{path}.{first}", getattr(pool, first), f"{path}.{second}", getattr(pool, second), "be given alone"
        )


def _check_goal(goal: GoalSpec) -> None:
    measures = [name for name in ("tokens", "training_flop", "duration") if getattr(goal, name) is not None]
    if len(measures) != 1:
        raise InputError("job.goal", " and ".join(measures) or None, "exactly one of tokens, training_flop or duration")
    low, high = goal.training_flop_low, goal.training_flop_high
    if (low is not None or high is not None) and goal.training_flop is None:
        raise InputError("job.goal.training_flop", None, "given when its low or high end is given")
    if goal.training_flop is not None:
        if low is not None and low > goal.training_flop:
            raise InconsistentError(
                "job.goal.training_flop_low", low, "job.goal.training_flop", goal.training_flop, "be at most the second"
            )
        if high is not None and high < goal.training_flop:
            raise InconsistentError(
                "job.goal.training_flop_high",
                high,
                "job.goal.training_flop",
                goal.training_flop,
                "be at least the second",
            )


def _has_orders(scenario: Scenario) -> bool:
    """Tell whether a pool of the cluster comes online after the roadmap starts."""
    roadmap, cluster = scenario.roadmap, scenario.cluster
    return bool(roadmap and cluster and any((pool.online or "") > roadmap.start for pool in cluster.pools))


def _check_roadmap(roadmap: RoadmapSpec, has_orders: bool) -> None:
    targets = [name for name in TARGETS if getattr(roadmap, name) is not None]
    is_open = has_orders or roadmap.objective != "cost"
    if not roadmap.programmes and len(targets) != 1 and not (is_open and not targets):
        raise InputError(
            "roadmap",
            " and ".join(targets) or None,
            f"exactly one of {', '.join(TARGETS[:-1])} or {TARGETS[-1]}, or a list of programmes",
        )
    stated = {
        name: value
        for name in ("start_cluster", "start_sites", "start_h100_equivalents")
        if (value := getattr(roadmap, name)) not in (None, [])
    }
    if len(stated) > 1:
        (first, one), (second, other), *_ = stated.items()
        raise InconsistentError(f"roadmap.{first}", one, f"roadmap.{second}", other, "be given alone")
    if not roadmap.programmes and roadmap.by is None:
        raise InputError("roadmap.by", None, "the date of the target", "Write for example 'by: 2030-07-22'.")
    if roadmap.by is not None and roadmap.by <= roadmap.start:
        raise InconsistentError("roadmap.by", roadmap.by, "roadmap.start", roadmap.start, "be later than the second")
    if roadmap.target_gpus is not None and roadmap.target_accelerator is None:
        raise InputError("roadmap.target_accelerator", None, "given together with target_gpus", "For example gb300.")
    if roadmap.target_flop is not None and not roadmap.mfu:
        raise InputError("roadmap.mfu", None, "given together with target_flop", "Write for example 'mfu: 35 %'.")
    if roadmap.target_tokens is not None and roadmap.token_rate is None:
        hint = "Write for example 'token_rate: 2000 tokens/s'."
        raise InputError("roadmap.token_rate", None, "given together with target_tokens", hint)
    if roadmap.sharing != "share":
        if roadmap.rivals is None:
            raise InputError("roadmap.rivals", None, "given together with sharing", "For example chip-demand.")
        if roadmap.target_flop is not None or not targets:
            raise InputError("roadmap.sharing", roadmap.sharing, "share: what the plan wants has no amount on its day")
    if roadmap.objective != "cost" and roadmap.target_power is not None:
        reason = "be cost: a target of power is the most compute of that power anyway"
        power = render(roadmap.target_power, "W")
        raise InconsistentError("roadmap.objective", roadmap.objective, "roadmap.target_power", power, reason)
    for index, programme in enumerate(roadmap.programmes):
        sizes = [n for n in ("h100_equivalents", "gpus", "facility_power") if getattr(programme, n) is not None]
        path = f"roadmap.programmes.{index}"
        if len(sizes) != 1:
            expected = "exactly one of h100_equivalents, gpus or facility_power"
            raise InputError(path, " and ".join(sizes) or None, expected)
        if programme.gpus is not None and programme.accelerator is None:
            raise InputError(f"{path}.accelerator", None, "given together with gpus", "Write for example 'gb300'.")
