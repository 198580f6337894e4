"""Where a job over several kinds of device goes: replicas in every pool, one pipeline across them, or fewer pools."""

from dataclasses import dataclass, replace

from lindos import planning
from lindos.answers.answer import Answer
from lindos.answers.scenario import assemble
from lindos.answers.search.tables import layout
from lindos.elements import Cell, Section, Table
from lindos.step import ClusterStep
from lindos.study import old_step as step
from lindos.study.figures import figure
from lindos.study.world import Worlds
from lindos.units import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One way to place the job, at its best."""

    title: str
    num_devices: float
    time: float
    tokens_per_second: float
    how: str


def placements(both: Worlds) -> list[Placement]:
    """All ways at their best, the fastest first; plans of the step are decided on the way."""
    world = both.point
    section = step.section(both)
    both.decisions["placement.section"] = section
    whole: ClusterStep = world.results["step"].found
    found = [_replicas("replicas in every pool", whole)]
    for name, rest in step.without_each(both).items():
        found.append(_replicas(f"replicas, without {name}", rest))
    joined = planning.across(world.job, step.working(world), **step.asked(world))
    if joined is not None:
        found.append(_pipeline(joined, [pool.name for pool in world.cluster.pools]))
    return sorted(found, key=lambda one: -one.tokens_per_second)


def _replicas(title: str, found: ClusterStep) -> Placement:
    how = "; ".join(f"{part.name}: {part.global_batch_size:,} sequences, {layout(part.plan)}" for part in found.pools)
    return Placement(
        title=title,
        num_devices=float(found.num_devices),
        time=float(found.time),
        tokens_per_second=float(found.tokens_per_second),
        how=how,
    )


def _pipeline(found: planning.Across, names: list[str]) -> Placement:
    stages = ", ".join(
        f"{count} stages of up to {layers} layers on {name}"
        for name, count, layers in zip(names, found.stages, found.layers, strict=True)
    )
    return Placement(
        title="one pipeline across the pools",
        num_devices=float(found.num_devices),
        time=float(found.time),
        tokens_per_second=float(found.tokens_per_second),
        how=f"{stages}; {layout(replace(found.plan, pipeline_parallel=1))}",
    )


def answer_of(both: Worlds) -> Answer:
    """The placements side by side, and the step of the job over all pools."""
    found = placements(both)
    first, *others = found
    rest = f", {100 * (first.tokens_per_second / others[0].tokens_per_second - 1):.3g} % faster than {others[0].title}"
    job, scenario = both.point.job, both.point.scenario
    section = Section(
        name="search",
        title="The search",
        summary=(
            f"{job.model.title} trains fastest with {first.title}: {render(first.tokens_per_second, 'token/s')} on "
            f"{int(first.num_devices):,} GPUs{rest if others else ''}."
        ),
        headline=("search.tokens_per_second", "search.gain"),
        figures=(
            figure(
                "search.tokens_per_second",
                "Best placement",
                "token/s",
                first.tokens_per_second,
                why="tokens trained on per second by the fastest placement",
            ),
            figure(
                "search.gain",
                "Faster than the next",
                "1",
                first.tokens_per_second / others[0].tokens_per_second - 1.0 if others else None,
                why="speed of the fastest placement over that of the second, less one",
                percent=True,
            ),
        ),
        tables=(_table(found),),
        notes=(
            "Replicas share the batch by speed in whole micro-batches; a pipeline across pools gives faster devices "
            "more layers. Each placement is shown at its best over its own space of plans; pipelines across pools are "
            "not interleaved.",
        ),
    )
    return assemble(
        scenario, both.point.catalog, "search", [section, both.decisions["placement.section"]], both.warnings
    )


def _table(found: list[Placement]) -> Table:
    best = found[0].tokens_per_second
    body: list[tuple[Cell, ...]] = [
        (one.title, one.num_devices, one.time, one.tokens_per_second, one.tokens_per_second / best, one.how)
        for one in found
    ]
    return Table(
        name="search.placements",
        title="Placements, the fastest first",
        columns=("", "GPUs", "step time", "tokens trained on", "of the best", "how"),
        units=("", "1", "s", "token/s", "%", ""),
        rows=tuple(body),
        key=True,
    )
