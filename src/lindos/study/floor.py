"""One floor of the chain: what it needs, what it computes, and what its result depended on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.scenario.schema import Scenario

R = TypeVar("R")

#: Draws of every uncertain fact; the 10th and 90th percentile of a result are then known to about 3 % of its spread.
NUM_DRAWS = 512

#: ``point``: the catalogue as it stands. ``sampled``: each uncertain fact an array of draws. ``varied``: each fact an
#: array with a column for every fact that was read, a little larger in its own column. ``enlarged``: one fact that
#: decides how many parts something has is larger.
Kind = Literal["point", "sampled", "varied", "enlarged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a floor may look at: its own part of the scenario, a catalogue, and the user's wishes for the simulation.

    Parameters
    ----------
    scenario
        The scenario, with every field that the floor does not declare set to its default.
    catalog
        The catalogue of this kind of world.
    folder
        Where files that the scenario names are looked for.
    kind
        Which of the three worlds this is.
    settings
        How well to simulate, and where to report progress; one object for each floor that has settings.
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
        What the floor answers, in words.
    compute
        Called with the world, then the results of ``needs``, then those of ``wants``; returns the result.
    needs
        Floors whose results are arguments; without one of them there is no result.
    wants
        Floors whose results are arguments too, None where they cannot be known.
    reads
        Fields of the scenario that the floor reads; it sees no others.
    is_asked
        Whether a scenario asks the floor.
    is_decision
        A decision is taken once, with the catalogue as it stands, and handed to all worlds.
    setting
        Name of the setting that the floor reads, if any.
    holds_records
        Whether the result holds records of the catalogue, whose facts other floors read. Under another catalogue it is
        resolved again, and counts as the same result if it is equal.
    """

    name: str
    question: str
    compute: Callable[..., R]
    needs: "tuple[Floor[Any], ...]" = ()
    wants: "tuple[Floor[Any], ...]" = ()
    reads: tuple[str, ...] = ()
    is_asked: Callable[[Scenario], bool] = lambda scenario: False
    is_decision: bool = False
    setting: str = ""
    holds_records: bool = False

    @property
    def below(self) -> "tuple[Floor[Any], ...]":
        """Floors whose results are arguments, in the order of the arguments."""
        return (*self.needs, *self.wants)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome(Generic[R]):
    """The result of a floor in the three worlds.

    Parameters
    ----------
    floor
        Whose result it is.
    point, sampled, varied
        The result in each world.
    columns
        The facts behind the columns of ``varied``, from column 1 on.
    facts
        What the floor itself read of the catalogue, by path.
    enlarged
        Facts that decide how many parts something has, each with the result if there are a few more; to be compared
        with ``point``.
    """

    floor: Floor[R]
    point: R
    sampled: R
    varied: R
    columns: tuple[Fact[Any], ...]
    facts: Mapping[str, Fact[Any]]
    enlarged: tuple[tuple[Fact[Any], R], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """A floor that has no result, and the error that says which value is unknown."""

    floor: Floor[Any]
    error: Exception
