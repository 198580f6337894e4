"""Inference traffic placed with cloud providers."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import fleet
from lindos.fleet import FleetEstimate, Placement
from lindos.fleet.replica import Layout
from lindos.quantities import Fraction, Real
from lindos.results import rows
from lindos.scenario.resolve import model_named
from lindos.scenario.schema import InferenceSpec
from lindos.study.floor import Floor, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The chosen provider and layout of a replica, and every option that was compared."""

    estimate: FleetEstimate

    @property
    def option(self) -> str:
        """Name of the chosen price."""
        return self.estimate.chosen.option

    @property
    def layout(self) -> Layout:
        """Devices of a replica, and how the model is split over them."""
        chosen = self.estimate.chosen
        return Layout(float(chosen.devices_per_replica), bool(chosen.expert_parallel))


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetResult:
    """The fleet at the chosen provider, for the draws in which a replica keeps the promised speed."""

    chosen: Placement
    share_served: Fraction  # of all draws


def choose(world: World) -> Provider:
    """Compare all options with the catalogue's own values, and choose the cheapest.

    Parameters
    ----------
    world
        Scenario with inference, and catalogue.
    """
    return Provider(estimate=_estimate(world))


def compute(world: World, provider: Provider) -> FleetResult:
    """Size the fleet at the chosen provider; every draw has its own layout of a replica.

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
    estimate = _estimate(world, provider.option, provider.layout if smooth else None, whole_replicas=not smooth)
    if world.kind != "sampled":
        return FleetResult(chosen=estimate.chosen, share_served=1.0)
    return _served(estimate.chosen)


def _estimate(
    world: World, option: str | None = None, layout: Layout | None = None, *, whole_replicas: bool = True
) -> FleetEstimate:
    spec = _spec(world)
    model = model_named(spec.model, world.catalog, world.folder, "inference.model")
    options, left_out = fleet.options(world.catalog, spec.precision, option)
    return fleet.estimate(
        model=fleet.served(model, spec.precision, spec.context_length),
        input_rate=spec.input_tokens,
        output_rate=spec.output_tokens,
        options=options,
        assume=fleet.assumptions(world.catalog, spec.peak_to_mean),
        volume_discount=spec.volume_discount,
        chosen=option,
        layout=layout,
        whole_replicas=whole_replicas,
        left_out=left_out,
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
