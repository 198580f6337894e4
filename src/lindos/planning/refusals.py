"""Errors of a search without a feasible plan: the closest plan under the fixed degrees, and tested remedies."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.planning.lightest import Lightest, lightest
from lindos.planning.ranking import Limits, Tally
from lindos.planning.search import Search
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import AXES, Plan
from lindos.step.assumptions import Assumptions
from lindos.step.feasibility import SENTENCES, Reason, check, shape_codes
from lindos.step.memory import StepMemory
from lindos.units import render

#: Errors of a pool without a feasible plan.
Refusal = InconsistentError | InfeasibleError | InputError

#: Steps that double the devices until a plan fits, and steps of bisection after that.
_DOUBLED, _HALVED = 8, 4
#: Largest number of named parts of memory, and smallest share of a named part.
_PARTS, _SHARE = 3, 0.05


def refusal(search: Search, limits: Limits, tally: Tally) -> Refusal:
    """Make the error of a search without a feasible plan: the reason of the closest plan, and the counts per reason.

    Parameters
    ----------
    search
        Space with its splits.
    limits
        Limits of the search.
    tally
        Result of the search.
    """
    job, fixed, pool = search.job, search.space.fixed, replace(search.pool, num_devices=limits.devices)
    freely = replace(limits, speed=0.0, speed_per_device=0.0)
    if freely != limits:
        counts, tally = counted(tally.rejected), search.best(freely)
        if tally.best:
            return InfeasibleError(
                "No plan keeps to the limits", f"all plans that fit are too slow ({counts})", _LIMITS_REMEDY
            )
    reasons = [reason for reason in tally.nearest if reason is not Reason.REPLICAS]
    if Reason.MEMORY in reasons:
        best = lightest(search, limits.devices)
        if best is not None:
            return _too_large(search, freely, best, tally)
        # More memory would not help, so that the error names the contradicting degrees.
        tally = search.best(replace(freely, memory=math.inf))
        reasons = [reason for reason in tally.nearest if reason is not Reason.REPLICAS]
    if not reasons:
        return _nothing_left(job, pool, fixed, search.space.batch.size, search.assumptions)
    _, plan, batch = tally.nearest[max(reasons)]
    try:
        check(job, pool, plan, global_batch_size=batch, assumptions=search.assumptions)
    except (InconsistentError, InfeasibleError) as error:
        return error
    return InfeasibleError("No plan is feasible", "every candidate was refused", "Fix fewer degrees")


def refuse_full_memory(search: Search, limits: Limits) -> None:
    """Refuse plans that leave less memory free than the user asks for; the catalogue's headroom gives way to them.

    Parameters
    ----------
    search
        Space with its splits.
    limits
        Limits of the search, all memory included.

    Raises
    ------
    InfeasibleError
        If the headroom is the user's, with the largest that a plan leaves.
    """
    headroom = search.assumptions.headroom
    if headroom.sources != ("user",):
        return
    best, memory = lightest(search, limits.devices), float(limits.memory)
    needed = memory if best is None else float(best.memory.total)
    if best is None or needed >= memory:  # nothing fits, whatever is left free
        return
    most = math.floor(1000 * (1.0 - needed / memory)) / 10
    remedy = f"Ask for at most {most:.3g} %" if most > 0 else "Leave it out"
    raise InfeasibleError(
        f"No plan leaves {render(100 * float(headroom.value), '1')} % of the memory free (memory_headroom)",
        f"the plan with the least memory ({layout_words(best.plan)}) needs {render(needed, 'B')} a device of "
        f"{render(memory, 'B')}",
        remedy,
    )


_LIMITS_REMEDY = SENTENCES[Reason.LIMITS][1]


def _too_large(search: Search, limits: Limits, best: Lightest, tally: Tally) -> InfeasibleError:
    """Make the error if even the plan with the least memory does not fit."""
    fixed = f" with {_words(search.space.fixed)}" if search.space.fixed else ""
    of_all = f"none of {tally.num_candidates:,} plans for {limits.devices:,} GPUs{fixed} is feasible"
    return InfeasibleError(
        f"{search.job.model.title} does not fit in the memory of {search.pool.accelerator.title}",
        f"{of_all} ({counted(tally.rejected)}); the best needs {render(float(best.memory.total), 'B')} a device of "
        f"{render(float(limits.memory), 'B')} ({layout_words(best.plan)}): {_parts(best.memory)}",
        _capitalised(" or ".join(_remedies(search, limits))) or "Use devices with more memory, or a smaller model",
    )


def _remedies(search: Search, limits: Limits) -> Iterator[str]:
    """Yield changes under which a plan fits; each is tested by a search."""
    job, pool, fixed, batch = search.job, search.pool, search.space.fixed, search.space.batch
    is_enough = False
    for name in fixed:
        rest = {key: value for key, value in fixed.items() if key != name}
        if Search(job, pool, batch, rest, search.assumptions).best(limits).best:
            is_enough = True
            yield f"leave {name} open"
    devices = _enough_devices(search, limits)
    if devices is not None:
        yield f"use about {devices:,} GPUs"
    elif fixed and not is_enough:
        openly = Search(job, pool, batch, {}, search.assumptions)
        devices = _enough_devices(openly, limits)
        if devices is not None:
            yield f"leave {' and '.join(fixed)} open and use about {devices:,} GPUs"


def _enough_devices(search: Search, limits: Limits) -> int | None:
    """Search for a number of devices with which a plan fits; None if many times as many do not help."""

    def fits(devices: int) -> bool:
        pool = replace(search.pool, num_devices=devices)
        larger = Search(search.job, pool, search.space.batch, search.space.fixed, search.assumptions)
        return bool(larger.best(replace(limits, devices=devices)).best)

    low = high = limits.devices
    for _ in range(_DOUBLED):
        low, high = high, 2 * high
        if fits(high):
            break
    else:
        return None
    for _ in range(_HALVED):
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _parts(needed: StepMemory) -> str:
    """Describe the largest parts of memory."""
    total = float(needed.total)
    parts = {name: float(getattr(needed, name)) for name in StepMemory.__dataclass_fields__}
    largest = sorted(parts, key=lambda name: -parts[name])[:_PARTS]
    return ", ".join(f"{render(parts[name], 'B')} {name}" for name in largest if parts[name] >= _SHARE * total)


def _words(fixed: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {AXES[name].word(value)}" for name, value in fixed.items())


def layout_words(plan: Plan) -> str:
    """Describe the fields of a plan that differ from their defaults.

    Parameters
    ----------
    plan
        One plan of plain numbers.
    """
    plain = Plan()
    names = [name for name in AXES if getattr(plan, name) != getattr(plain, name)]
    return ", ".join(f"{AXES[name].label} {AXES[name].word(getattr(plan, name))}" for name in names)


def counted(rejected: Mapping[Reason, int] | Counter[Reason]) -> str:
    """Describe the counts of rejected plans.

    Parameters
    ----------
    rejected
        Number of plans by reason.
    """
    return ", ".join(f"{rejected[r]:,} because {SENTENCES[r][0]}" for r in Reason if rejected.get(r, 0))


def _nothing_left(job: Job, pool: Pool, fixed: Mapping[str, int], batch: int, assumptions: Assumptions) -> Refusal:
    """Make the error of a space without candidates, because of the fixed degrees or the batch."""
    plan = Plan(**fixed)
    codes = shape_codes(job, pool.num_devices, plan, batch)
    if int(codes) != int(Reason.OK):
        try:
            check(job, pool, plan, global_batch_size=batch, assumptions=assumptions)
        except (InconsistentError, InfeasibleError) as error:
            return error
    hint = "Change the batch, or fix fewer degrees." if fixed else "Raise the batch."
    return InputError("job.global_batch_size", batch, "a batch that some plan can split over the GPUs", hint)
