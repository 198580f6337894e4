"""Plans that the software of a job supports: lists of the catalogue as values of a plan's axes."""

from collections.abc import Mapping
from typing import Any

from lindos.catalog.facts import Fact
from lindos.catalog.records import Stack
from lindos.errors import InconsistentError, InputError
from lindos.formats import TRAINING
from lindos.problem.job import Job
from lindos.problem.plan import AXES, Offload, Schedule

#: Degrees that software may lack, in the words of its list.
_DEGREES = ("tensor_parallel", "pipeline_parallel", "context_parallel", "expert_parallel", "expert_tensor_parallel")
_INTERLEAVED = "interleaved"
#: Words of each list of a stack.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "schedules": (*AXES["schedule"].words, _INTERLEAVED),
    "parallelism": (*_DEGREES, "none"),
    "shardings": tuple(AXES["sharding"].words),
    "recomputes": tuple(AXES["recompute"].words),
    "offloads": (*AXES["offload"].words, "none"),
    "formats": TRAINING,
    "stage_layers": ("equal", "any"),
}


def words(stack: Stack, field: str) -> tuple[str, ...] | None:
    """Get the words of a list of a stack; None if the list is unknown.

    Parameters
    ----------
    stack
        Software profile of the catalogue.
    field
        Name of the list.

    Raises
    ------
    InputError
        If the list has an unknown word.
    """
    listed: Fact[str] = getattr(stack, field)
    if not listed.is_known:
        return None
    chosen = tuple(word.strip() for word in str(listed.value).split(",") if word.strip())
    for word in chosen:
        if word not in _WORDS[field]:
            raise InputError(f"stacks.{stack.name}.{field}", str(listed.value), f"some of {', '.join(_WORDS[field])}")
    return chosen


def shipped(stack: Stack) -> dict[str, frozenset[int]]:
    """Get the values of each axis that a stack ships; an axis without limits is missing.

    Parameters
    ----------
    stack
        Software profile of the catalogue.
    """
    values: dict[str, frozenset[int]] = {}
    schedules = words(stack, "schedules")
    if schedules is not None:
        plain = [word for word in schedules if word != _INTERLEAVED]
        values["schedule"] = frozenset(AXES["schedule"].words[word] for word in plain) | {int(Schedule.ONE_F_ONE_B)}
        if _INTERLEAVED not in schedules:
            values["virtual_stages"] = frozenset({1})
    degrees = words(stack, "parallelism")
    if degrees is not None:
        values |= {name: frozenset({1}) for name in _DEGREES if name not in degrees}
    for name, field in (("sharding", "shardings"), ("recompute", "recomputes")):
        chosen = words(stack, field)
        if chosen is not None:
            values[name] = frozenset(AXES[name].words[word] for word in chosen)
    offloads = words(stack, "offloads")
    if offloads is not None:
        most = sum(AXES["offload"].words[word] for word in offloads if word != "none")
        values["offload"] = frozenset(code for code in range(2 ** len(Offload)) if code & ~most == 0)
    return values


def limits_of(job: Job) -> dict[str, frozenset[int]]:
    """Get the values of each axis that a plan may have; an axis without limits is missing.

    Parameters
    ----------
    job
        Job with its software profile.
    """
    return {} if job.any_software else shipped(job.stack)


def layers_are_equal(job: Job) -> bool:
    """Tell whether pipeline stages must have equal numbers of layers.

    Parameters
    ----------
    job
        Job with its software profile.
    """
    return not job.any_software and words(job.stack, "stage_layers") == ("equal",)


def check_software(job: Job, fixed: Mapping[str, int]) -> None:
    """Refuse values that the user fixed and the job's software does not ship.

    Parameters
    ----------
    job
        Job with its software profile.
    fixed
        Fields of a plan that the user set.

    Raises
    ------
    InconsistentError
        If the lists of the stack do not have a value; the error names both, and the option to search without limits.
    """
    if job.any_software:
        return
    hint = "Set job.any_software (--any-software) to look beyond it, or name another job.stack."
    formats = words(job.stack, "formats")
    if formats is not None and job.precision not in formats:
        ships = f"be a format that it trains in: {', '.join(formats)}"
        raise InconsistentError("job.precision", job.precision, "job.stack", job.stack.name, ships, hint)
    for name, values in shipped(job.stack).items():
        if name in fixed and fixed[name] not in values:
            axis = AXES[name]
            ships = f"be what it ships: {', '.join(str(axis.word(value)) for value in sorted(values))}"
            value: Any = axis.word(fixed[name])
            raise InconsistentError(f"plan.{name}", value, "job.stack", job.stack.name, ships, hint)
