"""One floor of the chain: its inputs, its computation, and the dependencies of its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import asks

R = TypeVar("R")

#: Draws of every uncertain fact; the 10th and 90th percentile of a result are then known to about 3 % of its spread.
NUM_DRAWS = 512

#: ``point``: the catalogue's own values. ``sampled``: each uncertain fact is an array of draws. ``varied``: each fact
#: is an array with a column for every fact that was read, slightly larger in its own column. ``enlarged``: one fact
#: that decides a number of parts is larger.
Kind = Literal["point", "sampled", "varied", "enlarged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The data that a floor may read: its part of the scenario, a catalogue, and settings.

    Parameters
    ----------
    scenario
        The scenario, with every field that the floor does not declare set to its default.
    catalog
        The catalogue of this kind of world.
    folder
        Folder of files that the scenario names.
    kind
        Kind of the world.
    settings
        Settings by name, for example the precision of a simulation; one object for each floor that has settings.
    """

    scenario: Scenario
    catalog: Catalog
    folder: Path | None
    kind: Kind = "point"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_sampled(self) -> bool:
        """Whether numbers are arrays of draws."""
        return self.kind == "sampled"

    @property
    def num_draws(self) -> int:
        """Draws of every uncertain fact in this world."""
        return NUM_DRAWS if self.is_sampled else 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Floor(Generic[R]):
    """One link of the chain.

    Parameters
    ----------
    name
        Short, unique: ``"site"``. Figures of the floor begin with it.
    question
        Question that the floor answers, in words.
    compute
        Function of the world, then the results of ``needs``, then those of ``wants``; returns the result.
    needs
        Floors whose results are required arguments.
    wants
        Floors whose results are optional arguments, None if unknown.
    reads
        Fields of the scenario that the floor reads; the others are blank.
    section
        Section that the floor belongs to, if it is not its name: who asks for the section asks the question.
    is_decision
        Whether the result is computed once, with the catalogue's own values, and used in all worlds.
    decides
        What the result decides, in words, if other results follow from it: "the parallel plan". Figures of these name
        the decision and the facts that it was taken with.
    setting
        Name of the setting that the floor reads, if any.
    holds_records
        Whether the result contains records of the catalogue, whose facts other floors read. It is resolved again under
        another catalogue, and counts as the same result if it is equal.
    """

    name: str
    question: str
    compute: Callable[..., R]
    needs: "tuple[Floor[Any], ...]" = ()
    wants: "tuple[Floor[Any], ...]" = ()
    reads: tuple[str, ...] = ()
    section: str = ""
    is_decision: bool = False
    decides: str = ""
    setting: str = ""
    holds_records: bool = False

    def is_asked(self, scenario: Scenario) -> bool:
        """Tell whether a scenario asks the question.

        Parameters
        ----------
        scenario
            Scenario as it was read.
        """
        return asks(scenario, self.section or self.name)

    @property
    def inputs(self) -> "tuple[Floor[Any], ...]":
        """Floors whose results are arguments, in the order of the arguments."""
        return (*self.needs, *self.wants)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """A choice that results follow from: its floor, what it decides in words, and the facts that it was taken with."""

    name: str
    decides: str
    facts: tuple[Fact[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome(Generic[R]):
    """The result of a floor in the three worlds.

    Parameters
    ----------
    floor
        The floor.
    point, sampled, varied
        The result in each world.
    columns
        Facts of the columns of ``varied``, from column 1 on.
    facts
        Facts that the floor itself read, by path.
    enlarged
        Facts that decide a number of parts, each with the result for a slightly larger number; to be compared with
        ``point``.
    decisions
        Decisions that the result follows from.
    """

    floor: Floor[R]
    point: R
    sampled: R
    varied: R
    columns: tuple[Fact[Any], ...]
    facts: Mapping[str, Fact[Any]]
    enlarged: tuple[tuple[Fact[Any], R], ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """A floor that has no result, and the error that says which value is unknown."""

    floor: Floor[Any]
    error: Exception
