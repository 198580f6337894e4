"""What publishers say outside the rows of their runs: software, machines, and what their recipes fix.

The rules are data, in ``sources.yaml``. A rule applies to every run of a source, and no rule is about a single row.
Where several rules fit a run, the first counts.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from lindos.catalog.yaml_file import yaml_text
from lindos.scalars import flag
from lindos.units import parse, parse_whole
from lindos.validation.run import Run


class Source(NamedTuple):
    """Runs whose source or address contains all ``phrases``, in any case, and that were published in ``years``."""

    phrases: tuple[str, ...] = ()
    years: tuple[int, int] = (0, 9999)

    def fits(self, run: Run, year: int | None = None) -> bool:
        """Tell whether ``run`` comes from this source.

        Parameters
        ----------
        run
            The run; one without a year fits any years.
        year
            Year of its software, where that counts instead of the year of its publication.
        """
        text = f"{run.source} {run.address}".lower()
        first, last = self.years
        dated = year or run.year or first
        return all(phrase.lower() in text for phrase in self.phrases) and first <= dated <= last


class StackRule(NamedTuple):
    """Software of a source; ``sharded`` is that of its sharded runs, where the source compares the two.

    Years are those of the software where the run states it.
    """

    source: Source
    stack: str
    sharded: str = ""
    software: str = ""  # the run's word for it
    accelerators: tuple[str, ...] = ()

    def fits(self, run: Run) -> bool:
        """Tell whether this is the software of ``run``.

        Parameters
        ----------
        run
            The run.
        """
        if self.software and run.software.lower() != self.software:
            return False
        if self.accelerators and run.accelerator not in self.accelerators:
            return False
        return self.source.fits(run, run.software_year if self.software else None)


class Machine(NamedTuple):
    """How the devices of a source differ from those of the catalogue; None where they do not."""

    source: Source
    accelerator: str
    why: str
    memory: float | None = None  # B
    memory_bandwidth: float | None = None  # B/s
    board_power: float | None = None  # W; clocks fall with the cube root of power
    nic_bandwidth: float | None = None  # B/s


class Recipe(NamedTuple):
    """What the recipes of a source fix and its table does not print; None where they fix nothing."""

    source: Source
    why: str
    model: str = ""  # part of the model's name
    num_mtp_layers: int | None = None
    precision: str = ""
    accelerators: tuple[str, ...] = ()
    expert_tensor_parallel: int | None = None
    expert_parallel: int | None = None  # also where its table was filled in by an assumption
    shape: tuple[tuple[str, int], ...] = ()  # fields of the model, likewise
    sequence_length: int | None = None
    global_batch_size: int | None = None
    virtual_stages: int | None = None
    precisions: tuple[str, ...] = ()
    is_sharded: bool = False  # of runs whose parameters are sharded alone
    recompute_modules: str = ""  # under selective recomputation, in the words of the software
    offload: str = ""
    offload_layers: int | None = None
    balanced: bool | None = None  # true: the router sends every expert the same number of tokens
    software: str = ""  # the run's word for it
    version: str = ""  # first part of the release that the run states
    recompute: str = ""  # none, selective or full
    recompute_means: str = ""  # what the row's word for it is in that software
    attention: str = ""  # kernel
    attention_format: str = ""
    dispatcher: str = ""
    graphs: str = ""  # none; layers: all but the experts; step
    overlaps_experts: bool | None = None
    fuses_experts: bool | None = None
    waits_for_sizes: bool | None = None  # false: experts have a capacity, or kernels read sizes on the device
    low_precision_head: bool | None = None
    pads_experts: bool | None = None
    low_precision_gather: bool | None = None
    bf16_share: float | None = None  # of the layers, which a recipe of 4 bits keeps in BF16
    gradients: str = ""  # width in which they are kept and reduced
    overlaps_tensor: bool | None = None  # false: no tensor-parallel collective runs beside compute

    def fits(self, run: Run) -> bool:
        """Tell whether ``run`` was trained by this recipe.

        Parameters
        ----------
        run
            The run.
        """
        return (
            (not self.accelerators or run.accelerator in self.accelerators)
            and (not self.precisions or run.precision.lower() in self.precisions)
            and self.model.lower() in run.model_name.lower()
            and (not self.is_sharded or shards_parameters(run.sharding))
            and (not self.software or run.software.lower() == self.software)
            and run.software_version.startswith(self.version)
            and self.source.fits(run)
        )


class Rules(NamedTuple):
    """All rules of ``sources.yaml``, in its order."""

    stacks: tuple[StackRule, ...]
    machines: tuple[Machine, ...]
    recipes: tuple[Recipe, ...]


@cache
def rules() -> Rules:
    """Read the rules that ship with Lindos."""
    data = yaml_text(files("lindos.validation").joinpath("sources.yaml").read_text(encoding="utf-8"))
    return Rules(
        stacks=tuple(StackRule(**_fields(rule)) for rule in data["stacks"]),
        machines=tuple(Machine(**_fields(rule)) for rule in data["machines"]),
        recipes=(*_megatron_bridge(), *(Recipe(**_fields(rule)) for rule in data["recipes"])),
    )


def _megatron_bridge() -> Iterator[Recipe]:
    """Read the recipes of Megatron-Bridge for experts, of its releases at the time of each container."""
    text = files("lindos.validation").joinpath("megatron_bridge.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for container in row["containers"].split():
            is_whole, modules = row["graphs"] == "step", row["recompute"].replace(" ", ",")
            yield Recipe(
                source=Source(),
                software="megatron-bridge",
                version=container,
                why="its recipe at the release of that container, scripts/performance and perf_recipes",
                model=row["model"],
                accelerators=tuple(row["accelerators"].split()),
                precisions=tuple(row["precisions"].split()),
                dispatcher=row["dispatcher"],
                graphs=row["graphs"],
                overlaps_experts=row["overlaps"] == "1",
                fuses_experts=is_whole,
                attention_format=row["attention"],
                low_precision_head=row["head"] == "low",
                pads_experts=row["pads"] == "1",
                recompute={"": "none", "-": ""}.get(modules, "selective"),  # a dash: its release does not say
                recompute_modules=modules.strip("-"),
            )


def _fields(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a rule: its source, and every other key in SI or as plain data."""
    fields = dict(rule)
    years = fields.pop("years", None)
    source = Source(tuple(fields.pop("phrases", ())))
    if years is not None:
        source = source._replace(years=(int(years[0]), int(years[1])))
    return {"source": source, **{name: _READERS.get(name, str)(value) for name, value in fields.items()}}


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(values)


#: Readers of those keys of a rule that are not texts.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "memory": lambda text: parse(text, "B"),
    "memory_bandwidth": lambda text: parse(text, "B/s"),
    "board_power": lambda text: parse(text, "W"),
    "nic_bandwidth": lambda text: parse(text, "B/s"),
    "num_mtp_layers": parse_whole,
    "accelerators": _texts,
    "precisions": _texts,
    "is_sharded": flag,
    "offload_layers": parse_whole,
    "expert_tensor_parallel": parse_whole,
    "expert_parallel": parse_whole,
    "shape": lambda fields: tuple((name, parse_whole(value)) for name, value in fields.items()),
    "sequence_length": parse_whole,
    "global_batch_size": parse_whole,
    "virtual_stages": parse_whole,
    "balanced": flag,
    "overlaps_experts": flag,
    "fuses_experts": flag,
    "waits_for_sizes": flag,
    "overlaps_tensor": flag,
    "low_precision_gather": flag,
    "bf16_share": float,
}


def stack_of(run: Run) -> str:
    """Get the catalogue id of the software of ``run``.

    Parameters
    ----------
    run
        The run; where no rule names its source, its accelerator and its sharding decide.
    """
    is_sharded = shards_parameters(run.sharding)
    rule = next((rule for rule in rules().stacks if rule.fits(run)), None)
    if rule is not None:
        return rule.sharded if is_sharded and rule.sharded else rule.stack
    if run.accelerator.upper().startswith("TPU"):
        return "maxtext"
    if is_sharded:
        return "torchtitan" if run.is_compiled else "fsdp"
    return "pytorch-parallel" if run.software else "megatron-core-2025"


def shards_parameters(words: str) -> bool:
    """Tell whether a row's words for sharding say that parameters are sharded.

    Parameters
    ----------
    words
        The cell ``zero_or_fsdp`` of the row.
    """
    return any(word in words.lower() for word in ("fsdp", "zero3", "zero-3"))


def machine_of(run: Run) -> Machine | None:
    """Get the machine of a run's source, or None where it does not differ from the catalogue's.

    Parameters
    ----------
    run
        The run.
    """
    fitting = (rule for rule in rules().machines if rule.accelerator == run.accelerator and rule.source.fits(run))
    return next(fitting, None)


def recipes_of(run: Run) -> tuple[Recipe, ...]:
    """Get all recipes that fix something about ``run``; where two fix the same field, the first counts.

    Parameters
    ----------
    run
        The run.
    """
    return tuple(recipe for recipe in rules().recipes if recipe.fits(run))
