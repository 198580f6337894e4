"""From a scenario to its answer: which sections it asks, in the order of the floors."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lindos import __version__
from lindos.catalog import Catalog, load_catalog
from lindos.claims import load_file
from lindos.errors import InconsistentError, InfeasibleError, InputError, UnknownValueError
from lindos.scenario.fields import Whole
from lindos.scenario.read import builtin_names, read_scenario, scenario_from
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.study import campaign as campaign_floor
from lindos.study import claims, cluster, comparison, fleet, roadmap, site, step
from lindos.study.answer import Answer, Section
from lindos.study.campaign import CampaignAsked
from lindos.study.world import NUM_DRAWS, Worlds, worlds

#: Said with every answer.
RANGES = (
    f"Ranges hold 80 % of {NUM_DRAWS} draws of the catalogue's uncertain values; that of the step time, and what "
    "follows from it, is calibrated on measured runs. The error of the other models is not in them."
)


def answer_file(
    name_or_path: str,
    catalogs: Sequence[Path] = (),
    *,
    command: str = "run",
    sections: frozenset[str] | None = None,
    campaign: CampaignAsked | None = None,
) -> Answer:
    """Answer a built-in scenario or a file, all of it or some ``sections``.

    Parameters
    ----------
    name_or_path
        ``colossus-2``, or the path of a YAML file.
    catalogs
        The user's own catalogue files, later ones on top.
    command
        Name of the command that asks, kept in the answer.
    sections
        Names of sections to answer; all that the scenario asks where left out.
    campaign
        How well the simulation of the campaign is to be known.

    Raises
    ------
    InputError, InconsistentError
        If the scenario is wrong.
    InfeasibleError
        If it cannot hold together.
    """
    scenario, folder = read_scenario(name_or_path)
    own = [folder / scenario.catalog] if folder is not None and scenario.catalog else []
    catalog = load_catalog([*own, *catalogs])
    if sections is not None and not set(asked(scenario)) & (sections - {"cluster", "step"}):
        needed = {"campaign": "job.goal", "fleet": "inference", "site": "cluster"}.get(command, command)
        raise InputError(needed, None, f"given for `lindos {command}`", f"Add {needed} to the scenario.")
    return answer(scenario, catalog, folder=folder, command=command, sections=sections, campaign=campaign)


def answer(
    scenario: Scenario,
    catalog: Catalog,
    *,
    folder: Path | None = None,
    command: str = "run",
    sections: frozenset[str] | None = None,
    campaign: CampaignAsked | None = None,
) -> Answer:
    """Answer a scenario under a catalogue."""
    wanted = [name for name in asked(scenario) if sections is None or name in sections]
    both_worlds = worlds(scenario, catalog, folder)
    both_worlds.decisions["campaign.asked"] = campaign or CampaignAsked()
    # The campaign is priced by the site, which is shown after it.
    order = sorted(wanted, key=lambda name: name == "campaign")
    found: dict[str, Section] = {}
    if "campaign" in wanted and "site" not in wanted:
        _price(both_worlds)
    for name in order:
        section = _section(both_worlds, name)
        if section is not None:
            found[name] = section
    shown = [found[name] for name in wanted if name in found]
    return told(scenario, catalog, command, shown, both_worlds)


def asked(scenario: Scenario) -> list[str]:
    """Names of the sections that a scenario asks, in the order they are shown."""
    there = {
        "cluster": scenario.cluster is not None,
        "step": scenario.job is not None,
        "campaign": scenario.job is not None and scenario.job.goal is not None,
        "site": scenario.cluster is not None,
        "fleet": scenario.inference is not None,
        "roadmap": scenario.roadmap is not None,
        "claims": bool(scenario.claims),
        "comparison": scenario.cluster is not None and scenario.compare_top500,
    }
    return [name for name, is_there in there.items() if is_there]


def _price(both_worlds: Worlds) -> None:
    """Know the site before a campaign that is asked alone: it says what days cost. A site that cannot be is silent."""
    with suppress(InfeasibleError, UnknownValueError):
        site.section(both_worlds)


#: What answers each section, in the order they are shown.
SECTIONS: Mapping[str, Callable[[Worlds], Section | None]] = {
    "cluster": cluster.section,
    "step": step.section,
    "campaign": campaign_floor.section,
    "site": site.section,
    "fleet": fleet.section,
    "roadmap": roadmap.section,
    "claims": claims.section,
    "comparison": comparison.section,
}
_TITLES = {"cluster": "The cluster", "step": "One step", "campaign": "The whole run", "site": "Power and money"}


def _section(both_worlds: Worlds, name: str) -> Section | None:
    """A section, or the sentence that says which unknown value it would need."""
    if name == "campaign" and "step" not in both_worlds.point.results:
        return None
    try:
        return SECTIONS[name](both_worlds)
    except UnknownValueError as error:
        title = _TITLES.get(name, name.capitalize())
        return Section(name=name, title=title, summary=f"Unknown: {error}")


def answer_step(
    cluster_name: str, gpus: str | None, fabric: str | None, job: Mapping[str, Any], catalogs: Sequence[Path] = ()
) -> Answer:
    """Answer one step from command-line words: a system with ``gpus``, or a built-in scenario's cluster."""
    catalog = load_catalog(catalogs)
    pools = pools_named(cluster_name, gpus, fabric, catalog)
    data = {
        "name": "step",
        "title": f"One step of {job['model']} on {cluster_name}",
        "cluster": {"pools": pools},
        "job": {key: value for key, value in job.items() if value is not None},
        "compare_top500": False,
    }
    wanted = frozenset({"cluster", "step"})
    return answer(scenario_from(data), catalog, folder=Path(), command="step", sections=wanted)


def pools_named(name: str, gpus: str | None, fabric: str | None, catalog: Catalog) -> list[dict[str, Any]]:
    """Pools of a cluster in command-line words: a system with ``gpus``, or a built-in scenario's cluster."""
    if name in builtin_names():
        pools = _site_pools(name, gpus, catalog)
    else:
        system = catalog.system(name, "cluster").name
        if gpus is None:
            raise InputError("gpus", None, "given where the cluster is a system", "Write for example --gpus 16384.")
        pools = [{"system": system, "gpus": _whole_gpus(gpus)}]
    return [pool | ({"fabric": fabric} if fabric else {}) for pool in pools]


def _site_pools(name: str, gpus: str | None, catalog: Catalog) -> list[dict[str, Any]]:
    """Pools of a built-in scenario, all of them or, in their order, as many as make up ``gpus``."""
    scenario, _ = read_scenario(name)
    if scenario.cluster is None:
        raise InputError("cluster", name, "a scenario that has a cluster")
    settled = counted(scenario, catalog).cluster
    pools: list[dict[str, Any]] = settled.model_dump(mode="json", exclude_none=True)["pools"] if settled else []
    if gpus is None:
        return pools
    wanted = _whole_gpus(gpus)
    there = sum(int(pool["gpus"]) for pool in pools)
    if wanted > there:
        raise InconsistentError("gpus", wanted, f"the GPUs of {name}", there, "be at most the second")
    taken: list[dict[str, Any]] = []
    for pool in pools:
        left = wanted - sum(int(one["gpus"]) for one in taken)
        if left > 0:
            taken.append(pool | {"gpus": min(left, int(pool["gpus"]))})
    return taken


def _whole_gpus(gpus: str) -> int:
    try:
        return int(Whole("16384").read(gpus))
    except InputError as error:
        raise InputError("gpus", gpus, error.expected, error.hint) from None


def audit_file(file: str | None, catalogs: Sequence[Path] = ()) -> Answer:
    """Check the claims of a YAML file, or those of the catalogue."""
    from lindos.claims import load

    catalog = load_catalog(catalogs)
    found = load(catalog) if file is None else load_file(Path(file), catalog)
    section = claims.of(found, catalog, catalog.sampled(NUM_DRAWS))
    title = "The catalogue's claims" if file is None else f"The claims of {Path(file).name}"
    scenario = Scenario(name="audit", title=title, claims=list(found))
    return told(scenario, catalog, "audit", [section], None)


def told(
    scenario: Scenario, catalog: Catalog, command: str, sections: Sequence[Section], both_worlds: Worlds | None
) -> Answer:
    """Sections as an answer, with the sources that their figures rest on."""
    ids = [source for section in sections for figure in section.figures for source in figure.sources]
    ids = list(dict.fromkeys([*ids, *scenario.sources]))
    known = set(catalog.names("sources"))
    warnings = (*(both_worlds.warnings if both_worlds else ()), RANGES)
    return Answer(
        command=command,
        version=__version__,
        name=scenario.name,
        title=scenario.title,
        statement=scenario.statement or "",
        inputs=scenario.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        sections=tuple(sections),
        warnings=tuple(dict.fromkeys(warnings)),
        sources={name: catalog.source(name) for name in ids if name in known},
    )
