"""The chain of floors: each is computed once from the results that it needs, and again only when one of them changes.

A link remembers the fields of the scenario, the facts of the catalogue, the settings and the results that it was
computed from. It is computed anew only if one of these differs, so that a new price of electricity leaves the step and
the simulation of the campaign as they are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact, ledger, note_read, reading
from lindos.catalog.sampling import is_structure
from lindos.errors import InfeasibleError, UnknownValueError
from lindos.scenario.schema import Scenario
from lindos.study.floor import NUM_DRAWS, Decision, Floor, Gap, Kind, Outcome, World

R = TypeVar("R")
#: Results of a floor that are remembered, the latest first.
_REMEMBERED = 8


@dataclass(slots=True, eq=False)
class _Link:
    """The results of one floor, and everything that they were computed from."""

    scenario: Scenario
    catalog: Catalog
    folder: Path | None
    setting: Any
    inputs: "tuple[_Link, ...]"
    facts: Mapping[str, Fact[Any]]
    floor: Floor[Any] | None = None
    paths: set[str] = field(default_factory=set)  # of facts and records that were read
    results: dict[Kind, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    enlarged: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    outcome: Outcome[Any] | Gap | None = None

    def result(self, kind: Kind) -> Any:
        """Return the result in a world: a decision is the same in all, an unknown result is None."""
        return self.results.get(kind, self.results.get("point"))


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The outcomes of one scenario.

    Parameters
    ----------
    scenario, catalog
        The question and the facts.
    outcomes
        Outcomes by name of the floor. A remembered result is the same object as before.
    sections
        Sections that views have made from outcomes of this chain, by name of the floor, each with its source.
    """

    scenario: Scenario
    catalog: Catalog
    outcomes: Mapping[str, Outcome[Any] | Gap]
    sections: "dict[str, tuple[Any, Any]]" = field(default_factory=dict)

    def outcome(self, floor: Floor[R]) -> Outcome[R] | None:
        """Return the outcome of a floor; None if it is unknown or was not asked.

        Parameters
        ----------
        floor
            One of the chain's floors.
        """
        outcome = self.outcomes.get(floor.name)
        return outcome if isinstance(outcome, Outcome) else None


def _begun(question: str) -> None:
    """Take note of a question that begins, without a word; a function of the module, so that a chain can be pickled."""


class Chain:
    """Computes floors in the order of their needs and remembers their results.

    Examples
    --------
    >>> from lindos.catalog import load_catalog
    >>> from lindos.scenario.read import read_scenario
    >>> from lindos.study.cluster import CLUSTER
    >>> scenario, folder = read_scenario("one-node")
    >>> study = Chain().study([CLUSTER], scenario, load_catalog(), folder)
    >>> study.outcome(CLUSTER).point.size.num_devices
    8.0
    """

    def __init__(
        self, *, traces_facts: bool = True, has_ranges: bool = True, begins: Callable[[str], object] = _begun
    ) -> None:
        """Start without remembered results.

        Parameters
        ----------
        traces_facts
            Whether figures cite facts; if not, the varied world is not computed.
        has_ranges
            Whether figures have ranges; if not, the sampled world is not computed.
        begins
            Function that is called with the question of each floor before it is computed.
        """
        self._begins = begins
        self._traces_facts = traces_facts
        self._has_ranges = has_ranges
        self._links: dict[str, list[_Link]] = {}
        self._columns: tuple[str, ...] = ()
        self._sections: dict[str, tuple[Any, Any]] = {}

    def study(
        self,
        floors: Iterable[Floor[Any]],
        scenario: Scenario,
        catalog: Catalog,
        folder: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Study:
        """Compute ``floors`` and all floors that they need.

        Parameters
        ----------
        floors
            Floors to compute.
        scenario, catalog, folder
            The question, the facts, and the folder of files that the scenario names.
        settings
            Settings by name.

        Raises
        ------
        InputError, InconsistentError, InfeasibleError
            If one of the floors, or one that they need, cannot be computed. An unknown value is not an error: it
            leaves a :class:`~lindos.study.floor.Gap`.
        """
        requested = list(floors)
        context = _Context(scenario, catalog, folder, dict(settings or {}))
        links: dict[str, _Link] = {}
        for floor in requested:
            self._point(floor, context, links)
        self._columns = _with_new_columns(self._columns, links.values())
        order = _floors(requested, links)
        for floor in order:
            self._arrays(floor, context, links[floor.name])
        outcomes = {floor.name: self._outcome(floor, links[floor.name]) for floor in order}
        return Study(scenario, catalog, outcomes, self._sections)

    def point(
        self,
        floor: Floor[R],
        scenario: Scenario,
        catalog: Catalog,
        folder: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> R:
        """Compute ``floor`` with the catalogue's own values, without ranges and sources.

        Parameters
        ----------
        floor
            Floor to compute.
        scenario, catalog, folder
            The question, the facts, and the folder of files that the scenario names.
        settings
            Settings by name.

        Raises
        ------
        UnknownValueError
            If a value that it needs is unknown.
        """
        links: dict[str, _Link] = {}
        link = self._point(floor, _Context(scenario, catalog, folder, dict(settings or {})), links)
        if link.error is not None:
            raise link.error
        result: R = link.results["point"]
        return result

    def _point(self, floor: Floor[Any], context: "_Context", links: dict[str, _Link]) -> _Link:
        """Get the link of a floor with its result in the point world, remembered or computed."""
        if floor.name in links:
            return links[floor.name]
        needs = [self._point(needed, context, links) for needed in floor.needs]
        wants = [self._wanted(wanted, context, links) for wanted in floor.wants]
        inputs = (*needs, *wants)
        part, setting = part_of(context.scenario, floor.reads), context.settings.get(floor.setting)
        link = self._remembered(floor, part, context, setting, inputs)
        if link is None:
            link = _Link(part, context.catalog, context.folder, setting, inputs, {}, floor)
            unknown = next((needed_link.error for needed_link in needs if needed_link.error is not None), None)
            if unknown is None:
                self._compute_point(floor, context, link)
            else:
                link.error = unknown
            link = self._remember(floor, link)
        note_read(*link.paths)
        links[floor.name] = link
        return link

    def _wanted(self, floor: Floor[Any], context: "_Context", links: dict[str, _Link]) -> _Link:
        """Get the link of a floor whose result is optional."""
        if not floor.is_asked(context.scenario):
            return _missing(floor, context)
        try:
            return self._point(floor, context, links)
        except InfeasibleError as error:
            return _missing(floor, context, error)

    def _compute_point(self, floor: Floor[Any], context: "_Context", link: _Link) -> None:
        self._begins(floor.question)
        world = context.world(link.scenario, "point", context.catalog)
        with ledger() as facts, reading() as link.paths:
            try:
                link.results["point"] = floor.compute(world, *(source.result("point") for source in link.inputs))
            except UnknownValueError as error:
                link.error = error
        link.facts = facts

    def _remember(self, floor: Floor[Any], link: _Link) -> _Link:
        """Remember the link; or return an earlier one with equal records, whose dependants stay valid."""
        links = self._links.setdefault(floor.name, [])
        if floor.holds_records and link.error is None:
            equal = (old for old in links if old.results.get("point") == link.results["point"])
            twin = next((old for old in equal if old.scenario == link.scenario), None)
            if twin is not None:
                return twin
        links.insert(0, link)
        del links[_REMEMBERED:]
        return link

    def _remembered(
        self, floor: Floor[Any], part: Scenario, context: "_Context", setting: Any, inputs: Sequence[_Link]
    ) -> _Link | None:
        for link in self._links.get(floor.name, ()):
            if (
                len(link.inputs) == len(inputs)
                and all(_is_same(old, new) for old, new in zip(link.inputs, inputs, strict=True))
                and link.setting == setting
                and link.folder == context.folder
                and link.scenario == part
                and _has_same_facts(link, context.catalog, floor.holds_records)
            ):
                return link
        return None

    def _arrays(self, floor: Floor[Any], context: "_Context", link: _Link) -> None:
        """Compute the missing results in the sampled and the varied world."""
        if link.error is not None or floor.is_decision:
            return
        if self._has_ranges and "sampled" not in link.results:
            self._begins(floor.question)
            catalog = context.catalog.sampled(NUM_DRAWS)
            world = context.world(link.scenario, "sampled", catalog)
            link.results["sampled"] = floor.compute(world, *(source.result("sampled") for source in link.inputs))
        if not self._traces_facts:
            return
        if "varied" not in link.results or link.columns != self._columns:
            catalog = context.catalog.varied(self._columns)
            world = context.world(link.scenario, "varied", catalog)
            link.results["varied"] = floor.compute(world, *(source.result("varied") for source in link.inputs))
            link.columns, link.outcome = self._columns, None
        for path in _structure(link):
            if path not in link.enlarged:
                world = context.world(link.scenario, "enlarged", context.catalog.enlarged(path))
                inputs = (source.enlarged.get(path, source.result("point")) for source in link.inputs)
                link.enlarged[path] = floor.compute(world, *inputs)

    def _outcome(self, floor: Floor[Any], link: _Link) -> Outcome[Any] | Gap:
        if link.outcome is None:
            link.outcome = self._new_outcome(floor, link)
        return link.outcome

    def _new_outcome(self, floor: Floor[Any], link: _Link) -> Outcome[Any] | Gap:
        if link.error is not None:
            return Gap(floor=floor, error=link.error)
        facts = _all_facts((link,))
        return Outcome(
            floor=floor,
            point=link.result("point"),
            sampled=link.result("sampled"),
            varied=link.result("varied") if self._traces_facts else None,
            columns=tuple(facts.get(path, Fact(path=path, content=None)) for path in self._columns),
            facts=link.facts,
            enlarged=tuple((facts[path], result) for path, result in link.enlarged.items()),
            decisions=tuple(_decisions(link).values()),
        )


@dataclass(frozen=True, slots=True)
class _Context:
    """The arguments of one study."""

    scenario: Scenario
    catalog: Catalog
    folder: Path | None
    settings: Mapping[str, Any]

    def world(self, part: Scenario, kind: Kind, catalog: Catalog) -> World:
        return World(scenario=part, catalog=catalog, folder=self.folder, kind=kind, settings=self.settings)


def part_of(scenario: Scenario, fields: Collection[str]) -> Scenario:
    """Get a scenario with its name and some fields; the others have their defaults, and there is no title.

    Parameters
    ----------
    scenario
        Scenario as it was read.
    fields
        Names of its fields to copy.
    """
    blank = {
        name: info.get_default(call_default_factory=True)
        for name, info in type(scenario).model_fields.items()
        if name not in fields and name not in ("name", "title")
    }
    return scenario.model_copy(update={**blank, "title": ""})


def _missing(floor: Floor[Any], context: _Context, error: Exception | None = None) -> _Link:
    """Return a link without a result, for a floor whose result is optional."""
    return _Link(context.scenario, context.catalog, context.folder, None, (), {}, error=error)


def _is_same(old: _Link, new: _Link) -> bool:
    """Tell whether two links are the same object, or both have no result."""
    return old is new or (not old.results and not new.results)


def _has_same_facts(link: _Link, catalog: Catalog, holds_records: bool) -> bool:
    if link.catalog is catalog:
        return True
    if link.error is not None or holds_records:
        return False
    return all(catalog.fact(path) == fact for path, fact in link.facts.items())


def _all_facts(links: Iterable[_Link]) -> dict[str, Fact[Any]]:
    """Collect the facts that links and all of their inputs read."""
    facts: dict[str, Fact[Any]] = {}
    for link in links:
        facts |= _all_facts(link.inputs)
        facts |= link.facts
    return facts


def _decisions(link: _Link) -> dict[str, Decision]:
    """Collect the decisions behind a link, each with the numbers that it was taken with."""
    decisions: dict[str, Decision] = {}
    for source in link.inputs:
        decisions |= _decisions(source)
    floor = link.floor
    if floor is not None and floor.decides and link.error is None:
        numbers = tuple(fact for fact in _all_facts((link,)).values() if isinstance(fact.content, float))
        decisions[floor.name] = Decision(name=floor.name, decides=floor.decides, facts=numbers)
    return decisions


def _with_new_columns(columns: tuple[str, ...], links: Iterable[_Link]) -> tuple[str, ...]:
    """Append a column of the varied world for each number that was read and has no column yet."""
    facts = _all_facts(links)
    read = (path for path, fact in facts.items() if isinstance(fact.content, float) and not is_structure(path))
    return tuple(dict.fromkeys((*columns, *read)))


def _structure(link: _Link) -> list[str]:
    """List the facts behind a link that decide a number of parts."""
    return [path for path in _all_facts((link,)) if is_structure(path)]


def _floors(requested: Sequence[Floor[Any]], links: Mapping[str, _Link]) -> list[Floor[Any]]:
    """List the computed floors, each after the floors that it needs."""
    order: dict[str, Floor[Any]] = {}

    def add(floor: Floor[Any]) -> None:
        for needed in floor.inputs:
            if needed.name in links:
                add(needed)
        order.setdefault(floor.name, floor)

    for floor in requested:
        add(floor)
    return list(order.values())
