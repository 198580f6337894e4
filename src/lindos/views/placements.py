"""Ways to place a job over several pools, the fastest first."""

from collections.abc import Sequence

from lindos.elements import Figure, Section, Table
from lindos.study.search import Placement
from lindos.units import render
from lindos.views.search import TITLE, layout


def placement_view(placements: Sequence[Placement], model_title: str) -> Section:
    """Show the ways to place a job over several pools.

    Parameters
    ----------
    placements
        The fastest first.
    model_title
        Title of the model.
    """
    first, *slower = placements
    gain = first.tokens_per_second / slower[0].tokens_per_second - 1.0 if slower else None
    rest = "" if gain is None else f", {100 * gain:.3g} % faster than {slower[0].title}"
    speed = first.tokens_per_second
    return Section(
        name="search",
        title=TITLE,
        summary=(
            f"{model_title} trains fastest with {first.title}: {render(speed, 'token/s')} on "
            f"{int(first.num_devices):,} GPUs{rest}."
        ),
        headline=("search.tokens_per_second", "search.gain"),
        figures=(
            Figure(
                name="search.tokens_per_second",
                title="Best placement",
                value=speed,
                unit="token/s",
                why="tokens trained on per second by the fastest placement",
                quantity="search.tokens_per_second",
            ),
            Figure(
                name="search.gain",
                title="Faster than the next",
                value=gain,
                unit="1",
                why="speed of the fastest placement over that of the second, less one",
                percent=True,
                quantity="search.gain",
            ),
        ),
        tables=(_placements(placements),),
        notes=(
            "Replicas share the batch by speed in whole micro-batches; a pipeline across pools gives faster devices "
            "more layers. Each placement is shown at its best over its own space of plans; pipelines across pools are "
            "not interleaved.",
        ),
    )


def _placements(placements: Sequence[Placement]) -> Table:
    best = placements[0].tokens_per_second
    return Table(
        name="search.placements",
        title="Placements, the fastest first",
        columns=("", "GPUs", "step time", "tokens trained on", "of the best", "how"),
        units=("", "1", "s", "token/s", "%", ""),
        rows=tuple(
            (
                placement.title,
                placement.num_devices,
                placement.time,
                placement.tokens_per_second,
                placement.tokens_per_second / best,
                _description(placement),
            )
            for placement in placements
        ),
        key=True,
    )


def _description(placement: Placement) -> str:
    if placement.pools[0].stages:
        stages = ", ".join(
            f"{pool.stages} stages of up to {pool.layers} layers on {pool.name}" for pool in placement.pools
        )
        return f"{stages}; {layout(placement.pools[0].plan)}"
    return "; ".join(f"{pool.name}: {pool.sequences:,} sequences, {layout(pool.plan)}" for pool in placement.pools)
