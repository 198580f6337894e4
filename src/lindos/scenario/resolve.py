"""From names to physics: the cluster, job and site that a scenario names, looked up in a catalogue.

A study evaluates these functions with the catalogue and with a sampled one whose uncertain facts are arrays of draws.
Values that must be plain numbers, such as the number of devices of a pool, are settled first by :func:`counted`.
"""

import math
from dataclasses import replace
from pathlib import Path

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.model import Model
from lindos.catalog.records import Fabric, SiteFacts, System
from lindos.errors import InconsistentError, InputError, UnknownNameError, UnknownValueError
from lindos.formats import OFFERED
from lindos.problem.cluster import Cluster, Pool, Tier, UnknownTier
from lindos.problem.job import Goal, Job, stack_for
from lindos.problem.plan import AXES, Plan
from lindos.quantities import Real, namespace
from lindos.scenario.schema import ClusterSpec, GoalSpec, JobSpec, PlanSpec, PoolSpec, Scenario, SiteSpec

#: The device that is one H100-equivalent.
REFERENCE_DEVICE = "h100-sxm"


def counted(scenario: Scenario, catalog: Catalog) -> Scenario:
    """Return the scenario with the size of every pool as a number of GPUs.

    Parameters
    ----------
    scenario
        Pools in GPUs, nodes, racks or H100-equivalents (dense 8-bit rates).
    catalog
        Systems and accelerators.
    """
    if scenario.cluster is None:
        return scenario
    pools = [_counted_pool(pool, catalog, f"cluster.pools.{i}") for i, pool in enumerate(scenario.cluster.pools)]
    return scenario.model_copy(update={"cluster": ClusterSpec(pools=pools)})


def _counted_pool(pool: PoolSpec, catalog: Catalog, path: str) -> PoolSpec:
    if pool.gpus is not None or pool.fill:
        return pool
    system = catalog.system(pool.system, f"{path}.system")
    if pool.h100_equivalents is None:
        return pool.model_copy(update={"gpus": _gpus_of_units(pool, system, path), "nodes": None, "racks": None})
    rate = catalog.accelerator(system.accelerator).counted_peak("fp8").value
    reference = catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8").value
    gpus = math.ceil(pool.h100_equivalents * float(reference) / float(rate))
    return pool.model_copy(update={"gpus": gpus, "h100_equivalents": None})


def _gpus_of_units(pool: PoolSpec, system: System, path: str) -> int:
    """Compute the GPUs of a pool that is given in nodes or racks."""
    field = "nodes" if pool.nodes is not None else "racks"
    if field != f"{system.unit}s":
        relation = f"be left out: the second is a {system.unit} of {system.num_devices.value:.0f} GPUs"
        raise InconsistentError(
            f"{path}.{field}", getattr(pool, field), f"{path}.system", system.name, relation, f"Write {system.unit}s."
        )
    return int(getattr(pool, field)) * int(system.num_devices.value)


def cluster_of(spec: ClusterSpec, name: str, catalog: Catalog) -> Cluster:
    """Build the cluster: its pools with their devices and networks.

    Parameters
    ----------
    spec
        Pools whose sizes are settled (:func:`counted`).
    name
        Name of the cluster.
    catalog
        Systems, accelerators and fabrics; a sampled one gives arrays of draws.
    """
    pools: list[Pool] = []
    for index, pool in enumerate(spec.pools):
        path = f"cluster.pools.{index}"
        name_of_pool = pool.label or catalog.system(pool.system, f"{path}.system").name
        namesakes = sum(
            earlier.name == name_of_pool or earlier.name.startswith(f"{name_of_pool} (") for earlier in pools
        )
        pools.append(
            pool_from_system(
                catalog,
                pool.system,
                pool.gpus or 1,
                fabric=pool.fabric,
                oversubscription=pool.oversubscription or 1.0,
                online=pool.online or "",
                # Names of pools are unique: figures are named by them.
                label=f"{name_of_pool} ({namesakes + 1})" if namesakes else name_of_pool,
                path=path,
            )
        )
    return Cluster(name=name, pools=tuple(pools))


def pool_from_system(
    catalog: Catalog,
    system: str | System,
    num_devices: int,
    *,
    fabric: str | None = None,
    oversubscription: float = 1.0,
    online: str = "",
    label: str = "",
    path: str = "cluster",
) -> Pool:
    """Build a pool of devices of one system, with the tiers of network above each of them.

    Parameters
    ----------
    catalog
        Accelerators and fabrics.
    system
        Name in the catalogue, or a record.
    num_devices
        Devices of the pool.
    fabric
        Scale-out network; that of the system if None.
    oversubscription
        Bandwidth below the first switches over the bandwidth above them.
    online
        ISO date from which the pool works; empty if unknown.
    label
        Name of the pool; that of the system if empty.
    path
        Field of the scenario, for messages.
    """
    record = system if isinstance(system, System) else catalog.system(system, f"{path}.system")
    accelerator = catalog.accelerator(record.accelerator, f"{path}.system")
    scale_out = catalog.fabric(fabric or record.fabric, f"{path}.fabric")
    if scale_out.kind != "scale-out":
        raise InputError(f"{path}.fabric", scale_out.name, "a scale-out network such as quantum-2-400g")
    return Pool(
        name=label or record.name,
        accelerator=accelerator,
        kernels=catalog.kernels_of(accelerator),
        system=record,
        fabric=scale_out,
        num_devices=num_devices,
        tiers=_tiers(catalog, record, scale_out, num_devices, oversubscription),
        online=online,
    )


def _tiers(
    catalog: Catalog, system: System, scale_out: Fabric, num_devices: int, oversubscription: float
) -> tuple[Tier, ...]:
    """Build the tiers: the scale-up domain, then levels of a folded Clos network until one joins the whole pool.

    A Clos of ``L`` levels of switches with ``k`` ports joins ``2 (k/2)**L`` endpoints; a message that climbs to level
    ``L`` crosses ``2L - 1`` switches. Oversubscription applies to traffic that leaves the first level.
    """
    domain = min(int(system.scale_up_size.value), num_devices)
    tiers = [_scale_up(catalog, system, domain)]
    radix = int(scale_out.switch_ports.value)
    level = 0
    while tiers[-1].size < num_devices:
        level += 1
        reach = 2 * (radix // 2) ** level
        if reach <= domain:
            continue
        size = min(reach, num_devices)
        tiers.append(_scale_out(system, scale_out, level, size, oversubscription if level > 1 else 1.0))
    return tuple(tiers)


def _scale_up(catalog: Catalog, system: System, size: int) -> Tier:
    accelerator = catalog.accelerator(system.accelerator)
    fabric = catalog.fabric(system.scale_up_fabric, "scale_up_fabric")
    try:
        return Tier(
            name="scale-up",
            size=size,
            bandwidth=accelerator.scale_up_bandwidth.value * fabric.efficiency.value,
            latency=fabric.base_latency.value + fabric.hop_latency.value,
            in_switch_reduction=fabric.in_switch_reduction,
            reduction_bandwidth=accelerator.scale_up_bandwidth.value * fabric.reduction_efficiency.value
            if fabric.reduction_efficiency.is_known
            else None,
            chunk_cost=fabric.chunk_cost.value if fabric.chunk_cost.is_known else None,
        )
    except UnknownValueError as error:
        return UnknownTier.from_error(error, name="scale-up", size=size)


def _scale_out(system: System, scale_out: Fabric, level: int, size: int, oversubscription: float) -> Tier:
    name = _LEVELS[min(level, len(_LEVELS)) - 1]
    try:
        return Tier(
            name=name,
            size=size,
            bandwidth=system.nic_bandwidth.value * scale_out.efficiency.value,
            latency=scale_out.base_latency.value + (2 * level - 1) * scale_out.hop_latency.value,
            oversubscription=oversubscription,
            in_switch_reduction=scale_out.in_switch_reduction,
        )
    except UnknownValueError as error:
        return UnknownTier.from_error(error, name=name, size=size, oversubscription=oversubscription)


_LEVELS = ("leaf", "pod", "spine", "site")


def model_named(
    name: str, catalog: Catalog, folder: Path | None = None, path: str = "job.model", *, model_as: str | None = None
) -> Model:
    """Get a model of the catalogue, or from a Hugging Face ``config.json``.

    Parameters
    ----------
    name
        Name in the catalogue, or a path that ends with ``.json``.
    catalog
        Models.
    folder
        Folder that a relative path starts from; the current one if None.
    path
        Field of the scenario, for messages.
    model_as
        How a user wants a ``config.json`` to be read, one of :data:`lindos.scenario.schema.MODEL_READINGS`.

    Raises
    ------
    InputError
        If a model of the catalogue is to be read in another way.
    """
    if name.endswith(".json"):
        from lindos.catalog.huggingface import model_from_config

        return model_from_config((folder or Path()) / name, as_gated_decoder=model_as is not None)
    if model_as is not None:
        hint = "Only the file of a configuration can be read in another way."
        raise InputError("job.model_as", model_as, f"left out beside {name}, a model of the catalogue", hint)
    return catalog.model(name, path)


def job_of(spec: JobSpec, catalog: Catalog, folder: Path | None = None) -> Job:
    """Build the job of a scenario.

    Parameters
    ----------
    spec
        Section of the scenario.
    catalog
        Models and training software.
    folder
        Folder that a relative path of a model starts from.
    """
    model = model_named(spec.model, catalog, folder, model_as=spec.model_as)
    return Job(
        model=model,
        sequence_length=spec.sequence_length,
        precision=spec.precision,
        stack=stack_for(catalog.stack(spec.stack, "job.stack"), model),
        global_batch_size=spec.global_batch_size,
        state_bytes=spec.optimizer_state_bytes,
        adapter_rank=spec.adapter_rank or 0,
        any_software=spec.any_software,
    )


def goal_of(spec: GoalSpec) -> Goal:
    """Build the goal, with its published range if it has one.

    Parameters
    ----------
    spec
        Section of the scenario: tokens, FLOP or seconds.
    """
    return Goal(
        tokens=spec.tokens,
        training_flop=spec.training_flop,
        duration=spec.duration,
        training_flop_low=spec.training_flop_low,
        training_flop_high=spec.training_flop_high,
        label=spec.label or "",
    )


def fixed_degrees(spec: PlanSpec) -> dict[str, int]:
    """Return the axes of the plan that the user fixed, as the numbers of :class:`Plan`.

    Parameters
    ----------
    spec
        Section of the scenario.
    """
    return {name: AXES[name].code(value) for name, value in spec.model_dump().items() if value is not None}


def described(plan: Plan) -> dict[str, str | int]:
    """Describe a plan in the words of a scenario file.

    Parameters
    ----------
    plan
        Plan of plain numbers.
    """
    return {name: axis.word(getattr(plan, name)) for name, axis in AXES.items()}


def site_of(spec: SiteSpec, catalog: Catalog) -> SiteFacts:
    """Get the site from the catalogue, with the terms that the user gave.

    Parameters
    ----------
    spec
        Section of the scenario.
    catalog
        Sites and locations.

    Raises
    ------
    InconsistentError
        If the site is in another country than the location.
    """
    site = _site_at(spec, catalog)
    return replace(
        site,
        pue=_overridden(site.pue, spec.pue),
        design_pue=_overridden(_moved_with(site.pue, site.design_pue, spec.pue), spec.design_pue),
        electricity_price=_overridden(site.electricity_price, spec.electricity_price),
        power_limit=_overridden(site.power_limit, spec.power_limit),
    )


def _site_named(name: str, catalog: Catalog) -> SiteFacts:
    """Get a site by its name; the name of a country is told from it."""
    try:
        return catalog.site(name, "site.name")
    except UnknownNameError as error:
        if name.lower() in catalog.names("locations"):
            error.hint = f"{name} is a country: write 'location: {name}' instead of name."
        raise


def _moved_with(mean: Fact[Real], hottest: Fact[Real], stated: float | None) -> Fact[Real]:
    """Move the overhead of the hottest day as far as the user moves that of a year, its least."""
    if stated is None or not hottest.is_known:
        return hottest
    if not mean.is_known:
        return replace(hottest, content=None)
    moved = namespace(mean.value, hottest.value).maximum(hottest.value + (stated - mean.value), stated)
    return replace(hottest, content=moved, low=None, high=None)


def _site_at(spec: SiteSpec, catalog: Catalog) -> SiteFacts:
    """Get the named site, or a site with the terms of the country."""
    if spec.location is None:
        return _site_named(spec.name, catalog)
    place = catalog.location(spec.location, "site.location")
    if "name" in spec.model_fields_set:
        site = _site_named(spec.name, catalog)
        if site.country != place.name:
            relation = f"be left out: {site.name} is in {site.country or 'no country of the catalogue'}"
            raise InconsistentError("site.location", spec.location, "site.name", spec.name, relation)
        return site
    path = f"locations.{place.name}"
    text = Fact(path=f"{path}.title", content=place.title, sources=place.electricity_price.sources)
    unpublished: Fact[Real] = Fact(path=f"{path}.published", content=None, note="not one place")
    return SiteFacts(
        name=place.name,
        title=f"A site in {place.title}",
        location=text,
        country=place.name,
        pue=place.pue,
        design_pue=place.design_pue,
        electricity_price=place.electricity_price,
        market_construction_cost=place.construction_cost,
        power_limit=unpublished,
        published_facility_power=unpublished,
        published_capex=unpublished,
        published_h100_equivalents=unpublished,
    )


def _overridden(fact: Fact[Real], value: float | None) -> Fact[Real]:
    """Return the user's value as a fact, or the catalogue's if the user gave none."""
    if value is None:
        return fact
    return replace(fact, content=value, low=None, high=None, sources=("user",), note="given in the scenario")


def check_precision(job: Job, cluster: Cluster) -> None:
    """Refuse a precision that a device of the cluster does not support.

    Parameters
    ----------
    job
        Its precision is read.
    cluster
        Its accelerators are read.

    Raises
    ------
    InconsistentError
        If an accelerator has no known peak in that precision.
    """
    for pool in cluster.pools:
        peak = pool.accelerator.peak(job.precision)
        if not peak.is_known:
            offered = [p for p in OFFERED if pool.accelerator.peak(p).is_known]
            raise InconsistentError(
                "job.precision",
                job.precision,
                "cluster accelerator",
                pool.accelerator.name,
                "be a precision with a known dense peak on the second",
                f"Known there: {', '.join(offered) or 'none'}; or give {peak.path} in a catalogue file.",
            )
