"""Agreements on price in a plan, and the programmes of others that buy in the same years."""

from collections.abc import Sequence

import numpy as np

from lindos.catalog import Catalog
from lindos.errors import InputError, UnknownNameError
from lindos.roadmap import Agreement
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.roadmap import AgreementSpec, RoadmapSpec
from lindos.units import render


def agreements(spec: RoadmapSpec, names: Sequence[str], catalog: Catalog) -> tuple[Agreement, ...]:
    """Read the agreements of a roadmap.

    Parameters
    ----------
    spec
        The roadmap of the scenario.
    names
        Generations that can be bought.
    catalog
        Devices and their aliases.

    Raises
    ------
    InputError
        If an agreement covers a device that is not on offer.
    """
    return tuple(_agreement(part, index, names, catalog) for index, part in enumerate(spec.agreements))


def _agreement(spec: AgreementSpec, index: int, names: Sequence[str], catalog: Catalog) -> Agreement:
    covered = []
    for number, text in enumerate(spec.devices):
        path = f"roadmap.agreements.{index}.devices.{number}"
        name = text if text in names else catalog.accelerator(text, path).name
        if name not in names:
            raise InputError(path, text, "a device that this plan can buy", f"On offer are {', '.join(names)}.")
        covered.append(name)
    flags = np.array([not covered or name in covered for name in names])
    title = ", ".join(covered) or "all devices"
    return Agreement(
        name=f"{render(100 * spec.discount, '1')} % off {title} from {render(float(spec.gpus), '1')} GPUs",
        generations=flags,
        devices=float(spec.gpus),
        discount=spec.discount,
    )


def rival_programmes(spec: RoadmapSpec) -> RoadmapSpec:
    """Read the programmes of other buyers that a roadmap names.

    Parameters
    ----------
    spec
        The roadmap of the scenario; its ``rivals`` is the name of a built-in scenario.

    Returns
    -------
    RoadmapSpec
        That scenario's roadmap without the programmes of the same buyer, and without those that are complete by the
        first day.

    Raises
    ------
    InputError
        If there is no such scenario, or it has no programmes.
    """
    path, name = "roadmap.rivals", spec.rivals or ""
    if name not in builtin_names():
        raise UnknownNameError(path, name, builtin_names())
    demand = read_scenario(name)[0].roadmap
    if demand is None or not demand.programmes:
        raise InputError(path, name, "a built-in scenario with programmes", "For example chip-demand.")
    listed = [part for part in demand.programmes if (part.buyer or part.name) != spec.buyer and part.by > spec.start]
    return demand.model_copy(update={"programmes": listed})
