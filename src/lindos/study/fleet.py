"""Inference traffic placed with cloud providers."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import fleet
from lindos.errors import InfeasibleError
from lindos.fleet import Demand, FleetEstimate, Layout, Patience, Placement, Term
from lindos.quantities import Fraction, Real
from lindos.results import rows
from lindos.scenario.resolve import model_named
from lindos.scenario.schema import InferenceSpec
from lindos.study.floor import Floor, World

#: How often limits are tightened at most, if no finalist keeps them in the simulation.
_TIGHTENED = 3
#: Sizing by the whole of every promise.
_WHOLE = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The chosen provider and layout of a replica, and every option that was compared."""

    estimate: FleetEstimate
    terms: tuple[Term, ...] = ()  # the same fleet at other terms, and by the token
    patience: Patience = _WHOLE

    @property
    def option(self) -> str:
        """Name of the chosen price."""
        return self.estimate.chosen.option

    @property
    def layout(self) -> Layout:
        """Devices of an engine, and how the model is split over them."""
        return self.estimate.layout


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetResult:
    """The fleet at the chosen provider, for the draws in which a replica keeps the promised speed."""

    chosen: Placement
    share_served: Fraction  # of all draws


def choose(world: World) -> Provider:
    """Compare all options with the catalogue's own values, and choose the cheapest that keeps its limits simulated.

    Parameters
    ----------
    world
        Scenario with inference, and catalogue.
    """
    spec = _spec(world)
    options, _ = fleet.options(world.catalog, spec.precision)
    model = model_named(spec.model, world.catalog, world.folder, "inference.model")
    work, demand = fleet.work_of(model, spec.precision), demand_of(spec)
    assume = fleet.assumptions(world.catalog, spec.peak_to_mean)
    patience = _WHOLE
    estimate = _estimate(world)
    checked = fleet.verified(estimate, work, options, demand, assume, estimate.layouts)
    for _ in range(_TIGHTENED):
        if not checked.checks or any(check.passes for check in checked.checks):
            break
        narrower = fleet.tightened(checked, assume, patience)
        try:
            estimate = _estimate(world, patience=narrower)
        except InfeasibleError:
            break
        patience = narrower
        checked = fleet.verified(estimate, work, options, demand, assume, estimate.layouts)
    terms = fleet.terms(world.catalog, checked.chosen, model.name)
    return Provider(estimate=checked, terms=terms, patience=patience)


def compute(world: World, provider: Provider) -> FleetResult:
    """Size the fleet at the chosen provider, with engines of the chosen layout.

    Parameters
    ----------
    world
        Scenario with inference, and catalogue.
    provider
        Decision of :func:`choose`.
    """
    if world.kind == "point":
        return FleetResult(chosen=provider.estimate.chosen, share_served=1.0)
    smooth = world.kind == "varied"
    estimate = _estimate(world, provider.option, provider.layout, provider.patience, whole_replicas=not smooth)
    if world.kind != "sampled":
        return FleetResult(chosen=estimate.chosen, share_served=1.0)
    return _served(estimate.chosen)


def _estimate(
    world: World,
    option: str | None = None,
    layout: Layout | None = None,
    patience: Patience = _WHOLE,
    *,
    whole_replicas: bool = True,
) -> FleetEstimate:
    spec = _spec(world)
    model = model_named(spec.model, world.catalog, world.folder, "inference.model")
    options, left_out = fleet.options(world.catalog, spec.precision, option)
    return fleet.estimate(
        work=fleet.work_of(model, spec.precision),
        demand=demand_of(spec),
        options=options,
        assume=patience.applied(fleet.assumptions(world.catalog, spec.peak_to_mean)),
        volume_discount=spec.volume_discount,
        chosen=option,
        layout=layout,
        whole_replicas=whole_replicas,
        left_out=left_out,
    )


def demand_of(spec: InferenceSpec) -> Demand:
    """Get the traffic of a scenario: its rates, and lengths that share the context as the rates do.

    Parameters
    ----------
    spec
        Inference of the scenario.
    """
    total = spec.input_tokens + spec.output_tokens
    prompt = max(spec.context_length * spec.input_tokens / total, 1.0)
    return Demand(
        input_rate=spec.input_tokens,
        output_rate=spec.output_tokens,
        prompt=prompt,
        answer=max(spec.context_length - prompt, 1.0),
    )


def _spec(world: World) -> InferenceSpec:
    spec = world.scenario.inference
    assert spec is not None
    return spec


def _served(place: Placement) -> FleetResult:
    """Select the draws in which the promised speed is kept, and compute their share."""
    serves = np.atleast_1d(np.asarray(place.meets_speed)) > 0
    share = float(np.mean(serves))
    if math.isclose(share, 1.0):
        return FleetResult(chosen=place, share_served=1.0)
    names = [row.name for row in rows(place) if row.name in Placement.__dataclass_fields__]
    drawn: dict[str, Any] = {name: _of_draws(getattr(place, name), serves) for name in names}
    return FleetResult(chosen=replace(place, **drawn), share_served=share)


def _of_draws(value: Real, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Real:
    """Select the values of some draws; a plain number is the same in all draws."""
    values = np.asarray(value)
    return values[chosen] if values.shape == chosen.shape else value


PROVIDER = Floor(
    name="provider",
    question="Which provider carries the traffic for the least?",
    compute=choose,
    reads=("inference",),
    section="fleet",
    is_decision=True,
    decides="the provider and its devices",
)
FLEET = Floor(
    name="fleet",
    question="How many rented GPUs carry the traffic, and for what bill?",
    compute=compute,
    needs=(PROVIDER,),
    reads=("inference",),
)
