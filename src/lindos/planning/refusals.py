"""Why no plan holds: the best plan there is under what was fixed, and remedies, each tried before it is named."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.planning.lightest import Lightest, lightest
from lindos.planning.ranking import Found, Limits
from lindos.planning.search import Search
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import AXES, Plan
from lindos.step.assumptions import Assumptions
from lindos.step.feasibility import SENTENCES, Reason, check, shape_codes
from lindos.step.memory import StepMemory
from lindos.units import render

#: Why a pool has no plan.
Refusal = InconsistentError | InfeasibleError | InputError

#: How often the devices are doubled to see whether more of them help, and halved again between.
_DOUBLED, _HALVED = 8, 4
#: Parts of memory that are named at most, and the least share of the total that each has.
_PARTS, _SHARE = 3, 0.05


def refusal(search: Search, within: Limits, found: Found) -> Refusal:
    """Why no plan holds: the reason of the one that came furthest, and how many fell for which."""
    job, own, pool = search.job, search.space.fixed, replace(search.pool, num_devices=within.devices)
    freely = replace(within, speed=0.0, speed_per_device=0.0)
    if freely != within:
        fell, found = counted(found.rejected), search.best(freely)
        if found.best:
            return InfeasibleError("No plan keeps to the limits", f"all that fit are too slow ({fell})", _MORE)
    reasons = [reason for reason in found.nearest if reason is not Reason.REPLICAS]
    if Reason.MEMORY in reasons:
        best = lightest(search, within.devices)
        if best is not None:
            return _too_large(search, freely, best, found)
        # Degrees that contradict each other are named: no memory would help.
        found = search.best(replace(freely, memory=math.inf))
        reasons = [reason for reason in found.nearest if reason is not Reason.REPLICAS]
    if not reasons:
        return _nothing_left(job, pool, own, search.space.batch.size, search.assumptions)
    _, plan, batch = found.nearest[max(reasons)]
    try:
        check(job, pool, plan, global_batch_size=batch, assumptions=search.assumptions)
    except (InconsistentError, InfeasibleError) as error:
        return error
    return InfeasibleError("No plan holds", "every candidate was refused", "Fix fewer degrees")


_MORE = SENTENCES[Reason.LIMITS][1]


def _too_large(search: Search, within: Limits, best: Lightest, found: Found) -> InfeasibleError:
    """The plan that needs least memory does not fit."""
    fixed = f" with {_words(search.space.fixed)}" if search.space.fixed else ""
    of_all = f"of {found.num_candidates:,} plans for {within.devices:,} GPUs{fixed} none holds"
    return InfeasibleError(
        f"{search.job.model.title} does not fit in the memory of {search.pool.accelerator.title}",
        f"{of_all} ({counted(found.rejected)}); the best needs {render(float(best.memory.total), 'B')} a device of "
        f"{render(float(within.memory), 'B')} ({layout_words(best.plan)}): {_parts(best.memory)}",
        _capitalised(" or ".join(_remedies(search, within))) or "Use devices with more memory, or a smaller model",
    )


def _remedies(search: Search, within: Limits) -> Iterator[str]:
    """What lets a plan fit; each was tried."""
    job, pool, fixed, batch = search.job, search.pool, search.space.fixed, search.space.batch
    for name in fixed:
        rest = {key: value for key, value in fixed.items() if key != name}
        if Search(job, pool, batch, rest, search.assumptions).best(within).best:
            yield f"leave {name} open"
    devices = _enough(search, within)
    if devices is not None:
        yield f"use about {devices:,} GPUs"


def _enough(search: Search, within: Limits) -> int | None:
    """Devices with which some plan fits; None where many times as many do not help."""

    def fits(devices: int) -> bool:
        pool = replace(search.pool, num_devices=devices)
        more = Search(search.job, pool, search.space.batch, search.space.fixed, search.assumptions)
        return bool(more.best(replace(within, devices=devices)).best)

    low = high = within.devices
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
    """Memory by its largest parts."""
    total = float(needed.total)
    parts = {name: float(getattr(needed, name)) for name in StepMemory.__dataclass_fields__}
    largest = sorted(parts, key=lambda name: -parts[name])[:_PARTS]
    return ", ".join(f"{render(parts[name], 'B')} {name}" for name in largest if parts[name] >= _SHARE * total)


def _words(fixed: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {AXES[name].word(value)}" for name, value in fixed.items())


def layout_words(plan: Plan) -> str:
    """What of a plan differs from one device that recomputes and shards nothing."""
    plain = Plan()
    names = [name for name in AXES if getattr(plan, name) != getattr(plain, name)]
    return ", ".join(f"{AXES[name].label} {AXES[name].word(getattr(plan, name))}" for name in names)


def counted(rejected: Mapping[Reason, int] | Counter[Reason]) -> str:
    """How many plans fell for which reason, as a person reads it."""
    return ", ".join(f"{rejected[r]:,} because {SENTENCES[r][0]}" for r in Reason if rejected.get(r, 0))


def _nothing_left(job: Job, pool: Pool, own: Mapping[str, int], batch: int, assumptions: Assumptions) -> Refusal:
    """No candidate at all: the user's degrees, or the batch, leave none."""
    plan = Plan(**own)
    codes = shape_codes(job, pool.num_devices, plan, batch)
    if int(codes) != int(Reason.OK):
        try:
            check(job, pool, plan, global_batch_size=batch, assumptions=assumptions)
        except (InconsistentError, InfeasibleError) as error:
            return error
    hint = "Change the batch, or fix fewer degrees." if own else "Raise the batch."
    return InputError("job.global_batch_size", batch, "a batch that some plan can split over the GPUs", hint)
