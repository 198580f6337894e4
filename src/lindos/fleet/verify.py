"""Finalists held against a simulation of their scheduler; one that misses its limits gives way to the next."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lindos.fleet.capacity import BLOCK
from lindos.fleet.estimate import Demand, grid_of, limits_of, middle
from lindos.fleet.options import Assumptions, Option, Patience
from lindos.fleet.result import Check, FleetEstimate, Layout, Placement
from lindos.fleet.simulate import Requests, arrivals, lengths, pace_of, simulate
from lindos.fleet.work import Work
from lindos.formulas.queueing import split_gap_cv

#: Requests of a simulation, and those of its start that count for nothing.
_REQUESTS, _WARM_UP = 4_000, 400
#: Finalists that are simulated.
_FINALISTS = 5
#: A simulated percentile rests on few requests: it may lie this far above a limit.
_TOLERANCE = 1.1
#: Longest prompt and answer over the mean.
_LONGEST = 20.0
_SEED = 20_260_718


def verified(
    estimate: FleetEstimate,
    work: Work,
    options: Sequence[Option],
    demand: Demand,
    assume: Assumptions,
    layouts: Sequence[Layout],
) -> FleetEstimate:
    """Simulate the cheapest placements, and choose the first that keeps its limits.

    Parameters
    ----------
    estimate
        Fleet by the closed form.
    work
        The model in its formats.
    options
        What can be rented, in the order of the placements.
    demand
        Traffic to serve.
    assume
        Promises, and what is assumed about requests.
    layouts
        Engine of each placement.

    Returns
    -------
    FleetEstimate
        With what was simulated; the closed form's own choice where no finalist keeps the limits.
    """
    places = estimate.placements
    good = [i for i, place in enumerate(places) if middle(place.meets_speed) == 1 and middle(place.delivered) == 1]
    ranked = sorted(good, key=lambda index: middle(places[index].bill))[:_FINALISTS]
    checks: list[Check] = []
    for index in ranked:
        check = simulated(work, options[index], demand, assume, layouts[index], places[index])
        checks.append(check)
        if check.passes:
            return replace(estimate, chosen=places[index], layout=layouts[index], checks=tuple(checks))
    return replace(estimate, checks=tuple(checks))


def tightened(estimate: FleetEstimate, assume: Assumptions, patience: Patience) -> Patience:
    """Tighten the limits of the closed form as far as the cheapest finalist missed them in the simulation.

    Parameters
    ----------
    estimate
        Fleet whose finalists were simulated.
    assume
        Promises.
    patience
        Part of them by which the fleet was sized.
    """
    check, limits = estimate.checks[0], limits_of(assume)
    first = max(check.first_token / float(limits.first), check.first_token_p99 / float(limits.first_p99), 1.0)
    token = max(check.token_time / float(limits.token), check.token_time_p99 / float(limits.token_p99), 1.0)
    return Patience(first=float(patience.first / first), token=float(patience.token / token))


def simulated(
    work: Work, option: Option, demand: Demand, assume: Assumptions, layout: Layout, place: Placement
) -> Check:
    """Simulate one engine of a placement at the peak.

    Parameters
    ----------
    work
        The model in its formats.
    option
        What is rented.
    demand
        Lengths of requests.
    assume
        Promises, and how unevenly requests come.
    layout
        The engine.
    place
        The placement.
    """
    rng = np.random.default_rng(_SEED)
    prompt, answer, cached = float(demand.prompt), float(demand.answer), float(demand.cached)
    spread, gaps = float(assume.length_spread), float(assume.burstiness)
    engines = middle(place.serving_devices) / middle(place.devices_per_replica)
    rate = float(demand.requests) * middle(assume.peak_to_mean) / engines
    gaps = float(split_gap_cv(gaps, max(engines, 1.0)))
    prompts = lengths(prompt, spread, _REQUESTS, rng, _LONGEST * prompt)
    pace = pace_of(work, grid_of(layout), option.machine, prompt * (1 - cached), prompt + answer / 2)
    longest = np.maximum((pace.blocks - 2) * BLOCK, 1.0)
    requests = Requests(
        arrivals(rate, _REQUESTS, gaps, rng),
        np.minimum(np.maximum(np.round(prompts * (1 - cached)), 1.0), longest / 2),
        np.minimum(lengths(answer, spread, _REQUESTS, rng, _LONGEST * answer), longest / 4),
        np.minimum(np.round(prompts * cached), longest / 8),
    )
    served = simulate(pace, requests)
    first, token = served.first[_WARM_UP:], served.token[_WARM_UP:]
    limits = limits_of(assume)
    seen = [float(np.quantile(values, share)) for values in (first, token) for share in (0.5, 0.99)]
    bounds = (limits.first, limits.first_p99, limits.token, limits.token_p99)
    return Check(
        option=place.option,
        provider=place.provider,
        accelerator=place.accelerator,
        first_token=seen[0],
        first_token_p99=seen[1],
        token_time=seen[2],
        token_time_p99=seen[3],
        preempted=served.preempted / _REQUESTS,
        passes=all(value <= _TOLERANCE * float(bound) for value, bound in zip(seen, bounds, strict=True)),
    )
